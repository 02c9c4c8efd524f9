"""``scrapy retention``: nothing goes without ``--expire``, and hashes stay after it."""

import argparse
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from carsets.catalog.catalog import Catalog
from carsets.catalog.releases import ReleaseRow, pack
from carsets.commands.retention import Command
from carsets.integrity.local_files import FileVerdict, check_store
from carsets.pipelines.local_store import LocalStore
from carsets.removal.remover import digest_of
from tests.commands.stocked import picture, stock

LONG_AGO = (datetime.now(UTC) - timedelta(days=400)).isoformat(timespec="seconds")
LATELY = (datetime.now(UTC) - timedelta(days=10)).isoformat(timespec="seconds")


@pytest.fixture
def data(tmp_path):
    stock(
        tmp_path / "data",
        {
            "old": (picture(1), {"fetched_at": LONG_AGO}),
            "free": (picture(2), {"fetched_at": LONG_AGO, "license": "by-4.0"}),
            "new": (picture(3), {"fetched_at": LATELY}),
        },
    )
    return tmp_path / "data"


@pytest.fixture
def retention(data, capsys):
    def run(expire=False, days="", every=False, setting=365, orphans=False):
        command = Command()
        command.settings = Settings({"DATA_DIR": str(data), "RETENTION_DAYS": setting})
        given = argparse.Namespace(expire=expire, days=days, all=every, orphans=orphans)
        command.run([], given)
        out, err = capsys.readouterr()
        return command.exitcode, out, err

    return run


def catalog_of(data):
    return Catalog.open(f"sqlite:///{data / 'catalog.sqlite'}")


def files(data):
    return {path for path in (data / "images").rglob("*") if path.is_file()}


def test_it_only_shows_unless_told(retention, data):
    before = files(data)
    code, out, _ = retention()
    assert (code, out.startswith("1 images (")) == (0, True)
    assert "--expire does it" in out
    assert files(data) == before


def test_bytes_go_and_hashes_stay(retention, data):
    code, out, _ = retention(expire=True)
    assert (code, "Deleted 1 files" in out) == (0, True)
    assert len(files(data)) == 2
    catalog = catalog_of(data)
    assert catalog.kept_images() == 3
    found = [finding.verdict for finding in check_store(catalog, data / "images")]
    assert sorted(found) == [FileVerdict.EXPIRED, FileVerdict.WHOLE, FileVerdict.WHOLE]
    catalog.close()
    assert retention()[1].startswith("0 images")


def test_a_run_that_was_killed_before_the_catalog_knew_is_ended(retention, data):
    catalog = catalog_of(data)
    [row] = catalog.due(LATELY, every=False, after=0)
    catalog.close()
    (data / "images" / row.path).unlink()
    assert "Deleted 0 files" in retention(expire=True)[1]
    assert retention()[1].startswith("0 images")


def test_all_takes_free_images_too(retention, data):
    assert "Deleted 2 files" in retention(expire=True, every=True)[1]


def test_days_of_the_option_come_before_the_setting(retention):
    assert retention(days="5")[1].startswith("2 images")
    assert "for ever" in retention(days="0")[1]
    assert "for ever" in retention(setting=0)[1]
    code, _, err = retention(days="soon")
    assert (code, "a whole number of days" in err) == (2, True)


@pytest.mark.parametrize(("mode", "until", "ends"), [
    ("internal", "2020-01-01", True), ("internal", "2999-01-01", False), ("cc", "2020-01-01", False)
])  # fmt: skip
@pytest.mark.parametrize("changed", [False, True])
def test_internal_releases_end_on_their_date(mode, until, ends, changed, retention, data, tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "SHA256SUMS").write_text("")
    catalog = catalog_of(data)
    catalog.record_release(
        ReleaseRow(
            release_id="r1", format="csv", mode=mode, destination=str(folder),
            options={"retain_until": until}, image_numbers=pack(np.array([1])), image_count=1,
            bytes=1, digest=digest_of(folder), made_at="2019-01-01T00:00:00+00:00",
        )
    )  # fmt: skip
    if changed:
        (folder / "SHA256SUMS").write_text("x")
    assert ("Release r1" in retention()[1]) is ends
    assert folder.exists()
    code, out, _ = retention(expire=True)
    assert folder.exists() is (changed or not ends)
    assert code == (4 if ends and changed else 0)
    assert ("NOT DONE" in out) is (ends and changed)
    [row] = catalog.releases()
    assert bool(row.withdrawn_at) is (ends and not changed)
    catalog.close()


def test_a_store_is_made_for_its_owner_alone(tmp_path):
    store = LocalStore(str(tmp_path / "deep" / "images"), "run1")
    assert stat.S_IMODE(Path(store.basedir).stat().st_mode) == 0o700
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    LocalStore(str(shared), "run1")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755  # its owner's wish


def test_files_that_no_image_has_are_named_and_then_deleted(retention, data):
    digest = "ab" * 32
    orphan = data / "images" / "ab" / "ab" / f"{digest}.jpg"
    other = orphan.with_name("holiday.jpg")
    orphan.parent.mkdir(parents=True)
    for path in (orphan, other):
        path.write_bytes(b"x")
    before = files(data)
    code, out, _ = retention(orphans=True)
    assert (code, "0 files" in out) == (0, True), "younger than a day"
    for path in (orphan, other):
        os.utime(path, (0, 0))
    code, out, _ = retention(orphans=True)
    assert out.startswith(f"orphan: ab/ab/{digest}.jpg\n1 files of ")
    assert files(data) == before
    code, out, _ = retention(orphans=True, expire=True)
    assert (code, out.startswith("deleted: ")) == (0, True)
    assert files(data) == before - {orphan}
    with pytest.raises(UsageError, match="--expire"):
        retention(orphans=True, days="3")
