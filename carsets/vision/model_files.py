"""Which network is meant, and the files that may give it its weights.

The architecture always comes from code. A file gives numbers only, is hashed before it is opened,
and what was hashed is what is read: a file swapped in between changes nothing.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from carsets.problems import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUILTIN = "builtin"
BUILTIN_FILE = "builtin_detector.npz"
BUILTIN_SHA256 = "ffdafa3f689484681d619e2d2de8a6e762c82d9959139d79adb450f14e6a8765"

RESNET50_FILE = "resnet50_weights_tf_dim_ordering_tf_kernels.h5"
RESNET50_MD5 = "2cb95161c43110f7111970584f804107"

MOST_DEPTH = 16  # groups within groups; Keras needs 6

Kind = Literal["npz", "h5", "weights.h5"]


class DetectorUnavailable(UserError):
    """The detector cannot be had; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Which network with which weights; the same spec means the same detector."""

    model: str = "ResNet50"  # a name of keras.applications, or "builtin"
    weights: str = ""  # path of the user's file; "" = the network's own
    sha256: str = ""  # hex; must be given with `weights`
    fetch: bool = True  # whether Keras may fetch ImageNet's weights once
    threads: int = 0  # 0 = TensorFlow decides
    pooling: str = "average"  # how features are made of the last map, see pooling.py

    def to_frame(self) -> dict[str, Any]:
        """Return the spec as a JSON-ready dictionary."""
        return asdict(self)


def builtin_weights() -> bytes:
    """Return the bytes of the weights that ship with carsets, hash checked.

    Raises DetectorUnavailable when they were altered.
    """
    body = files("carsets").joinpath("data", BUILTIN_FILE).read_bytes()
    return verified(body, BUILTIN_SHA256, BUILTIN_FILE)


def user_weights(spec: ModelSpec) -> bytes:
    """Return the bytes of the user's weights file, hash checked.

    Raises DetectorUnavailable for a file without a hash, with another hash, unreadable, or with
    more in it than numbers.
    """
    path = Path(spec.weights).expanduser()
    if not spec.sha256:
        raise DetectorUnavailable(
            f"CAR_DETECTION_WEIGHTS={spec.weights} needs CAR_DETECTION_WEIGHTS_SHA256, the sha256 "
            f"that its publisher states (compare with: sha256sum {path})"
        )
    try:
        body = path.read_bytes()
    except OSError as error:
        raise DetectorUnavailable(
            f"CAR_DETECTION_WEIGHTS={spec.weights} cannot be read: {error.strerror}"
        ) from None
    verified(body, spec.sha256, str(path))
    weights_kind(body, str(path))
    return body


def weights_of(spec: ModelSpec) -> bytes | None:
    """Return the bytes of the weights that are there for a spec; None: Keras has to fetch them.

    Needs no TensorFlow, so that what is missing or wrong is said at once. Raises
    DetectorUnavailable.
    """
    if spec.model == BUILTIN:
        if spec.weights:
            raise DetectorUnavailable(
                "CAR_DETECTION_WEIGHTS is for networks of keras.applications: empty it, or name "
                "the network of the file, as in -s CAR_DETECTION_MODEL=ResNet50"
            )
        return builtin_weights()
    if spec.weights:
        return user_weights(spec)
    if spec.model == "ResNet50" and (path := resnet50_file()):
        return path.read_bytes()
    if not spec.fetch:
        raise no_weights(spec.model, "CAR_DETECTION_FETCH is off")
    return None


def verified(body: bytes, sha256: str, name: str) -> bytes:
    """Return the bytes if they have the hash; raises DetectorUnavailable if not."""
    found = hashlib.sha256(body).hexdigest()
    if found != sha256.strip().lower():
        raise DetectorUnavailable(
            f"{name} is not the file that was meant: its sha256 is {found}, not {sha256}"
        )
    return body


def weights_kind(body: bytes, name: str) -> Kind:
    """Return which kind of weights file the bytes are, by their content.

    Raises DetectorUnavailable for whole models, pickles and anything else that is more than
    numbers.
    """
    if body.startswith(b"PK"):
        try:
            members = zipfile.ZipFile(io.BytesIO(body)).namelist()
        except zipfile.BadZipFile:
            members = []
        if members and all(member.endswith(".npy") for member in members):
            return "npz"
        raise _refusal(name, "a whole Keras model or another archive")
    if body.startswith(b"\x89HDF\r\n\x1a\n"):
        return _hdf5_kind(body, name)
    raise _refusal(name, "neither HDF5 nor .npz (pickles are never opened)")


def read_arrays(body: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz file; raises DetectorUnavailable for pickled ones."""
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as bundle:
            return {key: bundle[key] for key in bundle.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise _refusal(name, f"not plain arrays ({error})") from None


def keras_models_folder() -> Path:
    """Return the folder in which Keras keeps the weights that it has fetched."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def resnet50_file() -> Path | None:
    """Return ImageNet's weights for ResNet50 if Keras has them already, hash checked.

    Raises DetectorUnavailable for another file of that name, which Keras would delete.
    """
    path = keras_models_folder() / RESNET50_FILE
    if not path.exists():
        return None
    # Keras publishes MD5 alone; the file is one that Keras itself put here, over TLS.
    found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if found != RESNET50_MD5:
        raise DetectorUnavailable(
            f"{path} is damaged or another file (md5 {found}, not {RESNET50_MD5}): move it away, "
            "or give it as CAR_DETECTION_WEIGHTS with its CAR_DETECTION_WEIGHTS_SHA256"
        )
    return path


def no_weights(model: str, why: str) -> DetectorUnavailable:
    """Return the one line about weights that are not there."""
    place = keras_models_folder()
    put = f"put {RESNET50_FILE} into {place}" if model == "ResNet50" else f"fill {place}"
    return DetectorUnavailable(
        f"no ImageNet weights for {model} ({why}): {put}, or give your own with "
        "CAR_DETECTION_WEIGHTS and CAR_DETECTION_WEIGHTS_SHA256, or use the small network that "
        "ships with carsets: -s CAR_DETECTION_MODEL=builtin"
    )


def _hdf5_kind(body: bytes, name: str) -> Kind:
    import h5py

    try:
        with h5py.File(io.BytesIO(body), "r") as file:
            if "model_config" in file.attrs or "model_weights" in file:
                raise _refusal(name, "a whole Keras model: save its weights alone")
            _refuse_outside(file, name)
            return "h5" if "layer_names" in file.attrs else "weights.h5"
    except OSError as error:
        raise _refusal(name, f"not readable as HDF5 ({error})") from None


def _refuse_outside(group: Any, name: str, depth: int = 0) -> None:
    """Refuse HDF5 that would read other files (links, external storage) or never ends."""
    import h5py

    for key in group:
        if depth > MOST_DEPTH or not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise _refusal(name, f"it points elsewhere at {key}")
        member = group[key]
        if not isinstance(member, h5py.Dataset):
            _refuse_outside(member, name, depth + 1)
        elif member.external or member.is_virtual:
            raise _refusal(name, f"it points to another file at {key}")


def _refusal(name: str, why: str) -> DetectorUnavailable:
    return DetectorUnavailable(
        f"{name} is not a file of weights alone: {why}. Files give weights only (.weights.h5, "
        "legacy weights .h5, or .npz with one plain array per variable)"
    )
