"""What a crawl asks of each host is counted on the wire, and tells the pace."""

import random

import pytest

from carsets.net import host_load
from carsets.net.host_load import HostLoad, Load


def peak_of(times):
    load = Load()
    for now in times:
        load.begin(now)
    return load.peak


@pytest.mark.parametrize(
    ("times", "peak"),
    [([5.0], 1), ([0, 0.5, 0.999], 3), ([0, 1.0, 2.0], 1), ([0, 0.6, 1.2, 1.5], 3)],
)
def test_the_peak_is_the_most_that_began_within_any_second(times, peak):
    assert peak_of(times) == peak


def test_the_peak_is_that_of_every_window_looked_at_by_itself():
    chance = random.Random(7)
    times = sorted(chance.uniform(0, 20) for _ in range(300))
    slow = max(sum(start <= time < start + 1 for time in times) for start in times)
    assert peak_of(times) == slow


def test_hosts_beyond_a_number_are_counted_together(monkeypatch):
    monkeypatch.setattr(host_load, "MOST_HOSTS", 1)
    load = HostLoad()
    for host in ("a.test", "b.test", "a.test", "c.test"):
        load.begin(host)
    told = load.as_json()
    assert {host: of["requests"] for host, of in told.items()} == {"a.test": 2, "(others)": 2}
    assert told["a.test"]["bytes"] is None  # nobody saw its answers


def test_a_second_of_requests_is_all_that_is_remembered():
    load = Load()
    for number in range(10_000):
        load.begin(number / 10)
    assert len(load.recent) <= 11
    assert load.requests == 10_000


def test_the_load_is_what_the_server_saw(web, crawl):
    urls = [web.url(f"ok?{number}") for number in range(4)]
    missing = web.url("status/404")
    refused = ["http://no-such-host.invalid/1.jpg", "http://10.1.2.3/1.jpg"]
    done = crawl([*urls, missing, *refused], RETRY_TIMES=0)
    assert done.outcomes.count("200") == 4
    [(host, load)] = done.report["load"].items()  # nobody else was reached
    assert host == "127.0.0.1"
    assert load["requests"] == len(web.paths(robots=True)) > 5
    assert 1 <= load["peak"] <= load["requests"]
    bodies = sum(done.images[url][1] for url in urls)
    assert bodies < load["bytes"] < bodies + 1_000 * load["requests"]
