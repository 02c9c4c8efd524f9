"""Which images the detector has still to look at, and what it said of those that are stored.

A crawl without a detector leaves its images with an empty ``model``. What is decided about them
later ends as if it had been decided at once: their addresses end as ``not_a_car``, those of their
copies too, and their files go. A file goes only after the decision is written, and its image keeps
the path until then, so that what a crash leaves is found.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select, update

from carsets.catalog.batch_jobs import advance_job
from carsets.catalog.connection import lock_writers
from carsets.catalog.entries import detection_columns
from carsets.catalog.fingerprints import KEPT
from carsets.catalog.schema import images, past_detections, reviews, scores, sightings
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from carsets.vision.detection import Detection

VARIABLES = 500  # values in one IN (...)
DECISIONS = ("keep", "drop")  # of people: these stand above what the detector says
_PAST = ("image_id", "model", "car_score", "part_score", "top_labels", "view", "verdict")
_COPIES = (Outcome.DUPLICATE_PIXELS.value, Outcome.NEAR_DUPLICATE.value)
_COPY = "the same picture as "  # begins the note of a copy's address


class StoredFile(NamedTuple):
    """One image of today's dataset, and where its bytes are."""

    seq: int
    sha256: str
    path: str  # inside the image store


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which images are looked at."""

    pending: bool = False  # only those that no detector has looked at
    share: int = 1  # of ``shares``: what this process takes, by the number of the image
    shares: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is done with the detector's answers."""

    decide: bool = True  # False: verdicts stay as they are
    drop: bool = False  # False: what would be dropped goes to review
    mark: str = ""  # the kind of score that says that curation sent an image to review


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a job: the images after one number, up to another, and what came of them."""

    after: int
    done_to: int
    found: Mapping[int, Detection]  # by the image's number
    lost: Mapping[int, str]  # "unreadable" or "failed", by number: not looked at


class Recorded(NamedTuple):
    """What a step has changed."""

    tally: Counter[str]  # how its images ended
    doomed: list[StoredFile]  # dropped: their files must go
    lost: list[int]  # those of ``Step.lost`` that the dataset still has


def files_between(
    connection: Connection, after: int, last: int, choice: Choice
) -> list[StoredFile]:
    """Return the images to look at with numbers above ``after``, up to ``last``, in order."""
    rows = connection.execute(
        select(images.c.seq, images.c.sha256, images.c.path)
        .where(images.c.seq > after, images.c.seq <= last, *_wanted(choice))
        .order_by(images.c.seq)
    )
    return [StoredFile._make(row) for row in rows]


def count_files(connection: Connection, after: int, last: int, choice: Choice) -> int:
    """Return how many images there are to look at."""
    where = (images.c.seq > after, images.c.seq <= last, *_wanted(choice))
    return connection.scalar(select(func.count()).where(*where)) or 0


def _wanted(choice: Choice) -> list[ColumnElement[bool]]:
    wanted = [images.c.verdict.in_(KEPT), images.c.path != ""]
    if choice.pending:
        wanted.append(images.c.model == "")
    if choice.shares > 1:
        wanted.append(images.c.seq % choice.shares == choice.share - 1)
    return wanted


def record_step(
    connection: Connection, job_id: int, step: Step, choice: Choice, policy: Policy
) -> Recorded:
    """Write what the detector said of some images, and that the job has come so far.

    Images that have left the dataset meanwhile, or that another process has looked at, are passed
    over. Raises JobTaken when another process has written this step.
    """
    lock_writers(connection)
    tally: Counter[str] = Counter()
    doomed: list[StoredFile] = []
    lost: list[int] = []
    numbers = sorted({*step.found, *step.lost})
    for start in range(0, len(numbers), VARIABLES):
        there = connection.execute(
            select(images.c.seq, images.c.sha256, images.c.path, *(images.c[n] for n in _PAST))
            .where(images.c.seq.in_(numbers[start : start + VARIABLES]), *_wanted(choice))
            .order_by(images.c.seq)
        ).all()
        rows = [row for row in there if row.seq in step.found]
        _remember_past(connection, job_id, rows)
        verdicts = _decide(connection, rows, step.found, policy)
        _write(connection, rows, step.found, verdicts)
        dropped = [row for row in rows if verdicts[row.seq] == "dropped"]
        _end_addresses(connection, dropped, step.found)
        tally.update(verdicts.values())
        doomed += [StoredFile(row.seq, row.sha256, row.path) for row in dropped]
        lost += [row.seq for row in there if row.seq not in step.found]
    tally.update(step.lost[number] for number in lost)
    if gone := len(numbers) - tally.total():
        tally["passed over"] = gone
    advance_job(connection, job_id, step.after, step.done_to, tally)
    return Recorded(tally, doomed, lost)


def _remember_past(connection: Connection, job_id: int, rows: Sequence[Any]) -> None:
    past = [
        {"job_id": job_id, **{name: getattr(row, name) for name in _PAST}}
        for row in rows
        if row.model
    ]
    if past:
        connection.execute(past_detections.insert(), past)


def _decide(
    connection: Connection, rows: Sequence[Any], found: Mapping[int, Detection], policy: Policy
) -> dict[int, str]:
    """Return the verdict of each image from now on."""
    if not policy.decide:
        return {row.seq: row.verdict for row in rows}
    ids = [row.image_id for row in rows]
    decided = set(
        connection.scalars(
            select(reviews.c.image_id).where(
                reviews.c.image_id.in_(ids),
                reviews.c.undone.is_(False),
                reviews.c.decision.in_(DECISIONS),
            )
        )
    )
    of_mark = (scores.c.image_id.in_(ids), scores.c.kind == policy.mark)
    marked = set(connection.scalars(select(scores.c.image_id).where(*of_mark)))
    verdicts: dict[int, str] = {}
    unsure: list[str] = []  # of the marked: the detector itself asks for people now
    for row in rows:
        verdict: str = found[row.seq].verdict
        if verdict == "drop":
            verdict = "dropped" if policy.drop else "review"
        if row.image_id in decided or (row.image_id in marked and verdict == "keep"):
            verdict = row.verdict
        elif row.image_id in marked and verdict == "review":
            unsure.append(row.image_id)
        verdicts[row.seq] = verdict
    if unsure:
        kind = scores.c.kind == policy.mark
        connection.execute(scores.delete().where(scores.c.image_id.in_(unsure), kind))
    return verdicts


def _write(
    connection: Connection,
    rows: Sequence[Any],
    found: Mapping[int, Detection],
    verdicts: Mapping[int, str],
) -> None:
    changes = [
        {"of": row.seq, "verdict": verdicts[row.seq], **detection_columns(found[row.seq])}
        for row in rows
    ]
    if changes:
        named: dict[str, Any] = {name: bindparam(name) for name in changes[0] if name != "of"}
        statement = update(images).where(images.c.seq == bindparam("of")).values(named)
        connection.execute(statement, changes)


def _end_addresses(
    connection: Connection, dropped: Sequence[Any], found: Mapping[int, Detection]
) -> None:
    """End the addresses of images that are no cars, and of their copies, as a crawl would."""
    if not dropped:
        return
    ends: list[tuple[Collection[str], str]] = [
        ((Outcome.STORED.value,), "car score {score:.3f}"),
        (_COPIES, _COPY + "{image_id}: car score {score:.3f}"),
    ]
    for outcomes, note in ends:
        ended = or_(*(sightings.c.outcome == outcome for outcome in outcomes))
        statement = (
            update(sightings)
            .where(sightings.c.image_id == bindparam("of"), ended)
            .values(outcome=Outcome.NOT_A_CAR.value, note=bindparam("why"))
        )
        connection.execute(
            statement,
            [
                {
                    "of": row.image_id,
                    "why": note.format(score=found[row.seq].car_score, image_id=row.image_id),
                }
                for row in dropped
            ],
        )


def end_late_copies(connection: Connection) -> None:
    """End the addresses that a crawl has called copies of an image after it was dropped.

    A crawl learns of new images while it runs, and not of those that are gone.
    """
    lock_writers(connection)
    gone = select(images.c.image_id).where(images.c.verdict == "dropped", images.c.model != "")
    connection.execute(
        update(sightings)
        .where(sightings.c.outcome.in_(_COPIES), sightings.c.image_id.in_(gone))
        .values(outcome=Outcome.NOT_A_CAR.value, note=_COPY + sightings.c.image_id)
    )


def changed_verdicts(connection: Connection, job_id: int) -> dict[tuple[str, str], int]:
    """Return how many images that had been looked at before have other verdicts since a job."""
    before, after = past_detections.c.verdict, images.c.verdict
    rows = connection.execute(
        select(before, after, func.count())
        .join(images, images.c.image_id == past_detections.c.image_id)
        .where(past_detections.c.job_id == job_id, before != after)
        .group_by(before, after)
    )
    return {(old, new): count for old, new, count in rows}


def dropped_files(connection: Connection, most: int) -> list[StoredFile]:
    """Return images that were dropped and whose files may still be there."""
    rows = connection.execute(
        select(images.c.seq, images.c.sha256, images.c.path)
        .where(images.c.verdict == "dropped", images.c.path != "")
        .order_by(images.c.seq)
        .limit(most)
    )
    return [StoredFile._make(row) for row in rows]


def forget_files(connection: Connection, numbers: Sequence[int]) -> None:
    """Write that the files of these dropped images are gone."""
    for start in range(0, len(numbers), VARIABLES):
        some = images.c.seq.in_(numbers[start : start + VARIABLES])
        connection.execute(
            update(images).where(some, images.c.verdict == "dropped").values(path="")
        )
