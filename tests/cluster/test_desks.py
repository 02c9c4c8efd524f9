"""What a worker asks the catalog is asked together, and answered one by one."""

import asyncio

import pytest

from carsets.catalog.host_pace import Knock
from carsets.catalog.unsigned import url_hash
from carsets.catalog.workers import LeaseLostError
from carsets.cluster.host_desk import HostDesk
from carsets.cluster.shared_quota import SharedQuota
from carsets.cluster.url_desk import UrlDesk

URLS = [f"https://a.test/{number}" for number in range(10)]


def test_urls_that_come_together_are_claimed_together():
    calls = []

    def claim(hashes):
        calls.append(set(hashes))
        return {url_hash(URLS[3])}

    async def ask():
        desk = UrlDesk(claim)
        return await asyncio.gather(*(desk.take(url) for url in URLS))

    assert asyncio.run(ask()) == [url == URLS[3] for url in URLS]
    assert len(calls) == 1


def test_a_lost_lease_is_told_to_everybody_who_asks():
    def claim(hashes):
        raise LeaseLostError

    async def ask():
        desk = UrlDesk(claim)
        return await asyncio.gather(*(desk.take(url) for url in URLS), return_exceptions=True)

    assert {type(answer) for answer in asyncio.run(ask())} == {LeaseLostError}


def knock(number, host="a.test"):
    return Knock(str(number), host, 0.0, 1)


def test_a_request_waits_until_it_is_let_in_and_says_when_it_was_sent():
    told, turns = [], iter([0.02, 0.02, 0.0])

    def pace(news):
        told.append(news)
        return {one.request_id: next(turns) for one in news.knocks}

    async def ask():
        desk = HostDesk(pace)
        await desk.enter(knock(1))
        desk.end(knock(1))
        desk.pause("a.test", 5)
        while not any(news.pauses for news in told):
            await asyncio.sleep(0.01)

    asyncio.run(ask())
    assert sum(len(news.knocks) for news in told) == 3
    assert [one.request_id for news in told for one in news.sent] == ["1"]
    assert [name for news in told for name in news.ended] == ["1"]
    assert {"a.test": 5} in [news.pauses for news in told]


def test_one_busy_host_does_not_hold_up_another():
    def pace(news):
        return {one.request_id: 0 if one.host == "free.test" else 3600 for one in news.knocks}

    async def ask():
        desk = HostDesk(pace)
        busy = asyncio.ensure_future(desk.enter(knock(1)))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(desk.enter(knock(2, "free.test")), 30)
        assert not busy.done()
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)

    asyncio.run(ask())


def test_without_a_catalog_nothing_is_sent():
    def pace(news):
        raise LeaseLostError

    async def ask():
        with pytest.raises(LeaseLostError):
            await HostDesk(pace).enter(knock(1))

    asyncio.run(ask())


class Limit:
    """Hands out a limit as the catalog does: what is kept and in hand is never above it."""

    def __init__(self, limit):
        self.limit, self.kept, self.in_hand = limit, 0, {}

    def of(self, name):
        def ask(outstanding, wants_more):
            others = sum(held for who, held in self.in_hand.items() if who != name)
            free = max(0, self.limit - self.kept - others - outstanding)
            handed = -(-free // 4) if wants_more else 0
            self.in_hand[name] = outstanding + handed
            return handed, self.kept

        return ask


@pytest.mark.parametrize("bad", [0, 2, 3])
def test_two_workers_keep_exactly_the_limit(bad):
    """Every ``bad``-th image of each worker is refused."""
    limit = Limit(11)

    async def work(name):
        quota = SharedQuota(limit.of(name))
        quota.limit = 11
        number = 0
        while await quota.take():
            number += 1
            await asyncio.sleep(0.001)
            kept = not bad or number % bad != 0
            limit.kept += kept
            quota.settle(kept=kept)
        await quota.rest()

    async def both():
        await asyncio.wait_for(asyncio.gather(work("one"), work("other")), 60)

    asyncio.run(both())
    assert limit.kept == 11
