"""One question a host, whoever wants to know."""

import asyncio

import pytest
from scrapy import Request

from carsets.net import once_per_host
from carsets.net.failures import Refused
from carsets.net.once_per_host import OncePerHost
from carsets.outcomes import Outcome


class Host:
    """Answers slowly, with how often it was asked so far."""

    def __init__(self, lifetime=60.0):
        self.asked = []
        self.lifetime = lifetime
        self.ready = asyncio.Event()

    async def ask(self, site, request):
        self.asked.append(site)
        await self.ready.wait()
        return len(self.asked), self.lifetime


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario(), 10))


def test_all_who_come_at_once_get_the_one_answer():
    async def scenario():
        host = Host()
        hosts = OncePerHost(host.ask)
        urls = [f"https://a.test/{number}.jpg" for number in range(8)]
        waiting = [asyncio.create_task(hosts.answer(Request(url))) for url in urls]
        await asyncio.sleep(0)
        host.ready.set()
        assert await asyncio.gather(*waiting) == [1] * 8
        assert await hosts.answer(Request("https://a.test/late.jpg")) == 1
        assert host.asked == ["https://a.test"]

    run(scenario)


def test_schemes_and_ports_are_different_sites():
    async def scenario():
        host = Host()
        host.ready.set()
        hosts = OncePerHost(host.ask)
        for url in ("https://a.test/", "http://a.test/", "https://a.test:8443/", "https://b.test/"):
            await hosts.answer(Request(url))
        assert len(set(host.asked)) == len(host.asked) == 4

    run(scenario)


def test_an_answer_is_asked_for_again_when_it_has_expired():
    async def scenario():
        host = Host(lifetime=-1.0)
        host.ready.set()
        hosts = OncePerHost(host.ask)
        answers = [await hosts.answer(Request("https://a.test/")) for _ in range(3)]
        assert answers == [1, 2, 3]

    run(scenario)


def test_the_least_recently_used_is_forgotten(monkeypatch):
    monkeypatch.setattr(once_per_host, "KNOWN_HOSTS", 3)

    async def scenario():
        host = Host()
        host.ready.set()
        hosts = OncePerHost(host.ask)
        for name in "abcad":
            await hosts.answer(Request(f"https://{name}.test/"))
        assert len(hosts._answers) == 3
        await hosts.answer(Request("https://a.test/"))
        assert host.asked.count("https://a.test") == 1
        await hosts.answer(Request("https://b.test/"))
        assert host.asked.count("https://b.test") == 2

    run(scenario)


def test_who_waits_for_a_question_that_was_ended_is_refused_and_the_next_one_asks_again():
    async def scenario():
        host = Host()
        hosts = OncePerHost(host.ask)
        first = asyncio.create_task(hosts.answer(Request("https://a.test/1")))
        await asyncio.sleep(0)
        second = asyncio.create_task(hosts.answer(Request("https://a.test/2")))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        with pytest.raises(Refused) as refusal:
            await second
        assert refusal.value.outcome is Outcome.CANCELLED
        host.ready.set()
        assert await hosts.answer(Request("https://a.test/3")) == 2

    run(scenario)


def test_who_stops_waiting_takes_nothing_from_the_others():
    async def scenario():
        host = Host()
        hosts = OncePerHost(host.ask)
        tasks = [asyncio.create_task(hosts.answer(Request("https://a.test/"))) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0)
        host.ready.set()
        assert await tasks[0] == await tasks[2] == 1

    run(scenario)
