"""What ``scrapy curate`` costs on a large catalog, and whether its indexes miss anything.

    python -m benchmarks.curation [--images 1000000] [--vectors 200000] [--folder FOLDER]

Writes a synthetic catalog (kept in ``--folder`` for the next time), curates it in a process of its
own, and holds both indexes against brute force on a sample. Planted are copies of 3 % of the
images, within 8 bits of the pHash and 12 of the dHash. Fingerprints are random otherwise; vectors
lie around a center for each make.

Promises: below 600 s and 4 GB; all pairs of the sample within 8 bits are found (at least 0.99);
0.95 of its nearest neighbors; 0.99 of the planted copies are in a group with what they copy. The
exit code is 1 when one is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.synthetic_catalog import write_catalog
from carsets.catalog.catalog import Catalog
from carsets.catalog.unsigned import to_sql
from carsets.curation.corpus import read_corpus
from carsets.curation.hash_pairs import pairs_within
from carsets.curation.neighbors import nearest
from carsets.curation.similarity import NEIGHBORS, read_vectors

RADIUS = 8  # the default of CURATE_NEAR_DISTANCE
COPIES = 0.03
WIDTH = 128  # numbers of a vector
SPREAD = 0.8  # of vectors around their center, whose length is 1
SAMPLE = 500  # images that are compared with all
MOST_SECONDS, MOST_MB = 600, 4_000
LEAST = {"pairs within 8 bits": 0.99, "nearest neighbors": 0.95, "planted copies": 0.99}


def main() -> int:
    """Measure; return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--vectors", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "curation")
    asked = parser.parse_args()
    data = asked.folder / f"{asked.images}-{asked.vectors}"
    if not (data / "catalog.sqlite").exists():
        data.mkdir(parents=True, exist_ok=True)
        writing = data / "writing.sqlite"
        writing.unlink(missing_ok=True)
        write_catalog(writing, asked.images, features=0)
        plant(writing, asked.vectors)
        writing.rename(data / "catalog.sqlite")
    seconds, work, megabytes, said = curate(data)
    print(f"scrapy curate: {seconds:.0f} s, {work:.0f} s of CPU, {megabytes:,.0f} MB at most")
    print(
        f"{said['images']:,} images, {said['groups']:,} groups, {said['graph']['images']:,} vectors"
    )
    recalls = recall(data / "catalog.sqlite")
    for name, value in recalls.items():
        print(f"{name:<20} recall {value:.4f} (promise: {LEAST[name]})")
    broken = any(value < LEAST[name] for name, value in recalls.items())
    return int(broken or seconds > MOST_SECONDS or megabytes > MOST_MB)


def plant(path: Path, vectors: int) -> None:
    """Make some images copies of others, and give features to some."""
    rng = np.random.default_rng(1)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous=OFF")
        rows = database.execute(
            "SELECT seq, phash, dhash, json_extract(labels, '$.make') FROM images "
            "WHERE verdict IN ('keep', 'review') ORDER BY seq"
        ).fetchall()
        chosen = rng.choice(len(rows), 2 * round(COPIES * len(rows)), replace=False)
        copies = [(rows[one], rows[other][0]) for one, other in chosen.reshape(-1, 2)]
        database.execute("CREATE TABLE planted (seq INTEGER, copied INTEGER)")
        database.executemany(
            "INSERT INTO planted VALUES (?, ?)", ((seq, one[0]) for one, seq in copies)
        )
        database.executemany(
            "UPDATE images SET phash = ?, dhash = ? WHERE seq = ?",
            ((flipped(one[1], 8, rng), flipped(one[2], 12, rng), seq) for one, seq in copies),
        )
        makes = sorted({row[3] for row in rows})
        centers = rng.normal(size=(len(makes), WIDTH)) / np.sqrt(WIDTH)
        some = rng.choice(len(rows), min(vectors, len(rows)), replace=False)
        near = np.array([makes.index(rows[at][3]) for at in some])
        wide = SPREAD * rng.normal(size=(len(some), WIDTH)) / np.sqrt(WIDTH)
        bodies = (centers[near] + wide).astype("<f2")
        database.executemany(
            "UPDATE images SET features = ? WHERE seq = ?",
            ((body.tobytes(), rows[at][0]) for body, at in zip(bodies, some, strict=True)),
        )
        database.commit()


def flipped(signed: int, most: int, rng: np.random.Generator) -> int:
    """Return a hash of which up to so many bits are turned."""
    value = signed & 0xFFFF_FFFF_FFFF_FFFF
    for bit in rng.choice(64, int(rng.integers(0, most + 1)), replace=False):
        value ^= 1 << int(bit)
    return to_sql(value)


def curate(data: Path) -> tuple[float, float, float, dict[str, Any]]:
    """Return seconds, seconds of CPU and megabytes of the command, and what it said."""
    scrapy = shutil.which("scrapy", path=str(Path(sys.executable).parent)) or "scrapy"
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [scrapy, "curate", "--json", "-s", f"DATA_DIR={data}"], stdout=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"scrapy curate ended with {os.waitstatus_to_exitcode(status)}")
        said.seek(0)
        work = usage.ru_utime + usage.ru_stime
        return time.monotonic() - began, work, usage.ru_maxrss / 1024, json.load(said)


def recall(path: Path) -> dict[str, float]:
    """Return which share of the truth is found: of pairs, of neighbors, of the planted copies."""
    catalog = Catalog.open(f"sqlite:///{path}", create=False)
    with catalog.curation_state() as rows:
        corpus = read_corpus(rows)
        vectors = read_vectors(rows, corpus).vectors
    catalog.close()
    rng = np.random.default_rng(2)
    return {
        "pairs within 8 bits": pair_recall(np.unique(corpus.phash), rng),
        "nearest neighbors": neighbor_recall(vectors, rng),
        "planted copies": copy_recall(path),
    }


def pair_recall(hashes: np.ndarray, rng: np.random.Generator) -> float:
    """Compare sampled hashes, half of them with a near one, with all others."""
    a, b, _ = pairs_within(hashes, RADIUS)
    found = set(zip(a.tolist(), b.tolist(), strict=True))
    near = rng.choice(np.concatenate((a, b)), SAMPLE // 2)
    true = set()
    for place in [*near.tolist(), *rng.choice(len(hashes), SAMPLE // 2).tolist()]:
        others = np.flatnonzero(np.bitwise_count(hashes ^ hashes[place]) <= RADIUS)
        true |= {(min(place, other), max(place, other)) for other in others if other != place}
    return len(true & found) / max(1, len(true))


def neighbor_recall(vectors: np.ndarray, rng: np.random.Generator) -> float:
    """Compare the neighbors of sampled vectors with the really nearest."""
    places, _ = nearest(vectors, NEIGHBORS)
    some = rng.choice(len(vectors), min(SAMPLE, len(vectors)), replace=False)
    hits = 0
    for place in some.tolist():
        similar = vectors @ vectors[place]
        similar[place] = -2
        hits += len(np.intersect1d(np.argsort(-similar)[:NEIGHBORS], places[place]))
    return hits / (NEIGHBORS * len(some))


def copy_recall(path: Path) -> float:
    """Return the share of the planted copies that stand in one group with what they copy."""
    together = """
        SELECT COUNT(*) FROM planted
        JOIN images one ON one.seq = planted.seq JOIN images two ON two.seq = planted.copied
        JOIN duplicate_groups a ON a.image_id = one.image_id
        JOIN duplicate_groups b ON b.image_id = two.image_id AND a.group_id = b.group_id
    """
    with closing(sqlite3.connect(path)) as database:
        found = database.execute(together).fetchone()[0]
        return found / database.execute("SELECT COUNT(*) FROM planted").fetchone()[0]


if __name__ == "__main__":
    sys.exit(main())
