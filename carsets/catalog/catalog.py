"""The one database that is the truth of a dataset.

    catalog = Catalog.open("sqlite:////home/me/data/catalog.sqlite")

Every method is one transaction, synchronous, and may be called from any thread and from any number
of processes at once. Each raises ``CatalogError`` when the database cannot be used; then nothing of
that call was written. Where two processes stand in each other's way, the database ends one of the
two transactions: that one is ``repeated``, but for calls whose arguments can be read only once.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy.exc import SQLAlchemyError

from carsets.catalog import (
    batch_jobs,
    counts,
    curation_rows,
    detection_rows,
    explanation,
    fingerprints,
    gallery,
    grouping_rows,
    host_bytes,
    host_pace,
    images,
    lessons,
    limit_shares,
    membership,
    migrations,
    query_leases,
    query_progress,
    release_rows,
    releases,
    removal,
    retention,
    review_rows,
    reviews,
    runs,
    sightings,
    spot_checks,
    tombstones,
    url_claims,
    verifications,
    workers,
)
from carsets.catalog.connection import (
    CatalogError,
    connect,
    explain_fault,
    hold_decisions,
    name_session,
)
from carsets.catalog.repetition import repeated
from carsets.catalog.rows import Candidate

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import Connection, Engine

    from carsets.catalog.batch_jobs import BatchJob
    from carsets.catalog.counts import BodyCountsOf
    from carsets.catalog.curation_rows import CurationRows, GroupRow, ScoreRow
    from carsets.catalog.detection_rows import Choice, Policy, Recorded, Step, StoredFile
    from carsets.catalog.explanation import Explanation
    from carsets.catalog.fingerprints import Fingerprints
    from carsets.catalog.grouping_rows import GroupingRow
    from carsets.catalog.host_pace import News
    from carsets.catalog.images import Match
    from carsets.catalog.lessons import Lesson
    from carsets.catalog.membership import Membership
    from carsets.catalog.query_leases import Leased
    from carsets.catalog.release_rows import ReleaseRows
    from carsets.catalog.releases import ReleaseRow
    from carsets.catalog.removal import Meant, RemovalBatch, Target
    from carsets.catalog.review_rows import QueueArrays
    from carsets.catalog.reviews import Decision, PairVerdict, Review, Written
    from carsets.catalog.rows import (
        Admission,
        Batch,
        CountRow,
        ImageRow,
        QueryProgress,
        RunEnd,
        RunImages,
        RunRow,
        SightingRow,
    )
    from carsets.catalog.spot_checks import SpotCheck
    from carsets.catalog.tombstones import Tombstone, Tombstones
    from carsets.catalog.verifications import AddressRow, Sweep, VerificationRow
    from carsets.outcomes import Outcome

__all__ = ["Catalog", "CatalogError"]

MAX_ATTEMPTS = 3  # how many runs may try a URL whose failures are transient
CHUNK = 10_000  # images whose fingerprints are read at once


class Catalog:
    """Everything that was asked, found, decided and kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(carsets_reading=True)
        # Threads of one process queue up here, and not at the database, where they would poll.
        self._writing = threading.Lock()
        self._worker = ""  # whose transactions these are: "" = no worker's

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open a catalog; make it when there is none and ``create`` is set."""
        engine = connect(url, create=create)
        catalog = cls(engine)
        where = engine.url.database or engine.url.render_as_string()
        try:
            catalog._prepare(create, where)
        except CatalogError:
            engine.dispose()
            raise
        return catalog

    @repeated
    def _prepare(self, create: bool, where: str) -> None:
        with self._write() as connection:
            migrations.prepare(connection, create=create, where=where)

    def close(self) -> None:
        """Let go of the database. The catalog cannot be used any more."""
        self._engine.dispose()

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._writing, self._explained(), self._engine.begin() as connection:
            name_session(connection, self._worker)
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._explained(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def _coordinate(self) -> Iterator[Connection]:
        """Write what is of use only while the workers work; a server's crash may forget it.

        PostgreSQL lets it pass beside this process's own batches, for which it must not wait.
        """
        if self._engine.dialect.name != "postgresql":
            with self._write() as connection:
                yield connection
            return
        with self._explained(), self._engine.begin() as connection:
            name_session(connection, self._worker)
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise explain_fault(error, self._engine.url) from error

    # --- Runs -------------------------------------------------------------------------------

    @repeated
    def start_run(self, run: RunRow) -> None:
        """Write that a run has begun."""
        with self._write() as connection:
            runs.start_run(connection, run)

    @repeated
    def finish_run(self, run_id: str, end: RunEnd) -> None:
        """Write how a run ended."""
        with self._write() as connection:
            runs.finish_run(connection, run_id, end)

    def kept_images(self) -> int:
        """Return how many images the dataset has today."""
        with self._read() as connection:
            return runs.kept_images(connection)

    def run_images(self, run_id: str) -> RunImages:
        """Return what became of the images that a run has stored."""
        with self._read() as connection:
            return runs.run_images(connection, run_id)

    def gallery(self, most: int) -> list[dict[str, Any]]:
        """Return up to ``most`` images of today's dataset with whose they are, for people."""
        with self._read() as connection:
            return list(gallery.gallery(connection, most))

    # --- Queries ----------------------------------------------------------------------------

    def query_progress(self, source: str) -> dict[str, QueryProgress]:
        """Return how far each query of a source has come, by query id."""
        with self._read() as connection:
            return query_progress.query_progress(connection, source)

    def kept_by_query(self, source: str) -> dict[str, int]:
        """Return how many images of today's dataset each query of a source has brought."""
        with self._read() as connection:
            return sightings.kept_by_query(connection, source)

    # --- Workers that share a plan ------------------------------------------------------------

    @repeated
    def join_workers(self, run_id: str, source: str, plan: str, lease: float) -> int:
        """Enter a worker, for ``lease`` seconds; return how many others of its source work.

        No transaction of it that hangs outlives the lease either.
        """
        self._worker = run_id
        with self._write() as connection:
            return workers.join(connection, run_id, source, plan, lease)

    @repeated
    def say_alive(self, run_id: str, lease: float) -> None:
        """Prolong a worker's lease. Raises LeaseLostError if it has run out."""
        with self._coordinate() as connection:
            workers.say_alive(connection, run_id, lease)

    @repeated
    def say_bench(self, run_id: str, bench: str) -> None:
        """Tell the other workers of a source how it has refused this one."""
        with self._coordinate() as connection:
            workers.say_bench(connection, run_id, bench)

    @repeated
    def leave_workers(self, run_id: str, source: str) -> None:
        """Let go of all that a worker held and has not done."""
        with self._write() as connection:
            workers.leave(connection, run_id, source)

    @repeated
    def lease_queries(
        self,
        run_id: str,
        source: str,
        wanted: Sequence[tuple[str, int]],
        most: int,
        per_query: int = 0,
    ) -> Leased:
        """Lease up to ``most`` of the queries (id, place in the plan) that nobody asks."""
        with self._coordinate() as connection:
            return query_leases.lease_queries(connection, run_id, source, wanted, most, per_query)

    @repeated
    def lease_batch(self, run_id: str, source: str, query_id: str, page: int) -> bool | None:
        """Lease a batch of a list; return whether it is ours, and None when it is done."""
        with self._coordinate() as connection:
            return query_leases.lease_batch(connection, run_id, source, query_id, page)

    @repeated
    def claim_urls(
        self, run_id: str, hashes: Collection[int], max_attempts: int = MAX_ATTEMPTS
    ) -> set[int]:
        """Return those URLs (``url_hash``) that this worker, and no other, may fetch now."""
        with self._coordinate() as connection:
            return url_claims.claim_urls(connection, run_id, hashes, max_attempts)

    def known_among(self, hashes: Iterable[int], max_attempts: int = MAX_ATTEMPTS) -> set[int]:
        """Return those URLs (``url_hash``) that have ended, or that a worker has claimed."""
        with self._read() as connection:
            return url_claims.known_among(connection, hashes, max_attempts)

    @repeated
    def share_limit(
        self,
        run_id: str,
        *,
        limit: int,
        outstanding: int,
        wants_more: bool,
        planned: Collection[str],
    ) -> tuple[int, int]:
        """Return how many more images a worker may keep, and how many its plan has brought."""
        with self._coordinate() as connection:
            return limit_shares.share_limit(
                connection,
                run_id,
                limit=limit,
                outstanding=outstanding,
                wants_more=wants_more,
                planned=planned,
            )

    @repeated
    def pace_hosts(self, run_id: str, news: News) -> dict[str, float]:
        """Return for each request that wants to be sent for how many seconds it has to wait."""
        with self._coordinate() as connection:
            return host_pace.pace_hosts(connection, run_id, news)

    @repeated
    def add_host_bytes(self, day: str, given: Mapping[str, int]) -> dict[str, int]:
        """Add what hosts gave on a day; return what each host has given on it, by all runs."""
        with self._write() as connection:
            return host_bytes.add_host_bytes(connection, day, given)

    # --- Sightings --------------------------------------------------------------------------

    @repeated
    def write(self, batch: Batch) -> None:
        """Write how URLs, pages and queries ended, all or nothing.

        A sighting is known by source, query and URL. An outcome that says less than what is there
        (``known_url``, ``cancelled``) never overwrites it, and a final one stays for ever. A
        query that ended in no answer is asked again by a later run, from the same page.
        """
        with self._write() as connection:
            hold_decisions(connection)
            images.remember_refused(connection, batch.refused)
            sightings.record(connection, batch.sightings)
            for page in batch.pages:
                query_progress.save_page(connection, page)
            for end in batch.ends:
                query_progress.save_query_end(connection, end)
            counts.record(connection, batch.counts)

    def known_url_hashes(self, max_attempts: int = MAX_ATTEMPTS) -> NDArray[np.uint64]:
        """Return the hashes (``url_hash``) of the URLs that must not be fetched again."""
        with self._read() as connection:
            return sightings.known_url_hashes(connection, max_attempts)

    def lookup_url(self, url: str) -> tuple[Outcome, str | None] | None:
        """Return how a URL ended and its image's id; None when it was never seen."""
        with self._read() as connection:
            return sightings.lookup_url(connection, url)

    def found_by(self, source: str, query_id: str, urls: Iterable[str]) -> set[str]:
        """Return those of the URLs that this query of this source has found before."""
        with self._read() as connection:
            return sightings.found_by(connection, source, query_id, urls)

    def unfinished(self, source: str, max_attempts: int = MAX_ATTEMPTS) -> Iterator[Any]:
        """Yield the sightings that a later run may try again: transient and undecided ones."""
        with self._read() as connection:
            yield from sightings.unfinished(connection, source, max_attempts)

    # --- Images -----------------------------------------------------------------------------

    def admit(
        self,
        image: ImageRow,
        *,
        sighting: SightingRow | None = None,
        near: Sequence[int] = (),
        newer_than: int = 0,
        match: Match | None = None,
    ) -> Admission:
        """Decide about one image; see ``admit_all`` and ``Candidate``."""
        candidate = Candidate(image=image, sighting=sighting, near=near, match=match)
        return self.admit_all([candidate], newer_than=newer_than)[0][0]

    @repeated
    def admit_all(
        self, candidates: Sequence[Candidate], *, newer_than: int = 0
    ) -> tuple[list[Admission], list[Fingerprints]]:
        """Decide which images, whose files are written, join the dataset.

        What other processes have stored since (``seq > newer_than``) is handed to the candidates'
        ``match``, and returned beside the decisions.
        """
        with self._write() as connection:
            return images.admit_all(connection, candidates, newer_than)

    def fingerprints_after(self, seq: int = 0) -> Iterator[Fingerprints]:
        """Yield the fingerprints of all images newer than ``seq``, some thousand at a time."""
        with self._read() as connection:
            yield from fingerprints.fingerprints_after(connection, seq, CHUNK)

    def grouping_rows(self) -> Iterator[list[GroupingRow]]:
        """Yield whose every image is and where it was found, oldest first, in chunks."""
        with self._read() as connection:
            yield from grouping_rows.grouping_rows(connection)

    def near_groups(self) -> Iterator[tuple[str, str]]:
        """Yield (group id, image id) of all near-duplicate groups that were found."""
        with self._read() as connection:
            yield from grouping_rows.near_groups(connection)

    @contextmanager
    def one_state(self) -> Iterator[ReleaseRows]:
        """Return the catalog as it is now, and stays while it is read, whoever writes."""
        with self._read() as connection:
            if connection.dialect.name == "postgresql":  # SQLite's transactions are so by nature
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield release_rows.ReleaseRows(connection)

    def is_kept(self, sha256: str) -> bool:
        """Whether an image with these bytes is in today's dataset."""
        with self._read() as connection:
            return images.is_kept(connection, sha256)

    def superseded_paths(self) -> list[str]:
        """Return the paths in the store that images had until a better copy replaced them."""
        with self._read() as connection:
            return images.superseded_paths(connection)

    # --- Counts of results ------------------------------------------------------------------

    def counted_since(self, source: str, since: str) -> set[str]:
        """Return the ids of the queries that an engine has answered since then (ISO 8601)."""
        with self._read() as connection:
            return counts.counted_since(connection, source, since)

    def latest_counts(self) -> list[CountRow]:
        """Return the newest count of each query and engine, in the order of their asking."""
        with self._read() as connection:
            return list(counts.latest(connection))

    def join_counts(self, body_counts_of: BodyCountsOf) -> tuple[int, int]:
        """Write into every kept image what ``body_counts_of`` its labels returns (or None).

        Returns how many images were looked at, and how many have counts now.
        """
        seq = looked_at = covered = 0
        while True:
            with self._write() as connection:
                last, some, known = counts.join(connection, body_counts_of, seq, CHUNK)
            if not some:
                return looked_at, covered
            seq, looked_at, covered = last, looked_at + some, covered + known

    # --- Verification -----------------------------------------------------------------------

    def sweeps(self) -> list[Sweep]:
        """Return all verify runs, oldest first."""
        with self._read() as connection:
            return verifications.sweeps(connection)

    def addresses(
        self, sweep: str, after: int, most: int, among: Sequence[int] | None = None
    ) -> tuple[list[AddressRow], set[str], int]:
        """Return the next addresses to verify, the images that the sweep has done, and the end.

        The end is the number of the last image that was looked at, 0 when there are no more.
        """
        with self._read() as connection:
            rows, last = verifications.addresses(connection, after, most, among)
            ids = [row.image_id for row in rows]
            return rows, verifications.verified(connection, sweep, ids), last

    def sample_images(self, count: int, sweep: str) -> NDArray[np.int64]:
        """Return the numbers of images drawn at random, the same for the same sweep."""
        with self._read() as connection:
            return verifications.sample(connection, count, sweep)

    @repeated
    def record_verifications(self, rows: Sequence[VerificationRow]) -> None:
        """Write verdicts of a sweep."""
        with self._write() as connection:
            verifications.record(connection, rows)

    @repeated
    def name_placeholders(self, sweep: str, pages: int) -> int:
        """Call new files placeholders that stand at many addresses; return how many."""
        with self._write() as connection:
            return verifications.name_placeholders(connection, sweep, pages)

    def verdicts(self, sweep: str) -> Iterator[Any]:
        """Yield url, source, verdict and license of the rows of a sweep."""
        with self._read() as connection:
            yield from verifications.verdicts(connection, sweep)

    def stored_files(self, first_digits: str) -> list[Any]:
        """Return what the store should hold of the images whose sha256 begins so."""
        with self._read() as connection:
            return verifications.stored_files(connection, first_digits)

    def verdict_totals(self) -> dict[str, Counter[str]]:
        """Return how often each verdict was given, by sweep."""
        with self._read() as connection:
            return verifications.totals(connection)

    # --- Releases ---------------------------------------------------------------------------

    @repeated
    def record_release(self, row: ReleaseRow) -> None:
        """Write that a release was made; one of the same id is replaced."""
        with self._write() as connection:
            releases.record(connection, row)

    def releases(self) -> list[ReleaseRow]:
        """Return all releases, the oldest first, withdrawn ones too."""
        with self._read() as connection:
            return list(releases.all_releases(connection))

    def releases_holding(
        self, numbers: NDArray[np.int64]
    ) -> list[tuple[ReleaseRow, NDArray[np.int64]]]:
        """Return the releases that stand and hold some of these images, and which they hold."""
        with self._read() as connection:
            return list(releases.holding(connection, numbers))

    @repeated
    def withdraw_release(self, release_id: str, when: str) -> None:
        """Write that a release was taken back, at a time (ISO 8601, UTC)."""
        with self._write() as connection:
            releases.withdraw(connection, release_id, when)

    # --- Curation ---------------------------------------------------------------------------

    @contextmanager
    def curation_state(self) -> Iterator[CurationRows]:
        """Return today's dataset as it is now, for curation, and stays while it is read."""
        with self._read() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield curation_rows.CurationRows(connection)

    def write_scores(self, scores: Mapping[str, Iterable[ScoreRow]], when: str) -> None:
        """Put scores in the place of all that there are of these kinds, all or nothing."""
        with self._write() as connection:
            for kind, rows in scores.items():
                curation_rows.write_scores(connection, kind, rows, when)

    def write_near_groups(
        self, groups: Iterable[GroupRow], kind: str, scores: Iterable[ScoreRow], when: str
    ) -> None:
        """Put near-duplicate groups, and their scores, in the place of those there are."""
        with self._write() as connection:
            curation_rows.write_groups(connection, groups, when)
            curation_rows.write_scores(connection, kind, scores, when)

    def write_doubts(
        self,
        kinds: tuple[str, str],
        doubts: Iterable[ScoreRow],
        marks: Iterable[ScoreRow],
        spared: set[int],
        when: str,
    ) -> tuple[int, int]:
        """Write doubts; send to review what is marked, and back what no longer is.

        ``kinds`` name doubts and marks. Returns how many images curation has in review now, and
        how many came back.
        """
        with self._write() as connection:
            curation_rows.write_scores(connection, kinds[0], doubts, when)
            return curation_rows.mark(connection, kinds[1], marks, spared, when)

    # --- Learning ---------------------------------------------------------------------------

    @repeated
    def record_lesson(self, lesson: Lesson) -> None:
        """Write what was learnt from the features."""
        with self._write() as connection:
            lessons.record(connection, lesson)

    def record_round(self, scores: Mapping[str, Iterable[ScoreRow]], lesson: Lesson) -> None:
        """Write a round of ``scrapy iterate`` and its scores, all or nothing."""
        with self._write() as connection:
            for kind, rows in scores.items():
                curation_rows.write_scores(connection, kind, rows, lesson.learnt_at)
            lessons.record(connection, lesson)

    def newest_lessons(self, kind: str) -> list[Lesson]:
        """Return the last lesson of a kind on each subject."""
        with self._read() as connection:
            return lessons.newest(connection, kind)

    # --- Detection after the crawl ----------------------------------------------------------

    @repeated
    def open_job(
        self, kind: str, options: Mapping[str, Any], when: str, *, anew: bool = False
    ) -> BatchJob:
        """Go on with the unfinished job of these options, or begin one; ``anew`` always begins."""
        with self._write() as connection:
            return batch_jobs.open_job(connection, kind, options, when, anew=anew)

    @repeated
    def finish_job(self, job_id: int, when: str) -> Counter[str]:
        """Write that a job is finished; return how its images have ended."""
        with self._write() as connection:
            return batch_jobs.finish_job(connection, job_id, when)

    def files_between(self, after: int, last: int, choice: Choice) -> list[StoredFile]:
        """Return the images to look at with numbers above ``after``, up to ``last``, in order."""
        with self._read() as connection:
            return detection_rows.files_between(connection, after, last, choice)

    def count_files(self, after: int, last: int, choice: Choice) -> int:
        """Return how many images there are to look at."""
        with self._read() as connection:
            return detection_rows.count_files(connection, after, last, choice)

    @repeated
    def record_step(self, job_id: int, step: Step, choice: Choice, policy: Policy) -> Recorded:
        """Write what the detector said of some images; return how they ended, and files to go.

        Raises ``JobTaken`` when another process has written this step of the job.
        """
        with self._write() as connection:
            return detection_rows.record_step(connection, job_id, step, choice, policy)

    @repeated
    def end_late_copies(self) -> None:
        """End the addresses that were called copies of an image after it was dropped."""
        with self._write() as connection:
            detection_rows.end_late_copies(connection)

    def changed_verdicts(self, job_id: int) -> dict[tuple[str, str], int]:
        """Return how many images have another verdict than before a job: (old, new) -> images."""
        with self._read() as connection:
            return detection_rows.changed_verdicts(connection, job_id)

    def dropped_files(self) -> list[StoredFile]:
        """Return some dropped images whose files may still be in the store."""
        with self._read() as connection:
            return detection_rows.dropped_files(connection, CHUNK)

    @repeated
    def forget_files(self, numbers: Sequence[int]) -> None:
        """Write that the files of these dropped images are gone."""
        with self._write() as connection:
            detection_rows.forget_files(connection, numbers)

    # --- Removal and explanation ------------------------------------------------------------

    def tombstones(self) -> Tombstones:
        """Return what was removed on request."""
        with self._read() as connection:
            return tombstones.read_tombstones(connection)

    def list_tombstones(self) -> list[Tombstone]:
        """Return what was removed on request, as it is published."""
        with self._read() as connection:
            return tombstones.list_tombstones(connection)

    @repeated
    def bury(
        self,
        *,
        url: str = "",
        sha256: str = "",
        phash: int | None = None,
        author: str = "",
        host: str = "",
        reason: str = "",
    ) -> None:
        """Write that a URL, a file, a picture, an author or a host was removed for good."""
        with self._write() as connection:
            tombstones.bury(
                connection,
                url=url,
                sha256=sha256,
                phash=phash,
                author=author,
                host=host,
                reason=reason,
            )

    def find_meant(self, target: Target) -> Meant:
        """Return all images and sightings that a request for removal means."""
        with self._read() as connection:
            return removal.find(connection, target)

    def read_removal(
        self, numbers: Sequence[int], sighting_ids: Sequence[int], *, by_looks: bool
    ) -> RemovalBatch:
        """Return what names some of these images and sightings."""
        with self._read() as connection:
            return removal.read_batch(connection, numbers, sighting_ids, by_looks=by_looks)

    def count_due(self, before: str, *, every: bool) -> tuple[int, int]:
        """Return how many images are past their time, and their bytes."""
        with self._read() as connection:
            return retention.count_due(connection, before, every=every)

    def due(self, before: str, *, every: bool, after: int) -> list[Any]:
        """Return the next images that are past their time."""
        with self._read() as connection:
            return retention.due(connection, before, every=every, after=after)

    @repeated
    def expire(self, numbers: Sequence[int]) -> None:
        """Write that the files of these images are gone."""
        with self._write() as connection:
            retention.expire(connection, numbers)

    def membership(self, targets: Sequence[Target]) -> Membership:
        """Return whether the dataset has, or had, any of these, and where."""
        with self._read() as connection:
            return membership.membership(connection, targets)

    @repeated
    def bury_target(self, target: Target, reason: str) -> None:
        """Write the tombstone of what was named, found or not."""
        with self._write() as connection:
            removal.bury_target(connection, target, reason)

    @repeated
    def bury_batch(self, batch: RemovalBatch, reason: str) -> None:
        """Write tombstones, and take the images out of today's dataset."""
        with self._write() as connection:
            removal.bury_batch(connection, batch, reason)

    @repeated
    def forget(self, batch: RemovalBatch) -> None:
        """Delete the images of a batch, and empty its sightings."""
        with self._write() as connection:
            removal.forget(connection, batch)

    @repeated
    def clean_words(self, target: Target) -> None:
        """Take what was named out of the texts of queries, pages and runs."""
        with self._write() as connection:
            removal.clean_words(connection, target)

    def damaged_releases(self) -> list[tuple[ReleaseRow, NDArray[np.int64]]]:
        """Return the releases that stand and hold images that are no more."""
        with self._read() as connection:
            return list(removal.damaged_releases(connection))

    def shred(self) -> bool:
        """Leave nothing of what was deleted in the database's files; False if others read them."""
        with self._writing, self._explained():
            return removal.shred(self._engine)

    def explain(self, asked: str, sha256: str = "") -> Explanation | None:
        """Return all that is known of an image id, sha256, path in the store or URL."""
        with self._read() as connection:
            return explanation.explain(connection, asked, sha256)

    # --- Review -----------------------------------------------------------------------------

    def review_queue(self, doubt: str, first: str = "") -> QueueArrays:
        """Return what orders the review queue, of all images that can be looked at."""
        with self._read() as connection:
            return review_rows.queue_arrays(connection, doubt, first)

    def shown(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Return what people see of some images, in their order."""
        with self._read() as connection:
            return review_rows.shown(connection, numbers)

    def image_numbers(self, image_ids: Sequence[str]) -> dict[str, int]:
        """Return the numbers of those of the images that there are, by id."""
        with self._read() as connection:
            return review_rows.numbers_of(connection, image_ids)

    def spot_check_images(self, check_id: str) -> list[str]:
        """Return the ids of the images of a spot check; none for one that there is not."""
        with self._read() as connection:
            return review_rows.spot_check_images(connection, check_id)

    def labels_of(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the labels of images, as JSON, by number."""
        with self._read() as connection:
            return review_rows.labels_of(connection, numbers)

    def sources_of(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the sources that have brought images, by number."""
        with self._read() as connection:
            return review_rows.sources_of(connection, numbers)

    def asked_labels(self) -> Iterator[tuple[str, Any]]:
        """Yield the source and the labels of every query."""
        with self._read() as connection:
            yield from review_rows.asked_labels(connection)

    def image_file(self, image_id: str) -> tuple[str, str] | None:
        """Return the path in the store and the type of an image's file; None for no image."""
        with self._read() as connection:
            return review_rows.path_of(connection, image_id)

    @repeated
    def record_reviews(self, rater: str, decisions: Sequence[Decision], when: str) -> list[Written]:
        """Write what a person has decided, in its order; what is known is not written again."""
        with self._write() as connection:
            return reviews.record(connection, rater, decisions, when)

    def standing_reviews(self, image_ids: Sequence[str]) -> list[Review]:
        """Return what stands about some images, the oldest decision first."""
        with self._read() as connection:
            return reviews.standing(connection, image_ids)

    def review_history(self, rater: str, before: int, most: int) -> list[Review]:
        """Return standing decisions of a person, the newest first; ``before`` 0: from the last."""
        with self._read() as connection:
            return reviews.history(connection, rater, before, most)

    def reviews_changed(self, since: int, most: int) -> tuple[list[str], int]:
        """Return the images decided about after an action, and the last action."""
        with self._read() as connection:
            return reviews.changed(connection, since, most)

    def decided_images(
        self, image_ids: Sequence[str] | None = None
    ) -> Iterator[tuple[int, str, bool]]:
        """Yield image number, rater, and whether it was more than a skip, of all that stands."""
        with self._read() as connection:
            yield from review_rows.decided(connection, image_ids)

    def reviews_by_image(self) -> Iterator[Review]:
        """Yield all decisions that stand, image by image."""
        with self._read() as connection:
            yield from reviews.by_image(connection)

    def every_review(self) -> Iterator[Review]:
        """Yield all decisions that were ever made, in the order of their writing."""
        with self._read() as connection:
            yield from reviews.every(connection)

    def take_over_reviews(
        self, chunks: Iterable[tuple[Sequence[Review], Sequence[PairVerdict]]]
    ) -> Counter[str]:
        """Write what people decided elsewhere, all or nothing; return what became of it."""
        with self._write() as connection:
            return reviews.take_over_all(connection, chunks)

    @repeated
    def judge_pair(self, verdict: PairVerdict) -> bool:
        """Write people's word on a pair of images; False if one of them is gone."""
        with self._write() as connection:
            return reviews.judge_pair(connection, verdict)

    @repeated
    def forget_pair(self, image_a: str, image_b: str) -> None:
        """Take people's word on a pair back."""
        with self._write() as connection:
            reviews.forget_pair(connection, image_a, image_b)

    def judged_pairs(self) -> Iterator[PairVerdict]:
        """Yield people's word on all pairs."""
        with self._read() as connection:
            yield from reviews.pairs(connection)

    def review_place(self, rater: str) -> dict[str, Any]:
        """Return where a person has stopped; empty for a new one."""
        with self._read() as connection:
            return reviews.place_of(connection, rater)

    @repeated
    def keep_review_place(self, rater: str, place: Mapping[str, Any]) -> None:
        """Remember where a person is."""
        with self._write() as connection:
            reviews.keep_place(connection, rater, place)

    # --- Spot checks ------------------------------------------------------------------------

    def image_ids_of(self, numbers: Sequence[int]) -> list[str]:
        """Return the ids of images, in the order of their numbers as given."""
        with self._read() as connection:
            return spot_checks.image_ids(connection, numbers)

    @repeated
    def record_spot_check(self, check: SpotCheck) -> bool:
        """Write a sample for people to look at; False if it is there already."""
        with self._write() as connection:
            return spot_checks.record(connection, check)

    def spot_check(self, check_id: str) -> SpotCheck | None:
        """Return a sample; None for one that there is not."""
        with self._read() as connection:
            return spot_checks.find(connection, check_id)

    def spot_checks(self) -> list[SpotCheck]:
        """Return all samples, the oldest first."""
        with self._read() as connection:
            return spot_checks.every(connection)

    @repeated
    def finish_spot_check(self, check_id: str, result: Mapping[str, Any], when: str) -> None:
        """Write what came of a sample that is answered."""
        with self._write() as connection:
            spot_checks.finish(connection, check_id, result, when)
