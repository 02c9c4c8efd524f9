"""What the groups of a split are made of: of all images, in the order of their age."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, func, select

from carsets.catalog.schema import duplicate_groups, images, sightings
from carsets.catalog.unsigned import to_sql, url_hash
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

CHUNK = 10_000  # sequence numbers, or rows, read at once
VARIABLES = 500  # values in one IN (...)

# The sighting that brought an image has one of these, dropped ones too.
_BROUGHT = (Outcome.STORED.value, Outcome.NOT_A_CAR.value)
# What that outcome becomes when a better copy takes the image's place.
_OVERTAKEN = (Outcome.NEAR_DUPLICATE.value, Outcome.DUPLICATE_PIXELS.value)


class GroupingRow(NamedTuple):
    """One image, and whose it is and where it was found: "" where nothing is known."""

    seq: int
    image_id: str
    superseded_by: str
    served_url: str
    source: str = ""
    url: str = ""
    page_url: str = ""
    author: str = ""
    author_url: str = ""
    taken: str = ""


_IMAGE = (images.c.seq, images.c.image_id, images.c.superseded_by, images.c.served_url)
_SIGHTING = (
    sightings.c.source,
    sightings.c.url,
    sightings.c.page_url,
    sightings.c.author,
    sightings.c.author_url,
    sightings.c.taken,
)


def grouping_rows(connection: Connection) -> Iterator[list[GroupingRow]]:
    """Yield a row for every image, oldest first, some thousand at a time."""
    newest = connection.scalar(select(func.max(images.c.seq))) or 0
    brought = and_(sightings.c.image_id == images.c.image_id, sightings.c.outcome.in_(_BROUGHT))
    statement = (
        select(*_IMAGE, *_SIGHTING)
        .select_from(images.outerjoin(sightings, brought))
        .order_by(images.c.seq, sightings.c.sighting_id)
    )
    for start in range(0, newest, CHUNK):
        some = images.c.seq.between(start + 1, start + CHUNK)
        rows: dict[int, GroupingRow] = {}
        for row in connection.execute(statement.where(some)):
            rows.setdefault(row[0], GroupingRow(row[0], *[cell or "" for cell in row[1:]]))
        rows |= _with_lost_sightings(connection, rows.values())
        if rows:
            yield list(rows.values())


def _with_lost_sightings(
    connection: Connection, rows: Iterable[GroupingRow]
) -> Mapping[int, GroupingRow]:
    """Return the superseded images of these with the sightings that once brought them.

    Their sightings tell of the better copy today. An image's own is the one of the address that
    served it or, when that address was redirected to, the oldest one that tells of the copy.
    """
    lost = [row for row in rows if row.superseded_by and not row.source]
    found: dict[int, GroupingRow] = {}
    for start in range(0, len(lost), VARIABLES):
        some = lost[start : start + VARIABLES]
        by_url = _by_address(connection, [row.served_url for row in some if row.served_url])
        others = [row.superseded_by for row in some if row.served_url not in by_url]
        winners = _winners(connection, others)
        oldest = _oldest_of(connection, winners.values())
        for row in some:
            facts = by_url.get(row.served_url) or oldest.get(winners.get(row.superseded_by, ""))
            if facts:
                found[row.seq] = GroupingRow(*row[:4], *facts)
    return found


def _by_address(connection: Connection, urls: list[str]) -> dict[str, tuple[str, ...]]:
    found = connection.execute(
        select(*_SIGHTING)
        .where(
            sightings.c.url_hash.in_({to_sql(url_hash(url)) for url in urls}),
            sightings.c.outcome.in_(_OVERTAKEN),
        )
        .order_by(sightings.c.sighting_id.desc())
    )
    return {row.url: tuple(row) for row in found}  # of several the oldest stays


def _winners(connection: Connection, image_ids: list[str]) -> dict[str, str]:
    """Return the copy that counts today for each image, through any number of better ones."""
    today = {image_id: image_id for image_id in image_ids}
    while today:
        better: dict[str, str] = dict(
            connection.execute(
                select(images.c.image_id, images.c.superseded_by).where(
                    images.c.image_id.in_(set(today.values())), images.c.superseded_by.is_not(None)
                )
            ).all()
        )
        if not better:
            break
        today = {image_id: better.get(winner, winner) for image_id, winner in today.items()}
    return today


def _oldest_of(connection: Connection, image_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found = connection.execute(
        select(sightings.c.image_id, *_SIGHTING)
        .where(sightings.c.image_id.in_(set(image_ids)), sightings.c.outcome.in_(_OVERTAKEN))
        .order_by(sightings.c.sighting_id.desc())
    )
    return {row[0]: tuple(row[1:]) for row in found}


def near_groups(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield (group id, image id) of all near-duplicate groups that were found."""
    rows = connection.execution_options(yield_per=CHUNK).execute(
        select(duplicate_groups.c.group_id, duplicate_groups.c.image_id).order_by(
            duplicate_groups.c.group_id, duplicate_groups.c.image_id
        )
    )
    for row in rows:
        yield row.group_id, row.image_id
