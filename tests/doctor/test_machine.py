"""Folders, disks, clocks, and the versions that mitigations need."""

import time
from collections import namedtuple

import pytest

from carsets.doctor import machine
from carsets.doctor.finding import Health
from carsets.doctor.packages import look_at_packages
from carsets.places import Places


@pytest.fixture
def places(settings):
    return Places.from_settings(settings)


def test_folders_that_can_be_made_are_well_and_are_not_made(places):
    findings = list(machine.look_at_folders(places))
    assert {finding.health for finding in findings} == {Health.OK}
    assert "will be made" in findings[0].said
    assert not places.data_dir.exists()


def test_a_folder_that_cannot_be_written_is_named_with_its_setting(settings, tmp_path):
    (tmp_path / "file").write_text("no folder")
    settings.set("PAGES_DIR", str(tmp_path / "file" / "pages"))
    findings = {f.name: f for f in machine.look_at_folders(Places.from_settings(settings))}
    assert findings["DATA_DIR"].health is Health.OK
    assert findings["PAGES_DIR"].health is Health.FAIL
    assert "PAGES_DIR" in findings["PAGES_DIR"].fix


@pytest.mark.parametrize(
    ("free", "health"),
    [(99, Health.FAIL), (100, Health.FAIL), (150, Health.WARN), (201, Health.OK)],
)
def test_a_disk_is_held_against_the_floor(places, monkeypatch, free, health):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage(1000, 0, free))
    [finding] = machine.look_at_disks(places, {"DISK_FREE_MIN": 100})
    assert finding.health is health


@pytest.mark.parametrize(
    ("skew", "health", "said"),
    [(0, Health.OK, "agrees"), (3600, Health.WARN, "ahead of"), (-3600, Health.WARN, "behind")],
)
def test_a_clock_is_held_against_the_file_system_s(places, skew, health, said):
    [finding] = machine.look_at_clock(places, lambda: time.time() + skew)
    assert finding.health is health
    assert said in finding.said


def test_versions_of_this_environment_are_new_enough():
    assert {finding.health for finding in look_at_packages()} == {Health.OK}


@pytest.mark.parametrize(
    ("least", "said"),
    [
        ({"pillow": ("999", "it has holes")}, "is older than 999: it has holes"),
        ({"no-such-package": ("1", "")}, "no-such-package is not installed"),
    ],
)
def test_an_older_package_is_a_failure(least, said):
    finding = list(look_at_packages(least))[-1]
    assert finding.health is Health.FAIL
    assert said in finding.said
    assert finding.fix
