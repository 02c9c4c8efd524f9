"""A small dataset to look at, and a browser to look at it with."""

import pytest

from carsets.net.browser import find_browser
from carsets.problems import UserError
from tests.review.review_data import ReviewData
from tests.review.reviewer import Reviewer

SCREEN = {"width": 1280, "height": 800}  # a small laptop


@pytest.fixture
def data(tmp_path):
    """Return an empty dataset."""
    made = ReviewData(tmp_path)
    yield made
    made.catalog.close()


@pytest.fixture(scope="module")
def chromium():
    """Return a real Chromium, or skip."""
    try:
        executable = find_browser()
    except UserError as problem:
        pytest.skip(str(problem))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=executable or None, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def sit_down(chromium):
    """Return a function that opens a link in a browser of its own: a ``Reviewer``.

    Whatever a page asks of anything but its own server fails the test, and so does an error in it.
    """
    contexts, reviewers = [], []

    def open_link(link, **options):
        contexts.append(chromium.new_context(**{"viewport": SCREEN} | options))
        reviewers.append(Reviewer(contexts[-1], link))
        return reviewers[-1]

    yield open_link
    for context in contexts:
        context.close()
    for reviewer in reviewers:
        assert reviewer.foreign == []
        assert reviewer.faults == []
