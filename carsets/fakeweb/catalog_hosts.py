"""The hosts of Wikimedia Commons (its API, and the files) and of the copies of Open Images."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from carsets.fakeweb import answers, commons_api, names
from carsets.fakeweb.facts import facts
from carsets.fakeweb.open_images_files import copied_number
from carsets.fakeweb.pictures import flickr_size, picture

if TYPE_CHECKING:
    from concurrent.futures import Executor


async def api_answer(request: web.BaseRequest, hits: int, per_combination: int) -> web.Response:
    """Answer the API. A search for ``lagging`` finds lagging servers at its first try."""
    if request.path != "/w/api.php":
        return web.Response(status=404)
    parameters = dict(request.query)
    if "lagging" in parameters.get("gsrsearch", "") and "maxlag" in parameters and hits == 1:
        return web.json_response(commons_api.LAGGED, headers=commons_api.LAG_HEADERS)
    return web.json_response(commons_api.search_answer(parameters, per_combination))


async def file_answer(request: web.BaseRequest, artists: Executor) -> web.StreamResponse:
    """Serve a file, or its rendering at a smaller width, which outlives a lost original."""
    loop = asyncio.get_running_loop()
    path, thumb = request.path, False
    if "/thumb/" in path:
        path, thumb = path.replace("/thumb/", "/", 1).rpartition("/")[0], True
    number = commons_api.number_of_file(path)
    if number is None or (facts(number).fate == "http_404" and not thumb):
        return web.Response(status=404, text="Not Found")
    if thumb:
        return answers.typed(await loop.run_in_executor(artists, flickr_size, number, "z"))
    return answers.typed(await loop.run_in_executor(artists, picture, number))


async def copy_answer(request: web.BaseRequest, artists: Executor) -> web.StreamResponse:
    """Serve the smaller copy of a photograph of Open Images: other bytes than the original's."""
    number = copied_number(names.OPEN_IMAGES_COPIES, request.path)
    if number is None or facts(number).fate in {"http_403", "http_410"}:
        return web.Response(status=404, text="Not Found")
    loop = asyncio.get_running_loop()
    return answers.typed(await loop.run_in_executor(artists, flickr_size, number, "z"))
