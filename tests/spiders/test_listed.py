"""The spiders that ask nobody: urls and folder."""

import asyncio

import pytest
from scrapy.http import Response
from scrapy.utils.misc import load_object
from scrapy.utils.test import get_crawler

from carsets.catalog.rows import Batch, PageRow, RunRow
from carsets.crawl_state import CrawlState
from carsets.items import CarImage
from carsets.outcomes import Outcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.signals import query_ended, query_page_read

URLS = "carsets.spiders.urls.UrlsSpider"
FOLDER = "carsets.spiders.folder.FolderSpider"


class Run:
    """One run of a spider, driven without engine or pipelines."""

    def __init__(self, spider_path, data_dir, **arguments):
        self.crawler = get_crawler(
            load_object(spider_path),
            {
                "DATA_DIR": str(data_dir),
                "IMAGES_IN_FLIGHT": 4,
                "IMAGES_IN_FLIGHT_BYTES": 1000,
            },
        )
        self.spider = self.crawler.spidercls.from_crawler(self.crawler, **arguments)
        self.spider.batch_size = 3
        state = CrawlState.of(self.crawler)
        state.catalog.start_run(
            RunRow(run_id=state.run_id, source=self.spider.name, started_at="2026-01-01T00:00:00")
        )
        self.pages = []
        self.ends = []
        self.crawler.signals.connect(self._page, query_page_read)
        self.crawler.signals.connect(self._end, query_ended)

    def _page(self, query, page, outcome, found, last, next, note, url):
        self.pages.append((page, found, last))
        state = CrawlState.of(self.crawler)
        row = PageRow(
            source=self.spider.name,
            query=query,
            page=page,
            outcome=outcome,
            found=found,
            run_id=state.run_id,
            url=url,
            note=note,
            next=next,
        )
        state.catalog.write(Batch(pages=[row]))

    def _end(self, query, outcome, note):
        self.ends.append(outcome.value)

    def images(self, most=1000):
        """Take images until there are ``most``; the rest is as if the run had been killed."""

        async def run():
            taken = []
            requests = [request async for request in self.spider.start()]
            while requests:
                request = requests.pop()
                assert request.dont_filter
                assert request.url.startswith("data:,")
                async for result in request.callback(Response(request.url), **request.cb_kwargs):
                    if not isinstance(result, CarImage):
                        requests.append(result)
                    elif len(taken) == most:
                        return taken
                    else:
                        taken.append(result)
            return taken

        return asyncio.run(run())


@pytest.fixture
def run(tmp_path):
    runs = []

    def build(spider_path, **arguments):
        runs.append(Run(spider_path, tmp_path / "data", **arguments))
        return runs[-1]

    yield build
    for one in runs:
        CrawlState.of(one.crawler).catalog.close()


@pytest.fixture
def url_list(tmp_path):
    path = tmp_path / "list.csv"
    rows = [f"https://a.test/{number}.jpg,Ford,m{number % 2}" for number in range(7)]
    path.write_text("\n".join(["url,make,model", *rows, "not a url,Ford,", ""]))
    return path


def paths(images):
    return [image.found.image_url.rpartition("/")[2] for image in images]


def test_a_list_comes_in_batches_that_are_reported_as_pages(run, url_list):
    crawl = run(URLS, file=str(url_list))
    images = crawl.images()
    assert paths(images) == [*(f"{number}.jpg" for number in range(7)), "not a url"]
    assert crawl.pages == [(1, 3, False), (2, 3, False), (3, 2, True)]
    assert crawl.ends == ["results"]
    assert [(image.page, image.rank) for image in images][2:5] == [(1, 3), (2, 4), (2, 5)]
    assert {image.source for image in images} == {"urls"}


def test_rows_keep_their_labels_and_share_the_query_of_the_list(run, url_list):
    crawl = run(URLS, file=str(url_list), label="color=red,model=unknown")
    images = crawl.images()
    assert images[1].query.labels == {"color": "red", "make": "Ford", "model": "m1"}
    assert {image.query.query_id for image in images} == {crawl.spider.query.query_id}
    assert images[1].query.labels != images[0].query.labels


def test_a_bad_row_ends_before_it_begins_and_tells_its_line(run, url_list):
    bad = run(URLS, file=str(url_list)).images()[-1]
    assert bad.outcome is Outcome.URL_FORBIDDEN
    assert bad.note.startswith("line 9: not a URL")


def test_a_killed_run_goes_on_with_what_has_not_ended(run, url_list):
    first = run(URLS, file=str(url_list))
    done = first.images(most=4)  # the fifth image, of a page already reported, is lost
    second = run(URLS, file=str(url_list))
    for image in done:
        CrawlState.of(second.crawler).known_urls.add(image.found.image_url)
    assert paths(second.images()) == ["4.jpg", "5.jpg", "6.jpg", "not a url"]
    assert second.pages == [(3, 2, True)]
    third = run(URLS, file=str(url_list))
    known = CrawlState.of(third.crawler).known_urls
    for number in (0, 1, 2, 3, 5, 6):  # 4.jpg failed in a way that can pass
        known.add(f"https://a.test/{number}.jpg")
    assert paths(third.images()) == ["4.jpg"]
    assert third.pages == []


def test_a_list_that_was_changed_is_read_from_its_beginning(run, url_list):
    before = run(URLS, file=str(url_list))
    before.images()
    with url_list.open("a") as stream:
        stream.write("https://a.test/new.jpg,VW,Golf\n")
    after = run(URLS, file=str(url_list))
    assert paths(after.images())[-1] == "new.jpg"
    assert after.spider.query.query_id != before.spider.query.query_id


def test_a_list_is_read_no_further_than_the_crawl_has_come(run, url_list):
    crawl = run(URLS, file=str(url_list))
    crawl.images(most=2)
    assert crawl.pages == [(1, 3, False)]
    assert next(crawl.spider._rest).found.image_url == "https://a.test/3.jpg"


def test_no_batch_is_asked_once_the_limit_is_reached(run, url_list):
    crawl = run(URLS, file=str(url_list), limit="2")
    quota = CrawlState.of(crawl.crawler).quota

    async def take_one_batch():
        _ = [request async for request in crawl.spider.start()]
        assert quota.limit == 2
        quota.kept = 2
        return [result async for result in crawl.spider.rows(Response("data:,1"), page=1)]

    assert len(asyncio.run(take_one_batch())) == 3
    assert crawl.ends == ["results"]


def test_a_folder_is_handed_out_with_its_paths(run, tmp_path):
    root = tmp_path / "photos"
    for name in ("Ford/Focus/1.jpg", "Ford/Focus/2.jpg", "VW/Golf/1.jpg", "loose.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    images = run(FOLDER, path=str(root), pattern="{make}/{model}").images()
    assert [image.found.image_url for image in images] == [
        (root / name).as_uri()
        for name in ("Ford/Focus/1.jpg", "Ford/Focus/2.jpg", "VW/Golf/1.jpg", "loose.jpg")
    ]
    assert images[0].local_path == str(root / "Ford/Focus/1.jpg")
    assert images[2].query.labels == {"make": "VW", "model": "Golf"}
    assert images[3].query.labels == {}
    by_folder = run(FOLDER, path=str(root), labels="folder").images()
    assert by_folder[0].query.labels == {"label": "Focus"}


@pytest.mark.parametrize(
    ("spider", "arguments", "words"),
    [
        (URLS, {}, "give the list"),
        (URLS, {"file": "/none/list.csv"}, "no such file"),
        (URLS, {"fil": "x"}, "unknown argument fil"),
        (URLS, {"file": "LIST", "limit": "ten"}, "limit=ten"),
        (URLS, {"file": "LIST", "label": "maker=Ford"}, "no label"),
        (FOLDER, {}, "give the folder"),
        (FOLDER, {"path": "/none"}, "no such folder"),
        (FOLDER, {"path": "HERE", "labels": "yes"}, "it can be folder"),
        (FOLDER, {"path": "HERE", "pattern": "{maker}"}, "pattern"),
    ],
)
def test_bad_use_is_one_line(run, url_list, spider, arguments, words):
    places = {"LIST": str(url_list), "HERE": str(url_list.parent)}
    with pytest.raises(UserError, match=words) as caught:
        run(spider, **{key: places.get(value, value) for key, value in arguments.items()})
    assert "\n" not in str(caught.value)


def test_a_list_that_goes_away_while_it_is_read_ends_its_query_with_an_error(run, url_list):
    crawl = run(URLS, file=str(url_list))

    def broken():
        yield from ()
        raise OSError(5, "Input/output error")

    crawl.spider.images = broken
    assert crawl.images() == []
    assert crawl.ends == ["http_error"]


def test_a_row_query_is_a_query_of_its_list(run, url_list):
    crawl = run(URLS, file=str(url_list))
    image = crawl.images()[0]
    assert isinstance(image.query, Query)
    assert image.query.text == crawl.spider.query.text
