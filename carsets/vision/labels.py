"""The labels that a network can give, and which of them count as a vehicle or as a part of one.

``CAR_DETECTION_LABELS`` names groups of ``data/imagenet_vehicles.csv``, single labels by their
exact name or WordNet id, or the preset ``preset-2016``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from carsets.vision.detection import DetectionSettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# The mission asks for cars, SUVs, trucks and vans. Networks call a van a minibus, a moving van or
# an ambulance, and a camper a recreational vehicle; of the group bus_rv these two belong here,
# while school buses and trolleybuses do not. Rail, tractors, golf carts, karts and motorcycles
# stay out.
DEFAULT_LABELS = ("car", "pickup_van_truck", "emergency_vehicle", "minibus", "recreational vehicle")

PRESET_2016 = "preset-2016"
# The words of the 2016 dataset. The source looked for them as labels, so those that ImageNet does
# not have (car, truck, suv, crossover, van) never matched anything: they are kept for the record.
WORDS_2016 = (
    "car",
    "suv",
    "truck",
    "crossover",
    "van",
    "pickup",
    "minivan",
    "sports car",
    "cab",
    "racer",
    "convertible",
    "jeep",
    "ambulance",
)

# The built-in network: the classes of CIFAR-10 in their order, and two of our own.
BUILTIN_LABELS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
    "part",
    "nothing",
)
BUILTIN_GROUPS = {1: "car", 9: "pickup_van_truck", 10: "part_exterior"}

PART_GROUPS = frozenset({"part_exterior", "part_mechanical"})
INTERIOR_GROUPS = frozenset({"part_interior", "part_instrument"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTable:
    """The labels of one network by number, and the numbers that matter to us."""

    labels: tuple[str, ...]
    vehicles: frozenset[int]
    parts: frozenset[int]
    interiors: frozenset[int]


@cache
def imagenet_classes() -> tuple[tuple[str, str], ...]:
    """Return WordNet id and name of the thousand classes of ImageNet, in their order."""
    return tuple((row["wnid"], row["name"]) for row in _rows("imagenet_classes.csv"))


@cache
def imagenet_groups() -> Mapping[int, str]:
    """Return the group of every class of ImageNet that has to do with vehicles."""
    return {int(row["index"]): row["group"] for row in _rows("imagenet_vehicles.csv")}


def imagenet_table(counted: Collection[str] = DEFAULT_LABELS) -> LabelTable:
    """Return the table of a network with the classes of ImageNet.

    Raises DetectionSettingsError for an entry that is no group, name or WordNet id.
    """
    names = tuple(name for _, name in imagenet_classes())
    ids = {wnid: number for number, (wnid, _) in enumerate(imagenet_classes())}
    return _table(names, imagenet_groups(), counted, ids)


def builtin_table(counted: Collection[str] = DEFAULT_LABELS) -> LabelTable:
    """Return the table of the built-in network; labels that it does not know are no error.

    Raises DetectionSettingsError for an entry that ImageNet does not know either.
    """
    imagenet_table(counted)  # the same setting must be right for either network
    known = {*BUILTIN_GROUPS.values(), *BUILTIN_LABELS}
    counted = [entry for entry in counted if entry in known]
    return _table(BUILTIN_LABELS, BUILTIN_GROUPS, counted, {})


def _table(
    names: tuple[str, ...],
    groups: Mapping[int, str],
    counted: Collection[str],
    ids: Mapping[str, int],
) -> LabelTable:
    vehicles: set[int] = set()
    for entry in counted:
        vehicles |= _numbers(entry, names, groups, ids)
    if not vehicles:
        raise DetectionSettingsError("CAR_DETECTION_LABELS names no label: nothing would be kept")
    return LabelTable(
        labels=names,
        vehicles=frozenset(vehicles),
        parts=frozenset(number for number, group in groups.items() if group in PART_GROUPS),
        interiors=frozenset(number for number, group in groups.items() if group in INTERIOR_GROUPS),
    )


def _numbers(
    entry: str, names: tuple[str, ...], groups: Mapping[int, str], ids: Mapping[str, int]
) -> set[int]:
    """Return the numbers that one entry of the setting stands for."""
    if entry == PRESET_2016:
        return {number for number, name in enumerate(names) if name in WORDS_2016}
    if entry in ids:
        return {ids[entry]}
    found = {number for number, group in groups.items() if group == entry}
    found |= {number for number, name in enumerate(names) if name == entry.replace("_", " ")}
    if not found:
        raise DetectionSettingsError(
            f"CAR_DETECTION_LABELS: {entry!r} is no group of vehicles, no label of ImageNet and no "
            f"WordNet id; groups are {', '.join(sorted(set(groups.values())))}"
        )
    return found


def _rows(name: str) -> list[dict[str, str]]:
    text = files("carsets").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
