"""The API of Flickr (``flickr.photos.search``, JSON) as the built-in web speaks it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from carsets.fakeweb.addresses import (
    FLICKR_FIRST_ID,
    FLICKR_SIZES,
    flickr_secret,
    flickr_url,
    size_of,
)
from carsets.fakeweb.corpus import Results
from carsets.fakeweb.facts import Facts, dice, facts, flickr_license_of, uploaded_of
from carsets.fakeweb.wording import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

CAP = 4000  # different photos of one query; later pages repeat them
MOST_PER_PAGE = 500
BAD_KEYS = frozenset({"", "invalid", "doesnotexist"})
CROWDED = 1_400_000_000  # the second in which all photos were uploaded, in mode "crowded"
UNAVAILABLE = (105, "Service currently unavailable")
BUSY = (201, "Sorry, the Flickr API service is not currently available.")


def failure(code: int, message: str) -> dict[str, Any]:
    """Return how Flickr says that a call failed, with HTTP status 200."""
    return {"stat": "fail", "code": code, "message": message}


def call_answer(
    parameters: Mapping[str, str], per_combination: int, *, crowded: bool = False
) -> dict[str, Any]:
    """Return the JSON of one call of ``/services/rest/``."""
    if parameters.get("api_key", "") in BAD_KEYS:
        return failure(100, "Invalid API Key (Key has invalid format)")
    method = parameters.get("method", "")
    if method != "flickr.photos.search":
        return failure(112, f'Method "{method}" not found')
    words = parameters.get("text") or parameters.get("tags", "").replace(",", " ")
    if not words:
        message = "Parameterless searches have been disabled. Please use flickr.photos.getRecent"
        return failure(3, message)
    found = _search(words, per_combination, parameters, CROWDED if crowded else None)
    size = min(MOST_PER_PAGE, _number(parameters, "per_page", 100) or 100)
    page = max(1, _number(parameters, "page", 1))
    start = (page - 1) * size
    reachable = min(len(found), CAP)
    ranks = [at if at < reachable else at % CAP for at in range(start, start + size)]
    chosen = [found[at] for at in ranks if at < reachable] if start < len(found) else []
    extras = frozenset(parameters.get("extras", "").replace(" ", "").split(","))
    crowd = {"dateupload": str(CROWDED)} if crowded and "date_upload" in extras else {}
    # Old answers have the total as a string, newer ones as a number.
    total: int | str = str(len(found)) if len(words) % 2 else len(found)
    return {
        "photos": {
            "page": page,
            "pages": -(-len(found) // size),
            "perpage": size,
            "total": total,
            "photo": [_record(number, extras) | crowd for number in chosen],
        },
        "stat": "ok",
    }


def _number(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name, "")
    return int(text) if text.isdigit() else default


@lru_cache(maxsize=32)
def _all_of(words: str, per_combination: int) -> tuple[tuple[int, int], ...]:
    """Return (upload time, number) of all photos for words, the newest first."""
    numbers = Results("flickr", words, per_combination)
    return tuple(sorted(((uploaded_of(number), number) for number in numbers), reverse=True))


@lru_cache(maxsize=32)
def _licenses_of(words: str, per_combination: int) -> dict[int, str]:
    return {number: str(flickr_license_of(number)) for _, number in _all_of(words, per_combination)}


def _search(
    words: str, per_combination: int, parameters: Mapping[str, str], crowded: int | None
) -> list[int]:
    first = _number(parameters, "min_upload_date", 0)
    last = _number(parameters, "max_upload_date", 2**40)
    everything = _all_of(words, per_combination)  # in the order in which they were taken, too
    found = [number for at, number in everything if first <= (crowded or at) <= last]
    if parameters.get("license"):
        wanted = set(parameters["license"].split(","))
        licenses = _licenses_of(words, per_combination)
        found = [number for number in found if licenses[number] in wanted]
    if parameters.get("sort", "").endswith("-asc"):
        found.reverse()
    return found


def _record(number: int, extras: frozenset[str]) -> dict[str, Any]:
    image = facts(number)
    about = wording(image)
    record: dict[str, Any] = {
        "id": str(FLICKR_FIRST_ID + number),
        "owner": about.author_id,
        "secret": flickr_secret(number),
        "server": "65535",
        "farm": 66,
        "title": about.title,
        "ispublic": 1,
        "isfriend": 0,
        "isfamily": 0,
    }
    taken = datetime.fromtimestamp(about.uploaded - 86_400, UTC).strftime("%Y-%m-%d %H:%M:%S")
    granularity: int | str = 0 if number % 6 else "0"
    fields: dict[str, dict[str, Any]] = {
        "license": {"license": str(image.flickr_license)},
        "description": {"description": {"_content": about.description}},
        "date_upload": {"dateupload": str(about.uploaded)},
        "last_update": {"lastupdate": str(about.uploaded + 100)},
        "date_taken": {
            "datetaken": taken,
            "datetakengranularity": granularity,
            "datetakenunknown": "0",
        },
        "owner_name": {"ownername": about.author},
        "path_alias": {"pathalias": about.alias or None},
        "tags": {"tags": " ".join(about.tags)},
        "machine_tags": {"machine_tags": ""},
        "views": {"views": str(int(dice(number, "views") * 1000))},
        "media": {"media": "photo", "media_status": "ready"},
        "geo": {"latitude": 0, "longitude": 0, "accuracy": 0, "context": 0},
        "safety_level": {"safety_level": "0"},
        "realname": {"realname": about.author},
    }
    for extra, values in fields.items():
        if extra in extras:
            record |= values
    return record | _sizes(image, extras)


def _sizes(image: Facts, extras: frozenset[str]) -> dict[str, Any]:
    """Return the addresses of the sizes that were asked for and exist."""
    width, height = size_of(image)
    longer = max(width, height)
    found: dict[str, Any] = {}
    if "o_dims" in extras and dice(image.number, "original known") < 0.95:
        found |= {"o_width": str(width * 4), "o_height": str(height * 4)}
    smaller = 0
    for name, suffix, side in FLICKR_SIZES:
        # A size exists if the photo is larger than the size before it.
        if longer > smaller and f"url_{name}" in extras:
            scale = min(1.0, side / longer)
            size = round(width * scale), round(height * scale)
            texts = image.number % 5 == 0
            found[f"url_{name}"] = flickr_url(image.number, suffix)
            found[f"height_{name}"] = str(size[1]) if texts else size[1]
            found[f"width_{name}"] = str(size[0]) if texts else size[0]
        smaller = side
    return found
