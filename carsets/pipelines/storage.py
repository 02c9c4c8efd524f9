"""Writes the original bytes of what is kept, and gives the image its place in the catalog."""

from __future__ import annotations

import asyncio
import errno
import logging
import shutil
from typing import TYPE_CHECKING

from scrapy.pipelines.images import ImagesPipeline

from carsets.catalog.connection import CatalogError
from carsets.catalog.entries import image_row, sighting_row
from carsets.catalog.rows import Candidate
from carsets.ledger.admission_desk import AdmissionDesk, Arrival
from carsets.outcomes import ExitCode, Outcome
from carsets.pipelines.cloud_store import CloudStore
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.local_store import LocalStore
from carsets.pipelines.step import Step
from carsets.problems import UserError
from carsets.signals import image_replaced
from carsets.vision.copies import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.crawler import Crawler

    from carsets.catalog.fingerprints import Fingerprints
    from carsets.catalog.rows import Admission
    from carsets.items import CarImage

logger = logging.getLogger(__name__)

CHECK_DISK_EVERY = 64  # images; asking the file system for each would cost more than it tells


class StoragePipeline(Step):
    """Store the bytes as they were served, under their hash; then let the catalog decide.

    The file is written beside the store first, and gets its place when the catalog has admitted
    it. What a crash in between leaves is settled by the next run, before its first image.
    """

    name = "storage"

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        ImagesPipeline._update_stores(crawler.settings)
        self.folder = self.state.places.images_store
        self.store = open_store(self.folder, self.state.run_id)
        self.disk_free_min = crawler.settings.getint("DISK_FREE_MIN")
        self.written = 0
        self.desk = AdmissionDesk(self.store_group, lambda batch: self.state.copies.take_in(batch))

    async def open_spider(self) -> None:
        """Settle what killed runs have left in the store."""
        if not isinstance(self.store, LocalStore):
            return
        try:
            runs = await asyncio.to_thread(self.recover, self.store)
        except OSError as error:
            raise store_unusable(self.folder, error) from None
        if runs:
            logger.info("Settled the files of %d runs that had been killed", runs)

    def recover(self, store: LocalStore) -> int:
        """Return how many killed runs had left something. Runs in a thread."""
        catalog = self.state.catalog
        return store.recover(catalog.is_kept, catalog.superseded_paths)

    async def close_spider(self) -> None:
        """Let go of the store."""
        if isinstance(self.store, LocalStore):
            self.store.close()

    async def decide(self, item: CarImage) -> None:
        """Write the file and enter the image; drop it if the catalog knows a better copy."""
        seen = item.inspection
        assert seen is not None
        assert item.body is not None
        self.check_disk()
        item.path = f"{seen.sha256[:2]}/{seen.sha256[2:4]}/{seen.sha256}.{seen.extension}"
        await self.send_away(item)
        try:
            admission = await self.desk.admit(Arrival(self.candidate(item), item.body))
        except CatalogError as error:
            self.state.stop("catalog_failed")
            raise OutcomeDrop(Outcome.STORE_FAILED, str(error)) from None
        except OSError as error:
            raise self.failure(item.path, error) from None
        if admission.kind != "stored":
            item.path = ""
            item.duplicate_of = admission.image_id
            raise OutcomeDrop(admission.outcome, f"of {admission.image_id}")
        item.image_id = admission.image_id
        item.recorded = True
        self.state.copies.add(admission.seq, self.fingerprint(item))
        self.replace(item, admission)
        item.outcome = Outcome.STORED

    def candidate(self, item: CarImage) -> Candidate:
        """Return what the catalog needs to decide about an image."""
        this = self.fingerprint(item)
        verdict = item.detection.verdict if item.detection else "keep"
        return Candidate(
            image=image_row(item, verdict, self.state.run_id),
            sighting=sighting_row(item, Outcome.STORED, self.state.run_id),
            near=item.near,
            match=lambda batch: self.state.copies.find_in(batch, this),
        )

    def store_group(
        self, arrivals: Sequence[Arrival]
    ) -> tuple[list[Admission | Exception], list[Fingerprints]]:
        """Write files, let the catalog decide, and give the files their places. In a thread."""
        if self.state.stop_reason == "catalog_failed":
            # Or each group in flight would wait for a locked catalog as long as the first did.
            raise CatalogError("the catalog has failed before")
        problems = [self.receive(arrival) for arrival in arrivals]
        written = [place for place, problem in enumerate(problems) if problem is None]
        candidates = [arrivals[place].candidate for place in written]
        try:
            admissions, newer = self.state.catalog.admit_all(
                candidates, newer_than=self.state.copies.last_seq
            )
        except CatalogError:
            if isinstance(self.store, LocalStore):
                for candidate in candidates:
                    self.store.discard(candidate.image.path)
            raise
        settled = {
            place: self.settle(arrivals[place].candidate.image.path, admission)
            for place, admission in zip(written, admissions, strict=True)
        }
        results = [problem or settled[place] for place, problem in enumerate(problems)]
        return results, newer

    def fingerprint(self, item: CarImage) -> Fingerprint:
        """Return what the index of copies keeps of an image."""
        assert item.inspection is not None
        return Fingerprint.of(item.inspection, item.license.openness, item.size)

    def replace(self, item: CarImage, admission: Admission) -> None:
        """Say that worse copies are gone, now that the better one has its place."""
        seen = item.inspection
        if not admission.replaced or seen is None:
            return
        for worse in admission.replaced:
            self.state.copies.remove(worse.seq)
        # Those of other runs were not counted by this one.
        ours = [worse for worse in admission.replaced if worse.run_id == self.state.run_id]
        self.state.quota.replaced(len(ours))
        self.crawler.signals.send_catch_log(
            image_replaced,
            spider=self.crawler.spider,
            replaced={
                worse.image_id: Outcome.DUPLICATE_PIXELS
                if worse.pixel_hash == seen.pixel_hash
                else Outcome.NEAR_DUPLICATE
                for worse in ours
            },
            by=item.image_id,
        )

    # --- The store ----------------------------------------------------------------------------

    async def send_away(self, item: CarImage) -> None:
        """Write the bytes to a store in the cloud, which has to be waited for here."""
        if isinstance(self.store, LocalStore):
            return
        assert item.body is not None
        assert item.inspection is not None
        try:
            await self.store.write(item.path, item.body, item.inspection.mime)
        except OSError as error:
            raise self.failure(item.path, error) from None

    def receive(self, arrival: Arrival) -> Exception | None:
        """Write a file; return what went wrong. Runs in a thread."""
        if isinstance(self.store, LocalStore):
            try:
                self.store.receive(arrival.candidate.image.path, arrival.body)
            except OSError as error:
                return error
        return None

    def settle(self, path: str, admission: Admission) -> Admission | Exception:
        """Give a file its place, or take it away. Runs in a thread."""
        try:
            if not isinstance(self.store, LocalStore):
                self.clear(self.store, path, admission)
                return admission
            if admission.kind != "stored":
                self.store.discard(path)
                return admission
            self.store.settle(path)  # if that fails, the next run does it
            for worse in admission.replaced:
                self.store.delete(worse.path)
        except OSError as error:
            return error
        return admission

    def clear(self, store: CloudStore, path: str, admission: Admission) -> None:
        """Take away what is not wanted of a store in the cloud, where it can delete."""
        unwanted = [worse.path for worse in admission.replaced]
        if admission.kind != "stored" and not admission.keeps_file:
            unwanted.append(path)
        for name in filter(None, unwanted):
            if not store.delete(name):
                logger.debug("%s stays in %s, which cannot delete", name, store.address)

    def failure(self, path: str, error: OSError) -> OutcomeDrop:
        """End the run, and return how the image ends."""
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        self.state.stop("disk_full" if full else "store_failed")
        outcome = Outcome.DISK_FULL if full else Outcome.STORE_FAILED
        return OutcomeDrop(outcome, f"{error.strerror}: {path}")

    def check_disk(self) -> None:
        """Stop the run before the disk is full."""
        if self.state.stop_reason == "disk_full":
            raise OutcomeDrop(Outcome.DISK_FULL, "found full before")
        self.written += 1
        if self.written % CHECK_DISK_EVERY != 1 or not isinstance(self.store, LocalStore):
            return
        free = shutil.disk_usage(self.folder).free
        if free < self.disk_free_min:
            self.state.stop("disk_full")
            raise OutcomeDrop(
                Outcome.DISK_FULL,
                f"{free >> 20} MiB free, DISK_FREE_MIN is {self.disk_free_min >> 20}",
            )


def open_store(address: str, run_id: str) -> LocalStore | CloudStore:
    """Return the store for a path, ``s3://`` or ``gs://`` address. Raises ``UserError``."""
    scheme = address.partition("://")[0] if "://" in address else ""
    if scheme in {"", "file"}:
        try:
            return LocalStore(address, run_id)
        except OSError as error:
            raise store_unusable(address, error) from None
    return CloudStore.open(address)


def store_unusable(address: str, error: OSError) -> UserError:
    """Return the one line about a store in which nothing can be kept."""
    return UserError(
        f"the image store {address} cannot be used ({error.strerror}): set IMAGES_STORE or "
        "DATA_DIR to a folder that can be written",
        ExitCode.STORE_FAILED,
    )
