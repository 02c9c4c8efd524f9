"""A worker process: answers, dies, hangs, is started again, and never outlives us."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvloop

from carsets.vision.worker_process import WorkerDied, WorkerProcess, WorkerUnusable

HERE = Path(__file__).parent
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(autouse=True)
def _answering_worker_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request) -> Run:
    """Return what runs a coroutine, under every event loop that a crawl may have."""
    return request.param


def worker(setup: dict[str, Any] | None = None, **options: Any) -> WorkerProcess:
    return WorkerProcess("answering_worker", setup or {}, **options)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def test_answers_header_and_payload_in_both_directions(run):
    async def ask() -> None:
        one = worker()
        assert (await one.start())["ready"] is True
        for size in (0, 1, 150_000, 3_000_000):
            payload = os.urandom(size)
            header, answer = await one.request({"n": size}, payload)
            assert header["echo"] == {"n": size}
            assert answer == payload
        header, answer = await one.request({"do": "stuff"}, b"abc" * 2_000_000)
        assert (header, len(answer)) == ({"bytes": 6_000_000}, 18_000_000)
        pid = one.pid
        await one.close()
        assert is_gone(pid)
        assert one.starts == 1

    run(ask())


def test_starts_by_itself_at_the_first_question(run):
    async def ask() -> None:
        one = worker()
        assert one.pid is None
        assert (await one.request({}))[0]["pid"] == one.pid
        await one.close()

    run(ask())


def test_questions_are_answered_in_their_order(run):
    async def ask() -> None:
        one = worker()
        answered = []

        async def question(number: int) -> None:
            header, _ = await one.request({"n": number})
            answered.append(header["echo"]["n"])

        await asyncio.gather(*(question(number) for number in range(30)))
        assert answered == list(range(30))
        await one.close()

    run(ask())


@pytest.mark.parametrize("how", ["die", "exit", "nonsense"])
def test_a_death_costs_one_question_and_the_next_has_a_new_worker(run, how):
    async def ask() -> None:
        one = worker()
        first = (await one.request({}))[0]["pid"]
        answers = await asyncio.gather(
            one.request({"do": how}), one.request({"n": 1}), one.request({"n": 2}),
            return_exceptions=True,
        )  # fmt: skip
        assert isinstance(answers[0], WorkerDied)
        assert [header["echo"]["n"] for header, _ in answers[1:]] == [1, 2]
        assert one.pid != first
        assert is_gone(first)
        assert one.starts == 2
        await one.close()

    run(ask())


def test_the_last_words_of_a_worker_are_told():
    async def ask() -> None:
        one = worker()
        with pytest.raises(WorkerDied, match=r"exit code 1.*these are my last words"):
            await one.request({"do": "exit"})
        with pytest.raises(WorkerDied, match=r"exit code -9"):
            await one.request({"do": "die"})
        await one.close()

    asyncio.run(ask())


def test_what_takes_too_long_is_killed_and_costs_one_question(run):
    async def ask() -> None:
        one = worker(job_timeout=0.5)
        pid = (await one.start())["pid"]
        with pytest.raises(WorkerDied, match=r"no answer within 0\.5 s"):
            await one.request({"do": "hang"})
        assert is_gone(pid)
        assert (await one.request({"n": 1}))[0]["echo"] == {"n": 1}
        await one.close()

    run(ask())


def test_a_question_that_is_given_up_does_not_answer_the_next(run):
    async def ask() -> None:
        one = worker()
        await one.start()
        given_up = asyncio.create_task(one.request({"do": "hang"}))
        await asyncio.sleep(0.1)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert (await one.request({"n": 1}))[0]["echo"] == {"n": 1}
        await one.close()

    run(ask())


def test_a_worker_killed_while_idle_costs_nothing():
    async def ask() -> None:
        one = worker()
        await one.start()
        psutil.Process(one.pid).kill()
        psutil.Process(one.pid).wait(10) if psutil.pid_exists(one.pid) else None
        assert (await one.request({"n": 1}))[0]["echo"] == {"n": 1}
        await one.close()

    asyncio.run(ask())


def test_a_worker_that_cannot_start_says_why_and_is_not_tried_for_ever():
    async def ask() -> None:
        one = worker({"fail": True})
        for _ in range(3):
            with pytest.raises(WorkerUnusable, match="the weights are missing: do this"):
                await one.start()
        with pytest.raises(WorkerUnusable, match="failed to start 3 times"):
            await one.request({})
        assert one.starts == 3
        assert one.pid is None
        await one.close()

    asyncio.run(ask())


def test_a_worker_that_is_never_ready_is_killed():
    async def ask() -> None:
        one = worker({"sleep": 3600}, start_timeout=1)
        with pytest.raises(WorkerUnusable, match="not ready within 1 s"):
            await one.start()
        assert one.pid is None

    before = {child.pid for child in psutil.Process().children(recursive=True)}
    asyncio.run(ask())
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_a_closed_worker_answers_no_more():
    async def ask() -> None:
        one = worker()
        await one.start()
        waiting = asyncio.create_task(one.request({"do": "hang"}))
        await asyncio.sleep(0.1)
        await one.close()
        await one.close()
        with pytest.raises(WorkerDied):
            await waiting
        with pytest.raises(WorkerUnusable, match="closed"):
            await one.request({})

    asyncio.run(ask())


def test_a_jailed_worker_can_open_neither_files_nor_sockets():
    async def ask(jail: bool) -> dict[str, Any]:
        one = worker({"jail": jail})
        header, _ = await one.request({"do": "forbidden"})
        await one.close()
        return header

    assert set(asyncio.run(ask(jail=True)).values()) == {"OSError"}
    # The same attempts are possible without the jail: the test itself works.
    assert set(asyncio.run(ask(jail=False)).values()) == {"allowed"}


def test_imports_what_we_import_and_nothing_from_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)

    async def ask() -> dict[str, Any]:
        one = worker(environment={"CARSETS_TEST": "1"})
        header, _ = await one.request({"do": "environment"})
        await one.close()
        return header

    environment = asyncio.run(ask())
    assert environment["CARSETS_TEST"] == "1"
    assert "HOME" not in environment
    assert environment["PYTHONPATH"].split(os.pathsep)[0] == str(HERE)


PARENT = """
import asyncio, sys
sys.path.insert(0, {here!r})
from carsets.vision.worker_process import WorkerProcess

async def main():
    worker = WorkerProcess("answering_worker", {{}})
    await worker.start()
    print(worker.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


def test_a_worker_does_not_outlive_a_parent_that_is_killed():
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(here=str(HERE))], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the worker is still there"
        time.sleep(0.05)


TWISTED = """
import asyncio, sys
from twisted.internet import asyncioreactor
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
asyncioreactor.install(loop)
from twisted.internet import defer, reactor, task
sys.path.insert(0, {here!r})
from carsets.vision.worker_process import WorkerDied, WorkerProcess

async def main():
    worker = WorkerProcess("answering_worker", {{}})
    first = (await worker.request({{}}))[0]["pid"]
    try:
        await worker.request({{"do": "die"}})
    except WorkerDied:
        pass
    header, payload = await worker.request({{}}, b"x" * 500_000)
    assert header["pid"] != first and len(payload) == 500_000
    await worker.close()
    print("done")

def run(_):
    return defer.Deferred.fromFuture(asyncio.ensure_future(main(), loop=loop))

task.react(run)
"""


def test_works_under_the_reactor_that_scrapy_uses():
    done = subprocess.run(
        [sys.executable, "-c", TWISTED.format(here=str(HERE))],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr
