"""What result totals say about the body style of a model: a label, and the whole vector.

"Ford Mustang" is asked with car, suv, truck and van; each answer is a total. The largest one is
the label, if it is clearly the largest. The vector is kept in any case: a Chevrolet El Camino is a
car to half of the web and a truck to the other half, and that is what the vector tells.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carsets.queries.makes import canonical_make
from carsets.queries.vocabulary import body_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from carsets.catalog.rows import CountRow

# The share of all results by which the first word must lead the second one.
MIN_MARGIN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyCounts:
    """The totals of one model on one engine, in the order of ``words``.

    ``shares`` sum to 1; ``log_shares`` are those of ln(1 + total), which keep what the largest
    total would drown. Both are empty when nothing can be compared: a total is missing, or all
    are 0. ``label`` is a body style (or the word, where it means none), "" when ambiguous.
    """

    make: str
    model: str
    engine: str
    words: tuple[str, ...]
    totals: tuple[int | None, ...]
    counted_at: str = ""  # of the oldest of them, ISO 8601
    language: str = ""
    shares: tuple[float, ...] = ()
    log_shares: tuple[float, ...] = ()
    largest: str = ""  # word of the largest total
    margin: float = 0.0  # share by which it leads
    label: str = ""

    @property
    def ambiguous(self) -> bool:
        """Whether the totals do not decide."""
        return not self.label

    def as_json(self) -> dict[str, Any]:
        """Return what an image of the model carries."""
        return {
            "engine": self.engine,
            "words": list(self.words),
            "totals": list(self.totals),
            "shares": [round(share, 6) for share in self.shares],
            "log_shares": [round(share, 6) for share in self.log_shares],
            "label": self.label,
            "margin": round(self.margin, 6),
            "ambiguous": self.ambiguous,
            "counted_at": self.counted_at,
            "language": self.language,
        }


def weigh(
    totals: Sequence[int | None], words: Sequence[str], min_margin: float = MIN_MARGIN, **whose: Any
) -> BodyCounts:
    """Return what the totals of one model say; ``whose`` are make, model, engine and so on."""
    given = {"make": "", "model": "", "engine": ""} | whose
    known = [total for total in totals if total is not None]
    if len(known) < len(totals) or len(known) < 2 or not sum(known):
        return BodyCounts(words=tuple(words), totals=tuple(totals), **given)
    shares = _shares(known)
    best, second = sorted(range(len(known)), key=lambda place: -known[place])[:2]
    margin = (known[best] - known[second]) / sum(known)
    decided = margin >= min_margin and known[best] > known[second]
    return BodyCounts(
        words=tuple(words),
        totals=tuple(totals),
        shares=shares,
        log_shares=_shares([math.log1p(total) for total in known]),
        largest=words[best],
        margin=margin,
        label=(body_named(words[best]) or words[best]) if decided else "",
        **given,
    )


def _shares(numbers: Sequence[float]) -> tuple[float, ...]:
    whole = sum(numbers)
    return tuple(number / whole for number in numbers)


def model_key(labels: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a model is known by, however its make is written; ("", "") for no model."""
    make, model = str(labels.get("make", "")), str(labels.get("model", ""))
    return (canonical_make(make).casefold(), model.casefold()) if make and model else ("", "")


def weigh_all(rows: Iterable[CountRow], min_margin: float = MIN_MARGIN) -> list[BodyCounts]:
    """Return what the counts say of each model and engine, in the order of their asking.

    Rows with further labels (a color, a year) describe something narrower and are left out, and
    so are rows without a word. Of two rows for one word the later one counts. The words of an
    engine are those that any of its models was asked with: a model that was not asked with all
    of them has missing totals.
    """
    words: dict[str, dict[str, None]] = {}
    models: dict[tuple[str, tuple[str, str]], dict[str, CountRow]] = {}
    for row in rows:
        key = model_key(row.labels)
        if not row.word or not all(key) or set(row.labels) - {"make", "model"}:
            continue
        words.setdefault(row.source, {})[row.word] = None
        models.setdefault((row.source, key), {})[row.word] = row
    return [
        _weigh_model(engine, tuple(words[engine]), by_word, min_margin)
        for (engine, _), by_word in models.items()
    ]


def _weigh_model(
    engine: str, words: tuple[str, ...], by_word: Mapping[str, CountRow], min_margin: float
) -> BodyCounts:
    first = next(iter(by_word.values()))
    return weigh(
        [by_word[word].total if word in by_word else None for word in words],
        words,
        min_margin,
        make=first.labels["make"],
        model=first.labels["model"],
        engine=engine,
        counted_at=min(row.counted_at for row in by_word.values()),
        language=first.language,
    )


def agreement(of_one_model: Sequence[BodyCounts]) -> tuple[str, float]:
    """Return the label that most engines give a model, and the share of the engines that do.

    Engines whose totals are ambiguous count as voices against. "" when none decides, or when two
    labels have as many voices.
    """
    votes = Counter(one.label for one in of_one_model if one.label)
    (label, most), *others = [*votes.most_common(2), ("", 0)]
    if not most or (others and others[0][1] == most):
        return "", 0.0
    return label, most / len(of_one_model)
