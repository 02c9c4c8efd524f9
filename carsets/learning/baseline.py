"""``scrapy baseline``: can the labels be learnt? A linear head on the features, and two controls.

Learnt is from one part of the dataset, tested on another that shares no author, page, burst or
picture with it. Controls are the share of the most frequent class, which is right without looking,
and the same head learnt from labels that were shuffled *between the groups* of related images: it
is no better than that share, unless images of one group are on both sides, or the test is broken.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.catalog.lessons import BASELINE, Lesson
from carsets.learning.examples import read_examples
from carsets.learning.features import choose_network, read_whitened
from carsets.learning.linear_head import LinearHead
from carsets.learning.measures import Measured, confusions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from carsets.catalog.catalog import Catalog
    from carsets.curation.progress import Progress
    from carsets.learning.examples import BaselineOptions, Examples

    Codes = NDArray[np.int32]
    Vectors = NDArray[np.float32]

PENALTIES = (1.0, 0.1, 0.01, 0.001)  # of the weights; the second part of three says which is best
USUAL_PENALTY = 0.01  # where there is no such part


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What came of it."""

    label: str
    network: str
    classes: int
    learnt: int  # images
    penalty: float
    parts: Mapping[str, Measured]  # all but the first; the last one tests
    shuffled: Measured  # the last part, by a head that was taught shuffled labels
    confusions: list[dict[str, Any]]  # of the last part
    left_out: Mapping[str, int]  # reason: images

    @property
    def test(self) -> Measured:
        """What the last part says."""
        return list(self.parts.values())[-1]

    @property
    def sound(self) -> bool:
        """Whether shuffled labels teach nothing, within the margin."""
        return self.shuffled.accuracy.low <= self.shuffled.majority

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON types."""
        return {**asdict(self), "sound": self.sound}


def run_baseline(
    catalog: Catalog, options: BaselineOptions, progress: Progress, when: str
) -> Baseline:
    """Learn, test, and write what came of it into the catalog at ``when`` (ISO 8601, UTC)."""
    with catalog.curation_state() as rows:
        network = choose_network(rows.networks(), options.features)
        progress.begin("reading images", rows.total())
        examples = read_examples(rows, options, rows.with_features(*network), progress.advance)
        progress.begin("reading features", 2 * sum(rows.networks().values()))
        vectors = read_whitened(rows, network, examples.seq, examples.parts == 0, progress.advance)
    found = measure(vectors, examples, options, network[0], progress)
    lesson = Lesson(BASELINE, options.label, asdict(options), found.as_json(), when)
    catalog.record_lesson(lesson)
    return found


def measure(
    vectors: Vectors,
    examples: Examples,
    options: BaselineOptions,
    network: str,
    progress: Progress,
) -> Baseline:
    """Learn from the first part, and test on the others."""
    head, penalty = _learn(vectors, examples, progress)
    said = head.predict(vectors)
    control = shuffled_between_groups(examples.codes, examples.groups, options.salt)
    learn, test = examples.part(0), examples.part(-1)
    progress.begin("learning shuffled labels", len(learn))
    taught = LinearHead.fit(vectors[learn], control[learn], len(examples.names), penalty)
    return Baseline(
        label=options.label,
        network=network,
        classes=len(examples.names),
        learnt=len(learn),
        penalty=penalty,
        parts={
            name: _measured(examples.codes, said, examples, examples.part(number))
            for number, name in enumerate(examples.part_names)
            if number
        },
        shuffled=_measured(control, taught.predict(vectors), examples, test),
        confusions=confusions(examples.codes[test], said[test], examples.names),
        left_out=examples.left_out,
    )


def _measured(truth: Codes, said: Codes, examples: Examples, places: NDArray[np.int64]) -> Measured:
    return Measured.of(truth[places], said[places], examples.groups[places])


def _learn(vectors: Vectors, examples: Examples, progress: Progress) -> tuple[LinearHead, float]:
    """Return the head, of those learnt with different penalties the one that says best."""
    learn = examples.part(0)
    taught, codes, classes = vectors[learn], examples.codes[learn], len(examples.names)
    if len(examples.part_names) < 3:
        progress.begin("learning", len(learn))
        return LinearHead.fit(taught, codes, classes, USUAL_PENALTY), USUAL_PENALTY
    choose = examples.part(1)
    progress.begin("learning", len(PENALTIES) * len(learn))
    head, found = None, []
    for penalty in PENALTIES:  # from the stiffest on, each begins where the last one ended
        head = LinearHead.fit(taught, codes, classes, penalty, start=head)
        found.append((head.loss(vectors[choose], examples.codes[choose]), penalty, head))
        progress.advance(len(learn))
    _, penalty, best = min(found, key=lambda one: one[0])
    return best, penalty


def shuffled_between_groups(codes: Codes, groups: NDArray[np.int64], salt: str) -> Codes:
    """Return labels that say nothing: each group of images gets that of another group."""
    _, first, of = np.unique(groups, return_index=True, return_inverse=True)
    seed = int.from_bytes(blake2b(salt.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    order = np.random.default_rng(seed).permutation(len(first))
    drawn: Codes = codes[first[order]][of]
    return drawn
