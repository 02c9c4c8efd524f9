"""T22: files give numbers only, and are hashed before they are opened."""

import hashlib
import io
import pickle
import zipfile

import numpy as np
import pytest

from carsets.vision import model_files
from carsets.vision.model_files import (
    DetectorUnavailable,
    ModelSpec,
    builtin_weights,
    read_arrays,
    resnet50_file,
    user_weights,
    verified,
    weights_kind,
)


class Trap:
    """A pickle that leaves a mark when it is opened."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def hdf5(fill) -> bytes:
    h5py = pytest.importorskip("h5py", reason="comes with TensorFlow, which is not installed")
    file = io.BytesIO()
    with h5py.File(file, "w") as book:
        fill(book, h5py)
    return file.getvalue()


def test_the_weights_that_ship_are_those_that_the_code_names():
    arrays = read_arrays(builtin_weights(), "builtin")
    assert arrays["logits/kernel"].shape[1] == 12


def test_one_altered_byte_in_the_weights_that_ship_is_refused(monkeypatch):
    body = bytearray(builtin_weights())
    body[len(body) // 2] ^= 1
    with pytest.raises(DetectorUnavailable, match="not the file that was meant"):
        verified(bytes(body), model_files.BUILTIN_SHA256, "builtin_detector.npz")
    monkeypatch.setattr(model_files, "BUILTIN_SHA256", "0" * 64)
    with pytest.raises(DetectorUnavailable):
        builtin_weights()


def test_a_users_file_needs_its_hash(tmp_path):
    path = tmp_path / "mine.npz"
    path.write_bytes(npz(a=np.zeros(3)))
    with pytest.raises(DetectorUnavailable, match="CAR_DETECTION_WEIGHTS_SHA256"):
        user_weights(ModelSpec(weights=str(path)))
    spec = ModelSpec(weights=str(path), sha256=sha256(path.read_bytes()).upper())
    assert user_weights(spec) == path.read_bytes()


def test_a_users_file_of_one_other_byte_is_refused_before_it_is_opened(tmp_path):
    path = tmp_path / "mine.npz"
    body = pickle.dumps(Trap())
    path.write_bytes(body + b"\0")
    with pytest.raises(DetectorUnavailable, match="sha256"):
        user_weights(ModelSpec(weights=str(path), sha256=sha256(body)))


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(DetectorUnavailable, match="No such file") as caught:
        user_weights(ModelSpec(weights=str(tmp_path / "none.h5"), sha256="0" * 64))
    assert "\n" not in str(caught.value)


def test_plain_arrays_are_taken():
    body = npz(**{"conv/kernel": np.ones((2, 2))})
    assert weights_kind(body, "mine") == "npz"
    assert read_arrays(body, "mine")["conv/kernel"].shape == (2, 2)


def test_a_pickle_is_refused_whatever_it_is_called():
    for body in (pickle.dumps(Trap()), pickle.dumps(Trap(), 0), b"", b"\x80\x04"):
        with pytest.raises(DetectorUnavailable, match="pickles are never opened"):
            weights_kind(body, "weights.npz")


def test_pickled_objects_inside_an_npz_are_refused():
    body = npz(a=np.array([Trap()], object))
    with pytest.raises(DetectorUnavailable, match="not plain arrays"):
        read_arrays(body, "mine")


def test_a_whole_keras_model_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", '{"class_name": "Lambda"}')
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(DetectorUnavailable, match="whole Keras model"):
        weights_kind(file.getvalue(), "model.keras")


def test_hdf5_of_weights_alone_is_taken_in_both_layouts():
    def new(book, _):
        book["layers/conv/vars/0"] = np.zeros(3)

    def old(book, _):
        book.attrs["layer_names"] = [b"conv"]
        book["conv/kernel"] = np.zeros(3)

    assert weights_kind(hdf5(new), "mine") == "weights.h5"
    assert weights_kind(hdf5(old), "mine") == "h5"


@pytest.mark.parametrize("sign", ["model_config", "model_weights"])
def test_hdf5_of_a_whole_model_is_refused(sign):
    def whole(book, _):
        book.attrs["layer_names"] = [b"conv"]
        if sign == "model_config":
            book.attrs["model_config"] = '{"class_name": "Lambda"}'
        else:
            book["model_weights/conv/kernel"] = np.zeros(3)

    with pytest.raises(DetectorUnavailable, match="whole Keras model"):
        weights_kind(hdf5(whole), "model.h5")


def test_hdf5_that_reads_other_files_is_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(64))

    def linked(book, h5py):
        book["layers/conv"] = h5py.ExternalLink(str(secret), "/a")

    def soft(book, h5py):
        book["layers"] = h5py.SoftLink("/")

    def stored(book, h5py):
        book.create_dataset("layers/conv", (8,), "f8", external=[(str(secret), 0, 64)])

    for fill in (linked, soft, stored):
        with pytest.raises(DetectorUnavailable, match="it points"):
            weights_kind(hdf5(fill), "mine.weights.h5")


def test_damaged_hdf5_is_one_line():
    with pytest.raises(DetectorUnavailable, match="not readable as HDF5") as caught:
        weights_kind(b"\x89HDF\r\n\x1a\n" + bytes(100), "mine.h5")
    assert "\n" not in str(caught.value)


def test_weights_that_keras_has_fetched_are_checked_and_never_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert resnet50_file() is None
    path = tmp_path / "models" / model_files.RESNET50_FILE
    path.parent.mkdir()
    path.write_bytes(b"half a download")
    with pytest.raises(DetectorUnavailable, match="damaged or another file"):
        resnet50_file()
    assert path.read_bytes() == b"half a download"
    digest = hashlib.md5(b"half a download", usedforsecurity=False).hexdigest()
    monkeypatch.setattr(model_files, "RESNET50_MD5", digest)
    assert resnet50_file() == path
