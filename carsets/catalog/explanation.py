"""Everything the catalog knows of one image or one URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from carsets.catalog.schema import images, queries, reviews, runs, sightings
from carsets.catalog.sightings import representative
from carsets.catalog.unsigned import from_sql, to_sql, url_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Column, Connection, Table

    Facts = Mapping[str, Any]

MOST_ROWS = 1_000  # a picture that is everywhere still makes a readable answer
_UNREAD = {"features"}  # columns that say nothing to a person


@dataclass(frozen=True, slots=True)
class Explanation:
    """The trace of one image, or of one URL that led to none."""

    asked: str
    image: Facts | None  # the image asked for
    representative: Facts | None  # the copy that stands for it today, when it is another one
    copies: Sequence[Facts]  # images that it took the place of
    sightings: Sequence[Facts]
    queries: Mapping[tuple[str, str], Facts]  # by source and query id
    runs: Mapping[str, Facts]
    reviews: Sequence[Facts]


def explain(connection: Connection, asked: str, sha256: str = "") -> Explanation | None:
    """Return the trace of an image id, a sha256, a path in the store or a URL.

    ``sha256`` is that of the user's file, when ``asked`` names one. None: never heard of.
    """
    image = _find_image(connection, sha256 or asked)
    seen = [] if sha256 else _seen_at(connection, asked)
    if image is None and seen:
        ids = [row["image_id"] for row in seen if row["image_id"]]
        image = _first(connection, images, images.c.image_id, ids[:1])
    if image is None and not seen:
        return None
    return _gather(connection, asked, image, seen)


def _gather(
    connection: Connection, asked: str, image: Facts | None, seen: list[Facts]
) -> Explanation:
    current = None
    if image is not None and image["superseded_by"]:
        winner = representative(connection, image["image_id"]).image_id
        current = _first(connection, images, images.c.image_id, [winner])
    ids = [facts["image_id"] for facts in (image, current) if facts]
    rows = {row["sighting_id"]: row for row in _rows(connection, sightings, "image_id", ids)}
    rows |= {row["sighting_id"]: row for row in seen}
    run_ids = {row["first_run_id"] for row in rows.values()}
    run_ids |= {row["last_run_id"] for row in rows.values()}
    run_ids |= {image["run_id"]} if image else set()
    asked_queries = _rows(
        connection, queries, "query_id", {row["query_id"] for row in rows.values()}
    )
    return Explanation(
        asked=asked,
        image=image,
        representative=current,
        copies=_rows(connection, images, "superseded_by", ids),
        sightings=[rows[number] for number in sorted(rows)],
        queries={(row["source"], row["query_id"]): row for row in asked_queries},
        runs={row["run_id"]: row for row in _rows(connection, runs, "run_id", run_ids - {None})},
        reviews=_rows(connection, reviews, "image_id", ids),
    )


def _find_image(connection: Connection, name: str) -> Facts | None:
    wanted = name.lower()
    row = connection.execute(
        select(images).where(
            or_(
                images.c.image_id == wanted,
                images.c.sha256 == wanted,
                images.c.md5 == wanted,
                images.c.sha256 == wanted.rpartition("/")[2].partition(".")[0],
            )
        )
    ).first()
    return None if row is None else _facts(row._mapping)


def _seen_at(connection: Connection, url: str) -> list[Facts]:
    rows = connection.execute(
        select(sightings).where(
            sightings.c.url_hash == to_sql(url_hash(url)), sightings.c.url == url
        )
    )
    return [_facts(row._mapping) for row in rows]


def _first(
    connection: Connection, table: Table, column: Column[Any], values: Sequence[str]
) -> Facts | None:
    row = connection.execute(select(table).where(column.in_(values))).first()
    return None if row is None else _facts(row._mapping)


def _rows(connection: Connection, table: Table, name: str, values: Iterable[str]) -> list[Facts]:
    some = sorted(values)[:MOST_ROWS]
    found = connection.execute(select(table).where(table.c[name].in_(some)).limit(MOST_ROWS))
    return [_facts(row._mapping) for row in found]


def _facts(row: Mapping[Any, Any]) -> dict[str, Any]:
    facts = {name: value for name, value in row.items() if name not in _UNREAD}
    for name in ("phash", "dhash"):
        if facts.get(name) is not None:
            facts[name] = f"{from_sql(facts[name]):016x}"
    return facts
