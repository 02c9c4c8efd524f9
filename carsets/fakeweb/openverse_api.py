"""The API of Openverse as the built-in web speaks it."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from carsets.fakeweb.addresses import image_url, page_url, size_of
from carsets.fakeweb.corpus import Results
from carsets.fakeweb.facts import dice, facts, openverse_license_of
from carsets.fakeweb.wording import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANONYMOUS_PAGE_SIZE = 20
LAST = 240  # no query gives more works
LICENSES = (
    "by",
    "by-nc",
    "by-nc-nd",
    "by-nc-sa",
    "by-nd",
    "by-sa",
    "cc0",
    "nc-sampling+",
    "pdm",
    "sampling+",
)
LICENSE_TYPES = {
    "all": LICENSES,
    "all-cc": tuple(code for code in LICENSES if code != "pdm"),
    "commercial": tuple(code for code in LICENSES if "nc" not in code),
    "modification": tuple(code for code in LICENSES if "nd" not in code),
}
RATE_HEADERS = {
    "X-RateLimit-Limit-anon_burst": "20/min",
    "X-RateLimit-Available-anon_burst": "14",
    "X-RateLimit-Limit-anon_sustained": "200/day",
    "X-RateLimit-Available-anon_sustained": "194",
}
THROTTLED = {"detail": "Request was throttled. Expected available in 1 second."}

Answer = tuple[int, dict[str, Any]]


def search_answer(
    parameters: Mapping[str, str], per_combination: int, *, token: bool = False
) -> Answer:
    """Return the status and the JSON of ``/v1/images/``."""
    words = parameters.get("q", "")
    if len(words) > 200:
        return 400, {"detail": {"q": ["Ensure this field has no more than 200 characters."]}}
    if not _is_count(parameters.get("page", "1")) or not _is_count(
        parameters.get("page_size", "20")
    ):
        return 400, {"detail": {"page_size": ["A valid integer is required."]}}
    page, size = int(parameters.get("page", "1")), int(parameters.get("page_size", "20"))
    if size > ANONYMOUS_PAGE_SIZE and not token:
        detail = f"page_size must be between 1 & {ANONYMOUS_PAGE_SIZE} for anonymous requests."
        return 401, {"detail": detail}
    wanted, wrong = _licenses(parameters)
    if wrong:
        return 400, {"license": [f"License '{wrong}' does not exist."]}
    found = list(islice(_matching(words, per_combination, parameters, wanted), LAST))
    pages = -(-len(found) // size)
    if page > max(1, pages):
        return 404, {"detail": "Invalid page."}
    return 200, {
        "result_count": len(found),
        "page_count": pages,
        "page_size": size,
        "page": page,
        "results": [_record(number) for number in found[(page - 1) * size : page * size]],
    }


def _is_count(text: str) -> bool:
    return text.isdigit() and 1 <= int(text) <= 10_000


def _licenses(parameters: Mapping[str, str]) -> tuple[set[str], str]:
    """Return the license codes that are wanted, and the first one that does not exist."""
    wanted = set(LICENSES)
    if parameters.get("license"):
        codes = parameters["license"].lower().split(",")
        wrong = next((code for code in codes if code not in LICENSES), "")
        if wrong:
            return set(), wrong
        wanted &= set(codes)
    for kind in filter(None, parameters.get("license_type", "").split(",")):
        if kind not in LICENSE_TYPES:
            return set(), kind
        wanted &= set(LICENSE_TYPES[kind])
    return wanted, ""


def _matching(
    words: str, per_combination: int, parameters: Mapping[str, str], wanted: set[str]
) -> Iterator[int]:
    extensions = set(filter(None, parameters.get("extension", "").lower().split(",")))
    sources = set(filter(None, parameters.get("source", "").lower().split(",")))
    for number in Results("openverse", words, per_combination):
        if openverse_license_of(number)[0] not in wanted:
            continue
        if sources and _provider(number) not in sources:
            continue
        if extensions and image_url(facts(number)).rpartition(".")[2] not in extensions:
            continue
        yield number


def _provider(number: int) -> str:
    return "wikimedia" if dice(number, "provider") < 0.4 else "carpix"


def _license_url(code: str, version: str) -> str:
    if code in {"cc0", "pdm"}:
        part = "zero" if code == "cc0" else "mark"
        return f"https://creativecommons.org/publicdomain/{part}/{version}/"
    return f"https://creativecommons.org/licenses/{code}/{version}/"


_shown: dict[str, int] = {}  # numbers by the ids under which this process has shown them


def detail_answer(identity: str) -> dict[str, Any] | None:
    """Return the record of an image that a search has shown; None for an unknown id."""
    return _record(_shown[identity]) if identity in _shown else None


def _record(number: int) -> dict[str, Any]:
    image = facts(number)
    about = wording(image)
    code, version = openverse_license_of(number)
    url = _license_url(code, version)
    width, height = size_of(image)
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"carsets {number}"))
    _shown[identity] = number
    here = f"https://api.openverse.org/v1/images/{identity}/"
    provider = _provider(number)
    known = dice(number, "size known") < 0.9
    name = {"cc0": "CC0", "pdm": "Public Domain Mark"}.get(code, f"CC {code.upper()}")
    return {
        "id": identity,
        "title": about.title,
        "indexed_on": "2020-05-02T14:16:29.908522Z",
        "foreign_landing_url": page_url(image),
        "url": image_url(image),
        "creator": about.author,
        "creator_url": f"https://people.carpix.test/{quote(about.author_id)}",
        "license": code,
        "license_version": version,
        "license_url": url,
        "provider": provider,
        "source": provider,
        "category": "photograph" if image.scene.kind != "other" else None,
        "filesize": None,
        "filetype": None,
        "tags": [
            {"name": tag, "accuracy": None, "unstable__provider": provider} for tag in about.tags
        ],
        "attribution": (
            f'"{about.title}" by {about.author} is licensed under {name} {version}. '
            f"To view a copy of this license, visit {url}."
        ),
        "fields_matched": ["title", "tags.name"],
        "mature": False,
        "height": height if known else None,
        "width": width if known else None,
        "thumbnail": f"{here}thumb/",
        "detail_url": here,
        "related_url": f"{here}related/",
        "unstable__sensitivity": [],
    }
