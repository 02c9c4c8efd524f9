"""T6, T7, T8, T30: nothing takes for ever, and nothing fills the memory."""

import pytest

MIB = 1024 * 1024
SLOW = {"DOWNLOAD_SLOW_GRACE": 1.0, "DOWNLOAD_TIMEOUT": 4, "RETRY_TIMES": 0}


@pytest.mark.parametrize("path", ["drip/length", "drip/close"])
def test_a_body_that_drips_is_given_up(web, crawl, path):
    url = web.url(path)
    done = crawl([url], **SLOW)
    assert done.outcome(url) == "too_slow"
    assert done.report["seconds"] < 20


def test_the_timeout_covers_a_drip_when_there_is_no_floor(web, crawl):
    url = web.url("drip/length?every=0.1")
    done = crawl([url], **{**SLOW, "DOWNLOAD_MIN_BYTES_PER_SECOND": 0, "DOWNLOAD_TIMEOUT": 1})
    assert done.outcome(url) == "timeout"
    assert done.report["seconds"] < 20


@pytest.mark.parametrize("path", ["silent", "drip-headers"])
def test_the_timeout_covers_waiting_for_headers(web, crawl, path):
    url = web.url(path)
    done = crawl([url], **{**SLOW, "DOWNLOAD_TIMEOUT": 1})
    assert done.outcome(url) == "timeout"
    assert done.report["seconds"] < 20


def test_a_slow_but_steady_body_is_let_finish(web, crawl):
    done = crawl([web.url("ok?sleep=1.5")], **SLOW)
    assert done.outcomes == ["200"]


def test_headers_without_end_are_cut_off(web, crawl):
    url = web.url("endless-headers")
    done = crawl([url], RETRY_TIMES=0)
    assert done.outcome(url) == "too_large"
    assert web.sent < 20 * MIB, "socket buffers hold what was sent and never read"
    assert done.report["growth"] < 20 * MIB


# Besides the images robots.txt and tdmrep.json are asked for, at the same pace.
@pytest.mark.parametrize(("keep_alive", "connections"), [(5.0, 1), (0.2, 5)])
def test_idle_connections_are_closed_after_a_while(web, crawl, keep_alive, connections):
    urls = [web.url(f"ok?{n}") for n in range(3)]
    pace = {"DOWNLOAD_DELAY": 0.5, "DOWNLOAD_DELAY_JITTER": 0}
    crawl(urls, DOWNLOAD_KEEP_ALIVE=keep_alive, **pace)
    assert web.connections == connections


def test_all_attempts_at_a_url_share_one_deadline(web, crawl):
    url = web.url("silent")
    done = crawl([url], DOWNLOAD_TIMEOUT=1, DOWNLOAD_DEADLINE=1.5, RETRY_TIMES=5)
    assert done.outcome(url) == "timeout"
    assert 1 <= len(web.paths()) <= 2
    assert done.report["seconds"] < 20


@pytest.mark.parametrize("kind", ["none", "honest", "chunked"])
def test_a_huge_body_stops_at_the_limit(web, crawl, kind):
    url = web.url(f"huge/{kind}")
    done = crawl([url], RETRY_TIMES=0)
    assert done.outcome(url) == "too_large"
    assert web.sent <= 26 * MIB + 8 * MIB, "8 MiB may lie in the buffers of two sockets"
    assert done.report["growth"] < 60 * MIB


def test_a_body_longer_than_announced_is_cut_at_the_announced_length(web, crawl):
    url = web.url("huge/lying")
    done = crawl([url], RETRY_TIMES=0)
    assert done.images[url][:2] == [200, 100]
    assert done.report["growth"] < 20 * MIB


def test_a_compressed_bomb_is_refused(web, crawl, hostile):
    web.bomb = hostile.gzip_bomb(400)
    assert len(web.bomb) < 1 * MIB
    url = web.url("bomb")
    done = crawl([url])
    assert done.outcome(url) == "too_large"
    assert done.report["growth"] < 90 * MIB


def test_images_are_asked_for_uncompressed_without_referrer_and_cookies(web, crawl):
    headers = {"Referer": "https://search.example/?q=secret", "Cookie": "a=b"}
    crawl([web.url("ok")], config={"headers": headers})
    [(_, _, sent)] = [hit for hit in web.hits if hit[1] == "/ok"]
    assert sent["accept-encoding"] == "identity"
    assert "referer" not in sent
    assert "cookie" not in sent
    assert sent["user-agent"] == "carsets/0.1.0 (+mailto:test@example.org)"


def test_a_self_signed_certificate_is_refused(web, crawl, certificate, hostile):
    with hostile.running(hostile.HostileServer(certificate)) as server:
        url = server.url("ok", host="localhost")
        ports = {"URL_PORTS_ALLOWED": [server.port], "ADDRESS_ALLOWED": ["127.0.0.1"]}
        done = crawl([url], **ports, ROBOTSTXT_OBEY=False)
        assert done.outcome(url) == "tls"
        assert crawl([url], **ports).outcome(url) == "tls", "robots.txt fails the same way"
        assert server.paths() == []
        assert crawl([url], stock=True).outcome(url) == "200"


def test_each_failure_of_the_network_has_its_outcome(web, crawl):
    cases = {
        web.url("reset"): "connection_lost",
        web.url("short"): "incomplete",
        web.url("nonsense"): "http_other",
        web.url("status/404"): "404",
        web.url("status/500"): "500",
    }
    done = crawl(list(cases))
    assert {url: done.outcome(url) for url in cases} == cases
    # One try and RETRY_TIMES more; Twisted repeats each on a kept connection that was closed.
    assert 3 <= web.paths().count("/reset") <= 6
    assert web.paths().count("/status/500") == 3
    assert web.paths().count("/status/404") == 1
    assert web.paths().count("/nonsense") == 1
