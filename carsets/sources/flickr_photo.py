"""One photo as Flickr's API describes it: which copies there are, whose it is, what it shows."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from carsets.items import FoundImage
from carsets.licenses import flickr_license
from carsets.sources.foreign_text import pixels, to_int, to_text, without_markup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Keys of the copies, as answers name them: s is 240 pixels long, m 500, o the original. Smaller
# ones are thumbnails.
SIZES = ("o", "6k", "5k", "4k", "3k", "k", "h", "l", "c", "z", "m", "w", "n", "s")
_KEYS = tuple((f"url_{size}", f"width_{size}", f"height_{size}") for size in SIZES)


_license = lru_cache(64, typed=True)(flickr_license)  # a page of 500 photos names a handful of them


def read_photo(record: Any, longest_side: int = 0) -> FoundImage | None:
    """Read one record; None for videos and for what lacks what every photo has.

    The image is the largest copy whose longer side is at most ``longest_side`` pixels (0: the
    largest of all); the smaller copies are its alternates.
    """
    try:
        photo_id, owner = to_text(record["id"]), to_text(record["owner"])
        license_id, title = record["license"], to_text(record["title"])
    except (KeyError, TypeError):
        return None
    if not photo_id or record.get("media", "photo") != "photo":
        return None
    copies = _copies(record, longest_side)
    if not copies:
        return None
    width, height, image_url = copies[0]
    person = _path_part(to_text(record.get("pathalias")) or owner)
    return FoundImage(
        image_url=image_url,
        page_url=f"https://www.flickr.com/photos/{person}/{_path_part(photo_id)}/",
        alternates=tuple([url for _, _, url in copies[1:]]),
        thumbnail_url=to_text(record.get("url_t") or record.get("url_s")),
        source_id=photo_id,
        title=title,
        description=without_markup(_content(record.get("description"))),
        tags=_words(record.get("tags")),
        width=width or None,
        height=height or None,
        taken=_taken(record),
        uploaded=_from_seconds(record.get("dateupload")),
        extra=_extra(record),
        author=to_text(record.get("ownername")) or to_text(record.get("realname")),
        author_url=f"https://www.flickr.com/people/{person}/",
        license=_license(license_id if isinstance(license_id, (int, str)) else None),
    )


_UNRESERVED = re.compile(r"[A-Za-z0-9_.@-]+")


def _path_part(name: str) -> str:
    return name if _UNRESERVED.fullmatch(name) else quote(name, safe="@")


def _copies(record: Mapping[str, Any], longest_side: int) -> list[tuple[int, int, str]]:
    """Return width, height and address of the copies, largest first, none above the bound."""
    copies = [
        (pixels(record.get(width)) or 0, pixels(record.get(height)) or 0, copy_url)
        for url, width, height in _KEYS
        if url in record and (copy_url := to_text(record[url]))
    ]
    copies.sort(key=_area, reverse=True)
    if not longest_side:
        return copies
    fitting = [copy for copy in copies if max(copy[:2]) <= longest_side]
    return fitting or copies[-1:]


def _area(copy: tuple[int, int, str]) -> int:
    return copy[0] * copy[1]


def _words(tags: Any) -> tuple[str, ...]:
    """Return the tags but those that tell a place: it is asked for by a setting, or not at all."""
    text = to_text(tags)
    if not text:
        return ()
    words = dict.fromkeys(text.split())
    if "geo:" not in text.lower():
        return tuple(words)
    return tuple(word for word in words if not word.lower().startswith("geo:"))


def _content(value: Any) -> Any:
    return value.get("_content") if isinstance(value, dict) else value


_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)")


def _taken(record: Mapping[str, Any]) -> str:
    """Return when it was taken, as exactly as is known: day and time, month, or year."""
    if to_int(record.get("datetakenunknown")):
        return ""
    match = _MOMENT.fullmatch(to_text(record.get("datetaken")))
    if not match:
        return ""
    granularity = to_int(record.get("datetakengranularity")) or 0
    if granularity >= 6:  # a year, or about a year
        return match[1][:4]
    return match[1][:7] if granularity >= 4 else f"{match[1]}T{match[2]}"


def _from_seconds(value: Any) -> str:
    seconds = to_int(value)
    if seconds is None or not 0 < seconds < 2**33:
        return ""
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(seconds))


# What else is worth keeping: its name, its key, and how it is read.
_EXTRA: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("views", "views", to_int),
    ("original_width", "o_width", pixels),
    ("original_height", "o_height", pixels),
    ("original_format", "originalformat", lambda value: to_text(value, 20)),
    ("machine_tags", "machine_tags", lambda value: list(_words(value))),
    ("safety_level", "safety_level", to_int),
    ("updated", "lastupdate", _from_seconds),
)


def _extra(record: Mapping[str, Any]) -> dict[str, Any]:
    facts = {
        name: value
        for name, key, read in _EXTRA
        if key in record and ((value := read(record[key])) or value == 0)
    }
    if "latitude" in record:
        place = (record["latitude"], record.get("longitude"))
        if _is_place(place):
            facts["place"] = [float(str(x)) for x in place]
    return facts


_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,20})?")


def _is_place(place: Sequence[Any]) -> bool:
    """Say whether these are degrees; 0, 0 is how Flickr says that it does not know."""
    return all(_DEGREES.fullmatch(str(x)) for x in place) and any(float(str(x)) for x in place)
