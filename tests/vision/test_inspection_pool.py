"""Images looked at in worker processes: a bad one costs itself and nothing else."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from carsets.outcomes import Outcome
from carsets.vision import inspection_pool
from carsets.vision.inspection import Inspection, Limits, Refusal, inspect
from carsets.vision.inspection_pool import InspectionPool
from carsets.vision.inspection_worker import check_pillow
from carsets.vision.worker_process import WorkerUnusable

HERE = Path(__file__).parent


async def outcome(pool: InspectionPool, body: bytes) -> Outcome | Inspection:
    """Return what the pool found, or how it refused."""
    try:
        return await pool.inspect(body)
    except Refusal as refusal:
        return refusal.outcome


def workers_of(pool: InspectionPool) -> list[psutil.Process]:
    return [psutil.Process(worker.pid) for worker in pool.workers]


def test_finds_in_a_worker_what_is_found_here(draw):
    bodies = [draw.scene_file(format) for format in ("JPEG", "PNG", "WEBP", "GIF")]

    async def look() -> list[Inspection]:
        async with InspectionPool(2, Limits()) as pool:
            return await asyncio.gather(*(pool.inspect(body) for body in bodies * 5))

    assert asyncio.run(look()) == [inspect(body, Limits()) for body in bodies * 5]


def test_hands_on_refusals_with_their_notes(draw):
    async def look() -> None:
        async with InspectionPool(1, Limits(min_width=1000)) as pool:
            with pytest.raises(Refusal) as caught:
                await pool.inspect(draw.jpeg())
            assert (caught.value.outcome, caught.value.note) == (Outcome.TOO_SMALL, "640 x 480")

    asyncio.run(look())


def test_a_pixel_flood_leaves_the_workers_small(draw):
    floods = [draw.flood(), draw.flood(7_100, 8, 6)]

    async def look() -> None:
        async with InspectionPool(1, Limits()) as pool:
            await pool.inspect(draw.jpeg())
            [worker] = workers_of(pool)
            before = worker.memory_info().rss
            for flood in floods:
                assert await outcome(pool, flood) is Outcome.TOO_MANY_PIXELS
            assert worker.memory_info().rss - before < 50_000_000
            assert pool.workers[0].starts == 1

    asyncio.run(look())


def test_a_decoder_without_memory_costs_one_image(draw):
    """An allowed size, but the worker has not the memory for it."""
    large = draw.flood(6_000, 8, 6)

    async def look() -> None:
        async with InspectionPool(1, Limits(), memory=100 << 20) as pool:
            assert await outcome(pool, large) is Outcome.DECODER_CRASH
            assert isinstance(await pool.inspect(draw.jpeg()), Inspection)

    asyncio.run(look())


class CrashingPool(InspectionPool):
    """A pool whose workers die or hang over certain bodies: see crashing_worker."""

    module = "crashing_worker"


@pytest.fixture
def _crashing_worker_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))


@pytest.mark.usefixtures("_crashing_worker_can_be_imported")
@pytest.mark.parametrize("how", [b"segfault", b"kill", b"hang", b"nonsense", b"wrong size"])
def test_an_image_that_kills_its_worker_costs_itself_alone(draw, how):
    good = draw.jpeg()

    async def look() -> None:
        async with CrashingPool(2, Limits(), timeout=2 if how == b"hang" else 30) as pool:
            ends = await asyncio.gather(
                *(outcome(pool, body) for body in [good, how, good, good, how, good, good])
            )
            assert [end is Outcome.DECODER_CRASH for end in ends] == [
                body is how for body in [good, how, good, good, how, good, good]
            ]
            assert all(worker.is_running() for worker in workers_of(pool))

    asyncio.run(look())


@pytest.mark.usefixtures("_crashing_worker_can_be_imported")
def test_a_decoder_that_dies_of_everything_is_one_clear_error(monkeypatch):
    monkeypatch.setattr(inspection_pool, "DEATHS_IN_A_ROW", 4)

    async def look() -> None:
        async with CrashingPool(1, Limits()) as pool:
            for _ in range(3):
                assert await outcome(pool, b"kill") is Outcome.DECODER_CRASH
            with pytest.raises(WorkerUnusable, match="4 images in a row killed the decoder"):
                await pool.inspect(b"kill")

    asyncio.run(look())


@pytest.mark.usefixtures("_crashing_worker_can_be_imported")
def test_one_answer_between_two_deaths_starts_the_count_again(monkeypatch, draw):
    monkeypatch.setattr(inspection_pool, "DEATHS_IN_A_ROW", 3)
    good = draw.jpeg()

    async def look() -> None:
        async with CrashingPool(1, Limits()) as pool:
            for _ in range(3):
                assert await outcome(pool, b"kill") is Outcome.DECODER_CRASH
                assert await outcome(pool, b"kill") is Outcome.DECODER_CRASH
                assert isinstance(await outcome(pool, good), Inspection)

    asyncio.run(look())


def test_closing_ends_every_process_and_later_questions(draw):
    async def look() -> None:
        pool = InspectionPool(3, Limits())
        with pytest.raises(WorkerUnusable, match="not been started"):
            await pool.inspect(draw.jpeg())
        await pool.start()
        workers = workers_of(pool)
        assert len({worker.pid for worker in workers}) == 3
        await pool.close()
        await pool.close()
        assert not any(psutil.pid_exists(worker.pid) for worker in workers)
        with pytest.raises(WorkerUnusable):
            await pool.inspect(draw.jpeg())

    asyncio.run(look())


class FailingPool(InspectionPool):
    """A pool of which no worker can start."""

    module = "carsets.vision.no_such_worker"


def test_a_pool_that_cannot_start_says_so_and_leaves_nothing_behind():
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(WorkerUnusable, match="no_such_worker"):
        asyncio.run(FailingPool(3, Limits()).start())
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


@pytest.mark.parametrize("version", ["9.5.0", "12.2.0"])
def test_an_old_pillow_is_not_given_anything(version):
    with pytest.raises(SystemExit, match=f"Pillow {version} has known holes: install 12.3"):
        check_pillow(version)


@pytest.mark.parametrize("version", ["12.3.0", "13.0.0.dev1"])
def test_a_new_pillow_is_taken(version):
    assert check_pillow(version) is None


def test_a_pool_needs_a_worker():
    with pytest.raises(ValueError, match="at least one"):
        InspectionPool(0, Limits())


def test_a_worker_knows_none_of_our_secrets_and_has_one_thread(monkeypatch):
    monkeypatch.setenv("FLICKR_API_KEY", "CANARYKEY123")

    async def look() -> dict[str, str]:
        async with InspectionPool(1, Limits()) as pool:
            [worker] = workers_of(pool)
            assert worker.num_threads() == 1
            return worker.environ()

    environment = asyncio.run(look())
    assert "CANARYKEY123" not in environment.values()
    assert environment["OPENBLAS_NUM_THREADS"] == "1"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_worker_has_no_way_to_a_file_or_to_the_network():
    async def look() -> tuple[str, list[Any], list[Any]]:
        async with InspectionPool(1, Limits()) as pool:
            [worker] = workers_of(pool)
            limits = Path(f"/proc/{worker.pid}/limits").read_text()
            return limits, worker.net_connections("inet"), worker.open_files()

    limits, connections, files = asyncio.run(look())
    by_name = {line[:26].strip(): line[26:].split() for line in limits.splitlines()}
    assert by_name["Max open files"][:2] == ["0", "0"]
    assert by_name["Max core file size"][:2] == ["0", "0"]
    assert by_name["Max address space"][0] != "unlimited"
    assert connections == []
    assert [file.path for file in files if Path(file.path).exists()] == []


def test_the_event_loop_goes_on_while_large_images_are_looked_at(draw):
    """T29: every image is looked at elsewhere, so the loop turns many times during each.

    Looked at in this process, the loop would stand still for a whole image: a beat per image.
    """
    large = draw.jpeg(draw.scene(6000, 4000), quality=75)

    async def look() -> None:
        async with InspectionPool(1, Limits()) as pool:
            beats = 0
            beats_per_image = []

            async def heart() -> None:
                nonlocal beats
                while True:
                    await asyncio.sleep(0.001)
                    beats += 1

            heartbeat = asyncio.create_task(heart())
            for _ in range(3):
                before = beats
                assert (await pool.inspect(large)).width == 6000
                beats_per_image.append(beats - before)
            heartbeat.cancel()
            assert min(beats_per_image) >= 3, beats_per_image

    asyncio.run(look())
