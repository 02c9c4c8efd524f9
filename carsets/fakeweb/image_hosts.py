"""The hosts that serve images: each image ends the way its facts say."""

from __future__ import annotations

import asyncio
from html import escape
from typing import TYPE_CHECKING

from aiohttp import web

from carsets.fakeweb import answers, names
from carsets.fakeweb.addresses import (
    flickr_original_suffix,
    image_url,
    number_of_path,
)
from carsets.fakeweb.facts import Facts, facts
from carsets.fakeweb.pictures import bulk_picture, flickr_size, picture, placeholder
from carsets.fakeweb.wording import wording

if TYPE_CHECKING:
    from concurrent.futures import Executor

SLOW = 1.0  # seconds that the slow host needs
_STATUS = {"http_404": 404, "http_410": 410, "http_403": 403, "http_500": 500}
_OPT_OUTS = {
    "noai": {"X-Robots-Tag": "noai, noimageai"},
    "tdm": {"tdm-reservation": "1", "tdm-policy": "https://carpix.test/policy.json"},
}
_PRIVATE = (
    "https://127.0.0.1/latest/meta-data/",
    "https://169.254.169.254/latest/meta-data/",
    "https://intranet.carpix.test/secret.jpg",
)


async def image_answer(
    request: web.Request, host: str, hits: int, artists: Executor
) -> web.StreamResponse:
    """Return what an image host answers. ``hits``: how often this path was asked for so far."""
    loop = asyncio.get_running_loop()
    if host in names.BULK_HOSTS:
        digits = request.path.strip("/").removesuffix(".jpg")
        if not digits.isdigit():
            return web.Response(status=404)
        body = await loop.run_in_executor(artists, bulk_picture, int(digits))
        return answers.typed(body)
    if host == names.PLACEHOLDER_HOST:
        return answers.typed(placeholder())
    if host.startswith("www.") or "/gallery/" in request.path:
        return _gallery(request)
    number = number_of_path(request.path)
    if number is None:
        return web.Response(status=404, text="Not Found")
    image = facts(number)
    moved = request.path.startswith("/moved/")
    if not moved and not _belongs(image, host, request.path):
        return web.Response(status=404, text="Not Found")
    broken = await _broken(request, image, hits) if not moved else None
    if broken is not None:
        return broken
    if host == names.FLICKR_IMAGES and not is_flickr_original(request.path):
        return await _smaller(number, _flickr_suffix(request.path), artists)
    body = await loop.run_in_executor(artists, picture, number)
    return answers.typed(body, _OPT_OUTS.get(image.fate))


def is_flickr_original(path: str) -> bool:
    """Return whether this is the path of a photo's largest copy on Flickr's image host."""
    number = number_of_path(path)
    return number is not None and _flickr_suffix(path) == flickr_original_suffix(facts(number))


def _flickr_suffix(path: str) -> str:
    suffix = path.rpartition("_")[2].removesuffix(".jpg")
    return suffix if len(suffix) == 1 else ""


async def _smaller(number: int, suffix: str, artists: Executor) -> web.Response:
    loop = asyncio.get_running_loop()
    try:
        return answers.typed(await loop.run_in_executor(artists, flickr_size, number, suffix))
    except KeyError:
        return web.Response(status=404)


def _belongs(image: Facts, host: str, path: str) -> bool:
    """Return whether this image lies on this host under this path."""
    url = image_url(image)
    if image.source == "flickr":
        return host == names.FLICKR_IMAGES
    return url.endswith(path) and f"//{host}/" in url


async def _broken(request: web.Request, image: Facts, hits: int) -> web.StreamResponse | None:
    """Return the answer of an image that ends badly before its bytes; None for the others."""
    fate = image.fate
    if fate in _STATUS:
        return web.Response(status=_STATUS[fate], text=f"{_STATUS[fate]}")
    if fate == "503_then_ok" and hits == 1:
        return web.Response(status=503, headers={"Retry-After": "1"})
    if fate == "reset":
        return await answers.raw(request, b"", reset=True)
    if fate == "drip":
        return await answers.drip(request, placeholder())
    if fate == "slow":
        await asyncio.sleep(SLOW)
    if fate == "placeholder" and image.source == "flickr":
        name = "pw/images/en-us/photo_unavailable_l.png"
        return answers.redirect(f"https://{names.PLACEHOLDER_HOST}/{name}")
    return _redirected(request, image)


def _redirected(request: web.Request, image: Facts) -> web.Response | None:
    if image.fate == "redirect_ok":
        host = names.IMAGE_HOSTS[image.number % len(names.IMAGE_HOSTS)]
        name = request.path.rpartition("/")[2]
        ending = f"photo-{image.number}.jpg" if image.source == "flickr" else name
        return answers.redirect(f"https://{host}/moved/{ending}")
    if image.fate == "redirect_private":
        return answers.redirect(_PRIVATE[image.number % len(_PRIVATE)])
    if image.fate == "redirect_loop":
        hop = int(request.query.get("hop", "0")) + 1
        return answers.redirect(f"{request.path}?hop={hop}")
    if image.fate == "redirect_file":
        return answers.redirect("file:///etc/passwd", 301)
    return None


def _gallery(request: web.Request) -> web.Response:
    """Return the page that shows an image."""
    number = request.query.get("id", "")
    if not number.isdigit():
        return web.Response(status=404)
    image = facts(int(number))
    about = wording(image)
    page = (
        f"<!DOCTYPE html><html><head><title>{escape(about.title)}</title></head><body>"
        f'<img src="{escape(image_url(image))}" alt=""><p>by {escape(about.author)}</p>'
        "</body></html>"
    )
    return web.Response(text=page, content_type="text/html")


async def thumbnail_answer(request: web.Request, artists: Executor) -> web.StreamResponse:
    """Return what Bing's own image hosts answer: thumbnails, and full copies of good images."""
    name = request.query.get("id", "") or request.path.rpartition("/")[2]
    kind, _, rest = name.partition(".")
    digits = rest.rpartition("-")[2]
    if kind not in {"OIP", "R"} or not digits.isdigit() or facts(int(digits)).fate != "ok":
        return web.Response(status=404)
    loop = asyncio.get_running_loop()
    if kind == "R":
        return answers.typed(await loop.run_in_executor(artists, picture, int(digits)))
    return answers.typed(await loop.run_in_executor(artists, flickr_size, int(digits), "m"))
