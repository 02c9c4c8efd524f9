"""Which license the sources name today, asked by their own ids, many at a time where they allow it.

Only sources with an interface can be asked. What is not answered stays unasked: a license is
never claimed to be the same because nobody said otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from carsets.licenses import Evidence, flickr_license, openverse_license
from carsets.sources.commons_file import EXTMETADATA, read_file
from carsets.sources.foreign_text import ForeignTextError, read_json, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from carsets.licenses import DeclaredLicense

COMMONS = "https://commons.wikimedia.org/w/api.php"
FLICKR = "https://api.flickr.com/services/rest/"
OPENVERSE = "https://api.openverse.org/v1/images/"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a source. A body makes it a POST, which keeps a key out of addresses."""

    url: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class LicenseSource:
    """How one source is asked. ``read`` returns license codes by the source's ids."""

    is_id: Callable[[str], bool]
    ask: Callable[[Sequence[str], str], Question]
    read: Callable[[Any, Sequence[str]], Mapping[str, str]]
    batch: int = 1  # ids in one question
    key: str = ""  # environment variable without which it cannot be asked
    needs_contact: bool = False
    stops: frozenset[int] = field(default=frozenset({401, 403, 429}))  # no further questions


def read_answer(
    source: LicenseSource, body: bytes, status: int, ids: Sequence[str]
) -> Mapping[str, str]:
    """Return the license codes that an answer names; what cannot be read names none."""
    if status != 200:
        return {}
    try:
        found = source.read(read_json(body), ids)
    except (ForeignTextError, KeyError, TypeError, AttributeError):
        return {}
    return {name: code for name, code in found.items() if code and name in ids}


def _code(license: DeclaredLicense) -> str:
    """Return the code of what the source says; "" when it says nothing."""
    return license.code if license.evidence is Evidence.API else ""


def _ask_commons(ids: Sequence[str], key: str) -> Question:
    parameters = {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "maxlag": "5",
        "pageids": "|".join(ids),
        "prop": "imageinfo",
        "iiprop": "url|mime|mediatype|extmetadata",
        "iiextmetadatafilter": "|".join(EXTMETADATA),
    }
    return Question(f"{COMMONS}?{urlencode(parameters)}")


def _read_commons(answer: Any, ids: Sequence[str]) -> dict[str, str]:
    found = [read_file(page) for page in answer["query"]["pages"]]
    return {image.source_id: _code(image.license) for image in found if image is not None}


def _ask_flickr(ids: Sequence[str], key: str) -> Question:
    parameters = {
        "method": "flickr.photos.getInfo",
        "api_key": key,
        "photo_id": ids[0],
        "format": "json",
        "nojsoncallback": "1",
    }
    return Question(FLICKR, urlencode(parameters))


def _read_flickr(answer: Any, ids: Sequence[str]) -> dict[str, str]:
    photo = answer["photo"]  # absent when the call failed: the photo is gone, or not ours to see
    return {to_text(photo["id"]): _code(flickr_license(photo["license"]))}


def _ask_openverse(ids: Sequence[str], key: str) -> Question:
    return Question(f"{OPENVERSE}{ids[0]}/")


def _read_openverse(answer: Any, ids: Sequence[str]) -> dict[str, str]:
    texts = [to_text(answer.get(name)) for name in ("license", "license_version", "license_url")]
    return {to_text(answer["id"]): _code(openverse_license(*texts))}


SOURCES: Mapping[str, LicenseSource] = {
    # The details of more than about 35 files come in several answers.
    "commons": LicenseSource(
        str.isdecimal, _ask_commons, _read_commons, batch=30, needs_contact=True
    ),
    "flickr": LicenseSource(str.isdecimal, _ask_flickr, _read_flickr, key="FLICKR_API_KEY"),
    "openverse": LicenseSource(
        lambda name: bool(_UUID.fullmatch(name)), _ask_openverse, _read_openverse
    ),
}
