"""``scrapy spotcheck`` as a user sees it, from the draw to the card."""

import argparse
import json

import pytest
from scrapy.settings import Settings

from carsets.catalog.reviews import Decision
from carsets.catalog.schema import images
from carsets.commands.spotcheck import Command
from tests.release.conftest import Dataset


@pytest.fixture
def dataset(tmp_path):
    """A dataset of 30 images of flickr and 10 of bing."""
    made = Dataset(tmp_path)
    for number in range(40):
        source = "bing" if number % 4 == 0 else "flickr"
        made.add(seen={"source": source})
    yield made
    made.catalog.close()


@pytest.fixture
def spotcheck(dataset, capsys):
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


def decide(dataset, image_id, decision, labels=None):
    said = Decision(
        key=f"{decision}:{image_id}", image_id=image_id, decision=decision, labels=labels
    )
    [written] = dataset.catalog.record_reviews("ann", [said], "2026-02-01T00:00:00+00:00")
    assert written.state == "saved"


def test_from_the_draw_to_the_card(spotcheck, dataset):
    code, out, _ = spotcheck("-n", "20", "--seed", "7")
    assert code == 0
    [check] = dataset.catalog.spot_checks()
    assert f"scrapy review --spotcheck {check.check_id}" in out
    assert check.image_ids == dataset.catalog.spot_check_images(check.check_id)
    assert dict(zip(check.plan["names"], check.plan["sizes"], strict=True)) == {
        "bing": 10,
        "flickr": 30,
    }
    assert "it was drawn before" in spotcheck("-n", "20", "--seed", "7")[1]

    for image_id in check.image_ids[:-1]:
        decide(dataset, image_id, "keep")
    code, out, _ = spotcheck("--result", check.check_id)
    assert code == 4
    assert f"NOT ANSWERED YET: 1: {check.image_ids[-1]}" in out
    assert dataset.catalog.spot_check(check.check_id).result is None

    decide(dataset, check.image_ids[-1], "skip")
    assert spotcheck("--result", check.check_id)[0] == 4
    decide(dataset, check.image_ids[-1], "drop")
    decide(dataset, check.image_ids[0], "relabel", {"make": "Opel"})
    decide(dataset, check.image_ids[1], "relabel", {"make": "Ford"})  # confirmed
    code, out, _ = spotcheck("--result", check.check_id, "--json")
    assert code == 0
    result = json.loads(out)
    assert result["wrong"]["share"] == pytest.approx(0.1)
    assert result["dropped"]["share"] == pytest.approx(0.05)
    assert result["labels"]["make"]["share"] == pytest.approx(1 / 19, abs=0.005)
    assert result["labels"]["color"]["share"] == 0
    assert sum(of["images"] for of in result["strata"]) == 2

    release = dataset.release().path
    card = (release / "README.md").read_text(encoding="utf-8")
    assert "| something wrong | 10.0% (95 %: 2.8% to 30.1%) |" in card
    noise = json.loads((release / "release.json").read_text())["known_noise"]
    assert noise["spot_check"]["wrong"] == result["wrong"]


def test_a_removed_image_is_not_waited_for(spotcheck, dataset):
    spotcheck("-n", "5")
    [check] = dataset.catalog.spot_checks()
    for image_id in check.image_ids[1:]:
        decide(dataset, image_id, "keep")
    with dataset.catalog._write() as connection:
        connection.exec_driver_sql(f"DELETE FROM images WHERE image_id = '{check.image_ids[0]}'")
    code, out, _ = spotcheck("--result", check.check_id)
    assert code == 0
    assert "1 of them were removed or replaced since" in out


def test_an_image_for_which_a_better_copy_stands_now_is_not_waited_for(spotcheck, dataset):
    spotcheck("-n", "5")
    [check] = dataset.catalog.spot_checks()
    for image_id in check.image_ids[1:]:
        decide(dataset, image_id, "keep")
    with dataset.catalog._write() as connection:
        which = images.c.image_id == check.image_ids[0]
        connection.execute(images.update().where(which).values(verdict="superseded"))
    assert spotcheck("--result", check.check_id)[0] == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["-n", "0"], "-n '0'"),
        (["-n", "many"], "whole number"),
        (["--strata", "planet"], "--strata 'planet'"),
        (["--strata", "source", "--min-per-stratum", "9", "-n", "10"], "ask for more"),
        (["--result", "\x1b[31mnothing"], "no such sample"),
    ],
)
def test_wrong_options_are_told_in_one_line(spotcheck, args, says):
    code, _, err = spotcheck(*args)
    assert code == 2
    assert says in err
    assert err.startswith("carsets: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_strangers_names_of_strata_are_inert(spotcheck, dataset):
    dataset.add(labels={"make": "\x1b[31m[red]Opel[/red]"})
    spotcheck("-n", "41", "--strata", "make", "--min-per-stratum", "1")
    [check] = dataset.catalog.spot_checks()
    _, out, _ = spotcheck("--result", check.check_id)
    assert "\x1b" not in out
    assert "[red]Opel[/red]" in out
    assert "1 of" not in spotcheck("--list")[2]
