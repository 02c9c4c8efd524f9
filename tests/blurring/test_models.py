"""The files that find faces and plates: which they are, and what is said where they are not."""

import hashlib
import sys
from pathlib import Path

import pytest

from carsets.blurring.models import DEFAULTS, FACE, KINDS, PLATE, blur_models, load_finders
from carsets.problems import UserError
from carsets.release.blur_facts import blur_facts, key_of, measured

UP = Path(__file__).parents[2]
NEEDED = "needs OpenCV 4 (pip install opencv-python-headless==4.14.0.94)"


@pytest.fixture
def cascades():
    """Return the folder of OpenCV's cascades, or skip."""
    cv2 = pytest.importorskip("cv2", reason=NEEDED)
    if not hasattr(cv2, "CascadeClassifier"):
        pytest.skip(NEEDED)
    return Path(cv2.data.haarcascades)


def test_without_opencv_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UserError, match="pip install opencv-python-headless==4") as caught:
        blur_models({})
    assert caught.value.exit_code == 2


def test_the_versions_that_are_asked_for_are_those_that_are_pinned():
    from carsets.blurring.models import INSTALL

    pinned = (UP / "requirements-dev.txt").read_text()
    assert INSTALL.partition("install ")[2] in pinned


def test_a_model_of_one_s_own_is_checked_before_it_is_opened(tmp_path, cascades):
    plates = next(iter(DEFAULTS[PLATE]))
    body = (cascades / plates).read_bytes()
    own = tmp_path / "plates.xml"
    own.write_bytes(body)
    digest = hashlib.sha256(body).hexdigest()
    models = blur_models({PLATE: (str(own), digest)})
    assert [file.name for file in models.of(PLATE)] == ["plates.xml"]
    assert set(load_finders(models)) == set(KINDS)
    with pytest.raises(UserError, match="needs BLUR_PLATES_SHA256"):
        blur_models({PLATE: (str(own), "")})
    with pytest.raises(UserError, match="not the file that was meant"):
        blur_models({PLATE: (str(own), "0" * 64)})
    with pytest.raises(UserError, match="cannot be read"):
        blur_models({PLATE: (str(tmp_path / "missing.xml"), digest)})


@pytest.mark.parametrize("name", ["a.xml", "a.onnx"])
def test_a_file_that_is_no_model_is_an_error_in_one_line(tmp_path, cascades, name):
    own = tmp_path / name
    own.write_bytes(b"\xff\x00 nothing of the kind")
    digest = hashlib.sha256(own.read_bytes()).hexdigest()
    with pytest.raises(UserError, match="is no cascade") as caught:
        blur_models({FACE: (str(own), digest)})
    assert "\n" not in str(caught.value)


def test_the_card_tells_what_was_measured_with_these_very_files(cascades):
    models = blur_models({})
    for kind in KINDS:
        known = measured()[kind, key_of(models, kind)]
        assert 0 < known.found <= known.labelled
        assert f"{known.labelled - known.found} were missed" in known.text
    told = blur_facts(models, _Checks())
    assert {(file, digest) for _, file, digest, _ in told.detectors} == {
        entry for files in DEFAULTS.values() for entry in files.items()
    }


class _Checks:
    hidden = touched = listed = 0
