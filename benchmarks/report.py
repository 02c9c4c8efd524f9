"""What a report costs, and how quick its gallery is in a real Chromium.

    python -m benchmarks.report --rows 100000
    python -m benchmarks.report --rows 1000000 --gallery-most 100000

Writes a synthetic catalog (kept in ``--folder`` for the next time), reports on it in a process of
its own, and opens the gallery from the disk. Promises: below 600 MB; the first 100,000 images
filtered by a label in 0.2 s. Times are milliseconds, medians of ``--rounds``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.synthetic_catalog import write_catalog
from carsets.net.browser import find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST_MB = 600
MOST_FILTER_MS = 200
FILTER_MS = "Number(document.documentElement.dataset.filterMs)"


def main() -> int:
    """Measure; return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--gallery-most", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "report")
    asked = parser.parse_args()
    data = asked.folder / str(asked.rows)
    if not (data / "catalog.sqlite").exists():
        data.mkdir(parents=True, exist_ok=True)
        write_catalog(data / "writing.sqlite", asked.rows)
        (data / "writing.sqlite").rename(data / "catalog.sqlite")
    destination = data / "report"
    shutil.rmtree(destination, ignore_errors=True)
    seconds, megabytes = make_report(data, destination, asked.gallery_most)
    size = sum(path.stat().st_size for path in destination.rglob("*") if path.is_file())
    print(f"report on {asked.rows:,} images: {seconds:.1f} s, {megabytes:,.0f} MB at most")
    print(f"folder: {size / 1e6:,.1f} MB in {sum(1 for _ in destination.rglob('*')):,} files")
    rounds = [look(destination / "gallery.html") for _ in range(asked.rounds)]
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    for name, value in medians.items():
        print(f"{name:<28}{value:>10,.0f} ms")
    return int(megabytes > MOST_MB or medians["filter by make"] > MOST_FILTER_MS)


def make_report(data: Path, destination: Path, most: int) -> tuple[float, float]:
    """Return the seconds of a report, and the megabytes it held at most."""
    scrapy = shutil.which("scrapy", path=str(Path(sys.executable).parent)) or "scrapy"
    began = time.monotonic()
    process = subprocess.Popen(
        [scrapy, "report", "-s", f"DATA_DIR={data}", "--gallery-most", str(most), str(destination)]
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"scrapy report ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def look(page: Path) -> dict[str, float]:
    """Return how long the gallery takes to show itself, to filter, search, sort and scroll."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.goto(page.as_uri())
        tab.wait_for_selector("html[data-filter-ms]")
        tab.wait_for_timeout(500)
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        found = {
            "first paint": tab.evaluate(paint),
            "columns read, tiles drawn": tab.evaluate(
                "Number(document.documentElement.dataset.readyMs)"
            ),
        }
        found["filter by make"] = filtered(tab, "#by-make", index=1)
        found["filter by make and color"] = filtered(tab, "#by-color", index=2)
        tab.click("#clear")
        tab.wait_for_timeout(200)
        found["sort by date"] = filtered(tab, "#by-sort", value="newest")
        began = time.monotonic()
        search(tab, "köln")
        found["first search, words read"] = 1_000 * (time.monotonic() - began)
        search(tab, "dawn red")
        found["second search, filter alone"] = tab.evaluate(FILTER_MS)
        found["jump to the end"] = tab.evaluate(
            """async () => {
                document.getElementById("q").value = "";
                const began = performance.now();
                scrollTo({ top: document.body.scrollHeight, behavior: "instant" });
                await new Promise(requestAnimationFrame);
                await new Promise(requestAnimationFrame);
                return performance.now() - began;
            }"""
        )
        browser.close()
    return found


def filtered(tab: Page, select: str, **option: Any) -> float:
    """Return the milliseconds of a filter, until the tiles stand."""
    tab.evaluate("delete document.documentElement.dataset.filterMs")
    tab.select_option(select, **option)
    tab.wait_for_selector("html[data-filter-ms]")
    return float(tab.evaluate(FILTER_MS))


def search(tab: Page, words: str) -> None:
    """Search, and wait for the answer."""
    tab.evaluate("delete document.documentElement.dataset.filterMs")
    tab.fill("#q", words)
    tab.wait_for_selector("html[data-filter-ms]", timeout=120_000)


if __name__ == "__main__":
    sys.exit(main())
