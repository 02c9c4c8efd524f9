"""What packing images into WebDataset shards costs, beside GNU tar and the field's own library.

    python -m benchmarks.tar_shards [--count 10000]

All read the same files of 20 to 150 kB. tar packs them alone, and again with the two texts that
a sample has beside its image; ours takes the sha256 of every shard as well. Of the library
(``webdataset``) it is the writer alone, told to give the same bytes each time.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import webdataset

from carsets.exports.base import ReleaseFacts
from carsets.exports.image_facts import ascii_json, facts_of
from carsets.exports.webdataset import WebDatasetFormat, caption
from carsets.licenses import Evidence, read_license
from carsets.release.folder import ReleaseFolder
from carsets.release.record import ImageFile, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 3
LEAST_OF_TAR = 0.7  # of tar's speed over the same members, by wall clock
BY = read_license("https://creativecommons.org/licenses/by/2.0/", Evidence.API)


def make_files(folder: Path, count: int) -> None:
    """Write images, as far as packing knows, and the texts beside them."""
    chance = Random(1)
    noise = chance.randbytes(200_000)
    for number in range(count):
        size, start = chance.randint(20_000, 150_000), chance.randint(0, 50_000)
        (folder / f"{number:016x}.jpg").write_bytes(noise[start : start + size])
    for record, image in samples(folder):
        stem = folder / record.image_id
        stem.with_suffix(".txt").write_text(caption(record))
        stem.with_suffix(".json").write_text(ascii_json(facts_of(record, image)))


def samples(folder: Path) -> Iterator[tuple[Record, ImageFile]]:
    """Yield what a release gives to a format."""
    for number, path in enumerate(sorted(folder.glob("*.jpg"))):
        data = path.read_bytes()
        record = Record(
            image_id=path.stem,
            sha256=f"{number:064x}",
            md5=f"{number:032x}",
            path=path.name,
            width=640,
            height=480,
            bytes=len(data),
            format="JPEG",
            mime="image/jpeg",
            labels={"make": "Ford", "model": "Mustang", "color": "red"},
            label="Ford",
            license=BY,
            title=f"A red car that stood in the sun, number {number}",
            author="Eve",
            url=f"https://live.flickr.test/65535/{number}_o.jpg",
            page_url=f"https://flickr.test/photos/eve/{number}",
            source="flickr",
            description="It had been there for a while. " * 5,
            tags=("car", "red", "mustang"),
        )
        yield record, ImageFile(data, "jpg", 640, 480, len(data), record.sha256, False)


def pack_ours(folder: Path, out: Path) -> None:
    """Pack as a release does."""
    facts = ReleaseFacts(
        name="cars", mode="cc", label="make", classes=("Ford",), splits={"": 1}, total=1
    )
    with ReleaseFolder(out / "cars", "plan") as release:
        format_ = WebDatasetFormat(release, facts)
        for record, image in samples(folder):
            format_.needs_bytes(record)
            format_.add(record, image)
        format_.finish()


def pack_library(folder: Path, out: Path) -> None:
    """Pack with the library's writer, hashing nothing."""
    pattern = str(out / "cars-%06d.tar")
    writer = webdataset.ShardWriter(
        pattern, maxcount=1000, verbose=0, encoder=False, user="", group="", mtime=0
    )
    for record, image in samples(folder):
        told = ascii_json(facts_of(record, image)).encode()
        texts = {"txt": caption(record).encode(), "json": told}
        writer.write({"__key__": record.image_id, "jpg": image.data, **texts})
    writer.close()


def pack_tar(folder: Path, out: Path, pattern: str) -> None:
    """Pack with GNU tar."""
    names = "".join(f"{path.name}\0" for path in sorted(folder.glob(pattern)))
    command = ["tar", "cf", out / "all.tar", "-C", folder, "--null", "--files-from", "-"]
    subprocess.run(command, input=names.encode(), check=True)


def cost(pack: Callable[[Path], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of one go; children count too."""
    with tempfile.TemporaryDirectory() as out:
        os.sync()
        before, began = cpu(), time.perf_counter()
        pack(Path(out))
        return time.perf_counter() - began, cpu() - before


def cpu() -> float:
    """Return the CPU seconds so far of this process and those that it started."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    """Measure, and exit 1 when packing is slower than promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_files(folder, count)
        contestants: dict[str, Callable[[Path], object]] = {
            "tar, images alone": lambda out: pack_tar(folder, out, "*.jpg"),
            "tar, the same members": lambda out: pack_tar(folder, out, "*"),
            "carsets": lambda out: pack_ours(folder, out),
            "webdataset's writer": lambda out: pack_library(folder, out),
            "sha256 of the images": lambda _: [
                sha256(path.read_bytes()) for path in folder.glob("*.jpg")
            ],
        }
        costs: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
        for _ in range(ROUNDS):
            for name, pack in contestants.items():
                costs[name].append(cost(pack))
    walls = {name: statistics.median(wall for wall, _ in all_) for name, all_ in costs.items()}
    print(f"{'':<24}{'wall s':>8}{'CPU s':>8}")
    for name, all_ in costs.items():
        print(f"{name:<24}{walls[name]:>8.2f}{statistics.median(c for _, c in all_):>8.2f}")
    share = walls["tar, the same members"] / walls["carsets"]
    print(f"carsets packs at {share:.2f} of tar's speed; promised: {LEAST_OF_TAR}")
    raise SystemExit(share < LEAST_OF_TAR)


if __name__ == "__main__":
    main()
