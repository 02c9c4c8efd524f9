"""A catalog of any size, written in bulk: rows as a crawl leaves them, without the images.

    python -m benchmarks.synthetic_catalog catalog.sqlite 1000000

The same number of rows gives the same catalog. Two of a hundred titles are hostile: formulas,
markup, control characters, 10,000 letters. About 8 % of the images are superseded, dropped or wait
for review; licenses are mixed as Flickr and a search engine mix them.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carsets.catalog.catalog import Catalog
from carsets.catalog.schema import images, queries, sightings
from carsets.catalog.unsigned import to_sql, url_hash
from carsets.licenses import license_table
from carsets.queries.vehicles import builtin_vehicles

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 10_000  # rows inserted at once
FEATURES = 128  # float16 numbers of an image, as the built-in detector gives them
COLORS = ("black", "white", "gray", "silver", "blue", "red", "green", "brown", "beige", "yellow")
LICENSES = ("by-2.0", "by-sa-2.0", "by-nc-2.0", "by-nc-sa-2.0", "by-nd-2.0", "by-nc-nd-2.0")
SHARES = (30, 15, 20, 15, 5, 15)
VERDICTS = ("keep", "review", "superseded", "dropped")
VERDICT_SHARES = (92, 3, 3, 2)
HOSTILE = (
    '=HYPERLINK("http://evil.test","click")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "-2+3",
    "\t=1+1",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "bell \x07 escape \x1b[31m nul-like \x01 \u202e turned around",
    'quotes " and , commas\r\nand a new line',
    "x" * 10_000,
)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def write_catalog(path: Path, rows: int, features: int = FEATURES) -> None:
    """Write a catalog of so many images."""
    Catalog.open(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute(
            "INSERT INTO runs (run_id, source, arguments, started_at) VALUES (?, ?, ?, ?)",
            ("run1", "flickr", "{}", FIRST.isoformat()),
        )
        asked = [_query(number) for number in range(min(5_000, max(1, rows // 100)))]
        _insert(database, queries, iter(asked))
        chance = random.Random(1)
        for start in range(0, rows, CHUNK):
            pairs = [
                _image(number, asked, chance, features)
                for number in range(start, min(rows, start + CHUNK))
            ]
            _insert(database, images, (image for image, _ in pairs))
            _insert(database, sightings, (sighting for _, sighting in pairs))
            database.commit()
        database.commit()


def _insert(database: sqlite3.Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    names = list(first)
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
    database.execute(statement, list(first.values()))
    database.executemany(statement, (list(row.values()) for row in rows))


def _query(number: int) -> dict[str, Any]:
    vehicles = builtin_vehicles()
    vehicle = vehicles[number * 7 % len(vehicles)]
    labels = {"make": vehicle.make, "model": vehicle.model, "color": COLORS[number % len(COLORS)]}
    return {
        "source": "flickr",
        "query_id": f"{number:016x}",
        "text": f"{labels['color']} {vehicle.make} {vehicle.model}",
        "labels": json.dumps(labels, ensure_ascii=False),
        "found": 500,
        "outcome": "results",
        "run_id": "run1",
    }


def _image(
    number: int, asked: list[dict[str, Any]], chance: random.Random, features: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    digest = sha256(b"%d" % number).hexdigest()
    code = chance.choices(LICENSES, SHARES)[0]
    query = asked[number % len(asked)]
    url = f"https://live.staticflickr.com/65535/{50_000_000_000 + number}_{digest[:10]}_o.jpg"
    when = (FIRST + timedelta(seconds=number)).isoformat(timespec="seconds")
    license_url = license_table()[code].url
    image = {
        "image_id": digest[:16],
        "sha256": digest,
        "md5": md5(b"%d" % number).hexdigest(),
        "path": f"{digest[:2]}/{digest[2:4]}/{digest}.jpg",
        "width": chance.choice((1024, 2048, 1600, 800)),
        "height": chance.choice((683, 768, 1365, 600)),
        "bytes": chance.randrange(40_000, 900_000),
        "format": "JPEG",
        "mime": "image/jpeg",
        "mode": "RGB",
        "flags": "[]",
        "pixel_hash": digest[16:32],
        "phash": to_sql(int(digest[32:48], 16)),
        "dhash": to_sql(int(digest[48:64], 16)),
        "license": code,
        "license_evidence": 5,
        "license_url": license_url,
        "license_raw": "4",
        "license_read_at": when,
        "openness": license_table()[code].openness,
        "reservation": "free",
        "reservation_signals": "[]",
        "reservation_checked_at": when,
        "embedded": "{}",
        "labels": query["labels"],
        "car_score": round(chance.uniform(0.5, 1), 6),
        "part_score": 0.1,
        "top_labels": json.dumps(
            [["sports car", round(chance.random(), 6)], ["convertible", 0.02], ["grille", 0.01]]
        ),
        "view": chance.choice(("exterior", "exterior", "interior")),
        "model": "builtin",
        "features": chance.randbytes(2 * features),
        "verdict": chance.choices(VERDICTS, VERDICT_SHARES)[0],
        "served_url": url,
        "served_headers": json.dumps({"content-type": "image/jpeg", "server": "ATS"}),
        "fetched_at": when,
        "run_id": "run1",
    }
    author = number // 7
    sighting = {
        "source": "flickr",
        "query_id": query["query_id"],
        "page": 1 + number % 8,
        "rank": 1 + number % 500,
        "url": url,
        "url_hash": to_sql(url_hash(url)),
        "page_url": f"https://www.flickr.com/photos/author{author}/{50_000_000_000 + number}",
        "thumbnail": url.replace("_o.jpg", "_q.jpg"),
        "source_id": str(50_000_000_000 + number),
        "width": image["width"],
        "height": image["height"],
        "title": _title(number, query["text"], chance),
        "description": "Seen at the meeting last Sunday, with friends. " * chance.randrange(4),
        "tags": json.dumps(["car", "auto", query["text"].split()[1].lower()]),
        "taken": when[:19].replace("T", " "),
        "uploaded": when,
        "labels": query["labels"],
        "extra": json.dumps({"secret": digest[:10], "media": "photo"}),
        "license": code,
        "license_evidence": 5,
        "license_url": license_url,
        "license_raw": "4",
        "author": f"Author {author}",
        "author_url": f"https://www.flickr.com/people/author{author}",
        "outcome": "stored",
        "finality": 3,
        "image_id": digest[:16],
        "first_run_id": "run1",
        "last_run_id": "run1",
        "seen_at": when,
        "ended_at": when,
    }
    return image, sighting


def _title(number: int, text: str, chance: random.Random) -> str:
    if number % 50 == 49:
        return HOSTILE[number // 50 % len(HOSTILE)]
    return f"{text} {chance.choice(('at dawn', 'on the road', 'in Köln', '(detail)'))} #{number}"


if __name__ == "__main__":
    write_catalog(Path(sys.argv[1]), int(sys.argv[2]))
