"""What a card says of blurring: by which files, and how much they overlook.

``data/blur_recall.csv`` holds what ``python -m benchmarks.blur`` measured on photos that people
have labelled. Files that were not measured are said to be not measured.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from carsets.blurring.models import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.blurring.models import BlurModels
    from carsets.release.blur_checks import BlurChecks

COUNTS = ("photos", "labelled", "found", "boxes", "wrong")
NAMES = {"face": "faces", "plate": "number plates"}


@dataclass(frozen=True, slots=True)
class Measured:
    """How a kind of thing was found in a labelled sample."""

    photos: int
    labelled: int
    found: int
    boxes: int  # that were drawn
    wrong: int  # of these, where nothing is labelled
    date: str

    @property
    def text(self) -> str:
        """The figures in one sentence."""
        return (
            f"{self.found} of {self.labelled} in a labelled sample of {self.photos} photos were "
            f"found ({self.found / self.labelled:.0%}), {self.labelled - self.found} were missed; "
            f"{self.wrong} of {self.boxes} boxes hid something else (measured {self.date})"
        )


@dataclass(frozen=True, slots=True)
class BlurFacts:
    """What was blurred in a release, and by what."""

    detectors: tuple[tuple[str, str, str, str], ...]  # kind, file, sha256, what was measured
    hidden: int
    touched: int
    listed: int

    @property
    def summary(self) -> str:
        """What a program's reader is told, on one line."""
        used = "; ".join(
            f"{kind}: {file} (sha256 {digest}): {measured}"
            for kind, file, digest, measured in self.detectors
        )
        return f"Detectors looked for faces and number plates and miss some. {used}."


def blur_facts(models: BlurModels, checks: BlurChecks) -> BlurFacts:
    """Return what is known of a release's blurring."""
    rows = []
    for kind in KINDS:
        used = models.of(kind)
        known = measured().get((kind, key_of(models, kind)))
        text = known.text if known else "how many it misses was not measured"
        rows += [(NAMES[kind], file.name, file.sha256, text) for file in used]
    return BlurFacts(tuple(rows), checks.hidden, checks.touched, checks.listed)


def key_of(models: BlurModels, kind: str) -> str:
    """Return the name of what finds one kind: the hashes of its files."""
    return "+".join(sorted(file.sha256 for file in models.of(kind)))


@cache
def measured() -> Mapping[tuple[str, str], Measured]:
    """Return what was measured, by kind and the hashes of the files."""
    text = files("carsets").joinpath("data", "blur_recall.csv").read_text(encoding="utf-8")
    found = {}
    for line in csv.DictReader(text.splitlines()):
        numbers = {name: int(line[name]) for name in COUNTS}
        found[line["kind"], line["sha256"]] = Measured(**numbers, date=line["date"])
    return found
