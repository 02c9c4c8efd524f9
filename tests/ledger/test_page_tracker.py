"""A page is done when all of its images are, and not a moment earlier."""

from types import SimpleNamespace

import pytest

from carsets.catalog.rows import Batch, PageRow, QueryEndRow
from carsets.ledger.page_tracker import PageTracker
from carsets.outcomes import Outcome, QueryOutcome

QUERY = SimpleNamespace(query_id="q", text="red car", labels={})


def page(number, found):
    return PageRow(
        source="bing",
        query=QUERY,
        page=number,
        outcome=QueryOutcome.RESULTS,
        found=found,
        run_id="run1",
    )


END = QueryEndRow(source="bing", query=QUERY, outcome=QueryOutcome.RESULTS, run_id="run1")


@pytest.fixture
def tracker():
    return PageTracker()


@pytest.fixture
def done(tracker):
    """Return what may be written since the last time: page numbers, and "end"."""

    def take():
        batch = Batch()
        tracker.move_done("q", batch)
        return [row.page for row in batch.pages] + ["end"] * len(batch.ends)

    return take


def test_a_page_waits_for_its_last_image(tracker, done):
    tracker.page_read(page(1, found=2))
    assert done() == []
    tracker.image_ended("q", 1, Outcome.STORED)
    assert done() == []
    tracker.image_ended("q", 1, Outcome.HTTP_404)
    assert done() == [1]
    assert done() == []


def test_pages_are_done_in_their_order(tracker, done):
    tracker.page_read(page(1, found=1))
    tracker.page_read(page(2, found=1))
    tracker.image_ended("q", 2, Outcome.STORED)
    assert done() == []
    tracker.image_ended("q", 1, Outcome.STORED)
    assert done() == [1, 2]


def test_a_query_ends_after_its_pages(tracker, done):
    tracker.page_read(page(1, found=1))
    tracker.query_ended(END)
    assert done() == []
    assert tracker.unended == 1
    tracker.image_ended("q", 1, Outcome.STORED)
    assert done() == [1, "end"]
    assert tracker.unended == 0


def test_a_query_without_any_page_ends_at_once(tracker, done):
    tracker.query_ended(END)
    assert done() == ["end"]


def test_a_page_without_images_is_done_at_once(tracker, done):
    tracker.page_read(page(1, found=0))
    assert done() == [1]


@pytest.mark.parametrize(
    "outcome", [Outcome.CANCELLED, Outcome.DISK_FULL, Outcome.STORE_FAILED], ids=str
)
def test_an_interrupted_page_is_never_done(tracker, done, outcome):
    tracker.page_read(page(1, found=1))
    tracker.query_ended(END)
    tracker.image_ended("q", 1, outcome)
    assert done() == []
    assert tracker.unended == 1


def test_images_of_pages_of_earlier_runs_hold_nothing_back(tracker, done):
    tracker.image_ended("q", 1, Outcome.STORED)  # asked again, and its page is done for long
    tracker.page_read(page(5, found=1))
    tracker.image_ended("q", 3, Outcome.TIMEOUT)
    tracker.image_ended("q", 5, Outcome.STORED)
    assert done() == [5]
