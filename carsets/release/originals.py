"""The originals of a release: where they are, and what is wrong with those that cannot be used."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from carsets.problems import UserError
from carsets.release.bucket import Bucket, BucketFile
from carsets.release.deriver import Fault, NoFile

if TYPE_CHECKING:
    from carsets.release.record import Record

MOST_FAULTS = 1_000  # then the store is at fault and not an image: no more are looked at
MOST_NAMED = 5
WORDS = {
    Fault.MISSING: "missing in the store",
    Fault.UNREADABLE: "cannot be read",
    Fault.ALTERED: "changed since they were stored",
    Fault.BROKEN: "cannot be copied",
    Fault.CRASHED: "make the decoder fail",
}


def local_store(address: str) -> Path:
    """Return the folder of the image store. Raises UserError when there is none."""
    scheme, found, rest = address.rpartition("://")
    if found and scheme != "file":
        raise UserError(
            f"IMAGES_STORE={address}: images are exported from a local store; copy it to a "
            "folder, and set IMAGES_STORE to that"
        )
    store = Path(rest).absolute()
    if not store.is_dir():
        raise UserError(f"there is no image store at {store}: set IMAGES_STORE or DATA_DIR")
    return store


def image_store(address: str) -> Path | Bucket:
    """Return the image store, wherever it lies. Raises UserError when there is none."""
    return Bucket.open(address) if address.startswith("s3://") else local_store(address)


def original_of(record: Record, store: Path | Bucket) -> Path | BucketFile:
    """Return where the original lies. Raises ValueError for a path that leaves the store."""
    if isinstance(store, Bucket):
        return store.file(record.path)
    return place_of(record.path, store)


def place_of(inside: str, store: Path) -> Path:
    """Return where a path of the store lies. Raises ValueError for one that leaves it."""
    path = PurePosixPath(inside)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in inside:
        raise ValueError(f"{inside!r} leads out of the store")
    place = store / path
    if place.is_symlink() or (place.exists() and not place.is_file()):
        raise ValueError(f"{inside!r} is no file of the store")
    return place


class Faults:
    """What is wrong with the originals of one release."""

    def __init__(self) -> None:
        self.counts: Counter[Fault] = Counter()
        self.named: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.counts)

    @property
    def hopeless(self) -> bool:
        """Whether so many are at fault that looking on makes no sense."""
        return self.counts.total() >= MOST_FAULTS

    def add(self, record: Record, fault: NoFile) -> None:
        """Count one."""
        self.counts[fault.fault] += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(record.image_id)

    def problem(self, partial: Path, total: int) -> UserError:
        """Return the one line about them."""
        what = ", ".join(f"{count:,} {WORDS[fault]}" for fault, count in self.counts.items())
        ids = ", ".join(f"'{image_id}'" for image_id in self.named)
        more = ", ..." if self.counts.total() > len(self.named) else ""
        return UserError(
            f"{self.counts.total():,} of {total:,} images cannot be exported: {what} "
            f'({ids}{more}). Put the files back, or leave them out with --where "image_id NOT IN '
            f'({ids}{more})"; {partial} is kept, and the same command goes on'
        )
