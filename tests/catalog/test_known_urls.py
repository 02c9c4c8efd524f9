"""Which URLs have ended, in little memory."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.catalog import known_urls
from carsets.catalog.known_urls import KnownUrls
from carsets.catalog.unsigned import from_sql, to_sql, url_hash


@given(st.integers(0, 2**64 - 1))
def test_hashes_come_back_from_the_database(number):
    assert -(2**63) <= to_sql(number) < 2**63
    assert from_sql(to_sql(number)) == number


def test_the_hash_of_a_url_never_changes():
    # Fixed: a catalog of today must still know its URLs tomorrow.
    assert url_hash("https://example.org/car.jpg") == 0x3F437A664F719DB8


@given(st.lists(st.text(), max_size=60), st.text())
def test_knows_what_was_added_and_nothing_else(urls, other):
    known = KnownUrls()
    for url in urls:
        known.add(url)
    assert all(url in known for url in urls)
    assert (other in known) == (other in urls)
    assert len(known) == len(set(urls))


def test_the_tail_is_sorted_in_without_losing_any(monkeypatch):
    monkeypatch.setattr(known_urls, "TAIL", 7)
    known = KnownUrls(np.array([url_hash(f"old{n}") for n in range(100)], np.uint64))
    for n in range(50):
        known.add(f"new{n}")
        known.add(f"old{n}")
    assert len(known) == 150
    assert all(f"new{n}" in known for n in range(50))
    assert all(f"old{n}" in known for n in range(100))
    assert np.all(np.diff(known._sorted.astype(object)) > 0)


@pytest.mark.slow
def test_a_million_urls_take_little_memory():
    script = """
import resource, numpy as np
from carsets.catalog.known_urls import KnownUrls
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
known = KnownUrls(np.random.default_rng(1).integers(0, 2**64, 1_000_000, np.uint64))
for n in range(30_000):
    known.add(f"https://a.test/{n}")
assert "https://a.test/29999" in known and "https://a.test/30000" not in known
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    grown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert int(grown) < 60_000  # KiB; a set of the URLs takes about 150,000
