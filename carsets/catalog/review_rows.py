"""What the review page reads of the catalog: the order of its queue, and what it shows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import Text, and_, case, cast, func, or_, select

from carsets.catalog.schema import (
    duplicate_groups,
    images,
    pair_verdicts,
    queries,
    reviews,
    scores,
    sightings,
    spot_checks,
)
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection, Select

VERDICTS = ("keep", "review", "dropped")  # what is superseded has a better copy to look at
CHUNK = 50_000  # rows read at once
VARIABLES = 500  # values in one IN (...)
MOST_MATES = 12  # of one image: what a person can compare
_BROUGHT = (Outcome.STORED.value, Outcome.NOT_A_CAR.value)


class QueueArrays(NamedTuple):
    """One place in every array for each image."""

    seq: NDArray[np.int64]
    verdict: NDArray[np.int8]  # place in VERDICTS
    car_score: NDArray[np.float32]  # nan: the detector has not looked
    doubt: NDArray[np.float32]  # nan: not doubted; above 1: comes before all that are


def queue_arrays(connection: Connection, doubt: str, first: str) -> QueueArrays:
    """Return what orders the queue: the scores of the kind ``first``, then those of ``doubt``."""
    parts = [_of_verdict(connection, number) for number in range(len(VERDICTS))]
    seq = np.concatenate([part[0] for part in parts])
    verdict = np.repeat(np.arange(len(parts), dtype=np.int8), [len(part[0]) for part in parts])
    car_score = np.concatenate([part[1] for part in parts])
    order = np.argsort(seq)
    seq = seq[order]
    doubted = np.full(len(seq), np.nan, np.float32)
    for kind, ahead in ((doubt, 0), (first, 1)):
        statement = (
            select(images.c.seq, scores.c.score)
            .join(images, images.c.image_id == scores.c.image_id)
            .where(scores.c.kind == kind)
        )
        for numbers, values in _chunks(connection, statement):
            places = np.searchsorted(seq, numbers)
            places[places == len(seq)] = 0
            there = seq[places] == numbers if len(seq) else np.zeros(len(numbers), np.bool_)
            doubted[places[there]] = values[there] + ahead
    return QueueArrays(seq, verdict[order], car_score[order], doubted)


def _of_verdict(
    connection: Connection, number: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    statement = select(images.c.seq, images.c.car_score).where(images.c.verdict == VERDICTS[number])
    parts = list(_chunks(connection, statement))
    empty = (np.empty(0, np.int64), np.empty(0, np.float32))
    return (
        np.concatenate([part[0] for part in parts] or [empty[0]]),
        np.concatenate([part[1] for part in parts] or [empty[1]]),
    )


def _chunks(
    connection: Connection, statement: Select[Any]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    result = connection.execution_options(yield_per=CHUNK).execute(statement)
    for rows in result.partitions():
        numbers = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        values = (np.nan if row[1] is None else row[1] for row in rows)
        yield numbers, np.fromiter(values, np.float32, len(rows))


def decided(
    connection: Connection, image_ids: Sequence[str] | None = None
) -> Iterator[tuple[int, str, bool]]:
    """Yield (image number, rater, whether it was more than a skip) of all that stands."""
    said_more = func.max(case((reviews.c.decision != "skip", 1), else_=0))
    statement = (
        select(images.c.seq, reviews.c.rater, said_more)
        .join(images, images.c.image_id == reviews.c.image_id)
        .where(reviews.c.undone.is_(False))
        .group_by(images.c.seq, reviews.c.rater)
    )
    if image_ids is not None:
        statement = statement.where(reviews.c.image_id.in_(image_ids))
    for row in connection.execution_options(yield_per=CHUNK).execute(statement):
        yield row[0], row[1], bool(row[2])


def numbers_of(connection: Connection, image_ids: Sequence[str]) -> dict[str, int]:
    """Return the numbers of those of the images that there are."""
    found: dict[str, int] = {}
    for start in range(0, len(image_ids), VARIABLES):
        some = images.c.image_id.in_(image_ids[start : start + VARIABLES])
        found |= {
            row[0]: row[1]
            for row in connection.execute(select(images.c.image_id, images.c.seq).where(some))
        }
    return found


def spot_check_images(connection: Connection, check_id: str) -> list[str]:
    """Return the ids of the images of a spot check; none for one that there is not."""
    ids = connection.scalar(
        select(spot_checks.c.image_ids).where(spot_checks.c.check_id == check_id)
    )
    return list(ids or [])


def labels_of(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Return the labels of images as JSON."""
    found: dict[int, str] = {}
    for start in range(0, len(numbers), VARIABLES):
        some = images.c.seq.in_(numbers[start : start + VARIABLES])
        for row in connection.execute(
            select(images.c.seq, cast(images.c.labels, Text)).where(some)
        ):
            found[row[0]] = row[1] or "{}"
    return found


def sources_of(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Return the sources that have brought images."""
    found: dict[int, str] = {}
    brought = and_(sightings.c.image_id == images.c.image_id, sightings.c.outcome.in_(_BROUGHT))
    for start in range(0, len(numbers), VARIABLES):
        some = images.c.seq.in_(numbers[start : start + VARIABLES])
        rows = connection.execute(
            select(images.c.seq, sightings.c.source)
            .select_from(images.join(sightings, brought))
            .where(some)
            .order_by(sightings.c.sighting_id.desc())
        )
        found |= {row[0]: row[1] for row in rows}  # of several the oldest stays
    return found


def asked_labels(connection: Connection) -> Iterator[tuple[str, Any]]:
    """Yield the source and the labels of every query."""
    for row in connection.execute(select(queries.c.source, queries.c.labels)):
        yield row[0], row[1]


# --- What is shown of an image ------------------------------------------------------------------

_SHOWN = (
    *("seq", "image_id", "path", "width", "height", "bytes", "format", "license", "license_url"),
    *("labels", "car_score", "part_score", "top_labels", "view", "verdict"),
)
_SEEN = ("source", "url", "page_url", "title", "author", "query_id")


def shown(connection: Connection, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Return what people see of some images, in their order; what is gone is left out."""
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(numbers), VARIABLES):
        some = images.c.seq.in_(numbers[start : start + VARIABLES])
        for row in connection.execute(select(*(images.c[name] for name in _SHOWN)).where(some)):
            found[row.seq] = dict(row._mapping) | {"doubts": [], "mates": []}
    by_id = {facts["image_id"]: facts for facts in found.values()}
    ids = list(by_id)
    for start in range(0, len(ids), VARIABLES):
        some_ids = ids[start : start + VARIABLES]
        _add_sightings(connection, some_ids, by_id)
        _add_doubts(connection, some_ids, by_id)
        _add_mates(connection, some_ids, by_id)
    return [found[number] for number in numbers if number in found]


def path_of(connection: Connection, image_id: str) -> tuple[str, str] | None:
    """Return the path in the store and the type of an image's file; None for no image."""
    row = connection.execute(
        select(images.c.path, images.c.mime).where(images.c.image_id == image_id)
    ).first()
    return None if row is None else (row.path, row.mime)


def _add_sightings(
    connection: Connection, ids: Sequence[str], by_id: Mapping[str, dict[str, Any]]
) -> None:
    asked = (queries.c.source == sightings.c.source) & (queries.c.query_id == sightings.c.query_id)
    rows = connection.execute(
        select(
            sightings.c.image_id,
            *(sightings.c[name] for name in _SEEN),
            queries.c.text.label("query"),
        )
        .select_from(sightings.outerjoin(queries, asked))
        .where(sightings.c.image_id.in_(ids), sightings.c.outcome.in_(_BROUGHT))
        .order_by(sightings.c.sighting_id.desc())  # of several the oldest stays
    )
    for row in rows:
        by_id[row.image_id].update({name: row._mapping[name] for name in (*_SEEN, "query")})


def _add_doubts(
    connection: Connection, ids: Sequence[str], by_id: Mapping[str, dict[str, Any]]
) -> None:
    rows = connection.execute(
        select(scores.c.image_id, scores.c.kind, scores.c.score, scores.c.reason)
        .where(scores.c.image_id.in_(ids))
        .order_by(scores.c.score.desc(), scores.c.kind)
    )
    for row in rows:
        by_id[row.image_id]["doubts"].append(
            {"kind": row.kind, "score": row.score, "reason": row.reason}
        )


def _add_mates(
    connection: Connection, ids: Sequence[str], by_id: Mapping[str, dict[str, Any]]
) -> None:
    mate = duplicate_groups.alias()
    rows = connection.execute(
        select(duplicate_groups.c.image_id, mate.c.image_id, mate.c.level, mate.c.distance)
        .join(mate, mate.c.group_id == duplicate_groups.c.group_id)
        .where(duplicate_groups.c.image_id.in_(ids), mate.c.image_id != duplicate_groups.c.image_id)
        .order_by(mate.c.image_id)
    )
    of: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for image_id, other, level, distance in rows:
        if len(of[image_id]) < MOST_MATES:
            of[image_id][other] = {"image_id": other, "level": level, "distance": distance}
    judged = {
        (row.image_a, row.image_b): row
        for row in connection.execute(
            select(pair_verdicts).where(
                or_(pair_verdicts.c.image_a.in_(list(of)), pair_verdicts.c.image_b.in_(list(of)))
            )
        )
    }
    for image_id, mates in of.items():
        for other, facts in mates.items():
            word = judged.get((min(image_id, other), max(image_id, other)))
            facts["same"] = None if word is None else word.same
            facts["rater"] = "" if word is None else word.rater
        by_id[image_id]["mates"] = list(mates.values())
