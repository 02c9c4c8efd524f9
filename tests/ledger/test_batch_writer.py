"""Batches are written in order, off the loop, and not beyond a failure."""

import asyncio
import threading

import pytest

from carsets.ledger.batch_writer import BatchWriter


class Slow:
    """A catalog that writes when it is told to."""

    def __init__(self):
        self.written = []
        self.threads = set()
        self.may = threading.Event()
        self.may.set()
        self.error = None

    def __call__(self, batch):
        self.may.wait(30)
        if self.error:
            raise self.error
        self.threads.add(threading.current_thread())
        self.written.append(list(batch.sightings))


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def failures():
    return []


@pytest.fixture
def build(slow, failures):
    def build(**more):
        limits = {"size": 3, "max_wait": 60, "most_waiting": 10} | more
        return BatchWriter(slow, failures.append, **limits)

    return build


def put(writer, *entries):
    for entry in entries:
        writer.batch.sightings.append(entry)
        writer.touch()


def test_a_full_batch_is_written_at_once_and_the_rest_at_the_end(build, slow):
    async def run():
        writer = build()
        put(writer, 1, 2, 3)
        while not slow.written:
            await asyncio.sleep(0.005)
        assert slow.written == [[1, 2, 3]]
        put(writer, 4)
        await writer.close()

    asyncio.run(run())
    assert slow.written == [[1, 2, 3], [4]]
    assert threading.main_thread() not in slow.threads
    assert len(slow.threads) == 1


def test_a_batch_that_never_fills_is_written_after_a_while(build, slow):
    async def run():
        writer = build(max_wait=0.01)
        put(writer, 1)
        while not slow.written:
            await asyncio.sleep(0.005)
        await writer.close()

    asyncio.run(run())
    assert slow.written == [[1]]


def test_order_holds_while_the_disk_is_slow(build, slow):
    async def run():
        writer = build(size=1, most_waiting=1000)
        slow.may.clear()
        put(writer, *range(20))
        await asyncio.sleep(0)
        slow.may.set()
        put(writer, *range(20, 40))
        await writer.close()

    asyncio.run(run())
    assert [entry for batch in slow.written for entry in batch] == list(range(40))


def test_whoever_is_too_fast_waits(build, slow):
    async def run():
        writer = build(size=2, most_waiting=4)
        slow.may.clear()
        put(writer, 1, 2)
        await asyncio.sleep(0.01)
        put(writer, 3, 4, 5, 6)
        waiting = asyncio.ensure_future(writer.room())
        await asyncio.sleep(0.02)
        assert not waiting.done()
        slow.may.set()
        await asyncio.wait_for(waiting, 30)
        await writer.close()

    asyncio.run(run())
    assert slow.written == [[1, 2], [3, 4, 5, 6]]


def test_after_a_failure_nothing_more_is_written(build, slow, failures):
    async def run():
        writer = build(size=1)
        slow.error = OSError("no space")
        put(writer, 1)
        while not failures:
            await asyncio.sleep(0.005)
        slow.error = None
        put(writer, 2, 3)
        assert len(writer.batch) == 0  # nothing piles up
        await writer.room()
        await writer.close()

    asyncio.run(run())
    assert [str(failure) for failure in failures] == ["no space"]
    assert slow.written == []
