"""What reading one page of a source costs, beside parsing the same bytes with lxml or json alone.

    python -m benchmarks.parsing

The pages are recorded answers (``../shared/captures``). Of Bing's page the grid is taken, which is
what ``/images/async`` answers with: 35 results and a dozen tiles that lead to other searches.
Flickr's answer holds 30 photos: its records are repeated to make a page of 500. Ours and the
parser alone take turns, and the least of many times is taken: what else runs only adds to it.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import lxml.html

from carsets.sources.flickr_reach import first_reading
from carsets.spiders import bing, flickr

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 40
CAPTURES = Path(__file__).parents[2] / "shared" / "captures"
MOST = {"bing": 15.0, "flickr": 25.0}  # CPU milliseconds
MOST_OF_PARSER = 3.0  # times the parser alone


def cpu_ms(*works: Callable[[], object]) -> list[float]:
    """Return the least CPU time of one call of each, in milliseconds."""
    least = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            began = time.process_time()
            kept = work()
            least[place] = min(least[place], (time.process_time() - began) * 1000)
            del kept
    return least


def bing_page() -> str:
    """Return the grid of a page: the element ``div.dg_b`` as it stands there."""
    path = CAPTURES / "bing" / "retrieval-go_bing_images.html"
    page = path.read_text(encoding="utf-8")
    start = page.index('<div class="dg_b"')
    depth = 0
    for tag in re.compile(r"<(/?)div\b[^>]*>").finditer(page, start):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return page[start : tag.end()]
    raise ValueError(f"{path}: its grid does not end")


def flickr_page() -> bytes:
    """Return a page of 500 photos."""
    answer = json.loads((CAPTURES / "flickr" / "photos_search_500_extras.json").read_bytes())
    photos = answer["photos"]["photo"]
    answer["photos"]["photo"] = [
        {**photos[number % len(photos)], "id": str(10_000_000 + number)} for number in range(500)
    ]
    answer["photos"] |= {"perpage": 500, "pages": 2, "page": 1, "total": "1000"}
    return json.dumps(answer).encode()


def main() -> int:
    """Print the table; return 1 when a promise is broken."""
    if not CAPTURES.is_dir():
        print(f"not run: needs the recorded answers in {CAPTURES}")
        return 0
    page, answer = bing_page(), flickr_page()
    reading = first_reading(per_query=500, now=0)
    cases = {
        "bing": (
            lambda: bing.read_page(page),
            lambda: lxml.html.fromstring(page),
            len(bing.read_page(page).images),
        ),
        "flickr": (
            lambda: flickr.read_page(answer, reading),
            lambda: json.loads(answer),
            len(flickr.read_page(answer, reading).images),
        ),
    }
    print("| source | images | ours, CPU ms | parser alone | ratio |\n|---|---|---|---|---|")
    broken = 0
    for name, (ours, parser, images) in cases.items():
        mine, alone = cpu_ms(ours, parser)
        print(f"| {name} | {images} | {mine:.1f} | {alone:.1f} | {mine / alone:.1f} |")
        if mine > MOST[name] or mine > MOST_OF_PARSER * alone:
            broken = 1
            print(f"NOT KEPT: {name}: at most {MOST[name]} ms and {MOST_OF_PARSER} x the parser")
    return broken


if __name__ == "__main__":
    raise SystemExit(main())
