"""A dataset of a few hundred images whose words are attacks, written without carsets' own ways.

What should be counted is counted by the tests in plain SQL. Hosts, titles, authors, labels and
addresses come from strangers; some images must not be shown.
"""

import json
from hashlib import md5, sha256
from io import BytesIO
from types import SimpleNamespace

from PIL import Image
from sqlalchemy import create_engine, insert

from carsets.catalog.catalog import Catalog
from carsets.catalog.schema import (
    duplicate_groups,
    images,
    queries,
    reviews,
    runs,
    scores,
    sightings,
)

NUMBER = 320
HOSTILE = (
    "<img src=x onerror=\"document.title='hit'\">",
    "</script><script>document.title='hit'</script>",
    "javascript:document.title='hit'",
    '"><svg onload="document.title=\'hit\'">',
    "\x1b[2J\r\nbell \x07 \u202e turned around",
    "{{ 7 * 7 }} $\\frac{1}{2}$ &lt;b&gt; ]]>",
)
MAKES = ("Ford", "Kia", "Citroën", "VW", HOSTILE[0])
COLORS = ("red", "blue", "white", HOSTILE[4])
LICENSES = ("by-2.0", "cc0-1.0", "unknown", HOSTILE[1])
ADDRESSES = (
    "https://pages.test/{n}?a=1&b=<i>",
    "javascript:document.title='hit'",
    "data:text/html,<script>document.title='hit'</script>",
    "HTTPS://pages.test/{n}",
    "",
)
ENDS = ["http_404"] * 60 + ["robots_denied"] * 20 + ["opted_out"] * 10 + ["not_a_car"] * 30
VERDICTS = {300: "superseded", 301: "dropped", 302: "dropped", 303: "quarantined"}


def verdict_of(number):
    return VERDICTS.get(number, "review" if number % 16 == 0 else "keep")


def digest_of(number):
    return sha256(f"image {number}".encode()).hexdigest()


def path_of(number):
    digest = digest_of(number)
    return f"{digest[:2]}/{digest[2:4]}/{digest}.jpg"


def image_row(number):
    digest = digest_of(number)
    labels = {"make": MAKES[number % 13 % 5], "model": f"M{number % 40}"}
    if number % 3:
        labels |= {"color": COLORS[number % 7 % 4], "body": ("suv", "sedan")[number % 2]}
    if number == 17:
        labels[HOSTILE[0]] = "kind of a label"
    return {
        "image_id": digest[:16],
        "sha256": digest,
        "md5": md5(digest.encode()).hexdigest(),
        "path": path_of(number),
        "width": 400 + number,
        "height": 300,
        "bytes": 10_000 + 997 * number,
        "format": "JPEG",
        "mime": "image/jpeg",
        "pixel_hash": digest[:16],
        "phash": number,
        "dhash": number,
        "license": LICENSES[number % 4],
        "license_evidence": number % 4,
        "license_url": ADDRESSES[number % 5].format(n=number),
        "labels": labels,
        "car_score": None if number % 50 == 0 else number / NUMBER,
        "verdict": verdict_of(number),
        "fetched_at": f"2026-03-{1 + number % 9:02}T{number % 24:02}:00:{number % 60:02}+00:00",
        "run_id": "run1" if number % 2 else "run2",
    }


def sighting_row(number, outcome, image_id=None):
    url = f"https://host{number % 9}.test/{number}.jpg"
    return {
        "source": ("bing", "flickr")[number % 2],
        "query_id": f"q{number % 8}",
        "url": url,
        "url_hash": number,
        "page_url": ADDRESSES[number % 5].format(n=number),
        "title": f"{HOSTILE[number % 6]} {number}",
        "author": HOSTILE[(number + 1) % 6],
        "outcome": outcome,
        "finality": 1,
        "image_id": image_id,
        "first_run_id": "run1" if number % 2 else "run2",
        "last_run_id": "run1" if number % 2 else "run2",
    }


def plant(data):
    """Write the dataset; return its places, and the paths of what must not be shown."""
    engine = create_engine(f"sqlite:///{data / 'catalog.sqlite'}")
    Catalog.open(str(engine.url)).close()
    pictures = [image_row(number) for number in range(NUMBER)]
    seen = [
        sighting_row(n, "near_duplicate" if n == 300 else "stored", row["image_id"])
        for n, row in enumerate(pictures)
    ]
    seen += [sighting_row(NUMBER + n, outcome) for n, outcome in enumerate(ENDS)]
    ids = [row["image_id"] for row in pictures]
    with engine.begin() as connection:
        connection.execute(insert(runs), [run_row("run1", seen), run_row("run2", seen)])
        connection.execute(insert(queries), list(query_rows()))
        connection.execute(insert(images), pictures)
        connection.execute(insert(sightings), seen)
        connection.execute(insert(reviews), list(review_rows(ids)))
        connection.execute(insert(scores), list(score_rows(ids)))
        connection.execute(insert(duplicate_groups), list(group_rows(ids)))
    engine.dispose()
    write_receipts(data, seen)
    body = picture()
    for number in range(NUMBER):
        if number not in (5, 300):  # the file of one is missing, the other has a better copy
            place = data / "images" / path_of(number)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)
    hidden = [path_of(number) for number in (30, 31, 300, 301, 302, 303)]
    return SimpleNamespace(data=data, catalog=data / "catalog.sqlite", hidden=hidden, ids=ids)


def ends_of(run, seen):
    ends = {}
    for row in seen:
        if row["first_run_id"] == run:
            ends[row["outcome"]] = ends.get(row["outcome"], 0) + 1
    return ends


def run_row(run, seen):
    ends = ends_of(run, seen)
    return {
        "run_id": run,
        "source": "flickr" if run == "run1" else "bing",
        "started_at": "2026-03-01T00:00:00+00:00",
        "finished_at": "2026-03-10T00:00:00+00:00",
        "found": sum(ends.values()),
        "kept": ends["stored"],
        "outcomes": ends,
        "exit_code": 0,
        "exit_reason": HOSTILE[1],
    }


def query_rows():
    for number in range(8):
        yield {
            "source": ("bing", "flickr")[number % 2],
            "query_id": f"q{number}",
            "text": f"{HOSTILE[number % 6]} {number}",
            "outcome": "results" if number else None,
        }


def review_rows(ids):
    def decided(number, decision, labels=None, undone=False):
        return {
            "image_id": ids[number],
            "decision": decision,
            "labels": labels or {},
            "undone": undone,
        }

    for number in range(1, 25):  # 13 n ends at 13: the makes of these are known
        yield decided(number, "keep", {"make": image_row(number)["labels"]["make"]})
    for number in range(25, 28):
        yield decided(number, "relabel", {"make": "Opel"})
    yield decided(30, "drop")
    yield decided(31, "drop")
    yield decided(32, "drop", undone=True)


def score_rows(ids):
    for number in range(60):
        kind = ("outlier", "label_noise", "placeholder")[number % 3]
        reason = f"{HOSTILE[number % 6]} says so"
        for name in (kind, "doubt"):
            score = (number + 1) / 100
            yield {"image_id": ids[number], "kind": name, "score": score, "reason": reason}
    for number in (301, 303):
        yield {
            "image_id": ids[number],
            "kind": "outlier",
            "score": 0.99,
            "reason": "it is not shown",
        }


def group_rows(ids):
    for number, members in enumerate(((40, 41, 300), (50, 303))):
        for place, member in enumerate(members):
            yield {
                "group_id": f"g{number}",
                "image_id": ids[member],
                "level": "hash" if place else "representative",
                "distance": 3 * place,
            }


def write_receipts(data, seen):
    (data / "receipts").mkdir()
    for run in ("run1", "run2"):
        ends = ends_of(run, seen)
        receipt = {
            "run": run,
            "source": "flickr",
            "found": sum(ends.values()),
            "outcomes": ends,
            "queries": [],
            "steps": {"images": {"in": 1, "out": 1, "seconds": 12.5}},
            "hosts": {"host1.test": 40, "unreached.test": 3},
            "load": {
                "host1.test": {"requests": 39, "peak": 2 if run == "run1" else 3, "bytes": 10**6},
                "browsed.test": {"requests": 5, "peak": 1, "bytes": None},
            },
            "versions": {},
        }
        (data / "receipts" / f"{run}.json").write_text(json.dumps(receipt))


def picture():
    out = BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 30)).save(out, "JPEG")
    return out.getvalue()
