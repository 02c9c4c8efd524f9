"""The server of the built-in web: one loopback port that stands for every host, and one for TLS.

Which host a request is for is told by the header X-Real-Host, as the download handler sets it, or
by Host, as a browser does that was sent to the TLS port.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from carsets.fakeweb import (
    bing_pages,
    catalog_hosts,
    engine_hosts,
    flickr_api,
    google_hosts,
    instagram_hosts,
    licenses,
    names,
    openverse_api,
    opt_outs,
    web_counts,
)
from carsets.fakeweb.corpus import PER_COMBINATION
from carsets.fakeweb.decaying import decaying_answer
from carsets.fakeweb.hostile import hostile_answer
from carsets.fakeweb.image_hosts import image_answer, is_flickr_original, thumbnail_answer
from carsets.fakeweb.modes import MODES, OF_THE_HOST, mode_answer
from carsets.fakeweb.robots import robots_answer
from carsets.fakeweb.tls import server_context
from carsets.fakeweb.traffic import Mode, Traffic
from carsets.fakeweb.vpic_api import vpic_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

REAL_HOST = "X-Real-Host"
_THUMBNAILS = frozenset({"th.bing.com", "ts1.mm.bing.net", *names.BING_THUMBNAILS})


class FakeWebServer:
    """Serves the built-in web on 127.0.0.1 within a running event loop.

    ``per_combination`` is how many images each source finds for one vehicle in one color.
    """

    def __init__(self, per_combination: int = PER_COMBINATION) -> None:
        self.per_combination = per_combination
        self.traffic = Traffic()
        self.port = 0
        self.tls_port = 0
        # Drawing takes tens of milliseconds: one thread, so that it takes one core at most.
        self._artists = ThreadPoolExecutor(max_workers=1, thread_name_prefix="artist")
        self._runner: web.ServerRunner | None = None

    async def start(self, port: int = 0) -> int:
        """Listen, and return the port. Raises OSError if it is taken. TLS takes any free port."""
        server = web.Server(self._answer)  # type: ignore[arg-type]  # BaseRequest is enough
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=server_context()).start()
        self.port, self.tls_port = (address[1] for address in self._runner.addresses)
        return self.port

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._artists.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        host = real_host(request.headers)
        if host == names.CONTROL_HOST:
            return await self._control(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        hits = self.traffic.begin(host, request.path_qs, headers)
        sent = 0
        try:
            response = await self._answer_of(request, host, hits)
            sent = getattr(response, "content_length", None) or 0
        finally:
            self.traffic.end(host, sent)
        return response

    async def _answer_of(self, request: web.Request, host: str, hits: int) -> web.StreamResponse:
        if host == names.DECAYING:
            return await decaying_answer(request, host in self.traffic.modes, self._artists)
        if licenses.is_question(request, host):
            changed = host in self.traffic.modes
            return await licenses.license_answer(request, host, changed=changed)
        if request.path == opt_outs.TDM_FILE:
            return opt_outs.tdm_answer(host)
        mode = self.traffic.mode(host, request.path)
        if host in google_hosts.HOSTS and request.path != "/robots.txt":
            return await google_hosts.google_answer(request, host, mode, self.per_combination)
        if host in instagram_hosts.HOSTS and request.path != "/robots.txt":
            return await instagram_hosts.instagram_answer(request, host, mode, self.per_combination)
        if host in engine_hosts.ENGINES and request.path != "/robots.txt":
            answered = await engine_hosts.engine_answer(
                request, host, mode.name if mode else "", self.per_combination
            )
            if answered is not None:
                return answered
        if mode is not None and mode.name not in OF_THE_HOST:
            return await mode_answer(request, host, mode, self.per_combination)
        if request.path == "/robots.txt":
            return await robots_answer(host)
        if host == names.BING:
            return await self._bing(request)
        if host == names.FLICKR:
            crowded = mode is not None and mode.name == "crowded"
            return await self._flickr(request, crowded=crowded)
        if host in {names.OPENVERSE, "api.openverse.engineering"}:
            return await self._openverse(request)
        if host == names.YANDEX_WEB:
            page = web_counts.yandex_page(dict(request.query))
            return web.Response(text=page, content_type="text/html")
        if host == names.VPIC:
            answer = vpic_answer(request.path)
            return web.json_response(answer, status=200 if answer else 404)
        if host == names.COMMONS:
            return await catalog_hosts.api_answer(request, hits, self.per_combination)
        if host == names.COMMONS_FILES:
            return await catalog_hosts.file_answer(request, self._artists)
        if host == names.OPEN_IMAGES_COPIES:
            return await catalog_hosts.copy_answer(request, self._artists)
        if host in _THUMBNAILS:
            return await thumbnail_answer(request, self._artists)
        if opt_outs.site_of(host) is not None:
            return opt_outs.photo_answer(request, host)
        if host == names.HOSTILE or host.endswith(".any.carsets.test"):
            return await hostile_answer(request, hits)
        if mode is not None and mode.name == "originals_gone" and is_flickr_original(request.path):
            return web.Response(status=404, text="Not Found")
        return await image_answer(request, host, hits, self._artists)

    async def _bing(self, request: web.Request) -> web.Response:
        if request.path == "/search":
            page = web_counts.bing_page(dict(request.query))
            return web.Response(text=page, content_type="text/html")
        if request.path not in {"/images/async", "/images/search"}:
            return web.Response(status=404)
        page = bing_pages.search_answer(request.path, dict(request.query), self.per_combination)
        return web.Response(text=page, content_type="text/html")

    async def _flickr(self, request: web.Request, *, crowded: bool) -> web.Response:
        if request.path.rstrip("/") != "/services/rest":
            return web.Response(status=404)
        parameters = dict(request.query)
        if request.method == "POST":
            parameters |= {name: str(value) for name, value in (await request.post()).items()}
        if parameters.get("method") == "flickr.photos.getInfo":
            changed = names.FLICKR in self.traffic.modes
            return web.json_response(licenses.photo_answer(parameters, changed=changed))
        answering = partial(
            flickr_api.call_answer, parameters, self.per_combination, crowded=crowded
        )
        answer = await asyncio.get_running_loop().run_in_executor(None, answering)
        return web.json_response(answer)

    async def _openverse(self, request: web.Request) -> web.Response:
        if request.path == "/v1/auth_tokens/token/":
            token = {"access_token": "token", "expires_in": 36_000, "token_type": "Bearer"}
            return web.json_response(token | {"scope": "read write groups"})
        if request.path != "/v1/images/":
            return web.json_response({"detail": "Not found."}, status=404)
        status, answer = openverse_api.search_answer(
            dict(request.query), self.per_combination, token="Authorization" in request.headers
        )
        return web.json_response(answer, status=status, headers=openverse_api.RATE_HEADERS)

    async def _control(self, request: web.Request) -> web.Response:
        """Answer the control host: GET /stats, POST /mode, POST /settings, POST /reset."""
        if request.path == "/stats":
            return web.json_response(self.traffic.summary())
        if request.method != "POST":
            return web.Response(status=404)
        if request.path == "/reset":
            self.traffic.reset()
        elif request.path == "/mode":
            wanted = json.loads(await request.text())
            host = wanted.pop("host")
            if wanted.get("name") not in (*MODES, ""):
                return web.Response(status=400, text=f"modes: {', '.join(MODES)}")
            if wanted["name"]:
                self.traffic.modes[host] = Mode(**wanted)
            else:
                self.traffic.modes.pop(host, None)
        elif request.path == "/settings":
            self.per_combination = int(json.loads(await request.text())["per_combination"])
        else:
            return web.Response(status=404)
        return web.json_response({"ok": True})


def real_host(headers: Mapping[str, str]) -> str:
    """Return the host that a request is for, without user name and port, in lower case."""
    netloc = headers.get(REAL_HOST, "") or headers.get("Host", "")
    return (urlsplit(f"//{netloc}").hostname or "").lower()
