"""What is past its time, and what expiring leaves."""

import pytest

from carsets.catalog.retention import is_given_away

OLD, NEW = "2025-01-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00"
LIMIT = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def filled(catalog, image, sighting):
    for name, more in {
        "old": {"fetched_at": OLD, "license": "unknown"},
        "new": {"fetched_at": NEW, "license": "unknown"},
        "old-free": {"fetched_at": OLD, "license": "by-4.0"},
        "old-nc": {"fetched_at": OLD, "license": "by-nc-sa-3.0-es"},
        "no-date": {"license": "unknown"},
    }.items():
        row = image(name, features=b"\0\0", **more)
        catalog.admit(row, sighting=sighting(f"https://a.test/{name}"))
    return catalog


def test_only_what_nobody_may_pass_on_is_due(filled):
    assert filled.count_due(LIMIT, every=False) == (1, 1000)
    assert [row.seq for row in filled.due(LIMIT, every=False, after=0)] == [1]
    assert [row.seq for row in filled.due(LIMIT, every=True, after=0)] == [1, 3, 4]
    assert [row.seq for row in filled.due(LIMIT, every=True, after=1)] == [3, 4]


def test_expiring_keeps_rows_and_hashes(filled, image):
    filled.expire([1])
    assert filled.count_due(LIMIT, every=False) == (0, 0)
    assert filled.kept_images() == 5
    [row] = [row for row in filled.stored_files(image("old").sha256[:2]) if not row.path]
    assert row.sha256 == image("old").sha256
    assert filled.is_kept(row.sha256)
    with filled._read() as connection:
        features = connection.exec_driver_sql("SELECT features FROM images WHERE seq = 1").scalar()
    assert features is None


@pytest.mark.parametrize(
    ("code", "free"),
    [("cc0-1.0", True), ("by-nd-4.0", True), ("arr", False), ("unknown", False), ("?", False)],
)
def test_which_licenses_let_everybody_keep_them(code, free):
    assert is_given_away(code) is free
