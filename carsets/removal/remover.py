"""The removal itself, step by step: killed between any two of them, the same command ends it.

1. Tombstones of what was named. 2. For some hundred images at a time: their tombstones, their
files, their traces in receipts, pages and reports, and last their rows, by which they are found
again if one of these steps is cut short. 3. The releases that hold images without rows. 4.
TOMBSTONES.csv. 5. The database, written anew so that no free page and no log keeps a word.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from carsets.catalog.releases import pack
from carsets.problems import UserError
from carsets.removal.patch import SUMS, finish, patch
from carsets.removal.texts import Naming, delete_naming, scrub_receipt
from carsets.removal.tombstone_file import NAME, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from carsets.catalog.catalog import Catalog
    from carsets.catalog.releases import ReleaseRow
    from carsets.catalog.removal import RemovalBatch, Target
    from carsets.places import Places

BATCH = 500  # images, or sightings
REPORTS = "reports"  # folder in DATA_DIR
PAGES = "*.html"  # in DATA_DIR itself: pages for people, which can be written again


@dataclass(slots=True)
class Done:
    """What a removal has done, for people."""

    images: int = 0
    sightings: int = 0
    files: int = 0  # in the store
    receipts: int = 0  # from which names were taken
    deleted: list[Path] = field(default_factory=list)  # pages and reports
    releases: list[str] = field(default_factory=list)  # a line each
    problems: list[str] = field(default_factory=list)  # a line each: what is left to be done


class Remover:
    """Carry out requests for removal. ``delete`` takes one file out of the image store."""

    def __init__(
        self,
        catalog: Catalog,
        places: Places,
        delete: Callable[[str], bool],
        reason: str,
        lists: Collection[Path] = (),
    ) -> None:
        self.catalog = catalog
        self.places = places
        self.delete = delete
        self.reason = reason
        self.lists = frozenset(lists)  # that name what is to go: needed until all of it is gone
        self.done = Done()

    @property
    def reports(self) -> Path:
        """The folder of reports."""
        return self.places.data_dir / REPORTS

    def steps(self, targets: Sequence[Target]) -> Iterator[str]:
        """Do one step after the other, and yield what was done."""
        for target in targets:
            self.catalog.bury_target(target, self.reason)
            yield "named"
            meant = self.catalog.find_meant(target)
            by_looks = target.kind != "license"
            for start in range(0, max(len(meant.images), 1), BATCH):
                numbers = meant.images[start : start + BATCH].tolist()
                yield from self._remove(numbers, [], target, by_looks)
            rest = self.catalog.find_meant(target).sightings  # those that led to no image
            for start in range(0, len(rest), BATCH):
                seen = rest[start : start + BATCH].tolist()
                yield from self._remove([], seen, target, by_looks)
            self.done.sightings += len(meant.sightings)
            self.catalog.clean_words(target)
            yield "cleaned"
        yield from self._patch_releases()
        self.reports.mkdir(parents=True, exist_ok=True)
        path = self.reports / NAME
        beside = path.with_name(f"{NAME}.part")
        beside.write_text(text_of(self.catalog.list_tombstones()), encoding="utf-8")
        beside.replace(path)
        yield "published"
        if not self.catalog.shred():
            self.done.problems.append(
                "the catalog's log still holds deleted rows, because another program reads it: "
                "end that, then give the same command again"
            )
        yield "shredded"
        for listed in self.lists:
            if self.reports in listed.parents:  # of ours; the user's own lists stay
                listed.unlink(missing_ok=True)

    def _remove(
        self, numbers: list[int], seen: list[int], target: Target, by_looks: bool
    ) -> Iterator[str]:
        batch = self.catalog.read_removal(numbers, seen, by_looks=by_looks)
        if not batch.images and not batch.sighting_ids:
            return
        self.catalog.bury_batch(batch, self.reason)
        yield "buried"
        for image in batch.images:
            if image.path and self.delete(image.path):
                self.done.files += 1
        yield "deleted"
        self._clean_texts(batch, target)
        yield "cleaned"
        self.catalog.forget(batch)
        self.done.images += len(batch.images)
        yield "forgotten"

    def _clean_texts(self, batch: RemovalBatch, target: Target) -> None:
        hosts = {target.value} if target.kind == "host" else set()
        people = batch.people | ({target.value} if target.kind == "author" else set())
        texts = batch.texts | ({target.value} if target.kind == "url" else set())
        naming = Naming(texts, people, hosts)
        for path in sorted(self.places.receipts_dir.glob("*.json")):
            self.done.receipts += scrub_receipt(path, naming)
        self.done.deleted += delete_naming(self.places.pages_dir, naming)
        keep = {self.reports / NAME, *self.lists}
        self.done.deleted += delete_naming(self.reports, naming, keep)
        for path in sorted(self.places.data_dir.glob(PAGES)):
            if path.is_file() and naming.is_in(path.read_bytes()):
                path.unlink()
                self.done.deleted.append(path)

    # --- Releases -----------------------------------------------------------------------------

    def _patch_releases(self) -> Iterator[str]:
        stones = self.catalog.list_tombstones()
        published = text_of(stones)
        for row, gone in self.catalog.damaged_releases():
            folder = Path(row.destination)
            try:
                finish(folder)
                if not folder.exists() and folder.parent.is_dir():  # deleted, and not unmounted
                    self._withdraw(row)
                    continue
                problem = why_not_ours(folder, row, published)
                if problem:
                    self.done.problems.append(f"release {row.release_id}: {problem}")
                    continue
                found = patch(folder, stones)
            except UserError as error:
                self.done.problems.append(f"release {row.release_id}: {error}")
                continue
            yield "patched"
            self._record(row, gone, found.bytes, folder)
            yield "recorded"

    def _withdraw(self, row: ReleaseRow) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.catalog.withdraw_release(row.release_id, now)
        self.done.releases.append(
            f"{row.destination} is not there any more: those who have a copy need {NAME}"
        )

    def _record(self, row: ReleaseRow, gone: NDArray[np.int64], size: int, folder: Path) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        numbers = np.setdiff1d(row.numbers, gone)
        version = row.version + 1
        base = row.release_id.rpartition("+")[0] if row.version > 1 else row.release_id
        patched = replace(
            row,
            release_id=f"{base}+{version}",
            version=version,
            image_numbers=pack(numbers),
            image_count=len(numbers),
            bytes=size or row.bytes,
            digest=digest_of(folder),
            made_at=now,
        )
        self.catalog.record_release(patched)
        self.catalog.withdraw_release(row.release_id, now)
        self.done.releases.append(
            f"{folder}: {len(gone)} images taken out, version {version} (was {row.version})"
        )


def why_not_ours(folder: Path, row: ReleaseRow, published: str) -> str:
    """Return why a release cannot be rewritten by us; "" when it can.

    A folder that holds today's tombstones was patched by a run that was killed before it could
    say so.
    """
    if not folder.is_dir():
        return f"{folder} is not there any more: tell those who have a copy to apply {NAME}"
    if digest_of(folder) == row.digest:
        return ""
    try:
        if (folder / NAME).read_text(encoding="utf-8") == published:
            return ""
    except OSError:
        pass
    return (
        f"{folder} was changed since it was made and is left alone: "
        f"scrapy apply_tombstones {folder} --from {NAME}"
    )


def digest_of(folder: Path) -> str:
    """Return the sha256 of a release's checksums, by which the catalog knows it; "" of none."""
    try:
        return hashlib.sha256((folder / SUMS).read_bytes()).hexdigest()
    except OSError:
        return ""
