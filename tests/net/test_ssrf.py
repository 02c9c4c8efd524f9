"""T1, T2, T3, T5: no crawl reaches a server of this machine, whatever the URL looks like."""

import pytest


def spellings(port):
    """Return ways to write 127.0.0.1 (and other names of this machine) that libraries accept."""
    hosts = """
    127.0.0.1 127.1 127.0.1 127.00.00.01 127.000.000.001 0177.0.0.1 0177.0.0.01 00177.1 0x7f.0.0.1
    0x7F.0x0.0x0.0x1 0x7f.1 0x7f000001 0X7F000001 2130706433 017700000001 0.0.0.0 0 0x0 00 127.255
    127.127.127.127 127.0.0.2 127.0.0.1. 127.1. localhost LOCALHOST LocalHost
    [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1]
    [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [fe80::1%25lo] [::ffff:0.0.0.0]
    ①②⑦.0.0.1 １２７.０.０.１ 127。0。0。1 127．0．0．1 ⓪ⓧ⑦ⓕ⓪⓪⓪⓪⓪① 𝟙𝟚𝟟.𝟘.𝟘.𝟙 ⅼocalhost
    ｌｏｃａｌｈｏｓｔ 127.0.0.1%23.example.org 10.0.0.1 169.254.169.254 192.168.0.1
    """.split()  # noqa: SIM905
    urls = [f"http://{host}:{port}/ok?{number}" for number, host in enumerate(hosts)]
    return [
        *urls,
        f"http://127.0.0.1:{port}\\@example.invalid/ok?a",
        f"http://user:pw@127.0.0.1:{port}/ok?b",
        f" http://127.0.0.1:{port}/ok?c ",
        f"HTTP://127.0.0.1:{port}/ok?d",
        f"http://127.0.0.1\t:{port}/ok?e",
    ]


def test_stock_scrapy_reaches_this_machine_in_many_spellings(web, crawl):
    urls = spellings(web.port)
    crawl(urls, stock=True, process="unguarded", DOWNLOAD_TIMEOUT=5, RETRY_ENABLED=False)
    assert len(web.paths()) >= 9


@pytest.mark.parametrize("gate", [True, False], ids=["gate and guard", "guard alone"])
def test_no_spelling_reaches_this_machine(web, crawl, gate):
    urls = spellings(web.port)
    assert len(urls) >= 40
    settings = {"DOWNLOAD_TIMEOUT": 5, "RETRY_TIMES": 0}
    if not gate:
        settings["DOWNLOADER_MIDDLEWARES"] = {
            "carsets.net.url_gate.UrlGateMiddleware": None,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
        }
    done = crawl(urls, process="guarded", **settings)
    assert web.hits == []
    assert web.connections == 0
    assert set(done.images) == set(urls), "every URL ends"
    allowed = {"address_forbidden", "url_forbidden"} | (set() if gate else {"dns"})
    assert set(done.outcomes) <= allowed
    assert done.outcomes.count("address_forbidden") >= 25


def test_every_bad_redirect_ends_with_its_own_outcome(web, crawl):
    cases = {
        "redirect-to?u=http://127.1.1.1/latest/meta-data": "address_forbidden",
        "redirect-to?u=http://169.254.169.254/latest/meta-data": "address_forbidden",
        "redirect-to?u=file:///etc/passwd": "scheme_forbidden",
        "redirect-to?u=ftp://example.invalid/a.jpg": "scheme_forbidden",
        "redirect-to?u=data:image/png;base64,AAAA": "scheme_forbidden",
        "redirect-to?u=http://127.0.0.1:22/": "url_forbidden",
        "redirect-to?u=http://u:p@127.0.0.1/": "url_forbidden",
        "redirect-to?u=http://[bad": "url_forbidden",
        "redirect/20": "redirect_limit",
        "loop": "redirect_limit",
        "redirect/5": "200",
    }
    urls = {web.url(path): outcome for path, outcome in cases.items()}
    done = crawl(list(urls))
    assert {url: done.outcome(url) for url in urls} == urls
    assert len([path for path in web.paths() if path == "/loop"]) == 6


def test_stock_scrapy_follows_a_redirect_inside(web, crawl):
    url = web.url("redirect-to?u=" + web.url("ok"))
    done = crawl([url], stock=True, MEDIA_ALLOW_REDIRECTS=True)
    assert done.outcome(url) == "200"


def test_no_scheme_but_http_is_opened(web, crawl, tmp_path):
    private = tmp_path / "private.jpg"
    private.write_bytes(b"\xff\xd8\xffprivate")
    found = [private.as_uri(), "data:image/png;base64,AAAA", "s3://b/a.jpg", "ftp://h/a.jpg"]
    done = crawl(found)
    assert [done.outcome(url) for url in found] == [
        "scheme_forbidden",
        "inline_thumbnail",
        "scheme_forbidden",
        "scheme_forbidden",
    ]
    stock = crawl(found[:2], stock=True)
    assert [stock.outcome(url) for url in found[:2]] == ["200", "200"]


def test_a_page_of_a_source_is_guarded_as_well(web, crawl):
    done = crawl(process="guarded", config={"pages": [web.url("page")], "source": True})
    assert web.hits == []
    assert done.report["pages"] == {web.url("page"): "AddressForbidden"}
