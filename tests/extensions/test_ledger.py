"""Every URL ends once, everything is written down, and a fault of the catalog ends the run."""

import asyncio
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest
from scrapy import Spider, signals
from scrapy.exceptions import CloseSpider, NotConfigured
from scrapy.utils.misc import build_from_crawler
from scrapy.utils.test import get_crawler

from carsets.catalog.catalog import Catalog
from carsets.catalog.connection import CatalogError
from carsets.catalog.rows import QueryProgress
from carsets.extensions.ledger import Ledger
from carsets.outcomes import ExitCode, Outcome, QueryOutcome
from carsets.problems import UserError


def test_every_image_ends_in_the_catalog_with_its_outcome(play):
    async def scene(crawl):
        await crawl.open()
        a, b, c, d, e = await crawl.page(1, "a", "b", "c", "d", "e")
        await crawl.keep(a)
        await crawl.drop(b, Outcome.HTTP_404, "HTTP 404")
        await crawl.fail(c, RuntimeError("boom"))
        await crawl.drop_plainly(d)
        e.outcome = None
        await crawl.send(signals.item_scraped, item=e, response=None)
        await crawl.end_query()
        await crawl.close()

    crawl = play(scene)
    assert crawl.outcomes() == {
        "a": "stored",
        "b": "http_404",
        "c": "error",
        "d": "error",
        "e": "error",
    }
    receipt = crawl.receipt()
    assert receipt["found"] == sum(receipt["outcomes"].values()) == 5
    assert crawl.exit_code() == ExitCode.PARTIAL  # faults of ours are no success


def test_items_of_other_classes_are_none_of_its_business(play):
    async def scene(crawl):
        await crawl.open()
        await crawl.keep(*(await crawl.page(1, "a")))
        await crawl.send(signals.item_scraped, item={"total": 3}, response=None)
        await crawl.send(signals.item_dropped, item={}, exception=KeyError(), response=None)
        await crawl.end_query()
        await crawl.close()

    assert play(scene).exit_code() == ExitCode.OK


def test_a_page_is_done_when_its_images_are_written(play):
    async def scene(crawl):
        await crawl.open()
        first = await crawl.page(1, "a", "b", next="token")
        second = await crawl.page(2, "c")
        await crawl.keep(*second, first[0])
        await crawl.ledger.writer.close()
        crawl.before = crawl.progress()
        crawl.written_before = crawl.outcomes()

    crawl = play(scene)  # and never closed: as if it had been killed
    assert crawl.before is None
    assert crawl.written_before == {"a": "stored", "c": "stored"}


def test_done_pages_and_query_ends_come_in_order(play):
    async def scene(crawl):
        await crawl.open()
        first = await crawl.page(1, "a", "b")
        second = await crawl.page(2, "c", next=None)
        await crawl.end_query(note="no more pages")
        await crawl.keep(*second, *first)
        await crawl.close()

    crawl = play(scene)
    assert crawl.progress() == QueryProgress(3, 3, "results", None)
    assert crawl.exit_code() == ExitCode.OK


def test_what_is_open_at_the_end_is_cancelled_and_its_page_asked_again(play):
    async def scene(crawl):
        await crawl.open()
        a, _ = await crawl.page(1, "a", "b")
        await crawl.keep(a)
        await crawl.end_query()
        await crawl.close("shutdown")

    crawl = play(scene)
    assert crawl.outcomes() == {"a": "stored", "b": "cancelled"}
    assert crawl.progress() is None
    assert crawl.exit_code() == ExitCode.PARTIAL
    assert crawl.receipt()["outcomes"] == {"stored": 1, "cancelled": 1}


def test_an_image_that_ends_twice_breaks_the_balance(play):
    async def scene(crawl):
        await crawl.open()
        (a,) = await crawl.page(1, "a")
        await crawl.keep(a, a)
        await crawl.end_query()
        await crawl.close()

    crawl = play(scene)
    assert crawl.exit_code() == ExitCode.UNBALANCED
    assert "1 URLs were found, and 2 outcomes" in crawl.receipt()["exit_reason"]


def test_a_blocked_source_is_a_partial_run_and_is_asked_again(play):
    async def scene(crawl):
        await crawl.open()
        await crawl.keep(*(await crawl.page(1, "a")))
        await crawl.page(2, outcome=QueryOutcome.BLOCKED, note="HTTP 403")
        await crawl.end_query(QueryOutcome.BLOCKED, "HTTP 403")
        await crawl.close()

    crawl = play(scene)
    assert crawl.exit_code() == ExitCode.PARTIAL
    assert crawl.progress() == QueryProgress(2, 1, None, 2)


@pytest.mark.parametrize(
    "fault", [CatalogError("the catalog x cannot grow: the disk is full"), OSError("I/O error")]
)
def test_a_catalog_that_fails_stops_the_run_with_one_line(play, monkeypatch, caplog, fault):
    def fail(self, batch):
        raise fault

    async def scene(crawl):
        await crawl.open()
        a, b = await crawl.page(1, "a", "b")
        monkeypatch.setattr(Catalog, "write", fail)
        await crawl.keep(a)
        while not crawl.stopped:
            await asyncio.sleep(0.01)
        await crawl.keep(b)  # what is on its way comes home, and is counted
        await crawl.close("catalog_failed")

    crawl = play(scene, {"LEDGER_MAX_WAIT": 0.01})
    assert crawl.stopped == ["catalog_failed"]
    assert crawl.exit_code() == ExitCode.STORE_FAILED
    assert crawl.outcomes() == {}
    receipt = crawl.receipt()
    assert receipt["outcomes"] == {"stored": 2}
    assert receipt["exit_code"] == 5
    assert str(fault) in receipt["exit_reason"]
    assert not [record for record in caplog.records if record.exc_info]


def test_a_locked_catalog_ends_the_run(play, monkeypatch):
    monkeypatch.setattr("carsets.catalog.connection.BUSY_SECONDS", 0.1)

    async def scene(crawl):
        await crawl.open()
        (a,) = await crawl.page(1, "a")
        path = crawl.folder / "catalog.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await crawl.keep(a)
            while not crawl.stopped:
                await asyncio.sleep(0.01)
        await crawl.close("catalog_failed")

    crawl = play(scene, {"LEDGER_MAX_WAIT": 0.01})
    assert "locked by another program" in crawl.receipt()["exit_reason"]
    assert crawl.exit_code() == ExitCode.STORE_FAILED


def test_a_catalog_that_cannot_be_opened_closes_the_spider_at_once(play, tmp_path):
    (tmp_path / "no folder").write_text("a file")
    url = f"sqlite:///{tmp_path / 'no folder' / 'catalog.sqlite'}"

    async def scene(crawl):
        crawl.answers = [answer for _, answer in await crawl.open()]
        await crawl.close("catalog_failed")

    crawl = play(scene, {"CATALOG_URL": url})
    raised = [getattr(answer, "value", answer) for answer in crawl.answers]
    assert [error.reason for error in raised if isinstance(error, CloseSpider)] == [
        "catalog_failed"
    ]
    assert crawl.exit_code() == ExitCode.STORE_FAILED
    assert "cannot be made" in crawl.receipt()["exit_reason"]


def test_what_the_user_must_mend_is_the_reason(play):
    async def scene(crawl):
        await crawl.open()
        failure = SimpleNamespace(value=UserError("set FLICKR_API_KEY"))
        await crawl.send(signals.spider_error, failure=failure, response=None)
        await crawl.close("start_error")

    crawl = play(scene)
    assert crawl.exit_code() == ExitCode.BAD_USE
    assert crawl.receipt()["exit_reason"] == "set FLICKR_API_KEY"


def test_a_second_run_with_nothing_left_to_do_is_fine(play, image_in_catalog):
    async def scene(crawl):
        await crawl.open()
        (a,) = await crawl.page(1, "a")
        await crawl.drop(a, Outcome.KNOWN_URL)
        await crawl.end_query()
        image_in_catalog(crawl)
        await crawl.close()

    crawl = play(scene)
    assert crawl.exit_code() == ExitCode.OK
    assert "nothing new" in crawl.receipt()["exit_reason"]


def test_a_crawl_that_never_began_leaves_nothing(play):
    async def scene(crawl):
        await crawl.close("shutdown")

    crawl = play(scene)
    assert not crawl.folder.exists()
    assert crawl.exit_code() is None


def test_it_stays_out_of_crawls_that_look_for_no_images():
    with pytest.raises(NotConfigured):
        build_from_crawler(Ledger, get_crawler(Spider))


def test_two_crawls_in_one_process_keep_their_books_apart(play):
    async def scene(crawl):
        await crawl.open()
        await crawl.keep(*(await crawl.page(1, "a")))
        other = type(crawl)(crawl.folder, {})
        await other.open()
        (b,) = await other.page(1, "b")
        await other.drop(b, Outcome.HTTP_404)
        await other.end_query()
        await crawl.end_query()
        await crawl.close()
        await other.close()
        crawl.other = other

    crawl = play(scene)
    assert crawl.state.run_id != crawl.other.state.run_id
    assert crawl.receipt()["outcomes"] == {"stored": 1}
    assert crawl.other.receipt()["outcomes"] == {"http_404": 1}


def test_a_failed_check_makes_the_run_partial_and_stands_in_the_receipt(play):
    async def scene(crawl):
        await crawl.open()
        a, b, c = await crawl.page(1, "a", "b", "c")
        await crawl.keep(a)
        await crawl.drop(b, Outcome.HTTP_403)
        await crawl.drop(c, Outcome.HTTP_429)
        await crawl.end_query()
        await crawl.close()

    settings = {"CHECK_BLOCKED_SHARE": "played:0.6,*:1", "CHECK_LEAST_IMAGES": 1}
    crawl = play(scene, settings)
    receipt = crawl.receipt()
    assert crawl.exit_code() == receipt["exit_code"] == ExitCode.PARTIAL
    assert receipt["exit_reason"] == (
        "check failed: 67% of 3 images blocked (1 http_403, 1 http_429), "
        "CHECK_BLOCKED_SHARE wants at most 0.6"
    )
    verdicts = {check["name"]: check["passed"] for check in receipt["checks"]}
    assert verdicts == {
        "CHECK_BLOCKED_SHARE": False,
        "CHECK_ERROR_SHARE": True,
        "CHECK_KEPT_SHARE": True,
    }
    with closing(sqlite3.connect(crawl.folder / "catalog.sqlite")) as connection:
        assert connection.execute("SELECT exit_code FROM runs").fetchall() == [(4,)]


def test_a_source_that_suddenly_finds_nothing_fails_its_check(play):
    async def scene(crawl):
        await crawl.open()
        await crawl.page(1, outcome=QueryOutcome.NO_RESULTS)
        await crawl.end_query(QueryOutcome.NO_RESULTS)
        await crawl.close()

    assert play(scene).exit_code() == ExitCode.NOTHING_KEPT
    crawl = play(scene, {"CHECK_FOUND_MIN": 1})
    assert crawl.exit_code() == ExitCode.PARTIAL
    assert "0 images found of 1 queries" in crawl.receipt()["exit_reason"]
