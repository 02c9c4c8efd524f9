"""What a release costs: a million rows as tables, images as they are, and resized copies.

    python -m benchmarks.exports --rows 1000000
    python -m benchmarks.exports --webdataset 10000
    python -m benchmarks.exports --size 1000

``--rows`` writes a synthetic catalog (kept in ``--folder`` for the next time) and exports it, each
format in a process of its own. Promises: under 180 seconds and 500 MB each on two cores.

``--webdataset`` packs that many photos, and has ``tar`` pack the same files; promise: 0.7 of its
speed or more. ``--size`` makes 300x300 copies, beside a bare pool of processes that decodes,
resizes and encodes; promise: 0.8 of its speed or more. Rounds alternate, medians count. The files
are in the page cache: each is read once before.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from hashlib import md5, sha256
from pathlib import Path

from PIL import Image

from benchmarks.photos import make
from benchmarks.synthetic_catalog import write_catalog
from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import Candidate, ImageRow, RunRow, SightingRow
from carsets.outcomes import Outcome
from carsets.release.options import read_options
from carsets.release.progress import ExportProgress
from carsets.release.release import Surroundings, make_release

FORMATS = ("openimages", "urls", "parquet")
MOST_SECONDS, MOST_MB = 180, 500
LEAST_OF_TAR, LEAST_OF_POOL = 0.7, 0.8


def main() -> int:
    """Measure what was asked for; return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--formats", nargs="+", default=FORMATS)
    parser.add_argument("--split", default="")
    parser.add_argument("--webdataset", type=int, default=0, metavar="IMAGES")
    parser.add_argument("--size", type=int, default=0, metavar="IMAGES")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "exports")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        export_one(json.loads(asked.one))
        return 0
    asked.folder.mkdir(parents=True, exist_ok=True)
    kept = True
    if asked.rows:
        kept &= measure_tables(asked.folder, asked.rows, asked.formats, asked.split)
    if asked.webdataset:
        kept &= measure_tar(asked.folder, asked.webdataset, asked.rounds)
    if asked.size:
        kept &= measure_copies(asked.folder, asked.size, asked.rounds)
    return 0 if kept else 1


# --- One export in a process of its own -------------------------------------------------------


def export_one(job: dict[str, str]) -> None:
    """Export, and print how that went as JSON."""
    began = time.perf_counter()
    options = read_options(job["format"], Path(job["destination"]), job["given"])
    catalog = Catalog.open(f"sqlite:///{job['data']}/catalog.sqlite", create=False)
    surroundings = Surroundings(images_store=f"{job['data']}/images")
    report = make_release(catalog, options, surroundings, ExportProgress(0))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - began,
                "cpu": usage.ru_utime + usage.ru_stime,
                "peak_mb": usage.ru_maxrss / 1024,
                "mb": report.bytes / 1e6,
                "exported": report.exported,
            }
        )
    )


def export(data: Path, name: str, **given: object) -> dict[str, float]:
    """Export into a folder that is deleted again; return what ``export_one`` has printed."""
    with tempfile.TemporaryDirectory(dir=data.parent) as folder:
        job = {
            "data": str(data),
            "format": name,
            "destination": f"{folder}/release",
            "given": given,
        }
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.exports", "--one", json.dumps(job)],
            capture_output=True,
            check=True,
            text=True,
        )
        found: dict[str, float] = json.loads(done.stdout)
        return found


def measure_tables(folder: Path, rows: int, formats: list[str], split: str) -> bool:
    """Print time, memory and size of each format; return whether the promises are kept."""
    data = folder / f"rows-{rows}"
    if not (data / "catalog.sqlite").exists():
        data.mkdir(exist_ok=True)
        began = time.perf_counter()
        write_catalog(data / "new.sqlite", rows)
        (data / "new.sqlite").rename(data / "catalog.sqlite")
        print(f"synthetic catalog of {rows:,} images: {time.perf_counter() - began:.0f} s")
    size = (data / "catalog.sqlite").stat().st_size
    print(f"catalog: {size / 1e6:,.0f} MB")
    print("| format | rows | seconds | CPU s | peak MB | written MB | us a row |")
    print("|---|---|---|---|---|---|---|")
    kept = True
    for name in formats:
        found = export(data, name, split=split)
        print(
            f"| {name} | {found['exported']:,} | {found['seconds']:.1f} | {found['cpu']:.1f} | "
            f"{found['peak_mb']:.0f} | {found['mb']:,.0f} | "
            f"{found['seconds'] / rows * 1e6:.0f} |",
            flush=True,
        )
        kept &= found["seconds"] < MOST_SECONDS and found["peak_mb"] < MOST_MB
    return kept


# --- Images -----------------------------------------------------------------------------------


def dataset_of_photos(folder: Path, count: int) -> Path:
    """Return the folder of a dataset of photos, made when it is not there."""
    data = folder / f"photos-{count}"
    if (data / "catalog.sqlite").exists():
        return data
    photos = data / "photos"
    paths = make(photos, count)
    catalog = Catalog.open(f"sqlite:///{data / 'new.sqlite'}")
    catalog.start_run(RunRow(run_id="run1", source="flickr", started_at="2026-01-01"))
    candidates = [_candidate(data / "images", path, number) for number, path in enumerate(paths)]
    for start in range(0, len(candidates), 500):
        catalog.admit_all(candidates[start : start + 500])
    catalog.close()
    (data / "new.sqlite").rename(data / "catalog.sqlite")
    shutil.rmtree(photos)
    return data


def _candidate(store: Path, path: Path, number: int) -> Candidate:
    body = path.read_bytes()
    digest = sha256(body).hexdigest()
    with Image.open(io.BytesIO(body)) as image:
        width, height = image.size
    place = store / digest[:2] / digest[2:4] / f"{digest}.jpg"
    place.parent.mkdir(parents=True, exist_ok=True)
    path.rename(place)
    row = ImageRow(
        sha256=digest,
        md5=md5(body).hexdigest(),
        pixel_hash=digest[16:32],
        phash=int(digest[32:48], 16),
        dhash=int(digest[48:], 16),
        verdict="keep",
        width=width,
        height=height,
        bytes=len(body),
        path=place.relative_to(store).as_posix(),
        format="JPEG",
        mime="image/jpeg",
        license="by-2.0",
        license_evidence=5,
        license_url="https://creativecommons.org/licenses/by/2.0/",
        labels={"make": "Ford"},
        fetched_at="2026-01-01T00:00:00+00:00",
        run_id="run1",
    )
    sighting = SightingRow(
        source="flickr",
        query_id="q1",
        run_id="run1",
        url=f"https://a.test/{number}.jpg",
        page_url=f"https://a.test/{number}",
        title=f"Car {number}",
        author="Eve",
        outcome=Outcome.STORED,
    )
    return Candidate(image=row, sighting=sighting)


def measure_tar(folder: Path, count: int, rounds: int) -> bool:
    """Compare ``webdataset`` with ``tar`` over the same files."""
    data = dataset_of_photos(folder, count)
    size = warm(data / "images")
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(tar_seconds(data))
        ours.append(export(data, "webdataset")["seconds"])
    return compare("webdataset", ours, "tar", theirs, size, LEAST_OF_TAR)


def tar_seconds(data: Path) -> float:
    """Return how long ``tar`` takes, its start included."""
    with tempfile.TemporaryDirectory(dir=data.parent) as folder:
        began = time.perf_counter()
        subprocess.run(
            ["tar", "--create", "--file", f"{folder}/all.tar", "images"], cwd=data, check=True
        )
        return time.perf_counter() - began


def measure_copies(folder: Path, count: int, rounds: int) -> bool:
    """Compare ``--size 300x300`` with a bare pool."""
    data = dataset_of_photos(folder, count)
    size = warm(data / "images")
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(pool_seconds(data))
        ours.append(export(data, "webdataset", size="300x300")["seconds"])
    return compare("--size 300x300", ours, "bare pool", theirs, size, LEAST_OF_POOL)


def pool_seconds(data: Path) -> float:
    """Return how long a pool of processes takes that does nothing but decode, resize, encode."""
    paths = sorted(map(str, (data / "images").rglob("*.jpg")))
    with tempfile.TemporaryDirectory(dir=data.parent) as folder:
        began = time.perf_counter()
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            copies = pool.map(bare_copy, paths, chunksize=16)
            for number, copy in enumerate(copies):
                Path(folder, f"{number}.jpg").write_bytes(copy)
        return time.perf_counter() - began


def bare_copy(path: str) -> bytes:
    """Return a copy of 300 x 300 pixels, made as plainly as can be."""
    with Image.open(path) as image:
        image.draft("RGB", (600, 600))
        small = image.convert("RGB").resize((300, 300), Image.Resampling.BICUBIC, reducing_gap=2.0)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=90)
    return file.getvalue()


def warm(folder: Path) -> int:
    """Read every file once; return how many bytes they have."""
    return sum(len(path.read_bytes()) for path in folder.rglob("*.jpg"))


def compare(
    name: str, ours: list[float], other: str, theirs: list[float], size: int, least: float
) -> bool:
    """Print both, and return whether ours is fast enough."""
    mine, yours = statistics.median(ours), statistics.median(theirs)
    share = yours / mine
    print(
        f"{name}: {mine:.2f} s ({size / mine / 1e6:,.0f} MB/s of originals); "
        f"{other}: {yours:.2f} s; {share:.2f} of its speed (promise: {least})"
    )
    return share >= least


if __name__ == "__main__":
    sys.exit(main())
