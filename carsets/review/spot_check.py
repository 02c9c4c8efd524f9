"""What people found wrong in a random sample: the share of the dataset that is, with its margin.

Wrong is an image that was dropped, or of whose labels one was given another value than machines
gave it. Who keeps an image, or corrects one label, says that its other labels are right. Only a
skip, or nothing at all, leaves an image unanswered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.release.people import Word
from carsets.review.intervals import Estimate, Part, estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from carsets.catalog.reviews import Review


@dataclass(frozen=True, slots=True)
class Answer:
    """What people said of one image of a sample."""

    dropped: bool
    labels: frozenset[str]  # that machines gave it
    corrected: frozenset[str]  # of these, those that have another value

    @property
    def wrong(self) -> bool:
        """Whether anything is."""
        return self.dropped or bool(self.corrected)


def read_answers(
    reviews: Iterable[Review], machine: Mapping[str, Mapping[str, str]]
) -> dict[str, Answer]:
    """Return the answers by image; ``reviews`` stand, oldest first, ``machine`` are its labels."""
    words: dict[str, Word] = {}
    for review in reviews:
        if review.decision != "skip":
            word = words.setdefault(review.image_id, Word())
            word.hear(review.decision, review.labels)
    return {
        image_id: Answer(
            dropped=word.verdict == "drop",
            labels=frozenset(machine.get(image_id, {})),
            corrected=frozenset(name for name, _ in word.denied(machine.get(image_id, {}))),
        )
        for image_id, word in words.items()
        if word.verdict or word.labels
    }


def result_of(
    check_id: str,
    plan: Mapping[str, Any],
    image_ids: Sequence[str],
    answers: Mapping[str, Answer],
    there: frozenset[str],
) -> dict[str, Any]:
    """Return the result of a check, in JSON types; ``there`` are the images that still exist.

    An image that was removed since can be answered by nobody, and is not waited for.
    """
    waiting = [one for one in image_ids if one in there and one not in answers]
    labels = sorted({name for answer in answers.values() for name in answer.labels})
    strata = _by_stratum(plan, image_ids, answers)
    sizes: list[int] = plan["sizes"]

    def share(kind: str) -> Estimate:
        return estimate(
            Part(size, of["answered"], of[kind]) for size, of in zip(sizes, strata, strict=True)
        )

    return {
        "check": check_id,
        "by": list(plan["strata"]),
        "of": sum(sizes),
        "sample": len(image_ids),
        "answered": len(image_ids) - len(waiting) - sum(one not in there for one in image_ids),
        "gone": sum(one not in there for one in image_ids),
        "unanswered": waiting,
        "wrong": share("wrong").as_json(),
        "dropped": share("dropped").as_json(),
        "labels": {name: _of_label(name, plan, image_ids, answers).as_json() for name in labels},
        "strata": [
            {"stratum": name, "of": size, "sample": of["sample"], "answered": of["answered"]}
            | {"images": of["wrong"]}
            | estimate([Part(size, of["answered"], of["wrong"])]).as_json()
            for name, size, of in zip(plan["names"], sizes, strata, strict=True)
        ],
    }


def _by_stratum(
    plan: Mapping[str, Any], image_ids: Sequence[str], answers: Mapping[str, Answer]
) -> list[dict[str, int]]:
    empty = {"sample": 0, "answered": 0, "wrong": 0, "dropped": 0}
    strata = [dict(empty) for _ in plan["names"]]
    for image_id, number in zip(image_ids, plan["stratum"], strict=True):
        of, answer = strata[number], answers.get(image_id)
        of["sample"] += 1
        if answer is not None:
            of["answered"] += 1
            of["wrong"] += answer.wrong
            of["dropped"] += answer.dropped
    return strata


def _of_label(
    name: str, plan: Mapping[str, Any], image_ids: Sequence[str], answers: Mapping[str, Answer]
) -> Estimate:
    """Return the share of the values of a label that are wrong, of images that are cars.

    How many images of a stratum have the label is itself estimated from the sample.
    """
    has = np.zeros(len(plan["names"]), np.int64)
    wrong, drawn = has.copy(), has.copy()
    for image_id, number in zip(image_ids, plan["stratum"], strict=True):
        answer = answers.get(image_id)
        if answer is not None:
            drawn[number] += 1
            if name in answer.labels and not answer.dropped:
                has[number] += 1
                wrong[number] += name in answer.corrected
    sizes = np.round(np.array(plan["sizes"]) * has / np.maximum(drawn, 1)).astype(int)
    return estimate(
        Part(*numbers) for numbers in zip(sizes.tolist(), has.tolist(), wrong.tolist(), strict=True)
    )
