"""What became of the dataset's addresses: which rows to ask, and what was found.

A sweep is one verify run with its continuations: its id is that of the first run, and stands in
the ``arguments`` of the others.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, func, select, update

from carsets.catalog.fingerprints import KEPT
from carsets.catalog.schema import images, runs, sightings, verifications
from carsets.catalog.unsigned import from_sql
from carsets.integrity.verdicts import BYTES_NOW, SAME_ON_URLS, Known, Verdict
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

SOURCE = "verify"  # of the runs
CHUNK = 20_000  # rows read at once
VARIABLES = 500  # values in one IN (...)
DIGEST_END = len(BYTES_NOW) + 64  # of the note on other bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """One address of today's dataset, and what was there."""

    seq: int
    image_id: str
    url: str
    served_url: str
    source: str
    source_id: str
    license: str  # as its source named it
    known: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRow:
    """What one address gave."""

    run_id: str  # of the sweep
    image_id: str
    url: str
    verdict: str
    note: str = ""
    license: str = ""  # what the source says today; "" when it was not asked
    verified_at: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One verify run, and how far it has come."""

    run_id: str
    started_at: str
    arguments: Mapping[str, str]
    ended: bool


def addresses(
    connection: Connection,
    after: int,
    most: int,
    among: Sequence[int] | None = None,
) -> tuple[list[AddressRow], int]:
    """Return the next addresses, and the last image's ``seq``: 0 when there are no more images.

    ``among`` are the sequence numbers to choose from; None: all of today's dataset. An image
    that no address has brought is left out.
    """
    columns = images.c
    chosen = columns.seq > after if among is None else columns.seq.in_(among)
    found = {
        row.image_id: row
        for row in connection.execute(
            select(*_OF_IMAGES)
            .where(chosen, columns.verdict.in_(KEPT))
            .order_by(columns.seq)
            .limit(most)
        )
    }
    # Asked for apart: a join in this order makes SQLite sort the whole dataset for each page.
    brought: dict[str, Any] = {}
    ids = list(found)
    for start in range(0, len(ids), VARIABLES):
        rows = connection.execute(
            select(*_OF_SIGHTINGS)
            .where(
                sightings.c.image_id.in_(ids[start : start + VARIABLES]),
                sightings.c.outcome == Outcome.STORED.value,
            )
            .order_by(sightings.c.sighting_id)
        )
        for row in rows:
            brought.setdefault(row.image_id, row)
    asked = [_address(row, brought[name]) for name, row in found.items() if name in brought]
    return asked, max((row.seq for row in found.values()), default=0)


def _address(image: Any, sighting: Any) -> AddressRow:
    return AddressRow(
        seq=image.seq,
        image_id=image.image_id,
        url=sighting.url,
        served_url=image.served_url,
        source=sighting.source,
        source_id=sighting.source_id,
        license=sighting.license if sighting.license != "unknown" else image.license,
        known=Known(image.sha256, image.pixel_hash, from_sql(image.phash), from_sql(image.dhash)),
    )


_OF_IMAGES = (
    images.c.seq,
    images.c.image_id,
    images.c.sha256,
    images.c.pixel_hash,
    images.c.phash,
    images.c.dhash,
    images.c.served_url,
    images.c.license,
)
_OF_SIGHTINGS = (
    sightings.c.image_id,
    sightings.c.url,
    sightings.c.source,
    sightings.c.source_id,
    sightings.c.license,
)


def verified(connection: Connection, sweep: str, image_ids: Sequence[str]) -> set[str]:
    """Return those of the images that the sweep has a verdict on.

    The sweep is compared here: its index would lead the database through all of its rows.
    """
    done: set[str] = set()
    for start in range(0, len(image_ids), VARIABLES):
        rows = connection.execute(
            select(verifications.c.image_id, verifications.c.run_id).where(
                verifications.c.image_id.in_(image_ids[start : start + VARIABLES])
            )
        )
        done.update(image_id for image_id, run_id in rows if run_id == sweep)
    return done


def sample(connection: Connection, count: int, sweep: str) -> NDArray[np.int64]:
    """Return the numbers of ``count`` images, drawn by their ids: the same for the same sweep."""
    keys: list[NDArray[np.uint64]] = []
    numbers: list[NDArray[np.int64]] = []
    salt = np.uint64(int.from_bytes(sweep.encode()[-8:].rjust(8, b"\0")))
    rows = connection.execution_options(yield_per=CHUNK).execute(
        select(images.c.seq, images.c.image_id).where(images.c.verdict.in_(KEPT))
    )
    for part in rows.partitions():
        ids = np.fromiter((int(row.image_id[:16], 16) for row in part), np.uint64, len(part))
        keys.append(_mixed(ids ^ salt))
        numbers.append(np.fromiter((row.seq for row in part), np.int64, len(part)))
    if not keys:
        return np.empty(0, np.int64)
    order = np.argsort(np.concatenate(keys), kind="stable")[:count]
    return np.sort(np.concatenate(numbers)[order])


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return numbers that look random: the last step of SplitMix64."""
    mixed = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def record(connection: Connection, rows: Sequence[VerificationRow]) -> None:
    """Write the verdicts of one sweep; those that another process has written already stay."""
    if not rows:
        return
    done = verified(connection, rows[0].run_id, [row.image_id for row in rows])
    new = [asdict(row) for row in rows if row.image_id not in done]
    if new:
        connection.execute(verifications.insert(), new)


def name_placeholders(connection: Connection, sweep: str, pages: int) -> int:
    """Call a new file a placeholder that stands at many addresses; return how many rows changed.

    It does when ``SAME_ON_URLS`` addresses of this sweep give it, or when the catalog knows these
    bytes from at least ``pages`` pages.
    """
    digest = func.substr(verifications.c.note, 1, DIGEST_END)
    ours = and_(
        verifications.c.run_id == sweep,
        verifications.c.verdict == Verdict.REPLACED.value,
        verifications.c.note.startswith(BYTES_NOW, autoescape=True),
    )
    many = connection.execute(
        select(digest).where(ours).group_by(digest).having(func.count() >= SAME_ON_URLS)
    )
    changed = 0
    for note in list(many.scalars()):
        changed += _call_placeholder(connection, sweep, note)
    sha256 = func.substr(verifications.c.note, len(BYTES_NOW) + 1, 64)
    known = select(digest).where(ours).join(images, images.c.sha256 == sha256).distinct()
    for note in list(connection.scalars(known)):
        if _pages_of(connection, note[len(BYTES_NOW) :]) >= pages:
            changed += _call_placeholder(connection, sweep, note)
    return changed


def _call_placeholder(connection: Connection, sweep: str, note: str) -> int:
    done = connection.execute(
        update(verifications)
        .where(
            verifications.c.run_id == sweep,
            verifications.c.verdict == Verdict.REPLACED.value,
            verifications.c.note.startswith(note, autoescape=True),
        )
        .values(verdict=Verdict.PLACEHOLDER.value)
    )
    return done.rowcount


def _pages_of(connection: Connection, sha256: str) -> int:
    """Return on how many pages the catalog has seen these bytes."""
    page = func.coalesce(func.nullif(sightings.c.page_url, ""), sightings.c.url)
    return (
        connection.scalar(
            select(func.count(page.distinct()))
            .join(images, images.c.image_id == sightings.c.image_id)
            .where(images.c.sha256 == sha256)
        )
        or 0
    )


def verdicts(connection: Connection, sweep: str) -> Iterator[Any]:
    """Yield url, source, verdict and license of all rows of a sweep, in no order."""
    rows = connection.execution_options(yield_per=CHUNK).execute(
        select(
            verifications.c.url,
            verifications.c.verdict,
            verifications.c.license,
            sightings.c.source,
        )
        .join(
            sightings,
            and_(
                sightings.c.image_id == verifications.c.image_id,
                sightings.c.outcome == Outcome.STORED.value,
                sightings.c.url == verifications.c.url,
            ),
            isouter=True,
        )
        .where(verifications.c.run_id == sweep)
    )
    yield from rows


def stored_files(connection: Connection, first_digits: str) -> list[Any]:
    """Return image_id, sha256, path, bytes and verdict of images whose sha256 begins so."""
    beyond = f"{int(first_digits, 16) + 1:0{len(first_digits)}x}"
    within = [images.c.sha256 >= first_digits]
    if len(beyond) == len(first_digits):
        within.append(images.c.sha256 < beyond)
    rows = connection.execute(
        select(
            images.c.image_id, images.c.sha256, images.c.path, images.c.bytes, images.c.verdict
        ).where(*within)
    )
    return list(rows)


def totals(connection: Connection) -> dict[str, Counter[str]]:
    """Return how often each verdict was given, by sweep."""
    found: dict[str, Counter[str]] = {}
    rows = connection.execute(
        select(verifications.c.run_id, verifications.c.verdict, func.count()).group_by(
            verifications.c.run_id, verifications.c.verdict
        )
    )
    for run_id, verdict, number in rows:
        found.setdefault(run_id, Counter())[verdict] = number
    return found


def sweeps(connection: Connection) -> list[Sweep]:
    """Return all verify runs, oldest first, continuations joined to what they continued."""
    found: dict[str, Sweep] = {}
    rows = connection.execute(
        select(
            runs.c.run_id, runs.c.arguments, runs.c.started_at, runs.c.finished_at, runs.c.exit_code
        )
        .where(runs.c.source == SOURCE)
        .order_by(runs.c.started_at, runs.c.run_id)
    )
    for row in rows:
        given = dict(row.arguments or {})
        first = given.pop("sweep", "") or row.run_id
        began = found[first].started_at if first in found else row.started_at
        ended = bool(row.finished_at) and row.exit_code == 0
        found[first] = Sweep(first, began, given, ended)
    return list(found.values())
