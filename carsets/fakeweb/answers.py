"""Ways to answer badly that several hosts share: breaking off, dripping, refusing."""

from __future__ import annotations

import asyncio

from aiohttp import web

JPEG = "image/jpeg"
DRIP_SECONDS = 120  # how long a drip goes on at most


def typed(body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> web.Response:
    """Return an answer whose Content-Type is that of an image host: by the file's first bytes."""
    kind = JPEG
    for magic, name in (
        (b"\x89PNG", "image/png"),
        (b"GIF8", "image/gif"),
        (b"RIFF", "image/webp"),
        (b"<!DOCTYPE", "text/html"),
        (b"<?xml", "image/svg+xml"),
    ):
        if body.startswith(magic):
            kind = name
    return web.Response(body=body, status=status, content_type=kind, headers=headers)


def redirect(location: str, status: int = 302) -> web.Response:
    """Return a redirect, whatever the address is."""
    return web.Response(status=status, headers={"Location": location})


async def raw(request: web.Request, data: bytes, *, reset: bool = False) -> web.StreamResponse:
    """Write bytes as they are to the connection and close it (or reset it): no valid answer."""
    transport = request.transport
    if transport is not None:
        if data:
            transport.write(data)
        if reset:
            transport.abort()
        else:
            transport.close()
    return Unsent()


class Unsent(web.Response):
    """Stands for an answer that has been written past the server, or never will be."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Send no head."""
        return

    async def write_eof(self, data: bytes = b"") -> None:
        """Send no end."""


async def drip(request: web.Request, body: bytes, interval: float = 1.0) -> web.StreamResponse:
    """Send a body byte by byte; ``interval`` is in seconds."""
    response = web.StreamResponse(headers={"Content-Type": JPEG, "Content-Length": str(len(body))})
    await response.prepare(request)
    try:
        for at in range(min(len(body), int(DRIP_SECONDS / interval))):
            await response.write(body[at : at + 1])
            await asyncio.sleep(interval)
    except ConnectionError:
        pass  # the client had enough
    return response
