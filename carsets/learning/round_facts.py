"""What a round of ``scrapy iterate`` did, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from carsets.learning.measures import Share

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFacts:
    """One label in a round. Counts are of images."""

    label: str
    images: int  # that have it
    told_by_features: float  # nats an image; 0 = features say nothing of it
    noise: float  # share of labels that look drawn at random
    doubted: int  # whose label is more likely wrong than right
    confirmed: int  # whose label people gave or confirmed, and features have a word on
    agreement: Share | None  # of these, the share that features read as people do


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictFacts:
    """What people have kept and dropped in all, and how far a head follows them."""

    kept: int
    dropped: int
    used: bool  # whether there are enough verdicts, and the head tells them
    agreement: Share | None  # share of verdicts that it foretells from others


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round did. Counts are of images unless their name says more."""

    number: int
    new: bool  # False: nothing has changed since this round, and nothing was written
    network: str
    images: int  # of the dataset, in review too
    with_features: int
    spoken_of: int  # about which people have said anything, in all rounds
    asked: int
    newly_asked: int  # not by the last round
    answered: int  # of those that the last round asked
    still_asked: int  # unanswered, and asked again
    let_go: int  # unanswered, and asked no more
    labels: list[LabelFacts]
    verdicts: VerdictFacts

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON types."""
        return asdict(self)


def read_round(result: Mapping[str, Any], *, new: bool) -> Round:
    """Return the round behind what ``as_json`` gave."""

    def share(found: Mapping[str, Any]) -> Share | None:
        return None if found["agreement"] is None else Share(**found["agreement"])

    labels = [LabelFacts(**{**one, "agreement": share(one)}) for one in result["labels"]]
    verdicts = VerdictFacts(**{**result["verdicts"], "agreement": share(result["verdicts"])})
    return Round(**{**result, "new": new, "labels": labels, "verdicts": verdicts})
