"""``scrapy baseline`` as a user sees it, from the catalog to the card."""

import argparse
import json

import numpy as np
import pytest
from scrapy.settings import Settings

from carsets.commands.baseline import Command
from tests.release.conftest import Dataset

WIDTH = 16


@pytest.fixture
def dataset(tmp_path):
    """A dataset of two makes that features tell apart."""
    made = Dataset(tmp_path)
    rng = np.random.default_rng(1)
    for number in range(120):
        vector = rng.normal(size=WIDTH) * 0.2 + (number % 2)
        make = ("Ford", "\x1b[31m[red]Opel[/red]|")[number % 2]
        made.add(labels={"make": make}, model="builtin", features=vector.astype("<f2").tobytes())
    yield made
    made.catalog.close()


@pytest.fixture
def baseline(dataset, capsys):
    """Return a function that runs the command: exit code, output, errors."""

    def run(*args):
        command = Command()
        command.settings = Settings({"DATA_DIR": str(dataset.folder / "data")})
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        opts, rest = parser.parse_known_args([*args])
        command.exitcode = 0
        command.run(rest, opts)
        shown = capsys.readouterr()
        return command.exitcode, shown.out, shown.err

    return run


def test_from_the_catalog_to_the_card(baseline, dataset):
    before = dataset.release("csv", "before").path
    assert json.loads((before / "release.json").read_text())["known_noise"]["baseline"] == {}
    assert "### Baseline" not in (before / "README.md").read_text(encoding="utf-8")

    code, out, _ = baseline("--json")
    assert code == 0
    found = json.loads(out)
    assert found["parts"]["test"]["accuracy"]["share"] >= 0.95
    assert found["sound"] is True

    release = dataset.release("csv", "after").path
    noise = json.loads((release / "release.json").read_text())["known_noise"]
    [(label, told)] = noise["baseline"].items()
    assert label == "make"
    assert told.pop("learnt_at")
    assert told == found
    card = (release / "README.md").read_text(encoding="utf-8")
    row = next(line for line in card.splitlines() if line.startswith("| make | builtin |"))
    accuracy, images = found["parts"]["test"]["accuracy"], found["parts"]["test"]["images"]
    assert f"| {images:,} (test) | {accuracy['share']:.1%} (95 %: {accuracy['low']:.1%} to" in row
    assert f"{found['shuffled']['accuracy']['share']:.1%} (95 %" in row


def test_the_parts_are_those_of_a_release(baseline, dataset):
    found = json.loads(baseline("--split", "70/30", "--seed", "x", "--json")[1])
    release = dataset.release("csv", "cars", split="70/30", salt="x", label="make")
    assert found["parts"]["test"]["images"] == release.facts.splits["test"]
    assert found["learnt"] == release.facts.splits["train"]


def test_people_read_tables_in_which_strangers_texts_are_inert(baseline):
    code, out, _ = baseline("--where", "image_id > '0'")
    assert code == 0
    assert "shuffled labels" in out
    assert "\x1b" not in out


def test_a_control_that_fails_is_told(baseline, monkeypatch):
    monkeypatch.setattr(
        "carsets.learning.baseline.shuffled_between_groups", lambda codes, groups, salt: codes
    )
    code, out, _ = baseline()
    assert code == 4
    assert "THE CONTROL HAS FAILED" in out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--label", "planet"], "--label 'planet'"),
        (["--features", "\x1b[31mVGG"], "builtin (120)"),
        (["--where", "1; DROP TABLE images"], "';' is not allowed"),
    ],
)
def test_wrong_options_are_told_in_one_line(baseline, args, says):
    code, _, err = baseline(*args)
    assert code == 2
    assert says in err
    assert err.startswith("carsets: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err
