"""What ``scrapy curate`` reads of the catalog and writes into it.

Read are the images of today's dataset, some thousand at a time, over one unchanging state of the
catalog. Written are scores, near-duplicate groups and review marks, one transaction for each: a
run that is killed leaves each of them as it was, or complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import Text, bindparam, cast, func, insert, literal, select, update

from carsets.catalog.fingerprints import KEPT
from carsets.catalog.release_rows import ReleaseRows
from carsets.catalog.schema import duplicate_groups, images, pair_verdicts, scores, sightings
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray
    from sqlalchemy import Connection, Select

CHUNK = 5_000  # sequence numbers, or rows, at once
# A sighting with one of these shows the picture of its image, or a copy that it stands for.
_SHOWS = (
    Outcome.STORED.value,
    Outcome.NOT_A_CAR.value,
    Outcome.DUPLICATE_BYTES.value,
    Outcome.DUPLICATE_PIXELS.value,
    Outcome.NEAR_DUPLICATE.value,
)
_BROUGHT = (Outcome.STORED.value, Outcome.NOT_A_CAR.value)


class CurationRow(NamedTuple):
    """One image with the sighting that brought it; ``*_json`` are JSON, None is unknown."""

    seq: int
    image_id: str
    verdict: str
    phash: int  # signed
    dhash: int  # signed
    openness: int
    width: int
    height: int
    bytes: int
    fetched_at: str
    model: str
    features_size: int  # bytes; 0 = none
    car_score: float | None
    labels_json: str | None
    counts_json: str | None
    source: str | None
    url: str | None
    page_url: str | None
    title: str | None
    description: str | None
    tags_json: str | None
    extra_json: str | None
    author: str | None
    author_url: str | None
    taken: str | None
    uploaded: str | None


class VoiceRow(NamedTuple):
    """One address at which an image, or a copy of it, was seen."""

    seq: int
    source: str
    query_id: str
    url: str
    page_url: str
    author: str
    author_url: str
    labels_json: str | None


class PairRow(NamedTuple):
    """People's word on two images."""

    seq_a: int
    seq_b: int
    same: bool


class ScoreRow(NamedTuple):
    """One score to be written."""

    seq: int
    score: float
    reason: str


class GroupRow(NamedTuple):
    """One image of a near-duplicate group; ``leader`` is the number of the one that stands."""

    seq: int
    leader: int
    level: str
    distance: int | None  # bits of the pHash to the leader


_KEPT = images.c.verdict.in_(KEPT)
_IMAGES = (
    select(
        images.c.seq,
        images.c.image_id,
        images.c.verdict,
        images.c.phash,
        images.c.dhash,
        images.c.openness,
        images.c.width,
        images.c.height,
        images.c.bytes,
        images.c.fetched_at,
        images.c.model,
        func.coalesce(func.length(images.c.features), 0),
        images.c.car_score,
        cast(images.c.labels, Text),
        cast(images.c.body_counts, Text),
        sightings.c.source,
        sightings.c.url,
        sightings.c.page_url,
        sightings.c.title,
        sightings.c.description,
        cast(sightings.c.tags, Text),
        cast(sightings.c.extra, Text),
        sightings.c.author,
        sightings.c.author_url,
        sightings.c.taken,
        sightings.c.uploaded,
    )
    .select_from(
        images.outerjoin(
            sightings,
            (sightings.c.image_id == images.c.image_id) & sightings.c.outcome.in_(_BROUGHT),
        )
    )
    .where(images.c.seq.between(bindparam("first"), bindparam("last")), _KEPT)
    .order_by(images.c.seq, sightings.c.sighting_id)
)
_VOICES = (
    select(
        images.c.seq,
        sightings.c.source,
        sightings.c.query_id,
        sightings.c.url,
        sightings.c.page_url,
        sightings.c.author,
        sightings.c.author_url,
        cast(sightings.c.labels, Text),
    )
    .join(sightings, sightings.c.image_id == images.c.image_id)
    .where(
        images.c.seq.between(bindparam("first"), bindparam("last")),
        _KEPT,
        sightings.c.outcome.in_(_SHOWS),
    )
    .order_by(images.c.seq, sightings.c.sighting_id)
)


@dataclass(frozen=True, slots=True)
class CurationRows(ReleaseRows):
    """One state of the catalog, as curation needs it."""

    def newest(self) -> int:
        """Return the largest number of an image; 0 where there is none."""
        return self.connection.scalar(select(func.max(images.c.seq))) or 0

    def kept(self) -> int:
        """Return how many images today's dataset has."""
        return self.connection.scalar(select(func.count()).where(_KEPT)) or 0

    def images(self) -> Iterator[list[CurationRow]]:
        """Yield the images of today's dataset, oldest first."""
        for bounds in self._bounds():
            rows: dict[int, CurationRow] = {}
            for row in self.connection.execute(_IMAGES, bounds):
                rows.setdefault(row[0], CurationRow._make(row))
            if rows:
                yield list(rows.values())

    def voices(self) -> Iterator[list[VoiceRow]]:
        """Yield where the images of today's dataset were seen, in the order of the images."""
        for bounds in self._bounds():
            rows = [VoiceRow._make(row) for row in self.connection.execute(_VOICES, bounds)]
            if rows:
                yield rows

    def features(
        self, model: str, width: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """Yield numbers of images and their features (n, width), of one network alone."""
        statement = (
            select(images.c.seq, images.c.features)
            .where(
                images.c.seq.between(bindparam("first"), bindparam("last")),
                _KEPT,
                images.c.model == model,
                func.length(images.c.features) == 2 * width,
            )
            .order_by(images.c.seq)
        )
        for bounds in self._bounds():
            rows = self.connection.execute(statement, bounds).all()
            if rows:
                body = b"".join(row.features for row in rows)
                numbers = np.array([row.seq for row in rows], np.int64)
                yield numbers, np.frombuffer(body, "<f2").reshape(len(rows), width)

    def networks(self) -> dict[tuple[str, int], int]:
        """Return how many images of today's dataset have features, by network and their width."""
        size = func.length(images.c.features)
        rows = self.connection.execute(
            select(images.c.model, size, func.count())
            .where(_KEPT, size > 0)
            .group_by(images.c.model, size)
        )
        return {(model, width // 2): count for model, width, count in rows}

    def with_features(self, model: str, width: int) -> NDArray[np.int64]:
        """Return the numbers of the images that have features of a network."""
        size = func.length(images.c.features)
        of_network = (images.c.model == model, size == 2 * width)
        return self._numbers(select(images.c.seq).where(_KEPT, *of_network))

    def waiting(self) -> NDArray[np.int64]:
        """Return the numbers of the images that wait for people's decision."""
        return self._numbers(select(images.c.seq).where(images.c.verdict == "review"))

    def scored(self, kind: str) -> NDArray[np.int64]:
        """Return the numbers of the images that have a score of a kind."""
        of_kind = select(images.c.seq).join(scores, scores.c.image_id == images.c.image_id)
        return self._numbers(of_kind.where(scores.c.kind == kind))

    def _numbers(self, statement: Select[Any]) -> NDArray[np.int64]:
        found = self.connection.execution_options(yield_per=CHUNK).scalars(statement)
        return np.sort(np.fromiter(found, np.int64))

    def paths(self, numbers: list[int]) -> dict[int, str]:
        """Return where the files of some images lie in the store, by the images' numbers."""
        rows = self.connection.execute(
            select(images.c.seq, images.c.path).where(images.c.seq.in_(numbers))
        )
        return {row.seq: row.path for row in rows}

    def pair_verdicts(self) -> Iterator[PairRow]:
        """Yield what people have said of two images."""
        one, two = images.alias("one"), images.alias("two")
        rows = self.connection.execute(
            select(one.c.seq, two.c.seq, pair_verdicts.c.same)
            .join(one, one.c.image_id == pair_verdicts.c.image_a)
            .join(two, two.c.image_id == pair_verdicts.c.image_b)
            .order_by(pair_verdicts.c.image_a, pair_verdicts.c.image_b)
        )
        for row in rows:
            yield PairRow._make(row)

    def addresses(self) -> int:
        """Return how many addresses of today's dataset's pictures were seen, copies too."""
        return (
            self.connection.scalar(
                select(func.count())
                .select_from(images.join(sightings, sightings.c.image_id == images.c.image_id))
                .where(_KEPT, sightings.c.outcome.in_(_SHOWS))
            )
            or 0
        )

    def _bounds(self) -> Iterator[dict[str, int]]:
        for start in range(0, self.newest(), CHUNK):
            yield {"first": start + 1, "last": start + CHUNK}


def write_scores(connection: Connection, kind: str, rows: Iterable[ScoreRow], when: str) -> int:
    """Put these in the place of all scores of a kind; images that are gone by now are left out."""
    connection.execute(scores.delete().where(scores.c.kind == kind))
    chosen = select(
        images.c.image_id,
        literal(kind),
        bindparam("new_score"),
        bindparam("new_reason"),
        literal(when),
    ).where(images.c.seq == bindparam("of"))
    statement = insert(scores).from_select(
        ["image_id", "kind", "score", "reason", "scored_at"], chosen
    )
    written = 0
    for some in _slices(rows, CHUNK):
        changes = [
            {"of": row.seq, "new_score": row.score, "new_reason": row.reason} for row in some
        ]
        connection.execute(statement, changes)
        written += len(changes)
    return written


def write_groups(connection: Connection, rows: Iterable[GroupRow], when: str) -> None:
    """Put these in the place of all near-duplicate groups. A group has its leader's id."""
    connection.execute(duplicate_groups.delete())
    leader = images.alias("leader")
    chosen = (
        select(
            leader.c.image_id,
            images.c.image_id,
            bindparam("new_level"),
            bindparam("new_distance"),
            literal(when),
        )
        .select_from(images.join(leader, leader.c.seq == bindparam("of_leader")))
        .where(images.c.seq == bindparam("of"))
    )
    statement = insert(duplicate_groups).from_select(
        ["group_id", "image_id", "level", "distance", "grouped_at"], chosen
    )
    for some in _slices(rows, CHUNK):
        changes = [
            {
                "of": row.seq,
                "of_leader": row.leader,
                "new_level": row.level,
                "new_distance": row.distance,
            }
            for row in some
        ]
        connection.execute(statement, changes)


def mark(
    connection: Connection, kind: str, rows: Iterable[ScoreRow], spared: set[int], when: str
) -> tuple[int, int]:
    """Send these images to review, and back those that were sent before and are not among them.

    ``kind`` names the rows of ``scores`` that tell which images were sent. An image that the
    crawl itself sent to review is left as it is, and so are those that are ``spared``, on which
    people have decided. Returns how many images are sent now, and how many came back.
    """
    before: set[int] = set(
        connection.scalars(
            select(images.c.seq)
            .join(scores, scores.c.image_id == images.c.image_id)
            .where(scores.c.kind == kind, images.c.verdict == "review")
        )
    )
    chosen = [row for row in rows if row.seq not in spared]
    standing = _with_verdict(connection, [row.seq for row in chosen], "keep") | before
    chosen = [row for row in chosen if row.seq in standing]
    now = {row.seq for row in chosen}
    write_scores(connection, kind, chosen, when)
    _set_verdict(connection, now - before, "review")
    _set_verdict(connection, before - now, "keep")
    return len(now), len(before - now)


def _with_verdict(connection: Connection, numbers: list[int], verdict: str) -> set[int]:
    found: set[int] = set()
    for some in _slices(numbers, 500):
        found |= set(
            connection.scalars(
                select(images.c.seq).where(images.c.seq.in_(some), images.c.verdict == verdict)
            )
        )
    return found


def _set_verdict(connection: Connection, numbers: Iterable[int], verdict: str) -> None:
    change = update(images).where(images.c.seq == bindparam("of")).values(verdict=verdict)
    for some in _slices(sorted(numbers), CHUNK):
        connection.execute(change, [{"of": number} for number in some])


def _slices(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rows = iter(rows)
    while some := list(islice(rows, size)):
        yield some
