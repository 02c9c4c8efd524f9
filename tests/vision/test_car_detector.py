"""The network itself, in its own process and, for its weights, in this one."""

import asyncio
import csv
import hashlib
import importlib.util
import os
import runpy
import signal
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from carsets.fakeweb.drawing import draw_scene
from carsets.vision.detection import Rule
from carsets.vision.detector_engine import BatchPlan
from carsets.vision.detector_pool import DetectorService
from carsets.vision.inspection import Limits, inspect
from carsets.vision.model_files import DetectorUnavailable, ModelSpec, read_arrays
from carsets.vision.pooling import POOLINGS, regions

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
    ),
    # Keras 3.15 asks TensorFlow 2.21 for arrays in the way of NumPy 1.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PLAN = BatchPlan(size=16, max_wait=0.1)


def drawn(seed: int, kind: str) -> tuple[bytes, tuple[int, int, int]]:
    picture = np.asarray(draw_scene(seed, kind=kind, distance="near", size=(341, 256)))
    return picture.tobytes(), picture.shape


async def look(service, smalls):
    return await asyncio.gather(*(service.detect(*small) for small in smalls))


@pytest.fixture(scope="module")
def built_in():
    """Return what one process of the built-in network says, under everything that we ask of it."""
    vehicles = [drawn(seed, "vehicle") for seed in range(12)]
    others = [drawn(seed, "other") for seed in range(12)]
    parts = [drawn(seed, "part") for seed in range(4)]

    async def main():
        service = DetectorService(ModelSpec(model="builtin", threads=1), plan=PLAN)
        await service.start()
        assert service.engine is not None
        together = await look(service, vehicles + others + parts)
        alone = [await service.detect(*small) for small in (vehicles[0], others[0])]
        os.kill(service.engine.worker.pid, signal.SIGKILL)
        again = await service.detect(*vehicles[0])
        starts, way = service.engine.worker.starts, service.engine.way
        await service.close()
        return together, alone, again, starts, way

    return asyncio.run(main())


def test_the_built_in_network_tells_drawn_vehicles_from_other_things(built_in):
    together, *_ = built_in
    assert sum(found.verdict == "keep" for found in together[:12]) >= 11
    assert sum(found.verdict == "keep" for found in together[12:24]) <= 1
    assert sum(found.view == "part" for found in together[24:]) >= 3


def test_a_batch_says_what_a_single_image_says(built_in):
    together, alone, *_ = built_in
    for one, other in ((together[0], alone[0]), (together[12], alone[1])):
        assert one.verdict == other.verdict
        assert one.car_score == pytest.approx(other.car_score, abs=2e-4)
        assert one.top[0][0] == other.top[0][0]
        features = [np.frombuffer(found.features or b"", "<f2") for found in (one, other)]
        assert np.allclose(*features, atol=1e-2)
        assert features[0].any()


def test_a_killed_process_is_started_again(built_in):
    together, _, again, starts, _ = built_in
    assert starts == 2
    assert again.car_score == pytest.approx(together[0].car_score, abs=2e-4)


def test_tensorflow_is_not_imported_beside_the_event_loop():
    code = "import carsets.vision.detector_pool, sys; print('tensorflow' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert done.stdout.split() == [b"False"], done.stderr


@pytest.mark.parametrize(
    "spec",
    [
        ModelSpec(fetch=False),
        ModelSpec(weights="nowhere.h5", sha256="0" * 64),
        ModelSpec(model="builtin", weights="mine.npz", sha256="0" * 64),
    ],
    ids=["none", "not there", "built-in with a file"],
)
def test_missing_weights_stop_the_start_with_one_line(spec, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    async def main():
        service = DetectorService(spec)
        with pytest.raises(DetectorUnavailable) as caught:
            await service.start()
        return str(caught.value)

    said = asyncio.run(main())
    assert "CAR_DETECTION_" in said
    assert "\n" not in said
    if not spec.weights:
        assert "-s CAR_DETECTION_MODEL=builtin" in said
        assert str(tmp_path / "models") in said


# --- Weights, in this process -------------------------------------------------------------------


@pytest.fixture(scope="module")
def networks():
    """Return the module that imports TensorFlow, with TensorFlow imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of TensorFlow's own imports
        import keras  # noqa: F401

        from carsets.vision import car_detector
    return car_detector


@pytest.fixture(scope="module")
def network(networks):
    """Return an untrained built-in network."""
    return networks.builtin_network()


def test_weights_go_through_a_keras_file_and_through_plain_arrays(networks, network, tmp_path):
    network.save_weights(tmp_path / "a.weights.h5")
    networks.save_arrays(network, tmp_path / "a.npz")
    for name in ("a.weights.h5", "a.npz"):
        other = networks.builtin_network()
        networks.put_weights(other, (tmp_path / name).read_bytes(), name)
        for mine, theirs in zip(network.variables, other.variables, strict=True):
            assert np.allclose(mine.numpy(), theirs.numpy(), atol=1e-3), mine.path


def test_maps_are_pooled_as_the_papers_say(networks):
    maps = np.maximum(np.random.default_rng(1).normal(size=(2, 7, 7, 5)), 0).astype(np.float32)
    assert np.allclose(networks.gem(maps), (maps**3).mean((1, 2)) ** (1 / 3), atol=1e-4)
    expected = np.zeros((2, 5))
    squares = regions(7, 7)
    for top, left, side in squares:
        most = maps[:, top : top + side, left : left + side].max((1, 2))
        expected += most / np.linalg.norm(most, axis=1, keepdims=True) / len(squares)
    assert np.allclose(networks.rmac(maps), expected, atol=1e-4)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_another_pooling_has_another_name_and_the_same_opinion(networks, pooling, monkeypatch):
    monkeypatch.setattr(networks, "_make_ready", lambda step, shape, graphics: (step, "plain"))
    usual = networks.CarDetector.load(ModelSpec(model="builtin"))
    other = networks.CarDetector.load(ModelSpec(model="builtin", pooling=pooling))
    picture = np.asarray(draw_scene(1, kind="vehicle", size=(341, 256)))
    chances, features = usual.predict([picture])
    again, pooled = other.predict([picture])
    assert np.allclose(chances, again, atol=1e-4)
    assert pooled.shape == features.shape
    assert np.isfinite(pooled).all()
    assert (other.name == usual.name) == np.allclose(pooled, features) == (pooling == "average")


def test_weights_of_another_network_are_one_line(networks, network, tmp_path):
    networks.save_arrays(network, tmp_path / "a.npz")
    arrays = read_arrays((tmp_path / "a.npz").read_bytes(), "a.npz")
    fewer = {name: array for name, array in arrays.items() if name != "logits/bias"}
    smaller = {**arrays, "logits/bias": np.zeros(10, np.float32)}
    for wrong in (fewer, smaller):
        with pytest.raises(DetectorUnavailable, match="does not fit builtin") as caught:
            networks.put_arrays(network, wrong, "a.npz")
        assert "logits/bias" in str(caught.value)


def test_a_whole_model_with_a_lambda_is_refused(networks, network, tmp_path):
    import keras

    whole = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2)])
    whole.save(tmp_path / "model.keras")
    assert "Lambda" in zipfile.ZipFile(tmp_path / "model.keras").read("config.json").decode()
    with pytest.raises(DetectorUnavailable, match="whole Keras model"):
        networks.put_weights(network, (tmp_path / "model.keras").read_bytes(), "model.keras")


def test_a_failed_fetch_is_one_line_that_says_what_to_do(networks, monkeypatch, tmp_path):
    def builder(weights):
        raise Exception(f"URL fetch failure on https://host.test/x.h5:\n {weights} -- no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(networks, "application", lambda name: (builder, None))
    with pytest.raises(DetectorUnavailable, match="URL fetch failure") as caught:
        networks.load_application(ModelSpec(), None)
    assert "\n" not in str(caught.value)
    assert "resnet50_weights_tf_dim_ordering_tf_kernels.h5" in str(caught.value)


@pytest.mark.parametrize("name", ["resnet50", "ResNet5", "preprocess_input", "keras", ""])
def test_an_unknown_network_is_one_line(networks, name):
    with pytest.raises(DetectorUnavailable, match="neither builtin nor one of"):
        networks.application(name)


def test_networks_are_found_with_their_own_preprocessing(networks):
    from keras.applications import mobilenet_v2, resnet

    assert networks.application("MobileNetV2")[1] is mobilenet_v2.preprocess_input
    assert networks.application("ResNet50")[0] is resnet.ResNet50


def test_bfloat16_is_given_up_when_it_changes_a_decision(networks):
    one = np.array([[0.5, 0.4, 0.1], [0.9, 0.05, 0.05]], np.float32)
    assert networks.same_decisions(one, one + np.float32(0.01))
    assert not networks.same_decisions(one, one[:, [1, 0, 2]])
    assert not networks.same_decisions(one, one * np.float32(0.9))


# --- The published weights of ImageNet, where they are at hand ----------------------------------


@pytest.mark.slow
def test_resnet50_takes_published_weights_and_finds_the_cars_in_photos(shared, tmp_path):
    write_resnet50 = runpy.run_path(str(BENCHMARKS / "published_resnet50.py"))["write_resnet50"]
    path = tmp_path / "resnet50.npz"
    sha256 = write_resnet50(shared / "data/models", path, refit=True)
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    photos = shared / "data/photos"
    with (photos / "index.csv").open(newline="") as file:
        clear = [row for row in csv.DictReader(file) if row["clear"] == "yes"]
    with (photos / "resnet50_top5.csv").open(newline="") as file:
        known = {row["file"]: row["label1"].replace("_", " ") for row in csv.DictReader(file)}
    rows = [row for row in clear if row["label"] == "car"][:72:6]
    rows += [row for row in clear if row["label"] == "other"][:72:6]
    seen = [inspect((photos / row["file"]).read_bytes(), Limits()) for row in rows]
    smalls = [(one.small, one.small_shape) for one in seen]

    async def main():
        spec = ModelSpec(weights=str(path), sha256=sha256)
        service = DetectorService(spec, Rule(name="top4"), plan=PLAN)
        await service.start()
        try:
            return await look(service, smalls), await service.detect(*smalls[0])
        finally:
            await service.close()

    found, alone = asyncio.run(main())
    assert sum(one.verdict == "keep" for one in found[:12]) >= 11
    assert sum(one.verdict == "keep" for one in found[12:]) <= 2
    same = sum(one.top[0][0] == known[row["file"]] for one, row in zip(found, rows, strict=True))
    assert same >= 8  # 55 % of all photos: this is another graph than the one they were made for
    assert alone.car_score == pytest.approx(found[0].car_score, abs=2e-4)
    assert len(found[0].features or b"") == 2 * 2048
