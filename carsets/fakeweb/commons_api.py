"""The API of Wikimedia Commons as the built-in web speaks it, and where its files lie."""

from __future__ import annotations

import hashlib
import re
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from carsets.fakeweb.addresses import size_of
from carsets.fakeweb.corpus import Results
from carsets.fakeweb.facts import Facts, dice, facts, openverse_license_of
from carsets.fakeweb.wording import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_AT_ONCE = 50
LAST = 10_000  # results that a search reaches
IN_ONE_PIECE = 35  # files whose details fit into one answer; the others come with the next one
FIRST_ID = 90_000_000
_HOME = "https://commons.wikimedia.org"
_FREE = frozenset({"by", "by-sa", "cc0", "pdm"})  # Commons holds nothing else
_WHOLE = frozenset({"ok", "http_404", "xmp", "too_small", "truncated"})  # what can happen there
_NUMBER = re.compile(r"_\((\d{1,18})\)\.jpg$")

LAG_HEADERS = {"Retry-After": "1", "MediaWiki-API-Error": "maxlag", "X-Database-Lag": "6"}
LAGGED = {
    "error": {
        "code": "maxlag",
        "info": "Waiting for db1234: 6.4 seconds lagged.",
        "host": "db1234",
        "lag": 6.4,
        "type": "db",
        "docref": "See https://commons.wikimedia.org/w/api.php for API usage.",
    },
    "servedby": "mw1234",
}


def search_answer(parameters: Mapping[str, str], per_combination: int) -> dict[str, Any]:
    """Return the JSON of ``api.php`` for a search or a category. Errors come with status 200."""
    kind = parameters.get("generator", "")
    prefix = {"search": "gsr", "categorymembers": "gcm"}.get(kind)
    if parameters.get("action") != "query" or prefix is None:
        return _failure("badvalue", f'Unrecognized value for parameter "generator": {kind}.')
    words = parameters.get("gsrsearch" if prefix == "gsr" else "gcmtitle", "")
    if not words:
        return _failure("missingparam", "The search text must be set.")
    offset = parameters.get("gsroffset", "0") if prefix == "gsr" else _after(parameters)
    limit = parameters.get(f"{prefix}limit", "10")
    if not offset.isdigit() or not limit.isdigit():
        return _failure("badinteger", "Invalid value for an integer parameter.")
    first, count = int(offset), max(1, min(int(limit), MOST_AT_ONCE))
    numbers = list(islice(_matching(words, per_combination), first, first + count + 1))
    more = len(numbers) > count and first + count < LAST
    return _batch(numbers[:count], prefix, first, more, parameters)


def details_answer(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON of ``api.php`` for the files of some page ids."""
    pages = []
    for text in parameters.get("pageids", "").split("|")[:MOST_AT_ONCE]:
        number = int(text) - FIRST_ID if text.isdigit() else -1
        if number < 0 or not is_on_commons(number):
            pages.append({"pageid": int(text) if text.isdigit() else 0, "missing": True})
            continue
        page = _page(number, "gcm", 0)
        pages.append(page | {"imagerepository": "local", "imageinfo": [_info(number, 0)]})
    return {"batchcomplete": True, "query": {"pages": pages}}


def _batch(
    numbers: list[int], prefix: str, first: int, more: bool, parameters: Mapping[str, str]
) -> dict[str, Any]:
    """Return one answer of a batch: all of it, or the first or second piece of its details."""
    answer: dict[str, Any] = {}
    second = "iicontinue" in parameters
    if len(numbers) > IN_ONE_PIECE and not second:
        stamp = f"{file_name(facts(numbers[IN_ONE_PIECE]))}|20210504101112"
        answer["continue"] = {**_place(prefix, first), "iicontinue": stamp}
    else:
        answer["batchcomplete"] = True
        if more:
            answer["continue"] = _place(prefix, first + len(numbers))
    width = int(parameters["iiurlwidth"]) if parameters.get("iiurlwidth", "").isdigit() else 0
    details = range(IN_ONE_PIECE, MOST_AT_ONCE) if second else range(IN_ONE_PIECE)
    pages = []
    for place, number in enumerate(numbers):
        page = _page(number, prefix, first + place + 1)
        if place in details:
            page["imagerepository"] = "local"
            page["imageinfo"] = [_info(number, width)]
        pages.append(page)
    if pages:
        answer["query"] = {"pages": pages}
    return answer if parameters.get("formatversion") == "2" else _version_1(answer)


def _version_1(answer: dict[str, Any]) -> dict[str, Any]:
    if "batchcomplete" in answer:
        answer["batchcomplete"] = ""
    if "query" in answer:
        pages = {str(page["pageid"]): page for page in answer["query"]["pages"]}
        answer["query"]["pages"] = pages
    return answer


def _place(prefix: str, offset: int) -> dict[str, Any]:
    """Return what asks for the batch that begins at an offset."""
    if prefix == "gsr":
        return {"gsroffset": offset, "continue": "gsroffset||"} if offset else {"continue": "||"}
    if not offset:
        return {"continue": "||"}
    return {"gcmcontinue": f"file|46494c45|{offset}", "continue": "gcmcontinue||"}


def _after(parameters: Mapping[str, str]) -> str:
    return parameters.get("gcmcontinue", "file||0").rpartition("|")[2]


def _matching(words: str, per_combination: int) -> Iterator[int]:
    return (n for n in Results("openverse", words, per_combination) if is_on_commons(n))


def is_on_commons(number: int) -> bool:
    """Return whether Commons holds an image: free, and whole when it was uploaded."""
    return openverse_license_of(number)[0] in _FREE and facts(number).fate in _WHOLE


def file_name(image: Facts) -> str:
    """Return the name of a file, with underscores for spaces; its number stands at the end."""
    words = f"{image.year} {image.asked.make} {image.asked.model} {image.asked_color}"
    return f"{words.replace(' ', '_')}_({image.number}).jpg"


def commons_url(number: int) -> str:
    """Return where Commons keeps a file: under the first digits of the hash of its name."""
    name = file_name(facts(number))
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"https://upload.wikimedia.org/wikipedia/commons/{digest[0]}/{digest[:2]}/{quote(name)}"


def number_of_file(path: str) -> int | None:
    """Return the number of the image behind the path of a file, None if there is no such file."""
    match = _NUMBER.search(path)
    number = int(match[1]) if match else -1
    if number < 0 or not is_on_commons(number):
        return None
    whole = commons_url(number).partition("upload.wikimedia.org")[2]
    return number if quote(path) == whole or path == whole else None


def _page(number: int, prefix: str, rank: int) -> dict[str, Any]:
    title = f"File:{file_name(facts(number)).replace('_', ' ')}"
    page: dict[str, Any] = {"pageid": FIRST_ID + number, "ns": 6, "title": title}
    return page | {"index": rank} if prefix == "gsr" else page


def _info(number: int, thumb_width: int) -> dict[str, Any]:
    image = facts(number)
    width, height = size_of(image)
    url = commons_url(number)
    thumb = {}
    if thumb_width:
        shown = min(thumb_width, width)
        path = url.replace("/commons/", "/commons/thumb/", 1)
        thumb_url = f"{path}/{shown}px-{path.rpartition('/')[2]}" if shown < width else url
        thumb = {
            "thumburl": thumb_url,
            "thumbwidth": shown,
            "thumbheight": height * shown // width,
        }
    return {
        "timestamp": "2021-05-04T10:11:12Z",
        "user": wording(image).alias or "Example",
        "size": 100_000 + number % 50_000,
        "width": width,
        "height": height,
        **thumb,
        "url": url,
        "descriptionurl": f"{_HOME}/wiki/File:{quote(file_name(image))}",
        "descriptionshorturl": f"{_HOME}/w/index.php?curid={FIRST_ID + number}",
        "sha1": hashlib.sha1(f"file {number}".encode(), usedforsecurity=False).hexdigest(),
        "mime": "image/jpeg",
        "mediatype": "BITMAP",
        "extmetadata": _metadata(image),
    }


def _metadata(image: Facts) -> dict[str, Any]:
    """Return what the templates of the page say, with HTML, hidden marks and all."""
    about = wording(image)
    user = quote(about.author.replace(" ", "_"))
    artist = f'<a href="//commons.wikimedia.org/wiki/User:{user}">{escape(about.author)}</a>'
    own = '<span class="int-own-work" lang="en">Own work</span>'
    hidden = f'<div style="display: none;">date QS:P571,+{image.year}-00-00T00:00:00Z/9</div>'
    values: dict[str, tuple[str, str, bool]] = {
        "Artist": (artist, "commons-desc-page", False),
        "Credit": (own, "commons-desc-page", True),
        "ImageDescription": (f"{escape(about.title)}<br>{about.description}", "page", False),
        "Categories": ("|".join(about.tags), "commons-categories", True),
        "DateTimeOriginal": (f"{image.year}{hidden}", "commons-desc-page", False),
        "Restrictions": ("", "commons-desc-page", True),
    }
    for name, value in _license_facts(image.number).items():
        values[name] = (value, "commons-desc-page", True)
    return {
        name: {"value": value, "source": source} | ({"hidden": ""} if hidden else {})
        for name, (value, source, hidden) in values.items()
    }


def _license_facts(number: int) -> dict[str, str]:
    code, version = openverse_license_of(number)
    if code == "pdm":  # no address at all
        return {
            "LicenseShortName": "Public domain",
            "License": "pd",
            "UsageTerms": "Public domain",
            "AttributionRequired": "false",
            "Copyrighted": "False",
        }
    if code == "cc0":
        return {
            "LicenseShortName": "CC0",
            "License": "cc0",
            "LicenseUrl": "http://creativecommons.org/publicdomain/zero/1.0/deed.en",
            "UsageTerms": "Creative Commons Zero, Public Domain Dedication",
            "AttributionRequired": "false",
            "Copyrighted": "True",
        }
    forms = (
        f"https://creativecommons.org/licenses/{code}/{version}",
        f"http://creativecommons.org/licenses/{code}/{version}/",
        f"https://creativecommons.org/licenses/{code}/{version}/deed.en",
    )
    kind = "Attribution-Share Alike" if code == "by-sa" else "Attribution"
    return {
        "LicenseShortName": f"CC {code.upper()} {version}",
        "License": f"cc-{code}-{version}",
        "LicenseUrl": forms[int(dice(number, "form") * len(forms))],
        "UsageTerms": f"Creative Commons {kind} {version}",
        "AttributionRequired": "true",
        "Copyrighted": "True",
    }


def _failure(code: str, info: str) -> dict[str, Any]:
    see = "See https://commons.wikimedia.org/w/api.php for API usage."
    return {"error": {"code": code, "info": info, "docref": see}, "servedby": "mw1234"}
