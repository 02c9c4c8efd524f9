"""What the receipt says of each query: pages, images, and how it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.outcomes import Outcome, QueryOutcome
    from carsets.queries import Query


@dataclass(slots=True)
class _Line:
    text: str
    labels: dict[str, str]
    pages: int = 0
    found: int = 0
    outcome: QueryOutcome | None = None
    note: str = ""
    outcomes: Counter[Outcome] = field(default_factory=Counter)


class QueryTally:
    """Count by query. One small line each, so that a plan of 10,000 queries still fits."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def page(self, query: Query, outcome: QueryOutcome) -> None:
        """Count a page."""
        line = self._line(query)
        line.pages += 1
        line.outcome = line.outcome if outcome.is_answer else outcome

    def found(self, query: Query) -> None:
        """Count an image that was found."""
        self._line(query).found += 1

    def ended(self, query: Query, outcome: Outcome) -> None:
        """Count how an image ended."""
        self._line(query).outcomes[outcome] += 1

    def end(self, query: Query, outcome: QueryOutcome, note: str) -> None:
        """Note how the query ended."""
        line = self._line(query)
        line.outcome, line.note = outcome, note

    def outcomes(self) -> Counter[QueryOutcome]:
        """Return how many queries ended in which way."""
        return Counter(line.outcome for line in self._lines.values() if line.outcome)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield one JSON-ready line a query, in the order in which they were asked."""
        for query_id, line in self._lines.items():
            yield {
                "query_id": query_id,
                "text": line.text,
                "labels": line.labels,
                "pages": line.pages,
                "found": line.found,
                "outcome": line.outcome.value if line.outcome else None,
                "note": line.note,
                "outcomes": {outcome.value: n for outcome, n in sorted(line.outcomes.items())},
            }

    def _line(self, query: Query) -> _Line:
        line = self._lines.get(query.query_id)
        if line is None:
            line = self._lines[query.query_id] = _Line(query.text, dict(query.labels))
        return line
