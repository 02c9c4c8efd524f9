"""``scrapy iterate`` as a user sees it."""

import argparse
import json

import pytest
from scrapy.settings import Settings

from carsets.catalog.catalog import Catalog
from carsets.commands.iterate import Command
from tests.learning.featured import fill, say
from tests.learning.test_iteration import questions_of, with_noise


@pytest.fixture
def catalog(tmp_path):
    """A catalog in which some makes are wrong, one of them with a hostile name."""
    (tmp_path / "data").mkdir()
    made = Catalog.open(f"sqlite:///{tmp_path / 'data' / 'catalog.sqlite'}")
    pictures, _ = with_noise(300)
    for image in pictures:
        image.labels = {"make": image.labels["make"].replace("class 0", "\x1b[31m[red]Opel[/red]")}
    fill(made, pictures)
    yield made
    made.close()


@pytest.fixture
def iterate(catalog, tmp_path, capsys):
    """Return a function that runs the command: exit code, output, errors."""

    def run(*args, **settings):
        command = Command()
        given = {"DATA_DIR": str(tmp_path / "data"), "ITERATE_QUESTIONS": 7} | settings
        command.settings = Settings(given)
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        opts, rest = parser.parse_known_args([*args])
        command.exitcode = 0
        command.run(rest, opts)
        shown = capsys.readouterr()
        return command.exitcode, shown.out, shown.err

    return run


def test_two_rounds(iterate, catalog):
    code, out, _ = iterate()
    assert code == 0
    assert "Asked now: 7 images, 7 of them new" in out
    assert "Nothing is new since round 1" in iterate()[1]
    for number in questions_of(catalog)[:3]:
        say(catalog, number, "keep", {"make": "class 1"})
    code, out, _ = iterate("--json", "--questions", "9")
    told = json.loads(out)
    assert (told["number"], told["answered"], told["asked"]) == (2, 3, 9)
    code, out, _ = iterate("--questions", "9")
    assert "Of the images that round 1 asked about, 3 are answered" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("args", "settings", "says"),
    [
        (["--questions", "0"], {}, "--questions '0'"),
        (["--questions", "\x1b[31mmany"], {}, "whole number"),
        ([], {"ITERATE_QUESTIONS": "lots"}, "ITERATE_QUESTIONS"),
        (["--features", "VGG16"], {}, "builtin (300)"),
    ],
)
def test_wrong_options_are_told_in_one_line(iterate, args, settings, says):
    code, _, err = iterate(*args, **settings)
    assert code == 2
    assert says in err
    assert err.startswith("carsets: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err
