"""The bounds under which images travel."""

import asyncio

from carsets.crawl_state import InFlight, Quota


def test_no_more_images_are_in_flight_than_allowed():
    async def crawl():
        bound = InFlight(most=3, most_bytes=1_000_000)

        async def travel():
            await bound.enter()
            bound.hold(10)
            await asyncio.sleep(0)
            bound.leave(10)

        await asyncio.gather(*(travel() for _ in range(50)))
        return bound

    bound = asyncio.run(crawl())
    assert bound.peak == 3
    assert (bound.count, bound.bytes) == (0, 0)


def test_large_images_hold_back_the_next_downloads():
    async def crawl():
        bound = InFlight(most=10, most_bytes=100)
        await bound.enter()
        bound.hold(150)
        waiting = asyncio.ensure_future(bound.enter())
        await asyncio.sleep(0)
        was_waiting = not waiting.done()
        bound.leave(150)
        await waiting
        return was_waiting

    assert asyncio.run(crawl())


def test_one_image_larger_than_the_bound_still_passes():
    async def crawl():
        bound = InFlight(most=2, most_bytes=0)
        await asyncio.wait_for(bound.enter(), 1)

    asyncio.run(crawl())


def test_exactly_as_many_images_are_kept_as_were_asked_for():
    async def crawl():
        quota = Quota()
        quota.limit = 20
        refused = 0

        async def travel(number: int):
            nonlocal refused
            if not await quota.take():
                refused += 1
                return
            await asyncio.sleep(0)
            quota.settle(kept=number % 3 == 0)  # two of three are no good

        await asyncio.gather(*(travel(number) for number in range(200)))
        return quota.kept, refused

    kept, refused = asyncio.run(crawl())
    assert kept == 20
    assert refused > 0


def test_without_a_limit_nothing_waits():
    async def crawl():
        quota = Quota()
        return [await quota.take() for _ in range(1000)]

    assert all(asyncio.run(crawl()))


def test_a_replaced_image_makes_room_for_one_more():
    async def crawl():
        quota = Quota()
        quota.limit = 1
        await quota.take()
        quota.settle(kept=True)
        reached = quota.reached
        quota.replaced(1)
        return reached, quota.reached

    assert asyncio.run(crawl()) == (True, False)
