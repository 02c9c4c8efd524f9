"""A plan of questions that the user has listed, instead of vehicles, colors and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carsets.queries import Query


@dataclass(frozen=True, slots=True)
class ListedQueries:
    """Some queries, with what ``-a per_query=`` and ``-a limit=`` say of them (0: no bound)."""

    queries: tuple[Query, ...]
    per_query: int
    limit: int

    @classmethod
    def of(cls, queries: tuple[Query, ...], given: Mapping[str, str]) -> ListedQueries:
        """Read the two arguments. Raises UserError for what is no number."""
        return cls(queries, _number(given, "per_query"), _number(given, "limit"))

    def __len__(self) -> int:
        return len(self.queries)

    def __iter__(self) -> Iterator[Query]:
        return iter(self.queries)


def _number(given: Mapping[str, str], name: str) -> int:
    text = given.get(name, "").strip() or "0"
    if not text.isdecimal():
        raise UserError(f"{name}={text}: a whole number is expected")
    return int(text)
