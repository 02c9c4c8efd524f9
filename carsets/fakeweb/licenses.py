"""What the interfaces answer when they are asked for the license of one image, by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from carsets.fakeweb import commons_api, flickr_api, names, openverse_api
from carsets.fakeweb.addresses import FLICKR_FIRST_ID
from carsets.fakeweb.facts import flickr_license_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_question(request: web.BaseRequest, host: str) -> bool:
    """Return whether an image is asked for by its id."""
    if host == names.COMMONS:
        return "pageids" in request.query
    if host == names.OPENVERSE:
        return request.path.startswith("/v1/images/") and request.path != "/v1/images/"
    return False


async def license_answer(
    request: web.BaseRequest, host: str, *, changed: bool
) -> web.StreamResponse:
    """Return the facts of the images; ``changed``: every second one has another license."""
    if host == names.COMMONS:
        answer = commons_api.details_answer(dict(request.query))
        for page in answer["query"]["pages"]:
            if changed and page["pageid"] % 2 and "imageinfo" in page:
                page["imageinfo"][0]["extmetadata"] |= _CC_BY_SA_4
        return web.json_response(answer)
    record = openverse_api.detail_answer(request.path.strip("/").rpartition("/")[2])
    if record is None:
        return web.json_response({"detail": "Not found."}, status=404)
    if changed and int(record["id"][-1], 16) % 2:
        url = "https://creativecommons.org/licenses/by-nc-nd/4.0/"
        record |= {"license": "by-nc-nd", "license_version": "4.0", "license_url": url}
    return web.json_response(record)


_CC_BY_SA_4 = {
    name: {"value": value, "source": "commons-desc-page", "hidden": ""}
    for name, value in (
        ("LicenseShortName", "CC BY-SA 4.0"),
        ("License", "cc-by-sa-4.0"),
        ("LicenseUrl", "https://creativecommons.org/licenses/by-sa/4.0"),
    )
}


def photo_answer(parameters: Mapping[str, str], *, changed: bool = False) -> dict[str, Any]:
    """Return the JSON of ``flickr.photos.getInfo``."""
    text = parameters.get("photo_id", "")
    number = int(text) - FLICKR_FIRST_ID if text.isdigit() else -1
    if number < 0:
        return flickr_api.failure(1, "Photo not found")
    license_id = 0 if changed and number % 2 else flickr_license_of(number)
    return {"photo": {"id": text, "license": str(license_id)}, "stat": "ok"}
