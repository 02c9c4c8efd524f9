"""A host whose pictures change once a test says so: what each becomes is known beforehand.

``https://decaying.carpix.test/N.jpg`` serves picture N. In the mode "decayed" of the host it serves
what ``fate_of(N)`` says, in fixed shares of every hundred numbers.
"""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING

from aiohttp import web
from PIL import Image

from carsets.fakeweb import answers, names
from carsets.fakeweb.pictures import HTML, bulk_picture, encode, placeholder

if TYPE_CHECKING:
    from concurrent.futures import Executor

# The fate of the first so many of every hundred numbers; the others stay as they are.
FATES = (
    ("http_404", 7),
    ("http_410", 2),
    ("html", 1),
    ("replaced", 5),
    ("placeholder", 3),
    ("reencoded", 5),
    ("metadata", 2),  # the same pixels, another file around them
    ("http_403", 2),
    ("http_451", 2),
    ("closed", 2),  # robots.txt forbids it now
    ("opted_out", 2),
    ("http_503", 2),
)
CLOSED = "closed/"  # folder of the pictures that robots.txt will forbid
_STATUS = {"http_404": 404, "http_410": 410, "http_403": 403, "http_451": 451, "http_503": 503}
_ROBOTS = f"User-agent: *\nDisallow: /{CLOSED}\n"
_OTHERS = 500_000  # added to the number of a picture: the one that takes its place


def fate_of(number: int) -> str:
    """Return what becomes of a picture: "same" of most."""
    place = number * 37 % 100  # so that neighbors have different fates
    for fate, share in FATES:
        if place < share:
            return fate
        place -= share
    return "same"


def url_of(number: int) -> str:
    """Return the address of a picture."""
    folder = CLOSED if fate_of(number) == "closed" else ""
    return f"https://{names.DECAYING}/{folder}{number}.jpg"


async def decaying_answer(
    request: web.BaseRequest, decayed: bool, artists: Executor
) -> web.StreamResponse:
    """Return the answer of the host, before or after its decay."""
    if request.path == "/robots.txt":
        return web.Response(text=_ROBOTS if decayed else "", content_type="text/plain")
    digits = request.path.rpartition("/")[2].removesuffix(".jpg")
    if not digits.isdigit() or url_of(int(digits)).partition(names.DECAYING)[2] != request.path:
        return web.Response(status=404)
    number = int(digits)
    fate = fate_of(number) if decayed else "same"
    if fate in _STATUS:
        return web.Response(status=_STATUS[fate], text=fate)
    headers = {"X-Robots-Tag": "noai"} if fate == "opted_out" else None
    loop = asyncio.get_running_loop()
    return answers.typed(await loop.run_in_executor(artists, _body, number, fate), headers)


def _body(number: int, fate: str) -> bytes:
    if fate == "html":
        return HTML
    if fate == "placeholder":
        return placeholder()
    if fate == "replaced":
        return bulk_picture(number + _OTHERS)
    body = bulk_picture(number)
    if fate == "metadata":  # a comment segment behind the first marker
        return body[:2] + b"\xff\xfe\x00\x08moved!" + body[2:]
    if fate == "reencoded":
        with Image.open(BytesIO(body)) as picture:
            return encode(picture, 60)
    return body
