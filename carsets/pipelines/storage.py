"""Writes the original bytes of what is kept, and gives the image its place in the catalog."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.pipelines.files import FilesPipeline, FSFilesStore
from scrapy.pipelines.images import ImagesPipeline
from scrapy.utils.defer import ensure_awaitable

from carsets.catalog.connection import CatalogError
from carsets.catalog.entries import image_row, sighting_row
from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.step import Step
from carsets.signals import image_replaced
from carsets.vision.copies import Fingerprint

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from carsets.catalog.fingerprints import Fingerprints
    from carsets.catalog.rows import Admission
    from carsets.items import CarImage

CHECK_DISK_EVERY = 64  # images; asking the file system for each would cost more than it tells


class StoragePipeline(Step):
    """Store the bytes as they were served, under their hash; then let the catalog decide.

    The file is written first: a crash in between leaves a file that the next run finds under the
    same name, and never a row without its file.
    """

    name = "storage"

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        ImagesPipeline._update_stores(crawler.settings)
        self.folder = self.state.places.images_store
        self.store: Any = open_store(self.folder)
        self.disk_free_min = crawler.settings.getint("DISK_FREE_MIN")
        self.written = 0

    async def decide(self, item: CarImage) -> None:
        """Write the file and enter the image; drop it if the catalog knows a better copy."""
        seen = item.inspection
        assert seen is not None
        self.check_disk()
        path = f"{seen.sha256[:2]}/{seen.sha256[2:4]}/{seen.sha256}.{seen.extension}"
        await self.write(path, item)
        item.path = path
        try:
            admission, batches = await asyncio.to_thread(self.admit, item)
        except CatalogError as error:
            self.state.stop("catalog_failed")
            raise OutcomeDrop(Outcome.STORE_FAILED, str(error)) from None
        for batch in batches:
            self.state.copies.take_in(batch)
        if not admission.keeps_file:
            await self.delete(path)
        if admission.kind != "stored":
            item.path = ""
            item.duplicate_of = admission.image_id
            raise OutcomeDrop(admission.outcome, f"of {admission.image_id}")
        item.image_id = admission.image_id
        self.state.copies.add(admission.seq, self.fingerprint(item))
        await self.replace(item, admission)
        item.outcome = Outcome.STORED

    def admit(self, item: CarImage) -> tuple[Admission, list[Fingerprints]]:
        """Ask the catalog; return its decision and the images it told us of. Runs in a thread."""
        this = self.fingerprint(item)
        batches: list[Fingerprints] = []

        def match(batch: Fingerprints) -> list[int]:
            batches.append(batch)
            return self.state.copies.find_in(batch, this)

        verdict = item.detection.verdict if item.detection else "keep"
        admission = self.state.catalog.admit(
            image_row(item, verdict, self.state.run_id),
            sighting=sighting_row(item, Outcome.STORED, self.state.run_id),
            near=item.near,
            newer_than=self.state.copies.last_seq,
            match=match,
        )
        return admission, batches

    def fingerprint(self, item: CarImage) -> Fingerprint:
        """Return what the index of copies keeps of an image."""
        assert item.inspection is not None
        return Fingerprint.of(item.inspection, item.license.openness, item.size)

    async def replace(self, item: CarImage, admission: Admission) -> None:
        """Take the files of worse copies away, now that the better one has its place."""
        seen = item.inspection
        if not admission.replaced or seen is None:
            return
        for worse in admission.replaced:
            self.state.copies.remove(worse.seq)
            await self.delete(worse.path)
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

    async def write(self, path: str, item: CarImage) -> None:
        """Write the bytes; a store that fails ends the run, and loses nothing."""
        assert item.body is not None
        assert item.inspection is not None
        body, mime = BytesIO(item.body), item.inspection.mime
        try:
            if isinstance(self.store, LocalStore):
                await asyncio.to_thread(self.store.persist_file, path, body, None)
            else:
                await ensure_awaitable(
                    self.store.persist_file(path, body, None, headers={"Content-Type": mime})
                )
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            self.state.stop("disk_full" if full else "store_failed")
            outcome = Outcome.DISK_FULL if full else Outcome.STORE_FAILED
            raise OutcomeDrop(outcome, f"{error.strerror}: {path}") from None

    async def delete(self, path: str) -> None:
        """Take a file away. Stores in the cloud keep it: Scrapy's stores cannot delete."""
        if isinstance(self.store, LocalStore):
            await asyncio.to_thread(self.store.delete_file, path)

    def check_disk(self) -> None:
        """Stop the run before the disk is full."""
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


class LocalStore(FSFilesStore):
    """Scrapy's store on disk, made safe against crashes: beside, synced, renamed."""

    def persist_file(
        self,
        path: str | os.PathLike[str],
        buf: BytesIO,
        info: Any,
        meta: Any = None,
        headers: Any = None,
    ) -> None:
        """Write a file so that it is either whole or not there."""
        place = Path(self.basedir) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f"{place.name}.{os.getpid()}.part")
        try:
            with beside.open("wb") as file:
                file.write(buf.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            beside.replace(place)
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def delete_file(self, path: str) -> None:
        """Take a file away, and nothing if it is gone."""
        (Path(self.basedir) / path).unlink(missing_ok=True)


def open_store(address: str) -> Any:
    """Return the store for a path, ``s3://`` or ``gs://`` address."""
    scheme = address.partition("://")[0] if "://" in address else ""
    if scheme in {"", "file"}:
        return LocalStore(address)
    return FilesPipeline.STORE_SCHEMES[scheme](address)
