"""The weights, by their hash, and the library that reads them."""

from hashlib import sha256

import numpy as np
import pytest

from carsets.doctor import detector
from carsets.doctor.finding import Health, look
from carsets.vision import model_files


def looked(settings):
    return list(look("weights", lambda: detector.look_at_detector(settings)))


def test_the_built_in_weights_are_hashed():
    [finding] = looked({"CAR_DETECTION_MODEL": "builtin"})
    assert finding.health is Health.OK
    assert "hash checked" in finding.said


def test_altered_weights_are_a_failure(monkeypatch):
    monkeypatch.setattr(model_files, "BUILTIN_SHA256", "0" * 64)
    [finding] = looked({"CAR_DETECTION_MODEL": "builtin"})
    assert finding.health is Health.FAIL


@pytest.mark.parametrize("right", [True, False])
def test_the_user_s_weights_are_held_against_the_hash_given(tmp_path, right):
    path = tmp_path / "mine.npz"
    np.savez(path, a=np.zeros(3, np.float32))
    digest = sha256(path.read_bytes()).hexdigest() if right else "0" * 64
    findings = looked(
        {
            "CAR_DETECTION_MODEL": "ResNet50",
            "CAR_DETECTION_WEIGHTS": str(path),
            "CAR_DETECTION_WEIGHTS_SHA256": digest,
        }
    )
    assert (findings[-1].health is Health.OK) == right


def test_a_machine_without_tensorflow_is_told_what_it_can_do(monkeypatch):
    monkeypatch.setattr(detector.importlib.util, "find_spec", lambda _: None)
    finding = looked({"CAR_DETECTION_MODEL": "builtin"})[0]
    assert finding.health is Health.FAIL
    assert "CAR_DETECTION_ENABLED=False" in finding.fix
    [finding] = looked({"CAR_DETECTION_ENABLED": "False"})
    assert finding.health is Health.OK


def test_weights_that_are_not_here_yet_are_a_warning(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    finding = looked({"CAR_DETECTION_MODEL": "ResNet50"})[-1]
    assert finding.health is Health.WARN
    finding = looked({"CAR_DETECTION_MODEL": "ResNet50", "CAR_DETECTION_FETCH": False})[-1]
    assert finding.health is Health.FAIL
