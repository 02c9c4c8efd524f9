"""A planted dataset, its report, and a real Chromium to look at it."""

import argparse
import shutil
from types import SimpleNamespace

import pytest
from scrapy.settings import Settings

from carsets.commands.report import Command
from carsets.net.browser import find_browser, launch_options
from carsets.problems import UserError
from carsets.report import bar_plots
from tests.report.planted import plant


@pytest.fixture(scope="session")
def report():
    """Return a function that runs ``scrapy report`` in this process."""

    def run(data, *words, **settings):
        command = Command()
        command.settings = Settings({"GALLERY_MOST": 100_000, "DATA_DIR": str(data), **settings})
        parser = argparse.ArgumentParser()
        parser.add_argument("folder", nargs="*")
        command.add_options(parser)
        options = parser.parse_args([str(word) for word in words])
        command.run(options.folder, options)
        return command.exitcode

    return run


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    """Return a dataset with everything that a report must not be fooled by."""
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def made(planted, report):
    """Return the report on it."""
    folder = planted.data / "reports" / "r"
    assert not report(planted.data, folder)
    return folder


@pytest.fixture
def copied(planted, tmp_path):
    """Return the dataset without its pictures, to be changed."""
    shutil.copy(planted.data / "catalog.sqlite", tmp_path)
    shutil.copytree(planted.data / "receipts", tmp_path / "receipts")
    return SimpleNamespace(data=tmp_path, catalog=tmp_path / "catalog.sqlite")


@pytest.fixture
def one_plot(monkeypatch):
    """Draw one plot only: drawing is what takes the time of a small report."""
    monkeypatch.setattr(
        "carsets.report.plots.draw_all",
        lambda numbers: {"funnel": bar_plots.funnel(numbers.all_outcomes)},
    )


@pytest.fixture(scope="module")  # while it is open, no other file could run an event loop
def chromium():
    """Return a browser that can reach nothing but this disk."""
    playwright = pytest.importorskip("playwright.sync_api")
    try:
        options = launch_options(find_browser(), [])
    except UserError as problem:
        pytest.skip(str(problem))
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(**options)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium):
    """Return a page that takes note of what it asks for, and of what it complains about."""
    page = chromium.new_page(viewport={"width": 1366, "height": 768})
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("dialog", lambda dialog: (page.said.append(dialog.message), dialog.dismiss()))
    yield page
    page.close()
