"""Batches: their size, their waiting time, and a worker that dies."""

import asyncio
import time
from types import SimpleNamespace

import numpy as np
import pytest

from carsets.vision import detector_engine
from carsets.vision.detector_engine import BatchPlan, DetectorEngine, DetectorFailed
from carsets.vision.detector_pool import DetectorService
from carsets.vision.detector_settings import read_settings
from carsets.vision.model_files import DetectorUnavailable, ModelSpec
from carsets.vision.worker_process import WorkerDied, WorkerUnusable

SHAPE = (2, 2, 3)


def image(number: int) -> bytes:
    return bytes([number] * 12)


class FakeWorker:
    """Answers like the detector's process: the probability of label 1 is the image's color."""

    def __init__(self, deaths: int = 0, seconds: float = 0.0, said: dict | None = None) -> None:
        self.deaths = deaths
        self.seconds = seconds
        self.ready = said or {"model": "fake", "labels": "builtin", "way": "none"}
        self.sizes: list[int] = []
        self.at_once = self.most_at_once = 0
        self.starts = self.closes = 0

    async def start(self):
        self.starts += 1
        return self.ready

    async def request(self, header, payload=b""):
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        if self.deaths:
            self.deaths -= 1
            raise WorkerDied("exit code -9")
        count = len(header["shapes"])
        self.sizes.append(count)
        colors = np.frombuffer(payload, np.uint8).reshape(count, 12)[:, 0]
        probabilities = np.zeros((count, 12), "<f4")
        probabilities[:, 1] = colors / 255
        features = np.repeat(colors[:, None], 4, 1).astype("<f2")
        return {"labels": 12, "features": 4}, probabilities.tobytes() + features.tobytes()

    async def close(self):
        self.closes += 1


def run(worker, plan, play):
    """Run ``play(engine)`` with a started engine."""

    async def main():
        engine = DetectorEngine(ModelSpec(model="builtin"), plan, worker)
        await engine.start()
        try:
            return await asyncio.wait_for(play(engine), 20)
        finally:
            await engine.close()

    return asyncio.run(main())


async def ask_all(engine, count):
    return await asyncio.gather(*(engine.ask(image(n), SHAPE) for n in range(count)))


def test_every_image_gets_its_own_answer_in_batches_of_the_size():
    worker = FakeWorker()
    answers = run(worker, BatchPlan(size=4, max_wait=0.05), lambda engine: ask_all(engine, 10))
    assert worker.sizes == [4, 4, 2]
    for number, (probabilities, features) in enumerate(answers):
        assert probabilities[1] == pytest.approx(number / 255)
        assert np.frombuffer(features, "<f2").tolist() == [number] * 4


def test_a_half_full_batch_is_let_go():
    worker = FakeWorker()
    run(worker, BatchPlan(size=32, max_wait=0.05), lambda engine: ask_all(engine, 3))
    assert worker.sizes == [3]


def test_a_full_batch_does_not_wait():
    async def play(engine):
        began = time.monotonic()
        await ask_all(engine, 8)
        return time.monotonic() - began

    assert run(FakeWorker(), BatchPlan(size=4, max_wait=600), play) < 600


def test_closing_answers_what_still_waits():
    async def main():
        worker = FakeWorker()
        engine = DetectorEngine(ModelSpec(), BatchPlan(size=32, max_wait=600), worker)
        await engine.start()
        waiting = [asyncio.create_task(engine.ask(image(n), SHAPE)) for n in range(3)]
        await asyncio.sleep(0.01)
        await asyncio.wait_for(engine.close(), 20)
        assert [task.done() for task in waiting] == [True] * 3
        assert worker.closes == 1
        with pytest.raises(DetectorFailed, match="not running"):
            await engine.ask(image(1), SHAPE)

    asyncio.run(main())


def test_one_batch_at_a_time_is_in_the_worker():
    worker = FakeWorker(seconds=0.01)
    run(worker, BatchPlan(size=2, max_wait=0.01), lambda engine: ask_all(engine, 9))
    assert worker.most_at_once == 1
    assert sum(worker.sizes) == 9


def test_a_worker_that_dies_once_costs_nothing():
    answers = run(FakeWorker(deaths=1), BatchPlan(size=4), lambda engine: ask_all(engine, 4))
    assert [round(float(p[1] * 255)) for p, _ in answers] == [0, 1, 2, 3]


def test_a_batch_that_kills_the_worker_twice_is_lost_and_the_next_one_is_not():
    async def play(engine):
        lost = await asyncio.gather(
            *(engine.ask(image(n), SHAPE) for n in range(2)), return_exceptions=True
        )
        return lost, await ask_all(engine, 2)

    lost, found = run(FakeWorker(deaths=2), BatchPlan(size=2), play)
    assert [type(error) for error in lost] == [DetectorFailed] * 2
    assert "exit code -9" in str(lost[0])
    assert len(found) == 2


def test_an_image_that_nobody_waits_for_any_more_is_not_computed():
    async def play(engine):
        given_up = asyncio.create_task(engine.ask(image(1), SHAPE))
        await asyncio.sleep(0)
        given_up.cancel()
        return await ask_all(engine, 2)

    worker = FakeWorker()
    run(worker, BatchPlan(size=8, max_wait=0.05), play)
    assert worker.sizes == [2]


def test_an_image_of_a_wrong_size_fails_alone():
    async def play(engine):
        with pytest.raises(DetectorFailed, match="cannot be"):
            await engine.ask(image(1), (3, 3, 3))
        return await ask_all(engine, 1)

    assert len(run(FakeWorker(), BatchPlan(max_wait=0.01), play)) == 1


@pytest.fixture
def workers(monkeypatch):
    """Replace the process of every engine by a fake one; return the fakes."""
    made: list[FakeWorker] = []

    def make(*_args, **_more):
        made.append(FakeWorker())
        return made[-1]

    monkeypatch.setattr(detector_engine, "WorkerProcess", make)
    return made


def test_services_with_the_same_network_share_it_until_the_last_one_leaves(workers):
    async def main():
        first = DetectorService.from_settings({"CAR_DETECTION_MODEL": "builtin"})
        second = DetectorService.from_settings(
            {"CAR_DETECTION_MODEL": "builtin", "CAR_DETECTION_KEEP": "0.9"}
        )
        other = DetectorService.from_settings({"CAR_DETECTION_MODEL": "ResNet50"})
        await asyncio.gather(first.start(), second.start(), other.start())
        assert [worker.starts for worker in workers] == [1, 1]
        await first.close()
        assert [worker.closes for worker in workers] == [0, 0]
        await second.close()
        await second.close()
        assert [worker.closes for worker in workers] == [1, 0]
        await other.close()
        assert not DetectorService._shared

    asyncio.run(main())


def test_a_service_decides_by_its_own_rule(workers):
    async def main():
        verdicts = []
        for keep in ("0.5", "0.9"):
            service = DetectorService.from_settings(
                {
                    "CAR_DETECTION_MODEL": "builtin",
                    "CAR_DETECTION_KEEP": keep,
                    "CAR_DETECTION_MAX_WAIT": "0",
                }
            )
            await service.start()
            found = await service.detect(image(200), SHAPE)
            verdicts.append(found.verdict)
            assert found.model == "fake"
            assert found.features == np.full(4, 200, "<f2").tobytes()
            await service.close()
        return verdicts

    assert asyncio.run(main()) == ["keep", "review"]


@pytest.mark.parametrize(
    "worker",
    [
        FakeWorker(said={"unavailable": "no weights: do this"}),
        SimpleNamespace(
            start=lambda: _raise(WorkerUnusable("exit code 1 no weights")), close=lambda: _nothing()
        ),
    ],
    ids=["says so", "cannot start"],
)
def test_a_detector_that_cannot_be_had_stops_the_start_with_one_line(worker, monkeypatch):
    monkeypatch.setattr(detector_engine, "WorkerProcess", lambda *_args, **_more: worker)

    async def main():
        service = DetectorService(ModelSpec())
        with pytest.raises(DetectorUnavailable, match="no weights"):
            await service.start()
        assert not DetectorService._shared
        with pytest.raises(DetectorFailed):
            await service.detect(image(1), SHAPE)

    asyncio.run(main())


async def _raise(error):
    raise error


async def _nothing():
    return None


def test_settings_given_as_text_are_understood():
    spec, rule, plan = read_settings(
        {
            "CAR_DETECTION_MODEL": "MobileNetV2",
            "CAR_DETECTION_FETCH": "False",
            "CAR_DETECTION_RULE": "top4",
            "CAR_DETECTION_REVIEW": "0.1",
            "CAR_DETECTION_BATCH_SIZE": "8",
        }
    )
    assert (spec.model, spec.fetch, rule.name, rule.review, plan.size) == (
        "MobileNetV2", False, "top4", 0.1, 8,
    )  # fmt: skip
    assert read_settings({})[0] == ModelSpec(model="ResNet50")


@pytest.mark.parametrize(
    "wrong",
    [
        {"CAR_DETECTION_KEEP": "often"},
        {"CAR_DETECTION_RULE": "best"},
        {"CAR_DETECTION_BATCH_SIZE": "0"},
        {"CAR_DETECTION_LABELS": "car, suv"},
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_meant_is_one_line(wrong):
    with pytest.raises(DetectorUnavailable, match=next(iter(wrong))) as caught:
        DetectorService.from_settings(wrong)
    assert "\n" not in str(caught.value)


def test_labels_may_be_a_list_or_text_with_commas():
    for labels in (["minibus", "cab"], "minibus, cab"):
        service = DetectorService.from_settings({"CAR_DETECTION_LABELS": labels})
        assert service.table.vehicles == {654, 468}
