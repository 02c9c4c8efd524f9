"""What an image costs from its URL to the disk, beside the peers, in one run.

    python -m benchmarks.download --count 3000 --rounds 3

A real nginx on loopback serves distinct photos of web size. The contestants run one after the
other, every round in another order, so that a busy minute hits all alike; medians are shown.
What each of them kept is checked after every run: a fast way to lose images is not fast.
Peers outside Scrapy (icrawler, img2dataset, gallery-dl) run when ``--peers PYTHON`` names the
interpreter of an environment in which they are installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import photos
from benchmarks.contestant_commands import CARSETS, Job, commands
from benchmarks.local_web import LocalWeb
from benchmarks.process_cost import Cost, cost_of

# What we promise (issue 1): checked at the end, the exit code tells.
MOST_CPU = 12.0  # seconds per 1,000 images
MOST_OF_STOCK = 0.6  # of the stock ImagesPipeline's CPU time
MOST_MEMORY = 300e6  # bytes, the crawl process


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one contestant."""

    name: str
    cost: Cost
    kept: int  # files in its store
    same_bytes: int  # of them as they were served
    connections: int  # in all
    requests: int


def run_once(name: str, job: Job, web: LocalWeb, expected: set[str]) -> Result:
    """Run one contestant in an empty folder and look at what it kept."""
    web.forget()
    log = job.place / "log.txt"
    cost = cost_of(
        commands(job)[name],
        folder=job.root,
        # Compiled modules are kept between runs, as on any user's machine.
        environment={"PYTHONPATH": str(job.root), "PYTHONDONTWRITEBYTECODE": ""},
        log=log,
        connections=web.connections_now,
    )
    kept = [path for path in job.store.rglob("*") if path.suffix in {".jpg", ".jpeg"}]
    same = {hashlib.sha256(path.read_bytes()).hexdigest() for path in kept} & expected
    served, others, connections = web.visits()
    result = Result(name, cost, len(kept), len(same), connections, served + others)
    if cost.exit_code or len(kept) != len(expected):
        print(
            f"{name}: exit {cost.exit_code}, kept {len(kept)} of {len(expected)}", file=sys.stderr
        )
        print(log.read_text(errors="replace")[-3000:], file=sys.stderr)
    return result


def compare(given: argparse.Namespace) -> list[Result]:
    """Run all contestants ``given.rounds`` times, interleaved."""
    paths = photos.make(given.photos, given.count)
    expected = {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert len(expected) == given.count, "the photos must be distinct"
    results: list[Result] = []
    with LocalWeb(given.photos) as web, tempfile.TemporaryDirectory() as scratch:
        url_list = Path(scratch) / "urls.txt"
        url_list.write_text("".join(f"{web.url(path.name)}\n" for path in paths))
        job = Job(Path.cwd(), url_list, Path(scratch) / "run", web.port, given.peers)
        names = [name for name in commands(job) if not given.only or name in given.only]
        for name in given.only:
            if name not in names:
                print(f"{name}: not run, it is not installed here")
        shuffled = random.Random(0)
        for round_number in range(1, given.rounds + 1):
            shuffled.shuffle(names)
            for name in names:
                shutil.rmtree(job.place, ignore_errors=True)
                job.place.mkdir()
                result = run_once(name, job, web, expected)
                cpu = result.cost.cpu / given.count * 1000
                print(f"round {round_number}: {name}: {cpu:.2f} CPU s per 1,000", flush=True)
                results.append(result)
    return results


def table(results: list[Result], count: int) -> dict[str, dict[str, float]]:
    """Print the medians, and return them."""
    medians: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(result.name for result in results):
        mine = [result for result in results if result.name == name]
        medians[name] = {
            "cpu_s_per_1000": statistics.median(r.cost.cpu for r in mine) / count * 1000,
            "wall_s": statistics.median(r.cost.wall for r in mine),
            "tree_mb": statistics.median(r.cost.tree_memory for r in mine) / 1e6,
            "main_mb": statistics.median(r.cost.main_memory for r in mine) / 1e6,
            "at_once": max(r.cost.most_connections for r in mine),
            "connections": statistics.median(r.connections for r in mine),
            "kept": min(r.kept for r in mine),
            "same_bytes": min(r.same_bytes for r in mine),
        }
    columns = list(next(iter(medians.values())))
    print("\n| contestant | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for name, row in sorted(medians.items(), key=lambda pair: pair[1]["cpu_s_per_1000"]):
        cells = (f"{row[column]:.1f}".removesuffix(".0") for column in columns)
        print(f"| {name} | " + " | ".join(cells) + " |")
    return medians


def broken_promises(medians: dict[str, dict[str, float]], count: int) -> list[str]:
    """Return what is not as it should be, in sentences."""
    ours = medians.get(CARSETS)
    if ours is None:
        return []
    stock = medians.get("scrapy ImagesPipeline", {}).get("cpu_s_per_1000")
    checks = [
        (ours["same_bytes"] == count, f"kept {ours['same_bytes']:.0f} of {count} byte for byte"),
        (ours["cpu_s_per_1000"] <= MOST_CPU, f"more than {MOST_CPU} CPU s per 1,000"),
        (ours["main_mb"] * 1e6 <= MOST_MEMORY, f"crawl process above {MOST_MEMORY / 1e6:.0f} MB"),
        (ours["at_once"] <= 70, f"{ours['at_once']:.0f} connections at once"),
    ]
    if stock:
        share = ours["cpu_s_per_1000"] / stock
        print(f"\ncarsets: {share:.2f} of the stock ImagesPipeline")
        checks.append((share <= MOST_OF_STOCK, f"{share:.2f} of the stock ImagesPipeline"))
    return [sentence for kept, sentence in checks if not kept]


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=3000, help="photos")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--photos", type=Path, default=Path(tempfile.gettempdir()) / "carsets-photos"
    )
    parser.add_argument("--only", nargs="*", default=[], help="names of contestants")
    parser.add_argument("--peers", default="", help="a Python that has the other downloaders")
    parser.add_argument("--json", type=Path, help="write every single result here")
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    results = compare(given)
    medians = table(results, given.count)
    if given.json:
        given.json.write_text(json.dumps([asdict(result) for result in results], indent=1))
    broken = broken_promises(medians, given.count)
    for sentence in broken:
        print(f"NOT KEPT: {sentence}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
