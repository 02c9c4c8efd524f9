"""What the user asks of a release, checked: one clear line for everything that cannot be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from carsets.exports.formats import export_format
from carsets.licenses import Evidence
from carsets.permissions import ACCEPTED, Mode, Purpose
from carsets.problems import UserError
from carsets.release.derived import THUMB_300K, Change, parse_size
from carsets.release.labels import LABELS
from carsets.release.splits import parse_shares
from carsets.release.where import check_where

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from carsets.exports.base import ExportFormat
    from carsets.release.derived import Size
    from carsets.release.splits import Shares

ND_CHOICES = ("out", "unchanged", "fail")
EVIDENCE_CHOICES = {"list": Evidence.LIST, "file": Evidence.FILE}
DEFAULT_SALT = "carsets"
LONGEST_NAME = 100  # characters
_NAME = re.compile(r"[^\W_][\w .+-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOptions:
    """A release as it was asked for."""

    format: str  # a name of carsets.exports.formats
    destination: Path  # absolute
    mode: Mode = Mode.URLS
    purpose: Purpose = Purpose.RESEARCH
    accept: frozenset[Evidence] = ACCEPTED  # who is believed about licenses
    only_allowed: bool = False  # leave out what the mode forbids, instead of failing
    nd: str = "out"  # what becomes of ND images when images are resized: see ND_CHOICES
    split: str = ""  # as it was written
    salt: str = DEFAULT_SALT  # of all draws: splits and caps
    size: Size | None = None  # None: the original bytes
    blur: bool = False  # whether faces and plates are hidden in the copies
    label: tuple[str, ...] = ()  # which labels make a class
    where: str = ""  # an expression over the columns of release.where
    max_per_class: int = 0  # 0: no limit
    max_per_host: int = 0
    with_review: bool = False  # also what waits for people's decision
    name: str = ""  # of the dataset
    retain_until: str = ""  # ISO date; internal mode only; "" = by the setting

    @property
    def format_class(self) -> type[ExportFormat]:
        """The format itself."""
        return export_format(self.format)

    @property
    def carries_images(self) -> bool:
        """Whether the release holds pixels."""
        return self.format_class.carries_images and self.mode is not Mode.URLS

    @property
    def modified(self) -> bool:
        """Whether the release holds changed copies."""
        return self.change is not None

    @property
    def change(self) -> Change | None:
        """What is done to the images; None: the original bytes are handed out."""
        if not self.carries_images or (self.size is None and not self.blur):
            return None
        return Change(self.size, self.blur)

    @property
    def shares(self) -> Shares | None:
        """How the release is split; None when it is not."""
        return parse_shares(self.split) if self.split else None

    @property
    def label_name(self) -> str:
        """The label as the user writes it: "make model"."""
        return " ".join(self.label)

    def as_json(self) -> dict[str, Any]:
        """Return all options but the destination: the same release can be made from them."""
        return {
            "accept_evidence": sorted(e.name.lower() for e in self.accept),
            "blur": self.blur,
            "format": self.format,
            "label": self.label_name,
            "max_per_class": self.max_per_class,
            "max_per_host": self.max_per_host,
            "mode": str(self.mode),
            "name": self.name,
            "nd": self.nd,
            "only_allowed": self.only_allowed,
            "purpose": str(self.purpose),
            "retain_until": self.retain_until,
            "salt": self.salt,
            "size": "" if self.size is None else str(self.size),
            "split": self.split,
            "where": self.where,
            "with_review": self.with_review,
        }


def read_options(
    name: str, destination: Path, given: Mapping[str, Any], purpose: str = "research"
) -> ReleaseOptions:
    """Return the options behind what was given on the command line, by its names.

    ``purpose`` is the setting's. Raises UserError for anything that cannot be.
    """
    kind = export_format(name)
    mode = _mode(given.get("mode"), kind)
    size = _size(given)
    if size is not None and not kind.carries_images:
        raise UserError(f"--size: {name} holds no images; use imagefolder or webdataset")
    if size is not None and mode is Mode.URLS:
        raise UserError("--size: --mode urls holds no images; use --mode cc")
    nd = _choice("--nd", given.get("nd") or "out", ND_CHOICES)
    blur = bool(given.get("blur"))
    if blur:
        _check_blur(name, kind, mode, nd)
    split = str(given.get("split") or "").strip()
    if split:
        parse_shares(split)
    where = str(given.get("where") or "").strip()
    if where:
        check_where(where)
    return ReleaseOptions(
        format=name,
        destination=_destination(destination),
        mode=mode,
        purpose=_purpose(given.get("purpose") or purpose),
        accept=_accept(given.get("accept_evidence")),
        only_allowed=bool(given.get("only_allowed")),
        nd=nd,
        split=split,
        salt=str(given.get("salt") or DEFAULT_SALT),
        size=size,
        blur=blur,
        label=_label(given.get("label"), kind),
        where=where,
        max_per_class=_limit("--max-per-class", given.get("max_per_class")),
        max_per_host=_limit("--max-per-host", given.get("max_per_host")),
        with_review=bool(given.get("with_review")),
        name=_name(given.get("name"), destination),
        retain_until=_retain_until(given.get("retain_until"), mode),
    )


def _choice(option: str, value: object, choices: tuple[str, ...]) -> str:
    if str(value) not in choices:
        raise UserError(f"{option} {str(value)[:80]!r}: use one of {', '.join(choices)}")
    return str(value)


def _mode(value: object, kind: type[ExportFormat]) -> Mode:
    if not value:
        return Mode.CC if kind.carries_images else Mode.URLS
    return Mode(_choice("--mode", value, tuple(Mode)))


def _purpose(value: object) -> Purpose:
    return Purpose(_choice("--purpose", value, tuple(Purpose)))


def _accept(value: object) -> frozenset[Evidence]:
    words = [word.strip() for word in str(value or "").split(",") if word.strip()]
    for word in words:
        _choice("--accept-evidence", word, tuple(EVIDENCE_CHOICES))
    return ACCEPTED | {EVIDENCE_CHOICES[word] for word in words}


def _size(given: Mapping[str, Any]) -> Size | None:
    if given.get("thumb_300k"):
        if given.get("size") or given.get("fit"):
            raise UserError("--thumb-300k: a size of its own; leave out --size and --fit")
        return THUMB_300K
    if given.get("size"):
        return parse_size(str(given["size"]), str(given.get("fit") or "stretch"))
    if given.get("fit"):
        raise UserError("--fit: needs --size, such as --size 300x300")
    return None


def _check_blur(name: str, kind: type[ExportFormat], mode: Mode, nd: str) -> None:
    if not kind.carries_images:
        raise UserError(f"--blur: {name} holds no images; use imagefolder or webdataset")
    if mode is Mode.URLS:
        raise UserError("--blur: --mode urls holds no images; use --mode cc")
    if nd == "unchanged":
        raise UserError(
            "--blur: what may not be changed cannot be blurred, and would go out with its faces; "
            "leave out --nd unchanged, and such images stay out"
        )


def _label(value: object, kind: type[ExportFormat]) -> tuple[str, ...]:
    names = tuple(str(value or "").split())
    if not names:
        return ("make",) if kind.needs_label else ()
    for name in names:
        if name not in LABELS:
            raise UserError(f"--label {name[:80]!r}: use one or several of {', '.join(LABELS)}")
    if len(set(names)) != len(names):
        raise UserError(f"--label {' '.join(names)!r}: a label is named twice")
    return names


def _limit(option: str, value: object) -> int:
    if value in {None, "", 0}:
        return 0
    text = str(value)
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) < 1:
        raise UserError(f"{option} {text[:80]!r}: expected a number of images, such as 1000")
    return int(text)


def _name(value: object, destination: Path) -> str:
    name = str(value or "").strip()
    if not name:
        return destination.name
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise UserError(
            f"--name {name[:80]!r}: letters, digits, blanks and . + - _ make a name, "
            f"of {LONGEST_NAME} at most"
        )
    return name


def _destination(destination: Path) -> Path:
    if not destination.name:
        raise UserError(f"{destination}: name a new folder for the release")
    return destination.absolute()


def _retain_until(value: object, mode: Mode) -> str:
    if not value:
        return ""
    if mode is not Mode.INTERNAL:
        raise UserError("--retain-until: only --mode internal has a date after which it must go")
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise UserError(f"--retain-until {str(value)[:80]!r}: write 2027-12-31") from None
