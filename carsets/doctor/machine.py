"""The machine: folders that can be written, room on the disk, a clock that is right."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carsets.doctor.finding import fail, ok, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from carsets.doctor.finding import Finding
    from carsets.places import Places

MOST_SKEW = 5.0  # seconds; file systems that keep whole, or even, seconds are no reason to worry
GIB = 1024**3


def look_at_folders(places: Places) -> Iterator[Finding]:
    """Yield whether the folders of the dataset can be written. Leaves nothing behind."""
    folders = {
        "DATA_DIR": places.data_dir,
        "RECEIPTS_DIR": places.receipts_dir,
        "PAGES_DIR": places.pages_dir,
    }
    if "://" not in places.images_store:
        folders["IMAGES_STORE"] = Path(places.images_store)
    seen: set[Path] = set()
    for name, folder in folders.items():
        there = nearest(folder)
        if there in seen and there != folder:
            continue  # what is to be made inside a folder that was looked at
        seen.add(there)
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            said = f"{folder} cannot be written: {error.strerror}"
            yield fail(name, said, f"set {name} to a folder of yours, or change who owns {there}")
        else:
            yield ok(name, str(folder) if there == folder else f"{folder}, which will be made")


def look_at_disks(places: Places, settings: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield whether there is room for images above DISK_FREE_MIN."""
    floor = int(settings.get("DISK_FREE_MIN") or 0)
    folders = [places.data_dir]
    if "://" not in places.images_store:
        folders.append(Path(places.images_store))
    devices: set[int] = set()
    for folder in map(nearest, folders):
        device = folder.stat().st_dev
        if device in devices:
            continue
        devices.add(device)
        free = shutil.disk_usage(folder).free
        said = f"{free / GIB:,.1f} GiB free at {folder}, the floor is {floor / GIB:,.1f} GiB"
        fix = "make room, or move DATA_DIR or IMAGES_STORE to another disk"
        if free <= floor:
            yield fail("disk", said, fix)
        elif free <= 2 * floor:
            yield warn("disk", said, fix)
        else:
            yield ok("disk", said)


def look_at_clock(places: Places, clock: Callable[[], float]) -> Iterator[Finding]:
    """Yield whether the clock agrees with the file system's, which another machine may keep."""
    there = nearest(places.data_dir)
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            now = clock()
            file.write(b"?")
            file.flush()
            written = os.fstat(file.fileno()).st_mtime
    except OSError:
        return  # look_at_folders says why
    yield judge_clock("clock", written - now, f"the file system of {there}")


def judge_clock(name: str, ahead: float, whose: str) -> Finding:
    """Return what it means that somebody else's clock is ``ahead`` seconds ahead of ours."""
    if abs(ahead) <= MOST_SKEW:
        return ok(name, f"agrees with {whose}")
    way = "ahead of" if ahead < 0 else "behind"
    return warn(
        name,
        f"this machine is {abs(ahead):,.0f} s {way} {whose}",
        "let time servers set both clocks (chrony, systemd-timesyncd): dates of removal, of "
        "retention and of leases are taken from them",
    )


def nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that there is."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
