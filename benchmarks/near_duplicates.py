"""How fast near copies are found among a million fingerprints, and whether all of them are.

    python -m benchmarks.near_duplicates --count 1000000

Beside our index: the plain scan of all hashes, which is the truth that recall is taken from.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np

from carsets.vision.near_duplicates import HammingIndex

RADIUS = 6  # the default of NEAR_DUPLICATE_DISTANCE
LEAST_SPEED = 1_000  # look-ups a second; a crawl needs some tens


def flip(hash_: int, bits: int, random: np.random.Generator) -> int:
    """Return a hash that differs in so many bits."""
    for place in random.choice(64, bits, replace=False):
        hash_ ^= 1 << int(place)
    return hash_


def main() -> int:
    """Build, ask, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--lookups", type=int, default=2_000)
    given = parser.parse_args()
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**64, given.count, np.uint64)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    began = time.process_time()
    index = HammingIndex.build(RADIUS, np.arange(given.count), hashes)
    build = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024

    picked = random.integers(0, given.count, given.lookups)
    asked = [
        flip(int(hashes[key]), bits, random)
        for key, bits in zip(picked, random.integers(0, RADIUS + 1, given.lookups), strict=True)
    ]
    began = time.process_time()
    answers = [index.search(hash_) for hash_ in asked]
    speed = given.lookups / (time.process_time() - began)

    began = time.process_time()
    sample = range(min(300, given.lookups))
    missed = total = 0
    for number in sample:
        truth = np.flatnonzero(np.bitwise_count(hashes ^ np.uint64(asked[number])) <= RADIUS)
        found = {key for key, _ in answers[number]}
        total += len(truth)
        missed += len(set(truth.tolist()) - found)
    scan = len(sample) / (time.process_time() - began)

    more = 20_000
    began = time.process_time()
    for key, hash_ in enumerate(random.integers(0, 2**64, more, np.uint64).tolist(), given.count):
        index.add(key, hash_)
        index.search(hash_)
    mixed = more / (time.process_time() - began)

    recall = 1 - missed / total
    print(f"{given.count:,} hashes, radius {RADIUS}, one thread, CPU time")
    print(f"build             {build:.2f} s, {grown / given.count:.0f} bytes a hash at the peak")
    print(f"look-ups          {speed:,.0f} a second, recall {recall:.4f} of {total}")
    print(f"add and look up   {mixed:,.0f} a second")
    print(f"plain scan        {scan:,.0f} a second")
    return int(recall < 1 or speed < LEAST_SPEED)


if __name__ == "__main__":
    sys.exit(main())
