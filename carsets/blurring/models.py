"""Which files find faces and plates, checked by their hash before they are opened.

Without a setting these are cascades that OpenCV 4 brings (OpenCV 5 no longer does). A file of the
user's own is a cascade (``.xml``) too.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carsets.blurring.cascades import Cascades
from carsets.problems import UserError
from carsets.vision.opencv import load_opencv

if TYPE_CHECKING:
    from carsets.blurring.boxes import Finders

INSTALL = "--blur needs OpenCV 4: pip install opencv-python-headless==4.14.0.94"
FACE, PLATE = "face", "plate"
KINDS = (FACE, PLATE)
PROFILE = "haarcascade_profileface.xml"  # knows faces that look to the left
# The cascades of OpenCV that are used unless the settings name a file.
DEFAULTS = {
    FACE: {
        "haarcascade_frontalface_alt2.xml": (
            "7b0c967d9abbdfbde025eb9c786947d151b6426040d07a8f9562ed8fd90724b4"
        ),
        PROFILE: "b39a4a3be45539db146a7fc1d3e761a292c196eb88421185e6a615b3055e612d",
    },
    PLATE: {
        "haarcascade_russian_plate_number.xml": (
            "814cb5954682af570e58361f9e5f8b5b513a4112776bb9ecacef9f0e4ca6c2d7"
        ),
    },
}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file that finds one kind of thing."""

    kind: str  # one of KINDS
    path: str  # the user's, absolute; or a bare name: OpenCV's own folder has it
    sha256: str  # hex

    @property
    def name(self) -> str:
        """The name of the file alone: what a card may tell."""
        return Path(self.path).name


@dataclass(frozen=True, slots=True)
class BlurModels:
    """The files of both kinds. Equal ones find the same."""

    files: tuple[ModelFile, ...]

    def of(self, kind: str) -> list[ModelFile]:
        """Return the files of one kind."""
        return [file for file in self.files if file.kind == kind]

    def to_frame(self) -> list[dict[str, str]]:
        """Return them as JSON-ready dictionaries."""
        return [asdict(file) for file in self.files]

    @classmethod
    def from_frame(cls, frame: list[dict[str, str]]) -> BlurModels:
        """Return what ``to_frame`` was asked of."""
        return cls(tuple(ModelFile(**file) for file in frame))


def blur_models(own: dict[str, tuple[str, str]]) -> BlurModels:
    """Return the files that are used; ``own``: kind -> the user's path and hash, "" for none.

    Loads each of them once, so that what is missing or wrong is said at once: raises UserError.
    """
    files: list[ModelFile] = []
    for kind in KINDS:
        path, sha256 = own.get(kind, ("", ""))
        setting = f"BLUR_{kind.upper()}S_MODEL"
        if path and not sha256:
            raise UserError(
                f"{setting}={path} needs BLUR_{kind.upper()}S_SHA256, the sha256 that its "
                f"publisher states (compare with: sha256sum {path})"
            )
        if path:
            place = str(Path(path).expanduser().absolute())
            files.append(ModelFile(kind, place, sha256.strip().lower()))
        else:
            files += [ModelFile(kind, name, digest) for name, digest in DEFAULTS[kind].items()]
    models = BlurModels(tuple(files))
    load_finders(models)
    return models


def load_finders(models: BlurModels) -> Finders:
    """Return what finds, by kind. Raises UserError for what cannot be had."""
    opencv = _load_opencv_4()
    return {kind: _finder(opencv, kind, models.of(kind)) for kind in KINDS}


def _load_opencv_4() -> Any:
    opencv = load_opencv(INSTALL)
    if not hasattr(opencv, "CascadeClassifier"):
        raise UserError(f"{INSTALL} (there is {opencv.__version__}, which has no cascades)")
    return opencv


def _finder(opencv: Any, kind: str, files: list[ModelFile]) -> Cascades:
    bodies = [_checked(opencv, file) for file in files]
    try:
        cascades = [_cascade(opencv, body) for body in bodies]
    except (opencv.error, UnicodeDecodeError):
        cascades = []
    if not cascades or any(cascade.empty() for cascade in cascades):
        raise UserError(f"{files[0].path} is no cascade (.xml) to OpenCV")
    mirrored = [file.name == PROFILE for file in files]
    return Cascades(cascades, mirrored=mirrored, flat=kind == PLATE)


def _checked(opencv: Any, file: ModelFile) -> bytes:
    """Return the bytes of a file. Raises UserError if it is not the one that was meant."""
    place = Path(file.path)
    if not place.is_absolute():
        place = Path(opencv.data.haarcascades) / file.path
    try:
        body = place.read_bytes()
    except OSError as error:
        raise UserError(f"--blur: {place} cannot be read: {error.strerror}") from None
    found = hashlib.sha256(body).hexdigest()
    if found != file.sha256:
        raise UserError(
            f"--blur: {place} is not the file that was meant: its sha256 is {found}, not "
            f"{file.sha256}"
        )
    return body


def _cascade(opencv: Any, body: bytes) -> Any:
    """Return a cascade from the bytes that were hashed: the file is not opened again."""
    text = opencv.FileStorage(body.decode(), opencv.FILE_STORAGE_READ | opencv.FILE_STORAGE_MEMORY)
    cascade = opencv.CascadeClassifier()
    cascade.read(text.getFirstTopLevelNode())
    return cascade
