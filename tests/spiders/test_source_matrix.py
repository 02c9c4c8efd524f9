"""Every source x every kind of answer: what the ledger is told, and what follows.

Sources and their recorded pages are found, not listed: a new source is in the matrix as soon as it
is there, and fails until each of its cells has a recorded page, or a reason why there can be none.
"""

import asyncio
import json
from importlib import import_module
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import TextResponse
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.test import get_crawler

from carsets.exit_codes import RunFacts, judge
from carsets.outcomes import ExitCode, Outcome, QueryOutcome
from carsets.queries import Query
from carsets.spiders.base import ImageSearchSpider

RECORDED = Path(__file__).parents[1] / "recorded"

# A kind of answer -> the outcomes that say so.
CELLS = {
    "results": {QueryOutcome.RESULTS},
    "no_results": {QueryOutcome.NO_RESULTS},
    "last page": {QueryOutcome.RESULTS},
    "block": {QueryOutcome.BLOCKED},
    "consent/captcha": {QueryOutcome.CONSENT, QueryOutcome.CAPTCHA},
    "changed format": {QueryOutcome.FORMAT_CHANGED},
    "quota": {QueryOutcome.QUOTA},
    "http error": {QueryOutcome.HTTP_ERROR},
}
ENDS_SOURCE = {"block", "consent/captcha", "quota"}
EXIT_CODES = {
    "results": ExitCode.OK,
    "last page": ExitCode.OK,
    "no_results": ExitCode.NOTHING_KEPT,
}  # all others: a part only

NO_ALLOWANCE = "grants nobody an allowance: what it says to too many questions is a block"
AN_INTERFACE = "an interface for programs: no form and no captcha stands before it"
CANNOT_EXIST = {
    ("baidu", "quota"): NO_ALLOWANCE,
    ("bing", "quota"): NO_ALLOWANCE,
    ("duckduckgo", "quota"): NO_ALLOWANCE,
    ("ecosia", "quota"): NO_ALLOWANCE,
    ("yandex", "quota"): NO_ALLOWANCE,
    ("commons", "consent/captcha"): AN_INTERFACE,
    ("flickr", "consent/captcha"): AN_INTERFACE,
    ("openverse", "consent/captcha"): AN_INTERFACE,
}


def search_sources():
    """Return the sources that are asked in words: those that can give all these answers."""
    loader = get_spider_loader(Settings({"SPIDER_MODULES": ["carsets.spiders"]}))
    spiders = {name: loader.load(name) for name in loader.list()}
    return sorted(name for name, spider in spiders.items() if issubclass(spider, ImageSearchSpider))


def cell_of(answer):
    """Return the cell that an expected answer belongs to; None for half an answer (no images)."""
    outcome = QueryOutcome(answer["outcome"])
    if outcome is QueryOutcome.RESULTS:
        if not answer.get("images"):
            return None
        return "results" if "next" in answer else "last page"
    return next(cell for cell, outcomes in CELLS.items() if outcome in outcomes)


def recorded_pages():
    """Return the recorded pages by source and cell."""
    found = {}
    for expected in sorted(RECORDED.glob("*/*.expected.json")):
        cell = cell_of(json.loads(expected.read_text(encoding="utf-8"))["answer"])
        found.setdefault((expected.parent.name, cell), []).append(expected)
    # A source that gives all it has on one page has no page with another one after it.
    for source, cell in list(found):
        if cell == "last page":
            found.setdefault((source, "results"), found[source, cell])
    return found


SOURCES = search_sources()
PAGES = recorded_pages()


class Told:
    """A spider that read one page: what it said, asked for and kept."""

    def __init__(self, source, expected, folder):
        wanted = json.loads(expected.read_text(encoding="utf-8"))
        came = wanted["response"]
        [body] = set(expected.parent.glob(expected.name.replace("expected.json", "*"))) - {expected}
        loader = get_spider_loader(Settings({"SPIDER_MODULES": ["carsets.spiders"]}))
        settings = {
            "DATA_DIR": str(folder),
            "CONTACT": "me@example.org",
            "LICENSE_ALLOWED": ["*"],
            "SAFE_SEARCH_OFF_ALLOWED": True,
            "QUERIES_AT_ONCE": 1,
            "IMAGES_IN_FLIGHT": 1,
            "IMAGES_IN_FLIGHT_BYTES": 1,
            "QUERY_END_KNOWN_SHARE": 0.9,
        }
        crawler = get_crawler(loader.load(source), settings)
        arguments = {"query": "ford mustang"} | came.get("arguments", {})
        crawler.spider = self.spider = crawler.spidercls.from_crawler(crawler, **arguments)
        self.pages, self.ends = [], []
        self.spider.say_page = lambda query, page, answer, taken, url: self.pages.append(
            (answer.outcome, taken)
        )
        self.spider.say_end = lambda query, outcome, note: self.ends.append(outcome)
        self.spider.page_request = lambda *_: Request("https://next.test/")
        response = TextResponse(
            came["url"],
            status=came.get("status", 200),
            headers=came.get("headers", {}),
            body=body.read_bytes(),
            encoding="utf-8",
            request=Request(came["url"], meta=came.get("meta", {})),
        )
        self.yielded = asyncio.run(self.read(response))
        saved = folder / "pages"
        self.saved = [path.read_bytes() for path in saved.iterdir()] if saved.is_dir() else []
        self.body = body.read_bytes()

    async def read(self, response):
        query = Query(text="ford mustang")
        parse = ImageSearchSpider.parse_page(self.spider, response, query, 1, 0)
        return [one async for one in parse]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("source", SOURCES)
def test_the_matrix(source, cell, tmp_path, monkeypatch):
    pages = PAGES.get((source, cell), [])
    if (source, cell) in CANNOT_EXIST:
        assert not pages, f"{source} can say {cell} after all: take it out of CANNOT_EXIST"
        return
    assert pages, f"record a page of {source} that says {cell}, or say why there can be none"
    for name in ("FLICKR_API_KEY", "GOOGLE_API_KEY", "GOOGLE_CX", "INSTAGRAM_TOKEN"):
        monkeypatch.setenv(name, "0123456789abcdef")
    monkeypatch.setenv("INSTAGRAM_USER_ID", "17841405309211844")
    module = import_module(f"carsets.spiders.{source}")
    monkeypatch.setattr(module, "use_browser", lambda *_: None, raising=False)
    for number, expected in enumerate(pages):
        told = Told(source, expected, tmp_path / str(number))
        check(told, cell, expected.stem)


def check(told, cell, name):
    [(outcome, taken)] = told.pages
    requests = [one for one in told.yielded if isinstance(one, Request)]
    assert outcome in CELLS[cell], name
    assert taken == len(told.yielded) - len(requests)
    assert (taken > 0) == (outcome is QueryOutcome.RESULTS), name
    # Either the next page, or the query's one end.
    assert len(requests) + len(told.ends) == 1, name
    if cell not in {"results", "no_results"}:
        assert told.ends == [outcome], name
    # What could not be used is kept for a person; what was read is not.
    assert told.saved == ([] if outcome.is_answer else [told.body]), name
    assert (told.spider.bench is outcome) == (cell in ENDS_SOURCE), name
    code = exit_code(outcome, taken)
    assert code is EXIT_CODES.get(cell, ExitCode.PARTIAL), name


def exit_code(outcome, kept):
    outcomes = {Outcome.STORED: kept}
    return judge(RunFacts(found=kept, outcomes=outcomes, queries={outcome: 1})).code


def test_every_search_source_has_recorded_pages_and_every_page_its_source():
    assert set(SOURCES) >= {"bing", "flickr", "openverse"}
    assert {source for source, _ in PAGES} - {"crawls"} == set(SOURCES)


def test_what_cannot_exist_is_about_sources_that_do():
    assert {source for source, _ in CANNOT_EXIST} <= set(SOURCES)
    assert {cell for _, cell in CANNOT_EXIST} <= set(CELLS)
