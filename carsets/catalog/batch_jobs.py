"""Work over the whole catalog that may be killed at any moment: how far it has come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from carsets.catalog.schema import batch_jobs, images
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


class JobTaken(UserError):
    """Another process has gone on with the job meanwhile; nothing of this step was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """One job. Images are done in the order of their numbers."""

    job_id: int
    last_seq: int  # the newest image that it looks at
    done_to: int  # its images up to this number are done
    tally: Counter[str]  # how they ended


def open_job(
    connection: Connection, kind: str, options: Mapping[str, Any], when: str, *, anew: bool
) -> BatchJob:
    """Go on with the job that was begun with these options and not finished, or begin one.

    ``anew`` gives such a job up. Images that have come since it began are looked at too.
    """
    unfinished = connection.execute(
        select(batch_jobs)
        .where(batch_jobs.c.kind == kind, batch_jobs.c.finished_at == "")
        .order_by(batch_jobs.c.job_id.desc())
    ).all()
    last_seq = connection.scalar(select(func.max(images.c.seq))) or 0
    for row in unfinished:
        if row.options != options:
            continue
        this = batch_jobs.c.job_id == row.job_id
        if anew:
            connection.execute(batch_jobs.update().where(this).values(finished_at=when))
            continue
        connection.execute(batch_jobs.update().where(this).values(last_seq=last_seq))
        return BatchJob(
            job_id=row.job_id, last_seq=last_seq, done_to=row.done_to, tally=Counter(row.tally)
        )
    job_id: int = connection.execute(
        batch_jobs.insert()
        .values(kind=kind, options=dict(options), last_seq=last_seq, tally={}, started_at=when)
        .returning(batch_jobs.c.job_id)
    ).scalar_one()
    return BatchJob(job_id=job_id, last_seq=last_seq, done_to=0, tally=Counter())


def advance_job(
    connection: Connection, job_id: int, after: int, done_to: int, ended: Mapping[str, int]
) -> None:
    """Write that a job has come from ``after`` to ``done_to``, and how these images have ended.

    Raises JobTaken when it does not stand at ``after``: no step is counted twice.
    """
    this = batch_jobs.c.job_id == job_id
    tally = Counter(connection.scalar(select(batch_jobs.c.tally).where(this)) or {})
    tally.update(ended)
    where_we_left_it = (batch_jobs.c.done_to == after, batch_jobs.c.finished_at == "")
    moved = connection.execute(
        batch_jobs.update()
        .where(this, *where_we_left_it)
        .values(done_to=done_to, tally=dict(tally))
    )
    if moved.rowcount != 1:
        raise JobTaken(
            "another process works on the same images: let it finish, or give each process a "
            "share of its own (--share 1/2 and --share 2/2)"
        )


def finish_job(connection: Connection, job_id: int, when: str) -> Counter[str]:
    """Write that a job is finished; return how its images have ended."""
    this = batch_jobs.c.job_id == job_id
    connection.execute(batch_jobs.update().where(this).values(finished_at=when))
    return Counter(connection.scalar(select(batch_jobs.c.tally).where(this)) or {})
