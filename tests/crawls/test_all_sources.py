"""All search sources at once into one dataset, while three of them misbehave."""

from collections import Counter

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader

from carsets.spiders.base import ImageSearchSpider

PLAN = {"vehicles": "Toyota RAV4,Ford Focus", "colors": "blue", "per_query": 6}
KEYS = {
    "FLICKR_API_KEY": "0" * 32,
    "GOOGLE_API_KEY": "1" * 39,
    "GOOGLE_CX": "2" * 20,
    "INSTAGRAM_TOKEN": "3" * 40,
    "INSTAGRAM_USER_ID": "17841405309211844",
}
# Who misbehaves: the host, how, from which question on; and how its query ends.
TROUBLES = {
    "bing": ("www.bing.com", "captcha", 1, "captcha"),
    "openverse": ("api.openverse.org", "changed", 1, "format_changed"),
    "flickr": ("api.flickr.com", "429", 1, "quota"),
}


def search_sources():
    """Return the sources that are asked in words."""
    loader = get_spider_loader(Settings({"SPIDER_MODULES": ["carsets.spiders"]}))
    spiders = {name: loader.load(name) for name in loader.list()}
    return sorted(name for name, spider in spiders.items() if issubclass(spider, ImageSearchSpider))


@pytest.fixture(scope="module")
def crawled(scrapy, whole_web, make_crawls, make_dataset):
    """Crawl all sources at the same time: the dataset, the runs, the receipts by source."""
    whole_web.reset()
    for host, mode, after, _ in TROUBLES.values():
        whole_web.mode(host, mode, after=after)
    crawls, dataset = make_crawls(whole_web), make_dataset("all-sources")
    settings = {"QUERIES_AT_ONCE": 1, "SAFE_SEARCH_OFF_ALLOWED": True}  # baidu has none
    runs = {
        source: crawls.start(source, dataset.folder, PLAN, environment=KEYS, **settings)
        for source in search_sources()
    }
    for run in runs.values():
        run.wait()
    traffic = whole_web.stats()["hosts"]
    whole_web.reset()
    receipts = {receipt["source"]: receipt for receipt in dataset.receipts}
    return dataset, runs, receipts, traffic


def test_the_others_finish_and_only_the_three_are_partial(crawled):
    _, runs, receipts, _ = crawled
    assert set(runs) >= {"bing", "flickr", "openverse", "duckduckgo", "yandex"}
    codes = {source: run.returncode for source, run in runs.items()}
    assert {source for source, code in codes.items() if code == 4} == set(TROUBLES), codes
    for source in runs.keys() - set(TROUBLES):
        # Sources share pictures: one whose copies all came too late has kept nothing, which is 3.
        kept = receipts[source]["kept"]
        assert codes[source] == (0 if kept else 3), runs[source].stderr[-2000:]
        assert kept or receipts[source]["outcomes"]["duplicate_bytes"]
    assert list(codes.values()).count(0) >= 4
    assert {source: receipt["exit_code"] for source, receipt in receipts.items()} == codes
    for run in runs.values():
        assert "Traceback" not in run.stderr


@pytest.mark.parametrize("source", TROUBLES)
def test_each_trouble_has_its_name_and_its_saved_page(crawled, source):
    dataset, runs, receipts, _ = crawled
    _, _, _, outcome = TROUBLES[source]
    receipt = receipts[source]
    assert Counter(query["outcome"] for query in receipt["queries"]) == {"results": 1, outcome: 1}
    assert receipt["exit_reason"] == f"queries without an answer: 1 {outcome}"
    assert runs[source].last_line.endswith("(exit code 4)")
    names = [path.name for path in (dataset.folder / "pages").iterdir()]
    assert [f"{source}-{outcome}" in name for name in names].count(True) == 1
    assert len(names) == len(TROUBLES)
    assert receipt["found"] == PLAN["per_query"], "what came before the trouble counts"


def test_every_receipt_balances_and_agrees_with_the_catalog(crawled):
    dataset, runs, receipts, _ = crawled
    assert receipts.keys() == runs.keys()
    for source, receipt in receipts.items():
        assert receipt["found"] == sum(receipt["outcomes"].values()) > 0
        rows = dataset.rows("SELECT count(*) FROM sightings WHERE source = ?", source)
        assert rows == [receipt["found"]]
        if source not in TROUBLES:
            assert {query["outcome"] for query in receipt["queries"]} == {"results"}
    dataset.assert_whole()


def test_a_benched_source_is_asked_nothing_more(crawled):
    _, _, _, traffic = crawled

    def asked(host):
        paths = traffic[host]["paths"]
        return sum(number for path, number in paths.items() if path != "/robots.txt")

    assert asked("www.bing.com") == 2
    assert asked("api.openverse.org") == 2
    assert asked("api.flickr.com") <= 3, "one question is tried once more"


def test_the_next_run_asks_what_was_left_and_is_answered(crawled, make_crawls, whole_web):
    dataset, _, receipts, _ = crawled
    crawls = make_crawls(whole_web)
    again = {source: crawls.start(source, dataset.folder, PLAN) for source in TROUBLES}
    for source, run in again.items():
        assert run.wait().returncode in {0, 3}, run.stderr
        newest = [receipt for receipt in dataset.receipts if receipt["source"] == source][-1]
        assert newest["run"] != receipts[source]["run"]
        [query] = newest["queries"]
        assert query["outcome"] == "results"
    dataset.assert_whole()
