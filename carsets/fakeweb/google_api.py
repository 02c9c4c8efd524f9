"""Google's Programmable Search API as the built-in web speaks it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from carsets.fakeweb.addresses import image_url, page_url, size_of
from carsets.fakeweb.corpus import Results
from carsets.fakeweb.facts import facts
from carsets.fakeweb.wording import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

Answer = tuple[int, dict[str, Any]]

QUOTA = "Quota exceeded for quota metric 'Queries' and limit 'Queries per day'"


def error(code: int, message: str, status: str) -> Answer:
    """Return an error as Google writes it."""
    reason = {"message": message, "domain": "global", "reason": status.lower()}
    return code, {"error": {"code": code, "message": message, "errors": [reason], "status": status}}


def search_answer(parameters: Mapping[str, str], per_combination: int) -> Answer:
    """Return the status and the JSON of ``/customsearch/v1``."""
    if not parameters.get("key"):
        message = "The request is missing a valid API key."
        return error(403, message, "PERMISSION_DENIED")
    if not parameters.get("cx"):
        return error(400, "Request contains an invalid argument.", "INVALID_ARGUMENT")
    start, num = (parameters.get(name, given) for name, given in (("start", "1"), ("num", "10")))
    if not (start.isdigit() and num.isdigit() and 1 <= int(num) <= 10):
        return error(400, "Request contains an invalid argument.", "INVALID_ARGUMENT")
    if int(start) + int(num) > 100 or parameters.get("searchType") != "image":
        return error(400, "Request contains an invalid argument.", "INVALID_ARGUMENT")
    return 200, _results(parameters, int(start), int(num), per_combination)


def _results(
    parameters: Mapping[str, str], start: int, num: int, per_combination: int
) -> dict[str, Any]:
    words = parameters.get("q", "")
    results = Results("bing", words, per_combination)
    total = str(len(results) * 1000)  # an estimate, far more than can be reached
    ranks = range(start - 1, min(start - 1 + num, len(results)))
    asked = {"totalResults": total, "searchTerms": words, "safe": parameters.get("safe", "off")}
    request = {**asked, "cx": parameters["cx"], "searchType": "image", "startIndex": start}
    answer: dict[str, Any] = {
        "kind": "customsearch#search",
        "queries": {"request": [{**request, "count": len(ranks)}]},
        "context": {"title": "my-engine"},
        "searchInformation": {
            "searchTime": 0.31,
            "formattedSearchTime": "0.31",
            "totalResults": total,
            "formattedTotalResults": f"{int(total):,}",
        },
    }
    if start - 1 + num < len(results):
        answer["queries"]["nextPage"] = [{**request, "count": 10, "startIndex": start + num}]
    if ranks:  # without results the list is not empty, it is not there
        answer["items"] = [_item(results[rank]) for rank in ranks]
    return answer


def _item(number: int) -> dict[str, Any]:
    image = facts(number)
    about, (width, height) = wording(image), size_of(image)
    page = page_url(image)
    return {
        "kind": "customsearch#result",
        "title": about.title,
        "htmlTitle": escape(about.title),
        "link": image_url(image),
        "displayLink": urlsplit(page).hostname,
        "snippet": about.title,
        "mime": "image/jpeg",
        "fileFormat": "image/jpeg",
        "image": {
            "contextLink": page,
            "height": height,
            "width": width,
            "byteSize": 315_000,
            "thumbnailLink": f"https://encrypted-tbn0.gstatic.com/images?q=tbn:{number}",
            "thumbnailHeight": 113,
            "thumbnailWidth": 150,
        },
    }
