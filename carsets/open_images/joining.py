"""Joining the list of images with what is known of them, while it is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from carsets.image_lists.columns import assign_columns
from carsets.image_lists.rows import ListRow, bad_row, read_row
from carsets.image_lists.tables import Records, parse_line
from carsets.image_lists.text_lines import read_lines
from carsets.open_images.annotations import About, Annotations, key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from carsets.open_images.classes import ImageClass

COPIES = "https://open-images-dataset.s3.amazonaws.com"  # of at most 1024 pixels
SUBSETS = ("train", "validation", "test")
WHENCE = ("original", "s3", "thumbnail")
_KEPT_AS_THEY_ARE = ("Subset", "OriginalSize", "OriginalMD5")


def read_images(
    path: Path,
    annotations: Annotations,
    subsets: Collection[str],
    whence: str,
) -> Iterator[ListRow]:
    """Yield the images that show one of the classes, in the order of the file.

    ``subsets`` empty = all. ``whence`` is one of ``WHENCE``: which address is asked first. A row
    that is about one of these images and cannot be read has its ``problem``. Raises OSError and
    EOFError.
    """
    numbered = enumerate(read_lines(path), start=1)
    _, header = next(numbered, (0, ""))
    columns = [column.strip() for column in parse_line(header, ",") or []]
    plain = [column.casefold() for column in columns]
    id_first = plain[:1] == ["imageid"]
    id_place, subset_place = (
        plain.index(name) if name in plain else -1 for name in ("imageid", "subset")
    )
    meant = assign_columns(columns)

    def unwanted(line: str) -> bool:
        # A title with a line break begins a record of several lines: those are read as a whole.
        if not id_first or line.count('"') % 2:
            return False
        return not annotations.mentions(key_of(line.partition(",")[0].strip()))

    records = Records(numbered, ",", len(columns), unwanted)
    for number, text, cells in records:
        if isinstance(cells, str):
            key = key_of(text.partition(",")[0].strip())
            if id_first and annotations.mentions(key) and annotations.about(key).shown:
                yield bad_row(path.name, number, text, cells)
            continue
        cells += [""] * (len(columns) - len(cells))
        image_id = cells[id_place].strip()
        subset = cells[subset_place].strip().lower() if subset_place >= 0 else ""
        if subsets and subset not in subsets:
            continue
        key = key_of(image_id)
        about = annotations.about(key) if annotations.mentions(key) else None
        if about and about.shown:
            given = _Given(number, columns, meant, cells, image_id, subset)
            yield _row(path.name, given, about, whence)


@dataclass(frozen=True, slots=True)
class _Given:
    """One row of a list of images, as it stands."""

    line: int
    columns: Sequence[str]
    meant: Mapping[int, str]  # position -> fact
    cells: Sequence[str]
    image_id: str
    subset: str


def copy_url(image_id: str, subset: str) -> str:
    """Return where the smaller copy of an image lies; "" if it cannot be told."""
    whole = len(image_id) == 16 and subset in SUBSETS and image_id.isalnum()
    return f"{COPIES}/{subset}/{image_id}.jpg" if whole else ""


def _row(name: str, given: _Given, about: About, whence: str) -> ListRow:
    facts: dict[str, str] = {}
    extra: dict[str, Any] = {}
    for place, (column, cell) in enumerate(zip(given.columns, given.cells, strict=False)):
        if not (value := cell.strip()):
            continue
        if place in given.meant:
            facts[given.meant[place]] = value
        if place not in given.meant or column in _KEPT_AS_THEY_ARE:
            extra[column] = value
    original, copy = facts.get("image_url", ""), copy_url(given.image_id, given.subset)
    # Who asks for originals gets no copy of a photograph that its author has taken down.
    order = {
        "original": (original,),
        "s3": (copy, original),
        "thumbnail": (facts.get("thumbnail_url", ""), original),
    }[whence]
    addresses = list(dict.fromkeys(filter(None, order)))
    facts["image_url"] = addresses[0] if addresses else ""
    if facts["image_url"] != original:
        facts.pop("md5", None)  # it is that of the original
    row = read_row(name, given.line, facts, extra | tell(about))
    if row.problem:
        return row
    found = row.found._replace(alternates=tuple(addresses[1:]))
    return replace(row, found=found, labels=labels_of(about))


def tell(about: About) -> dict[str, Any]:
    """Return what is known of an image in JSON types, for ``FoundImage.extra``."""
    told: dict[str, Any] = {
        "classes": [
            {"mid": s.of.mid, "name": s.of.name, "by": s.by, "confidence": s.confidence}
            for s in about.shown
        ]
    }
    if about.boxes:
        told["boxes"] = [box.as_json() for box in about.boxes]
    if about.negatives:
        told["not_shown"] = [one.name for one in about.negatives]
    return told


def labels_of(about: About) -> dict[str, str]:
    """Return the labels of an image: of the narrowest class that it shows.

    Where it shows several kinds of vehicles, the one whose boxes cover most of it; without boxes
    nobody knows which of them it is about, and there is no label.
    """
    above = frozenset().union(*(shown.of.above for shown in about.shown))
    narrow = [shown.of for shown in about.shown if not _is_body_among(shown.of, above)]
    areas = {one.mid: 0.0 for one in narrow}
    for box in about.boxes:
        if box.of.mid in areas:
            areas[box.of.mid] += box.area
    best = max(narrow, key=lambda one: areas[one.mid])
    if len(narrow) > 1 and not areas[best.mid]:
        shared = {one.body for one in narrow}
        body = shared.pop() if len(shared) == 1 else ""
        return {"body": body} if body else {}
    return {"label": best.name} | ({"body": best.body} if best.body else {})


def _is_body_among(one: ImageClass, bodies: Collection[str]) -> bool:
    """Say whether a class is itself one of these body styles, and not a kind of one."""
    return one.body in bodies and one.body not in one.above
