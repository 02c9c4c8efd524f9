"""An export that is killed goes on, and gives the very bytes that it would have given."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("killed_export.py")
IMAGES = 25


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def killed(dataset, monkeypatch):
    """Return a function that begins an export, and kills it."""
    for number in range(IMAGES):
        dataset.add(labels={"make": "Ford" if number % 2 else "Opel"})

    def run(name, size, count, when):
        command = [
            *(sys.executable, SCRIPT, f"sqlite:///{dataset.folder}/data/catalog.sqlite"),
            *(dataset.store, dataset.folder / "cars", name, size, str(count), when),
        ]
        done = subprocess.run(command, cwd=SCRIPT.parents[2], env={"PYTHONPATH": "."}, timeout=120)
        assert done.returncode == -9

    return run


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("name", "size", "counts"),
    [
        ("csv", "", (1, 2)),
        ("imagefolder", "", (12, 15)),
        ("imagefolder", "20x20", (12,)),
        ("webdataset", "20x20", (1, 2)),
    ],
)
def test_killed_and_killed_again(dataset, killed, monkeypatch, name, size, counts, when):
    given = {"split": "80/20", "size": size, "only_allowed": True}
    whole = tree(dataset.release(name, "whole/cars", **given).path)
    for count in counts:
        killed(name, size, count, when)
        assert not (dataset.folder / "cars").exists()
    report = dataset.release(name, **given)
    assert tree(report.path) == whole
    assert not report.started_anew
    [_, row] = sorted(dataset.catalog.releases(), key=lambda row: len(row.destination))[::-1]
    assert row.digest == report.digest


def test_killed_before_it_has_its_name(dataset, killed):
    killed("csv", "", 0, "publish")
    [before] = dataset.catalog.releases()
    report = dataset.release("csv", split="80/20", only_allowed=True)
    [after] = dataset.catalog.releases()
    assert after.release_id == before.release_id == report.release_id
    assert after.digest == before.digest
    assert report.resumed
