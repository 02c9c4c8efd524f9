"""What more workers bring, and what it costs that they ask each other.

    python -m benchmarks.cluster --server "postgresql+psycopg://postgres@/postgres?host=/run/postgresql"

Two questions, on a PostgreSQL in which databases may be made; ``--only`` asks one of them:

- 1, 2 and 4 workers, each with a list of images on hosts of its own that want a second between two
  requests: what a cluster is for is waiting for many hosts at once. The throughput must be that of
  one worker times their number, as long as the machine has CPU left.
- How many leases, claims, knocks, rows and admissions the catalog takes in a second from one and
  two processes, and what CPU each costs a server of this machine: that does not depend on what else
  runs here.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import psutil
from sqlalchemy import create_engine, make_url

from carsets.catalog.catalog import Catalog
from carsets.catalog.host_pace import Knock, News
from carsets.catalog.rows import Batch, Candidate, ImageRow, RunRow, SightingRow
from carsets.fakeweb.corpus import bulk_url
from carsets.fakeweb.process import FakeWebProcess
from carsets.outcomes import Outcome

ROOT = Path(__file__).parents[1]
HOSTS = 64  # of the built-in web's bulk images; number N lies on host N % 64
LEAST = 0.85  # of the ideal ratio: what is promised
LONG = 3600.0  # seconds of a lease


def new_database(server: str) -> str:
    """Make an empty database and return its URL."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    name = f"bench_{os.getpid()}_{time.monotonic_ns()}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


# --- Crawls -------------------------------------------------------------------------------------


def throughput(
    server: str, workers: int, hosts: int, images: int, delay: float
) -> dict[str, float]:
    """Return images per second while all workers work, and the CPU that was used meanwhile."""
    url = new_database(server)
    Catalog.open(url).close()
    with FakeWebProcess() as web, tempfile.TemporaryDirectory() as place:
        started = [
            start(Path(place), web.port, url, number, hosts, images, delay)
            for number in range(workers)
        ]
        wanted = workers * hosts
        while sum(name.startswith("bulk-") for name in web.stats()["hosts"]) < wanted:
            if any(process.poll() is not None for process in started):
                raise SystemExit("a worker has ended before all had begun: take more --images")
            time.sleep(0.2)
        before, began = web.stats()["requests"], time.monotonic()
        psutil.cpu_percent()
        while all(process.poll() is None for process in started):
            time.sleep(0.2)
        requests, seconds = web.stats()["requests"] - before, time.monotonic() - began
        cpu = psutil.cpu_percent()
        codes = [process.wait() for process in started]
        if any(codes):
            raise SystemExit(f"exit codes {codes}")
        seen = web.stats()["hosts"].values()
        if max(host["most_at_once"] for host in seen) > 1:
            raise SystemExit("a host was asked for two images at once")
    return {"per_second": requests / seconds, "seconds": seconds, "cpu_percent": cpu}


def start(
    place: Path, port: int, url: str, number: int, hosts: int, images: int, delay: float
) -> subprocess.Popen[bytes]:
    """Start a worker with a list of its own, whose images lie on ``hosts`` hosts of its own."""
    listed = place / f"list-{number}.csv"
    mine = [number * hosts + place for place in range(hosts)]
    urls = [bulk_url(HOSTS * (turn + 1) + host) for turn in range(images // hosts) for host in mine]
    listed.write_text("url\n" + "".join(f"{one}\n" for one in urls))
    settings = {
        "CATALOG_URL": url, "DATA_DIR": place / "data", "FAKEWEB_PORT": port,
        "DOWNLOAD_DELAY": delay, "DOWNLOAD_DELAY_JITTER": 0, "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "CAR_DETECTION_ENABLED": False, "INSPECTION_WORKERS": 1, "CONTACT": "bench@example.org",
        "DISK_FREE_MIN": 1 << 20, "LOG_LEVEL": "ERROR", "PROGRESS_INTERVAL": 0,
    }  # fmt: skip
    words = [f"-s{name}={value}" for name, value in settings.items()]
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "urls", f"-afile={listed}", *words],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "carsets.settings"},
        stdout=subprocess.DEVNULL,
    )


# --- Calls --------------------------------------------------------------------------------------


def ask(url: str, kind: str, worker: str, seconds: float) -> int:
    """Return how many things one worker gets from the catalog in so many seconds."""
    catalog = Catalog.open(url)
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        done += CALLS[kind](catalog, worker, done)
    catalog.close()
    return done


def lease(catalog: Catalog, worker: str, done: int) -> int:
    """Lease one query, as a worker does that has room for one."""
    plan = [(f"{worker}.{done // 200}.{place}", place) for place in range(200)]
    return len(catalog.lease_queries(worker, "bench", plan, 1).queries)


def claim(catalog: Catalog, worker: str, done: int) -> int:
    """Claim the URLs of one page."""
    first = hash(worker) % (1 << 40) + done
    return len(catalog.claim_urls(worker, range(first, first + 35)))


def knock(catalog: Catalog, worker: str, done: int) -> int:
    """Ask for eight hosts and say that the eight requests before have ended."""

    def names(first: int) -> list[str]:
        return [f"{worker}.{number}" for number in range(first, first + 8)]

    knocks = [
        Knock(name, f"{worker}-{place}.test", 0.0, 2) for place, name in enumerate(names(done))
    ]
    catalog.pace_hosts(worker, News(knocks, knocks, names(done - 8) if done else ()))
    return len(knocks)


def row(catalog: Catalog, worker: str, done: int) -> int:
    """Write a batch of sightings."""
    rows = [
        SightingRow(source="bench", query_id="q", url=f"https://{worker}.test/{done + number}",
                    outcome=Outcome.HTTP_404, run_id=worker)
        for number in range(500)
    ]  # fmt: skip
    catalog.write(Batch(sightings=rows))
    return len(rows)


def admit(catalog: Catalog, worker: str, done: int) -> int:
    """Decide about a group of images that resemble nothing."""
    candidates = []
    for number in range(done, done + 64):
        digest = sha256(f"{worker}.{number}".encode()).hexdigest()
        image = ImageRow(
            sha256=digest, md5=digest[:32], pixel_hash=digest[:16], phash=int(digest[16:31], 16),
            dhash=int(digest[31:46], 16), verdict="keep", width=800, height=600, bytes=150_000,
            path=f"{digest}.jpg", run_id=worker,
        )  # fmt: skip
        seen = SightingRow(source="bench", query_id="q", url=f"https://{digest}.test/",
                           outcome=Outcome.STORED, run_id=worker)  # fmt: skip
        candidates.append(Candidate(image=image, sighting=seen))
    catalog.admit_all(candidates, newer_than=1 << 40)
    return len(candidates)


CALLS = {"leases": lease, "claims": claim, "knocks": knock, "rows": row, "admissions": admit}


def rate(server: str, kind: str, workers: int, seconds: float) -> float:
    """Return what all workers together get from one catalog in a second."""
    url = new_database(server)
    catalog = Catalog.open(url)
    names = [f"worker{number}" for number in range(workers)]
    for name in names:
        catalog.start_run(RunRow(run_id=name, source="bench", started_at=""))
        catalog.join_workers(name, "bench", "", LONG)
    catalog.close()
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        done = pool.starmap(ask, [(url, kind, name, seconds) for name in names])
    return sum(done) / seconds


def main() -> int:
    """Measure and print; return 1 when more workers do not bring what they should."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", required=True, help="SQLAlchemy URL of a PostgreSQL")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--hosts", type=int, default=4, help="of each worker")
    parser.add_argument("--images", type=int, default=100, help="of each worker")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds between two to a host")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each kind of call")
    parser.add_argument("--only", choices=["calls", "crawls"], help="half of the questions")
    options = parser.parse_args()
    if options.only != "crawls":
        tell_rates(options.server, options.seconds)
    return 0 if options.only == "calls" else tell_throughput(options)


def tell_rates(server: str, seconds: float) -> None:
    """Print what one and two processes get from the catalog, and what it costs the server."""
    print("| what | workers | per second | CPU of the server for each |\n|---|---|---|---|")
    for kind in CALLS:
        for workers in (1, 2):
            before = server_cpu(server)
            found = rate(server, kind, workers, seconds)
            cost = (server_cpu(server) - before) / (found * seconds) * 1000
            print(f"| {kind} | {workers} | {found:,.0f} | {cost:.2f} ms |", flush=True)


def server_cpu(server: str) -> float:
    """Return the CPU seconds of a PostgreSQL of this machine, sessions that are over included."""
    engine = create_engine(server)
    with engine.connect() as connection:
        session = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        postmaster = psutil.Process(session).parent()
    engine.dispose()
    assert postmaster is not None
    used = postmaster.cpu_times()
    total = used.user + used.system + used.children_user + used.children_system
    for process in postmaster.children():
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def tell_throughput(options: argparse.Namespace) -> int:
    """Print what each number of workers brings; return 1 when it is not what it should be."""
    print("\n| workers | images per second | times one | CPU of the machine |\n|---|---|---|---|")
    one = 0.0
    kept = True
    for workers in options.workers:
        found = throughput(options.server, workers, options.hosts, options.images, options.delay)
        one = one or found["per_second"] / workers
        times = found["per_second"] / one
        kept = kept and times >= LEAST * workers
        print(f"| {workers} | {found['per_second']:.2f} | {times:.2f} | "
              f"{found['cpu_percent']:.0f} % |", flush=True)  # fmt: skip
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
