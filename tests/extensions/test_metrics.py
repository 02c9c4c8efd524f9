"""The numbers that Prometheus reads, by Prometheus' own reader, beside the receipt."""

import socket
import threading
import urllib.error
import urllib.request
from functools import partial

import pytest
from prometheus_client.parser import text_string_to_metric_families
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.misc import build_from_crawler
from scrapy.utils.test import get_crawler

from carsets import settings
from carsets.extensions.metrics import Metrics
from carsets.metrics.places import read_ports, read_textfile
from carsets.outcomes import Outcome, QueryOutcome
from carsets.problems import UserError
from carsets.setting_checks import check_settings
from carsets.signals import image_replaced
from carsets.spiders.base import CarsetsSpider


def read(text):
    """Return the samples: name and labels but the source -> value."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            labels = {name: word for name, word in sample.labels.items() if name != "source"}
            key = (sample.name, *labels.values())
            assert key not in found, "two samples of one name and labels"
            found[key] = sample.value
    return found


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def scrape(port):
    """Return what a scrape gives, asked from a thread as Prometheus would."""
    answer = []

    def ask():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as response:
            answer.append(response.read().decode())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(30)
    return read(answer[0])


async def run(crawl, port=0):
    """Find five images, keep two, one of which gives way; be refused by the second page."""
    crawl.metrics = build_from_crawler(Metrics, crawl.crawler)  # signals hold weakly
    await crawl.open()
    a, b, c, d, e = await crawl.page(1, "a", "b", "c", "d", "e")
    for item in (a, b):
        item.size = 1000
        await crawl.keep(item)
    await crawl.drop(c, Outcome.HTTP_403)
    crawl.crawler.stats.inc_value("carsets/mime/in", 4)
    crawl.crawler.stats.inc_value("carsets/mime/out", 2)
    crawl.crawler.stats.inc_value("carsets/mime/seconds", 1.5)
    crawl.live = scrape(port) if port else None
    await crawl.page(2, outcome=QueryOutcome.CAPTCHA)
    await crawl.send(image_replaced, replaced={"x": Outcome.NEAR_DUPLICATE}, by="y")
    await crawl.drop(d, Outcome.NOT_A_CAR)
    await crawl.drop(e, Outcome.HTTP_403)
    await crawl.end_query(QueryOutcome.CAPTCHA)
    await crawl.close()
    await crawl.send(signals.engine_stopped)


def test_a_scrape_tells_what_is_under_way(play):
    port = free_port()
    live = play(partial(run, port=port), {"METRICS_PORT": str(port)}).live
    assert live["carsets_found_urls_total",] == 5
    assert live["carsets_ended_urls_total", "stored"] == 2
    assert live["carsets_ended_urls_total", "http_403"] == 1
    assert live["carsets_kept_images",] == 2
    assert live["carsets_kept_bytes_total",] == 2000
    assert live["carsets_answers_total", "results"] == 1
    assert live["carsets_source_benched",] == 0
    assert live["carsets_step_images_total", "mime", "in"] == 4
    assert live["carsets_step_seconds_total", "mime"] == 1.5
    assert ("carsets_images_in_flight",) in live
    assert ("carsets_requests_queued",) in live
    assert live["process_resident_memory_bytes",] > 1e6


def test_the_port_is_free_again_when_the_crawl_has_ended(play):
    port = free_port()
    play(run, {"METRICS_PORT": str(port)})
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)


def test_only_this_machine_can_ask_unless_it_is_said_otherwise(play):
    port = free_port()
    listening = []

    async def look(crawl):
        metrics = build_from_crawler(Metrics, crawl.crawler)
        await crawl.open()
        listening.append(metrics.server.server_address[0])
        await crawl.close()
        await crawl.send(signals.engine_stopped)

    play(look, {"METRICS_PORT": port})
    play(look, {"METRICS_PORT": port, "METRICS_HOST": settings.METRICS_HOST})
    play(look, {"METRICS_PORT": port, "METRICS_HOST": "0.0.0.0"})
    assert listening == ["127.0.0.1", "127.0.0.1", "0.0.0.0"]


def test_the_file_that_stays_says_what_the_receipt_says(play, tmp_path):
    path = tmp_path / "node" / "carsets-{source}.prom"
    crawl = play(run, {"METRICS_TEXTFILE": str(path), "METRICS_INTERVAL": 60})
    receipt = crawl.receipt()
    [written] = (tmp_path / "node").iterdir()
    assert written.name == "carsets-played.prom"
    told = read(written.read_text())
    assert told["carsets_last_run_found_urls",] == receipt["found"] == 5
    outcomes = {key[1]: n for key, n in told.items() if key[0] == "carsets_last_run_urls"}
    assert outcomes == receipt["outcomes"]
    assert sum(outcomes.values()) == receipt["found"]
    ended = {key[1]: n for key, n in told.items() if key[0] == "carsets_ended_urls_total"}
    assert sum(ended.values()) == receipt["found"]
    assert told["carsets_last_run_exit_code",] == receipt["exit_code"] == 4
    assert told["carsets_last_run_kept_images",] == receipt["kept"]
    assert told["carsets_kept_images",] == told["carsets_ended_urls_total", "stored"] - 1
    assert told["carsets_source_benched",] == 1
    assert told["carsets_answers_total", "captcha"] == 1
    checks = {one["name"]: one["value"] for one in receipt["checks"]}
    told_checks = {key[1]: n for key, n in told.items() if key[0] == "carsets_last_run_check_value"}
    assert told_checks == checks
    assert told["carsets_last_run_end_timestamp_seconds",] > 1.7e9


def test_a_file_that_cannot_be_written_stops_no_crawl(play, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    crawl = play(run, {"METRICS_TEXTFILE": str(tmp_path / "file" / "carsets.prom")})
    assert crawl.receipt()["found"] == 5
    assert "METRICS_TEXTFILE" in caplog.text


def test_jobs_of_one_machine_share_a_range_of_ports(play, caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        crawl = play(run, {"METRICS_PORT": f"{port}-{port + 20}", "METRICS_HOST": "127.0.0.1"})
        assert port < crawl.metrics.server.server_port <= port + 20
        crawl = play(run, {"METRICS_PORT": str(port)})
        assert crawl.metrics.server is None
        assert "this crawl shows none" in caplog.text
        assert crawl.receipt()["found"] == 5


def test_it_is_off_unless_it_is_wanted():
    crawler = get_crawler(CarsetsSpider, {"METRICS_PORT": "", "METRICS_TEXTFILE": ""})
    with pytest.raises(NotConfigured):
        build_from_crawler(Metrics, crawler)


@pytest.mark.parametrize("value", ["0", "70000", "x", "9419-9410", "9410-", "-1", "9410 9411"])
def test_a_port_that_cannot_be_meant_is_one_line(value):
    if value == "0":
        assert not read_ports(value)
        return
    with pytest.raises(UserError, match="METRICS_PORT"):
        check_settings({"METRICS_PORT": value})


def test_a_file_that_node_exporter_would_not_read_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"end in \.prom"):
        check_settings({"METRICS_TEXTFILE": "/tmp/carsets.txt"})
    assert read_textfile("", "bing") is None
    assert read_textfile(tmp_path / "{source}.prom", "bing") == tmp_path / "bing.prom"
