"""What the labels of an image are in Open Images: an id, who says so, and how sure they are.

A label that the dataset knows has its id there (``/m/0k4j``). What it does not know has one of
ours, which begins with ``/carsets/`` and so is nobody else's:

    /carsets/make/Ford   /carsets/model/Ford/Mustang   /carsets/color/red   /carsets/body/wagon
    /carsets/label/...   /carsets/detector/grille (a class of the detector's network)
    /carsets/class/...   (a class of Open Images of which only the name is known)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from carsets.exports.columns import whole
from carsets.open_images.classes import MID, class_named
from carsets.queries.vocabulary import bodies, broader_bodies, open_images_mid
from carsets.release.labels import safe_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.release.record import Record

LEAST = 0.5  # confidence; what a machine is less sure of is not exported
# What a query asked for and nobody has looked at: the least that the files can say.
ASKED_FOR = 0.5
LONGEST_PART = 200  # characters of an id, of which ``MID`` knows the same
HUMAN, MACHINE = "human", "machine"


@dataclass(frozen=True, slots=True)
class LabelId:
    """One label: its id, and its name for people."""

    mid: str
    description: str = field(compare=False)


Said = dict[str, tuple[float, LabelId]]  # mid -> how sure somebody is of it


def labels_of(record: Record) -> list[tuple[str, LabelId, float]]:
    """Return source, label and confidence of all that is said of an image, the surest first.

    People's word stands beside a machine's, as in the published files. What people have denied
    has the confidence 0.
    """
    human: Said = {}
    machine: Said = {}
    _add_published(record, human, machine)
    for seen, score in record.top_labels:
        _raise(machine, _detected(seen), score)
    if record.car_score is not None:
        _raise(machine, _vehicle(record), record.car_score)
    for name, value in record.labels.items():
        for label in ids_of(name, value, record.labels.get("make", "")):
            if name in record.human_labels:
                _say(human, label, 1.0)
            else:
                _raise(machine, label, ASKED_FOR)
    for name, value in record.denied:
        for label in ids_of(name, value, record.labels.get("make", ""))[:1]:
            _say(human, label, 0.0)
    said = [(HUMAN, label, sure) for sure, label in human.values()]
    said += [(MACHINE, label, round(sure, 2)) for sure, label in machine.values() if sure >= LEAST]
    return sorted(said, key=lambda one: (one[0], -one[2], one[1].mid))


@lru_cache(65_536)
def ids_of(name: str, value: str, make: str = "") -> tuple[LabelId, ...]:
    """Return the ids of one label: the exact one, and where that is ours the known one above."""
    if not value:
        return ()
    if name == "body" and value in bodies():
        known = LabelId(open_images_mid(value), _body_name(value))
        if bodies()[value].mid:
            return (known,)
        above = next((b for b in broader_bodies(value) if bodies()[b].mid == known.mid), "")
        own = _own("body", value)
        return (own, LabelId(known.mid, _body_name(above))) if above else (own,)
    if name == "model" and make:
        return (LabelId(f"/carsets/model/{safe_name(make)}/{safe_name(value)}", f"{make} {value}"),)
    if name == "label" and (known_class := class_named(value)):
        return (LabelId(known_class.mid, known_class.name),)
    return (_own(name if name.isascii() and name.isalpha() else "label", value),)


def _own(kind: str, value: str) -> LabelId:
    return LabelId(f"/carsets/{kind.lower()}/{_part(value)}", value)


def _part(value: str) -> str:
    """Return a value as part of an id: percent-encoded, and not without end."""
    part = quote(whole(value), safe="")
    return part if len(part) <= LONGEST_PART else safe_name(value)


def _body_name(body: str) -> str:
    return body.replace("_", " ")


@lru_cache(4096)
def _detected(label: str) -> LabelId:
    known = class_named(label)
    return LabelId(known.mid, known.name) if known else _own("detector", label)


def _vehicle(record: Record) -> LabelId:
    """Return what the detector was sure of: a car, or the kind of vehicle that is no car."""
    body = record.labels.get("body", "")
    if body in bodies():
        body = (body, *broader_bodies(body))[-1]
    return ids_of("body", body if body in bodies() else "car")[0]


def _say(said: Said, label: LabelId, sure: float) -> None:
    """Enter how sure somebody is; the first name of a label stays."""
    _, known = said.get(label.mid, (0.0, label))
    said[label.mid] = sure, known


def _raise(machine: Said, label: LabelId, sure: float) -> None:
    before, known = machine.get(label.mid, (0.0, label))
    machine[label.mid] = max(sure, before), known


def _add_published(record: Record, human: Said, machine: Said) -> None:
    """Add what the files of Open Images say of an image that came from there."""
    if record.source != "openimages":
        return
    for mid, name, by, sure in _published(record):
        label = LabelId(mid, name)
        if by == MACHINE:
            _raise(machine, label, sure)
        else:
            _say(human, label, 1.0)
    denied = record.extra.get("not_shown")
    for name in denied if isinstance(denied, list) else ():
        if isinstance(name, str) and name:
            known = class_named(name)
            label = LabelId(known.mid, known.name) if known else _own("class", name)
            _say(human, label, 0.0)


def _published(record: Record) -> Iterator[tuple[str, str, str, float]]:
    shown = record.extra.get("classes")
    for one in shown if isinstance(shown, list) else ():
        match one:
            case {
                "mid": str(mid),
                "name": str(name),
                "by": str(by),
                "confidence": float(sure) | int(sure),
            } if MID.fullmatch(mid) and 0 <= sure <= 1:
                yield mid, name, by, float(sure)
