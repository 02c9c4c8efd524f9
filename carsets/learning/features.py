"""Features of images as vectors that a head learns well from: whitened, of bounded width.

The mean is taken off, the directions that vary most are kept, and each is brought to the same
spread. Mean and directions are those of images that are learnt from: the others are not peeked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from carsets.catalog.curation_rows import CurationRows

    Places = NDArray[np.int64]
    Vectors = NDArray[np.float32]

WIDTH = 512  # numbers of a vector at most
SAMPLE = 20_000  # images from which mean and directions are learnt
LEAST_SPREAD = 0.01  # of the mean spread: is added, or noise would become as loud as the rest


def choose_network(networks: Mapping[tuple[str, int], int], wanted: str) -> tuple[str, int]:
    """Return model and width of the features to use, of those that images have.

    Raises UserError when there are none, several to choose from, or none of the wanted model.
    Features of two models are never mixed: their numbers have nothing in common.
    """
    if not networks:
        raise UserError(
            "no image of the dataset has features: let the detector look at them, "
            "as in `scrapy redetect`"
        )
    fitting = [one for one in networks if not wanted or one[0] == wanted]
    told = ", ".join(f"{model} ({networks[model, width]:,})" for model, width in sorted(networks))
    if not fitting:
        raise UserError(f"--features {wanted[:80]!r}: images have features of {told}")
    if len({model for model, _ in fitting}) > 1:
        raise UserError(f"images have features of several networks, choose one: --features {told}")
    return max(fitting, key=lambda one: (networks[one], one))


def read_whitened(
    rows: CurationRows,
    network: tuple[str, int],
    seq: Places,
    learnt: NDArray[np.bool_],
    advance: Callable[[int], None] = lambda _: None,
) -> Vectors:
    """Return the vectors (n, width) of the images numbered ``seq`` (growing), all of them.

    ``learnt``: from which of them mean and directions may be taken.
    """
    sample = np.zeros(len(seq), np.bool_)
    sample[np.flatnonzero(learnt)[:: max(1, int(learnt.sum()) // SAMPLE)]] = True
    mean, directions = _learn(_read(rows, network, seq[sample], advance), network[1])
    vectors = np.zeros((len(seq), directions.shape[1]), np.float32)
    for places, raw in _read(rows, network, seq, advance):
        vectors[places] = (raw - mean) @ directions
    return vectors


def _read(
    rows: CurationRows, network: tuple[str, int], seq: Places, advance: Callable[[int], None]
) -> Iterator[tuple[Places, Vectors]]:
    """Yield places in ``seq``, and the features of these images."""
    for numbers, raw in rows.features(*network):
        at = np.minimum(np.searchsorted(seq, numbers), max(len(seq) - 1, 0))
        wanted = seq[at] == numbers if len(seq) else np.zeros(len(numbers), np.bool_)
        some = raw[wanted].astype(np.float32)
        yield at[wanted], np.nan_to_num(some, nan=0.0, posinf=0.0, neginf=0.0)
        advance(len(numbers))


def _learn(parts: Iterator[tuple[Places, Vectors]], width: int) -> tuple[Vectors, Vectors]:
    """Return the mean, and directions (width, kept) divided by the spread along each."""
    total, products, count = np.zeros(width), np.zeros((width, width)), 0
    for _, vectors in parts:
        total += vectors.sum(0, dtype=np.float64)
        products += vectors.T @ vectors
        count += len(vectors)
    mean = total / max(count, 1)
    values, directions = np.linalg.eigh(products / max(count, 1) - np.outer(mean, mean))
    best = np.argsort(-values, kind="stable")[:WIDTH]
    spread = np.maximum(values, 0)
    floor = LEAST_SPREAD * spread.mean() + 1e-12
    return (
        mean.astype(np.float32),
        (directions[:, best] / np.sqrt(spread[best] + floor)).astype(np.float32),
    )
