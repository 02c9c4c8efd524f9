"""The hostile host: one route for each way in which a server can hurt a crawler."""

from __future__ import annotations

import asyncio
import gzip
import struct
import zlib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from io import BytesIO

import numpy as np
from aiohttp import web
from PIL import Image

from carsets.fakeweb import answers
from carsets.fakeweb.drawing import draw_scene
from carsets.fakeweb.pictures import HTML, SVG, XMP_PROHIBITED, encode, placeholder, with_xmp

HUGE = 100 * 1024 * 1024  # bytes
_CHUNK = b"\0" * 65_536
_BOMB_PART = 16 * 1024 * 1024  # bytes, unpacked
_BOMB_PARTS = 64  # gzip allows any number of parts in a row

Route = Callable[[web.Request, int], Awaitable[web.StreamResponse]]
ROUTES: dict[str, Route] = {}


def _route(path: str) -> Callable[[Route], Route]:
    def register(route: Route) -> Route:
        ROUTES[path] = route
        return route

    return register


async def hostile_answer(request: web.Request, hits: int) -> web.StreamResponse:
    """Return what the hostile host answers. ``hits``: how often the path was asked for so far."""
    first = "/" + request.path.lstrip("/").partition("/")[0]
    route = ROUTES.get(first)
    return await route(request, hits) if route else web.Response(status=404)


@lru_cache(maxsize=8)
def good_jpeg(seed: int = 7) -> bytes:
    """Return a good picture of a car."""
    return encode(draw_scene(seed, body="sedan", view="side-left", light="day", size=(640, 480)))


@_route("/ok.jpg")
@_route("/evil-title")
@_route("/robots-denied")
async def _ok(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.typed(good_jpeg())


@_route("/slow")
async def _slow(request: web.Request, hits: int) -> web.StreamResponse:
    await asyncio.sleep(float(request.query.get("seconds", "60")))
    return answers.typed(good_jpeg())


@_route("/drip")
async def _drip(request: web.Request, hits: int) -> web.StreamResponse:
    return await answers.drip(request, good_jpeg(), float(request.query.get("interval", "1")))


@_route("/huge")
async def _huge(request: web.Request, hits: int) -> web.StreamResponse:
    """Send 100 MB, without saying so first unless asked with ``?announce=1``."""
    response = web.StreamResponse(headers={"Content-Type": answers.JPEG})
    if request.query.get("announce"):
        response.content_length = HUGE
    await response.prepare(request)
    try:
        await response.write(good_jpeg())
        for _ in range((HUGE - len(good_jpeg())) // len(_CHUNK)):
            await response.write(_CHUNK)
    except ConnectionError:
        pass  # the client had enough
    return response


@_route("/lying-length")
async def _lying_length(request: web.Request, hits: int) -> web.StreamResponse:
    body = good_jpeg()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body) * 2}\r\n\r\n"
    return await answers.raw(request, head.encode() + body)


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    stream = BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=9, mtime=0) as packed:
        for _ in range(_BOMB_PART // len(_CHUNK)):
            packed.write(_CHUNK)
    return stream.getvalue() * _BOMB_PARTS


@_route("/gzip-bomb")
async def _gzip_bomb(request: web.Request, hits: int) -> web.StreamResponse:
    headers = {"Content-Encoding": "gzip", "Content-Type": answers.JPEG}
    body = await asyncio.to_thread(_bomb)
    return web.Response(body=body, headers=headers)


@_route("/redirect")
async def _redirect(request: web.Request, hits: int) -> web.StreamResponse:
    """Redirect as often as the number in the path says, then answer well."""
    left = request.path.rpartition("/")[2]
    if left.isdigit() and int(left) > 0:
        return answers.redirect(f"/redirect/{int(left) - 1}")
    return answers.typed(good_jpeg())


@_route("/redirect-to")
async def _redirect_to(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.redirect(request.query.get("u", "/ok.jpg"))


@_route("/loop")
async def _loop(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.redirect("/loop")


@_route("/302-placeholder")
async def _to_placeholder(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.redirect("/photo_unavailable.png")


@_route("/photo_unavailable.png")
async def _placeholder(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.typed(placeholder())


@lru_cache(maxsize=1)
def flood_png(side: int = 13_300) -> bytes:
    """Return a small 1-bit PNG file that unpacks to side x side pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    rows = zlib.compress((b"\0" + b"\0" * ((side + 7) // 8)) * side, 9)
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@_route("/flood.png")
async def _flood(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.typed(await asyncio.to_thread(flood_png))


@_route("/svg-as-jpg")
async def _svg(request: web.Request, hits: int) -> web.StreamResponse:
    return web.Response(body=SVG, content_type=answers.JPEG)


@_route("/html-as-jpg")
async def _html(request: web.Request, hits: int) -> web.StreamResponse:
    return web.Response(body=HTML, content_type=answers.JPEG)


@_route("/truncated.jpg")
async def _truncated(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.typed(good_jpeg()[: len(good_jpeg()) // 2])


@_route("/cmyk.jpg")
async def _cmyk(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.typed(encode(draw_scene(8, size=(640, 480)).convert("CMYK")))


@_route("/16bit.png")
async def _deep(request: web.Request, hits: int) -> web.StreamResponse:
    gray = np.asarray(draw_scene(9, size=(640, 480)).convert("L")).astype(np.uint16) * 257
    return answers.typed(encode(Image.fromarray(gray), kind="PNG"))


@_route("/anim.gif")
async def _animated(request: web.Request, hits: int) -> web.StreamResponse:
    frames = [draw_scene(seed, size=(320, 240)) for seed in (10, 11)]
    stream = BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return answers.typed(stream.getvalue())


@_route("/polyglot")
async def _polyglot(request: web.Request, hits: int) -> web.StreamResponse:
    empty_zip = b"PK\x05\x06" + b"\0" * 18
    return answers.typed(good_jpeg(12) + empty_zip)


@_route("/429")
async def _too_many(request: web.Request, hits: int) -> web.StreamResponse:
    """Refuse the first request of a URL (all with ``?always=1``), then answer well."""
    if hits == 1 or request.query.get("always"):
        return web.Response(
            status=429, headers={"Retry-After": request.query.get("retry-after", "1")}
        )
    return answers.typed(good_jpeg(13))


@_route("/503-then-ok")
async def _unavailable(request: web.Request, hits: int) -> web.StreamResponse:
    return web.Response(status=503) if hits == 1 else answers.typed(good_jpeg(14))


@_route("/reset")
async def _reset(request: web.Request, hits: int) -> web.StreamResponse:
    return await answers.raw(request, b"", reset=True)


@_route("/half-headers")
async def _half_headers(request: web.Request, hits: int) -> web.StreamResponse:
    return await answers.raw(request, b"HTTP/1.1 200 OK\r\nContent-Type: image/j")


@_route("/endless-headers")
async def _endless_headers(request: web.Request, hits: int) -> web.StreamResponse:
    lines = b"".join(b"X-Filler-%d: %s\r\n" % (number, b"x" * 1000) for number in range(2000))
    return await answers.raw(request, b"HTTP/1.1 200 OK\r\n" + lines)


@_route("/swap")
async def _swap(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.typed(good_jpeg(15 if hits == 1 else 16))


@_route("/noai")
async def _noai(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.typed(good_jpeg(17), {"X-Robots-Tag": "noai"})


@_route("/tdm")
async def _tdm(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.typed(good_jpeg(18), {"tdm-reservation": "1"})


@_route("/iptc-prohibited.jpg")
async def _iptc(request: web.Request, hits: int) -> web.StreamResponse:
    return answers.typed(with_xmp(good_jpeg(19), XMP_PROHIBITED))


@_route("/gps.jpg")
async def _gps(request: web.Request, hits: int) -> web.StreamResponse:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    stream = BytesIO()
    draw_scene(20, size=(640, 480)).save(stream, "JPEG", quality=88, exif=exif)
    return answers.typed(stream.getvalue())


@_route("/empty")
async def _empty(request: web.Request, hits: int) -> web.StreamResponse:
    return web.Response(body=b"", content_type=answers.JPEG)


@_route("/tarpit")
async def _tarpit(request: web.Request, hits: int) -> web.StreamResponse:
    """Redirect to ever new addresses."""
    depth = len(request.path.split("/"))
    return answers.redirect(f"{request.path.rstrip('/')}/{depth}")
