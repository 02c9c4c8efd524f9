"""Releases with images, made as the release itself makes them, and readers in their own process."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from carsets.release.folder import JOURNAL
from carsets.release.record import ImageFile

PROJECT = Path(__file__).parents[2]

# Labels that are bad names for folders, or different names that some file systems take for one.
LABELS = (
    "Citroën",
    "ŠKODA/Fabia",
    "..",
    ".",
    "CON",
    "con.txt",
    "BMW",
    "bmw",
    "Bmw",
    "Alfa Romeo",
    "Alfa_Romeo",
    "日本 🚗",
    "<b>&\"'",
    "two\nlines",
    "-rf",
    "=1+1",
    "{a,b}",
    "[x]*?",
    "%41",
    "~",
    " edge ",
    "back\\slash",
    "bell \x07",
    "no: yes #1",
    "\x85next\u2028line",
    "x" * 300,
    "x" * 299 + "y",
)
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "GIF": "gif", "WEBP": "webp"}


def picture(number, format="JPEG", size=(16, 12), changed=False):
    """Return the file of an image; each number is another picture."""
    file = BytesIO()
    color = (number * 37 % 256, number * 91 % 256, 120)
    Image.new("RGB", size, color).save(file, format)
    data = file.getvalue()
    return ImageFile(
        data=data,
        extension=EXTENSIONS[format],
        width=size[0],
        height=size[1],
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        changed=changed,
    )


def hand_out(format, pairs):
    """Give records and images to a format, as a release does."""
    for record, image in pairs:
        place = format.image_path(record, image.extension) if image else ""
        if place:
            if not format.folder.has(place):
                format.folder.put(place, image.data)
                format.add(record, image)
            else:
                format.add(record, replace(image, data=None))
        elif image and not format.needs_bytes(record):
            format.add(record, replace(image, data=None))
        else:
            format.add(record, image)
    format.finish()


def files_of(path):
    """Return the bytes of all files of a release by name."""
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(Path(path).rglob("*"))
        if file.is_file() and file.name != JOURNAL
    }


def ask(code, *arguments, python=sys.executable, **environment):
    """Run a reader in a process of its own, offline, and return what it prints."""
    done = subprocess.run(
        [python, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        env={
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_OFFLINE": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONUTF8": "1",
            **environment,
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def readers_python():
    """Return the Python that has the readers which do not fit beside our own versions, or skip."""
    python = Path(os.environ.get("READERS_PYTHON", PROJECT / ".venv-readers" / "bin" / "python"))
    if not python.exists():
        pytest.skip(
            "needs readers in an environment of their own (1.2 GB): python3.11 -m venv "
            ".venv-readers && .venv-readers/bin/pip install -r requirements-readers.txt"
        )
    return str(python)
