"""The two stages that a batch passes: files that are not what they were, and answers."""

import asyncio
import os
from functools import partial
from hashlib import sha256

import numpy as np
import pytest
from scrapy.settings import Settings

from carsets.outcomes import ExitCode
from carsets.problems import UserError
from carsets.redetection import pool_engine
from carsets.redetection.pool_engine import PoolEngine, graphics_cards
from carsets.redetection.ray_engine import StageActor
from carsets.redetection.stages import FilePlan, FileStage, NetworkStage, lenient_limits
from carsets.store_reading import reader
from carsets.vision.inspection import Limits, inspect
from carsets.vision.model_files import ModelSpec
from carsets.vision.worker_process import WorkerDied
from tests.commands.stocked import picture

FORMATS = ("JPEG", "PNG")


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "store").mkdir()
    store = partial(reader, str(tmp_path / "store"), Settings())
    return FilePlan(open_reader=store, limits=lenient_limits(FORMATS, 50_000_000))


@pytest.fixture
def put(tmp_path):
    """Return what puts bytes into the store, and says what the catalog says of them."""

    def put(name, body, said=None):
        (tmp_path / "store" / name).write_bytes(body)
        return sha256(said or body).hexdigest(), name

    return put


def batch_of(*files):
    return {
        "seq": [*range(1, len(files) + 1)],
        "sha256": [digest for digest, _ in files],
        "path": [path for _, path in files],
    }


def pass_all(stage, *batches):
    async def main():
        await stage.open()
        try:
            return [await stage.pass_through(batch) for batch in batches]
        finally:
            await stage.close()

    return asyncio.run(main())


def test_a_file_is_seen_as_a_crawl_sees_it_and_whatever_else_is_there_is_said(plan, put, tmp_path):
    good, tiny = picture(1), picture(2, size=(40, 30))
    (tmp_path / "outside.jpg").write_bytes(good)
    os.mkfifo(tmp_path / "store" / "pipe.jpg")
    page = b"<!doctype html><title>No</title>"
    digest = sha256(good).hexdigest()
    files = [
        put("good.jpg", good),
        put("tiny.jpg", tiny),  # smaller than a crawl would take today: it was taken then
        put("changed.jpg", good, said=b"other bytes"),
        put("page.jpg", page),
        put("cut.jpg", good[:3_000]),
        (digest, "missing.jpg"),
        (digest, "../outside.jpg"),
        (digest, "pipe.jpg"),
    ]
    [answer] = pass_all(FileStage(plan), batch_of(*files))
    seen = inspect(good, Limits())
    assert answer["small"][0] == seen.small
    assert (answer["height"][0], answer["width"][0], 3) == seen.small_shape
    assert answer["fault"][:2] == ["", ""]
    wanted = ["changed", "html", "truncated", "No such file", "outside", "no file"]
    for fault, words in zip(answer["fault"][2:], wanted, strict=True):
        assert fault.startswith("unreadable: ")
        assert words in fault
    assert answer["small"][2:] == [b""] * 6


class FakeWorker:
    """Answers like the network's process; dies when told to."""

    def __init__(self, deaths=0):
        self.deaths = deaths
        self.ready = {"model": "fake", "way": "none"}
        self.sizes = []

    async def start(self):
        return self.ready

    async def request(self, header, payload):
        if self.deaths:
            self.deaths -= 1
            raise WorkerDied("exit code -9")
        count = len(header["shapes"])
        self.sizes.append(count)
        colors = np.frombuffer(payload, np.uint8).reshape(count, -1)[:, 0]
        numbers = np.repeat(colors[:, None], 2, 1)
        return {"labels": 2, "features": 2}, (
            numbers.astype("<f4").tobytes() + numbers.astype("<f2").tobytes()
        )

    async def close(self):
        pass


def network(**how):
    stage = NetworkStage(ModelSpec(model="builtin"))
    stage.engine.worker = FakeWorker(**how)
    return stage


def pictures(*colors):
    return {
        "seq": [*colors],
        "small": [bytes([color] * 12) for color in colors],
        "height": [2] * len(colors),
        "width": [2] * len(colors),
        "fault": ["unreadable: gone" if color == 0 else "" for color in colors],
    }


def test_the_network_is_asked_once_about_all_that_could_be_read():
    stage = network()
    [answer, nothing] = pass_all(stage, pictures(5, 0, 7), pictures(0))
    assert stage.engine.worker.sizes == [2]
    assert [np.frombuffer(one, "<f4").tolist() for one in answer["probabilities"]] == [
        [5, 5], [], [7, 7]
    ]  # fmt: skip
    assert answer["features"][2] == np.full(2, 7, "<f2").tobytes()
    assert answer["fault"] == ["", "unreadable: gone", ""]
    assert answer["model"] == ["fake"] * 3
    assert nothing["probabilities"] == [b""]


def test_a_batch_that_the_network_cannot_do_is_said_and_the_next_one_is_done():
    answers = pass_all(network(deaths=2), pictures(5, 0), pictures(6))
    assert answers[0]["fault"][0].startswith("failed: ")
    assert answers[0]["fault"][1] == "unreadable: gone"
    assert answers[1]["fault"] == [""]


def test_batches_come_back_in_their_order_from_networks_of_any_speed(plan, put, monkeypatch):
    class Slow:
        """The first batches take the longest."""

        def __init__(self, spec, environment):
            pass

        async def open(self):
            pass

        async def close(self):
            pass

        async def pass_through(self, batch):
            await asyncio.sleep(0.05 / batch["seq"][0])
            return batch

    monkeypatch.setattr(pool_engine, "NetworkStage", Slow)
    one = put("good.jpg", picture(1))
    asked = [{**batch_of(one), "seq": [number]} for number in range(1, 12)]
    engine = PoolEngine(plan, ModelSpec(model="builtin"), networks=3)
    assert [answer["seq"][0] for answer in engine.run(asked)] == [*range(1, 12)]


def test_an_actor_says_the_same_as_a_stage_and_passes_trouble_on(plan, put):
    pa = pytest.importorskip("pyarrow")
    batch = batch_of(put("good.jpg", picture(1)))
    [expected] = pass_all(FileStage(plan), batch)
    actor = StageActor(lambda: FileStage(plan))
    assert actor(pa.table(batch)).to_pydict() == expected
    actor.runner.run(actor.stage.close())
    actor.runner.close()

    def make():
        raise UserError("there is no image store at /nowhere", ExitCode.STORE_FAILED)

    broken = StageActor(make)
    stop = broken(pa.table(batch))
    assert stop.to_pydict() == {"stop": ["there is no image store at /nowhere"], "exit_code": [5]}
    assert StageActor(make)(stop) is stop
    broken.runner.close()


@pytest.mark.parametrize(
    ("variable", "cards"), [("0,1", ["0", "1"]), ("GPU-abc", ["GPU-abc"]), ("", []), ("-1", [])]
)
def test_only_the_cards_that_we_may_use_are_used(variable, cards):
    assert graphics_cards({"CUDA_VISIBLE_DEVICES": variable}) == cards


def test_each_network_gets_a_card_of_its_own(plan, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    engine = PoolEngine(plan, ModelSpec(model="builtin"))
    assert engine.networks == 2
    assert [engine._environment(n)["CUDA_VISIBLE_DEVICES"] for n in range(3)] == ["3", "5", "3"]
    stage = NetworkStage(ModelSpec(model="builtin"), engine._environment(1))
    assert stage.engine.worker.environment["CUDA_VISIBLE_DEVICES"] == "5"
