"""The command line of every contestant."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CARSETS = "carsets, every check"
IN_FLIGHT = 64


@dataclass(frozen=True, slots=True)
class Job:
    """What a contestant has to do."""

    root: Path  # the checkout
    url_list: Path
    place: Path  # an empty folder of its own
    port: int  # of the server
    peers: str  # Python of the environment with the other downloaders; "" = none

    @property
    def store(self) -> Path:
        """Where the images end."""
        return self.place / "store"


def commands(job: Job) -> dict[str, list[str]]:
    """Return name -> command of everything that is installed here."""
    here = Path(__file__).parent / "contestants"
    url_list, store = str(job.url_list), str(job.store)
    found = {
        CARSETS: _carsets(job),
        "scrapy ImagesPipeline": [
            sys.executable, str(here / "stock_scrapy.py"), "images", url_list, store,
        ],
        "scrapy FilesPipeline": [
            sys.executable, str(here / "stock_scrapy.py"), "files", url_list, store,
        ],
        "aiohttp alone": [sys.executable, str(here / "aiohttp_alone.py"), url_list, store],
    }  # fmt: skip
    if curl := shutil.which("curl"):
        found["curl"] = _curl(curl, job)
    return found | _peers(job, here)


def _carsets(job: Job) -> list[str]:
    """Every check is on; only the manners are told that this host is ours."""
    settings = {
        "DATA_DIR": job.place / "data",
        "IMAGES_STORE": job.store,
        "CAR_DETECTION_ENABLED": False,
        "IMAGES_IN_FLIGHT": IN_FLIGHT,
        "CONCURRENT_REQUESTS_PER_DOMAIN": IN_FLIGHT,
        "DOWNLOAD_DELAY": 0,
        "ADDRESS_ALLOWED": "127.0.0.0/8",
        "URL_PORTS_ALLOWED": f"80,443,{job.port}",
        "LICENSE_ALLOWED": "*",
        "CONTACT": "benchmark@example.org",
    }
    command = [sys.executable, "-m", "scrapy", "crawl", "urls", "-a", f"file={job.url_list}"]
    for name, value in settings.items():
        command += ["-s", f"{name}={value}"]
    return command


def _curl(curl: str, job: Job) -> list[str]:
    config = job.url_list.with_suffix(".curl")
    config.write_text(
        "".join(
            f'url = "{url}"\noutput = "{job.store / url.rpartition("/")[2]}"\n'
            for url in job.url_list.read_text().split()
        )
    )
    parallel = ["--parallel", "--parallel-max", str(IN_FLIGHT), "--create-dirs", "--silent"]
    return [curl, *parallel, "--config", str(config)]


def _peers(job: Job, here: Path) -> dict[str, list[str]]:
    if not job.peers:
        return {}
    url_list, store = str(job.url_list), str(job.store)
    found = {}
    if _has(job.peers, "icrawler"):
        found["icrawler"] = [job.peers, str(here / "icrawler_urls.py"), url_list, store]
    if _has(job.peers, "img2dataset"):
        found["img2dataset, no re-encoding"] = [
            str(Path(job.peers).parent / "img2dataset"), f"--url_list={url_list}",
            f"--output_folder={store}", "--resize_mode=no", "--disable_all_reencoding=True",
            "--processes_count=1", f"--thread_count={IN_FLIGHT}", "--enable_wandb=False",
        ]  # fmt: skip
    if _has(job.peers, "gallery_dl"):
        found["gallery-dl"] = [
            job.peers, "-m", "gallery_dl", "--quiet", "--config-ignore", "--input-file", url_list,
            "--directory", store,
        ]  # fmt: skip
    return found


def _has(python: str, module: str) -> bool:
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0
