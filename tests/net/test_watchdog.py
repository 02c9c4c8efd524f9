"""A crawl that stands still says what it is waiting for, once."""


def test_names_what_is_in_flight_once(web, crawl):
    done = crawl([web.url("silent")], WATCHDOG_SECONDS=0.5, DOWNLOAD_TIMEOUT=2, RETRY_TIMES=0)
    lines = [line for line in done.log.splitlines() if "Nothing has ended" in line]
    assert len(lines) == 1
    assert "1 requests in flight: 127.0.0.1 (1 transferring, 1 in all)" in lines[0]


def test_is_silent_while_images_end(web, crawl):
    urls = [web.url(f"ok?sleep=0.15&n={n}") for n in range(10)]
    done = crawl(urls, WATCHDOG_SECONDS=1.0, CONCURRENT_REQUESTS_PER_DOMAIN=2)
    assert "Nothing has ended" not in done.log
