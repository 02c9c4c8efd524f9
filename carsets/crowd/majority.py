"""What many answers to one question come to: the majority's decision, or none.

A tie, too few answers, or a majority of people who could not tell leave the image to the review
page: what stands there is a ``skip`` that says how they answered, and decides nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from carsets.catalog.reviews import Review
from carsets.crowd.alpha import alpha

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from carsets.crowd.questions import Asked

LONGEST_NOTE = 2_000  # characters


class Answer(NamedTuple):
    """One person's answer to one question; ``line`` is where it stands in its file."""

    asked: Asked
    worker: str  # a pseudonym
    answer: str
    line: int


@dataclass(slots=True)
class Ballot:
    """All answers to one question, the first of each person."""

    asked: Asked
    votes: dict[str, str] = field(default_factory=dict)  # answer by worker

    @property
    def counts(self) -> Counter[str]:
        """How often each answer was given."""
        return Counter(self.votes.values())

    def winner(self, least: int, share: float) -> str:
        """Return what more than ``share`` of at least ``least`` people say; "" if there is none."""
        if len(self.votes) < least:
            return ""
        answer, count = self.counts.most_common(1)[0]
        return answer if count > share * len(self.votes) else ""

    @property
    def note(self) -> str:
        """Who said what, in words."""
        counts = sorted(self.counts.items(), key=lambda one: (-one[1], one[0]))
        said = ", ".join(f"{answer} {count}" for answer, count in counts)
        text = f"{self.asked.text} {said} of {len(self.votes)}; {', '.join(sorted(self.votes))}"
        return text[:LONGEST_NOTE]

    @property
    def key(self) -> str:
        """The key of the decision: the same for the same answers of the same people."""
        parts = [*self.asked.cells().values()]
        parts += [f"{worker}={answer}" for worker, answer in sorted(self.votes.items())]
        return f"crowd:{sha256(chr(0).join(parts).encode('utf-8', 'replace')).hexdigest()[:40]}"


def ballots(answers: Iterable[Answer]) -> list[Ballot]:
    """Return the answers question by question, in the order of the first ones."""
    found: dict[Asked, Ballot] = {}
    for answer in answers:
        ballot = found.setdefault(answer.asked, Ballot(answer.asked))
        ballot.votes.setdefault(answer.worker, answer.answer)
    return list(found.values())


@dataclass(slots=True)
class Outcome:
    """What a file of answers comes to."""

    reviews: list[Review] = field(default_factory=list)
    decided: int = 0
    undecided: int = 0  # ties, too few, or nobody could tell: left to the review page
    overruled: int = 0  # people here had decided already
    alpha: float | None = None


def outcome_of(
    found: Iterable[Ballot],
    here: Mapping[str, frozenset[str]],
    *,
    rater: str,
    when: str,
    least: int,
    share: float,
) -> Outcome:
    """Count the ballots. ``here``: what people here have decided about images already."""
    outcome, counts = Outcome(), []
    for ballot in found:
        counts.append(ballot.counts)
        asked = ballot.asked
        if asked.about in here.get(asked.image_id, frozenset()):
            outcome.overruled += 1
            continue
        winner = ballot.winner(least, share)
        decision, labels = asked.decision(winner) if winner else ("skip", None)
        outcome.decided += decision != "skip"
        outcome.undecided += decision == "skip"
        outcome.reviews.append(
            Review(
                review_id=0,
                image_id=asked.image_id,
                rater=rater,
                decision=decision,
                labels=labels,
                note=ballot.note,
                reviewed_at=when,
                undone=False,
                key=ballot.key,
            )
        )
    outcome.alpha = alpha(counts)
    return outcome


def decided_things(reviews: Iterable[Review], but: str = "") -> dict[str, frozenset[str]]:
    """Return of which things people have decided, by image; not counting one rater's word."""
    found: dict[str, set[str]] = {}
    for review in reviews:
        if review.rater != but:
            things = found.setdefault(review.image_id, set())
            if review.decision in {"keep", "drop"}:
                things.add("verdict")
            things.update(review.labels or {})
    return {image_id: frozenset(things) for image_id, things in found.items()}
