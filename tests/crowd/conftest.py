"""A dataset to ask about, and the command that asks."""

import argparse

import pytest
from scrapy.settings import Settings

import carsets.settings
from carsets.commands.tasks import Command
from tests.review.review_data import ReviewData


@pytest.fixture
def data(tmp_path):
    """Return an empty dataset."""
    made = ReviewData(tmp_path)
    yield made
    made.catalog.close()


@pytest.fixture
def tasks(data, capsys):
    """Return a function that runs the command: exit code, output, errors."""

    def run(*args, **settings):
        command = Command()
        command.settings = Settings()
        command.settings.setmodule(carsets.settings)
        command.settings.setdict({"DATA_DIR": str(data.folder / "data"), **settings})
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        opts, rest = parser.parse_known_args([str(one) for one in args])
        command.exitcode = 0
        command.run(rest, opts)
        shown = capsys.readouterr()
        return command.exitcode, shown.out, shown.err

    return run


@pytest.fixture
def six(data):
    """Return the ids of six images, the most doubted one first."""
    ids = [data.id(data.add()) for _ in range(6)]
    for place, image_id in enumerate(ids):
        data.doubt(image_id, 0.9 - place / 10)
    return ids
