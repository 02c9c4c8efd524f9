"""What rounds of ``scrapy iterate`` make of a catalog whose faults are known, if people are right.

    python -m benchmarks.iterate_rounds [--images 4000] [--vectors] [--rounds 4] [--questions 100]

The catalog is that of ``benchmarks.planted_noise``: 5 % of the labels are swapped, 2 % of the
images are no cars, 1 % placeholders. ``scrapy curate`` has run. After each round somebody who knows
the truth answers what ``scrapy review`` shows first: the round's questions, then what curation
doubts. For comparison as many images are drawn at random and answered, in a catalog of their own.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.planted_noise import Quiet, World, draw, invent, write
from carsets.catalog.catalog import Catalog
from carsets.catalog.reviews import Decision
from carsets.curation.curate import curate
from carsets.curation.kinds import Kind
from carsets.curation.options import CurateOptions
from carsets.learning.iteration import run_round
from carsets.learning.measures import macro_f1
from carsets.release.people import words_by_image
from carsets.review.queue import by_doubt

if TYPE_CHECKING:
    from benchmarks.planted_noise import Item

WHEN = "2026-01-01T00:00:00+00:00"


def truth_of(item: Item) -> dict[str, str]:
    """Return what is so; nothing for what should not be there."""
    return {} if item.fault in ("outlier", "placeholder") else item.truth


def answer(catalog: Catalog, numbers: list[int], items: list[Item]) -> None:
    """Decide as somebody who knows the truth."""
    ids = catalog.image_ids_of(numbers)
    decisions = [
        Decision(
            key=f"oracle:{image_id}",
            image_id=image_id,
            decision="keep" if truth_of(items[number - 1]) else "drop",
            labels=truth_of(items[number - 1]) or None,
        )
        for image_id, number in zip(ids, numbers, strict=True)
    ]
    catalog.record_reviews("oracle", decisions, WHEN)


def shown_first(catalog: Catalog, count: int) -> list[int]:
    """Return the numbers of the images that ``scrapy review`` shows first."""
    arrays = catalog.review_queue(Kind.DOUBT, Kind.ASKED)
    decided = {number for number, _, _ in catalog.decided_images()}
    order = arrays.seq[by_doubt(arrays, 0.5)].tolist()
    return [number for number in order if number not in decided][:count]


def errors(catalog: Catalog, items: list[Item]) -> tuple[float, float, float]:
    """Return the shares of wrong makes and of what does not belong, and the makes' macro-F1."""
    with catalog.curation_state() as rows:
        words = words_by_image(rows.reviews(0, rows.newest()))
    names = {name: code for code, name in enumerate(sorted({i.truth["make"] for i in items}))}
    said, truth, strange = [], [], 0
    for number, item in enumerate(items, 1):
        word = words.get(number)
        if word is not None and word.verdict == "drop":
            continue
        if not truth_of(item):
            strange += 1
            continue
        labels = item.labels if word is None else word.corrected(item.labels)
        said.append(names[labels["make"]])
        truth.append(names[item.truth["make"]])
    one, other = np.array(truth, np.int32), np.array(said, np.int32)
    return float((one != other).mean()), strange / (len(said) + strange), macro_f1(one, other)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vectors", action="store_true", help="no pictures: any number of images")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--questions", type=int, default=100)
    asked = parser.parse_args()
    made = World(asked.seed, silent=True).items(asked.images)
    if asked.vectors:
        invent(made, asked.seed)
    else:
        draw(made)
    items = [item for item, _, _ in made]
    drawn = random.Random(asked.seed).sample(range(1, len(items) + 1), len(items))
    print(
        "| after round | answers | asked | wrong makes | no cars | macro-F1 | at random: both | s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("asked.sqlite", "random.sqlite")]
        for path in paths:
            write(path, items)
        catalog, other = (Catalog.open(f"sqlite:///{path}") for path in paths)
        curate(catalog, CurateOptions(), Quiet(), WHEN)
        tell(0, 0, errors(catalog, items), errors(other, items), 0.0)
        done = 0
        for number in range(asked.rounds):
            begun = process_time()
            made = run_round(catalog, Quiet(), WHEN, questions=asked.questions)
            took = process_time() - begun
            questions = shown_first(catalog, asked.questions)
            answer(catalog, questions, items)
            answer(other, drawn[done : done + len(questions)], items)
            done += len(questions)
            tell(number + 1, done, errors(catalog, items), errors(other, items), took, made.asked)
        catalog.close()
        other.close()


def tell(
    number: int,
    done: int,
    mine: tuple[float, float, float],
    random_ones: tuple[float, float, float],
    took: float,
    asked: int = 0,
) -> None:
    """Print one row."""
    print(
        f"| {number} | {done} | {asked} | {mine[0]:.2%} | {mine[1]:.2%} | {mine[2]:.4f} "
        f"| {random_ones[0]:.2%}, {random_ones[1]:.2%} | {took:.1f} |"
    )


if __name__ == "__main__":
    main()
