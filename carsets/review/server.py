"""Serves the review page on this machine, to the people whose secret links were printed.

It listens on a loopback address alone. Every request needs the Host of that very address, so that
no name of somebody's website can be pointed here, and no Origin but its own. What tells or changes
anything needs the token of a link in its ``Authorization`` header, which no other site can send:
there is no cookie that a browser would add by itself. The page keeps the token out of every URL
that is sent, and may load nothing from anywhere else.
"""

from __future__ import annotations

import json
import secrets
import socket
import traceback
from contextlib import suppress
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from carsets.problems import UserError
from carsets.review.decisions import IMAGE_ID, BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from carsets.review.desk import Desk

LOOPBACK = ("127.0.0.1", "::1", "localhost")
LARGEST_BODY = 1 << 20  # bytes of a request
IDLE = 60.0  # seconds until a silent connection is closed
BLOCK = 1 << 18  # bytes of a file that are read at once

PAGES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/main.js": ("main.js", "text/javascript; charset=utf-8"),
    "/outbox.js": ("outbox.js", "text/javascript; charset=utf-8"),
    "/pictures.js": ("pictures.js", "text/javascript; charset=utf-8"),
    "/panel.js": ("panel.js", "text/javascript; charset=utf-8"),
    "/server.js": ("server.js", "text/javascript; charset=utf-8"),
    "/zoom.js": ("zoom.js", "text/javascript; charset=utf-8"),
}
IMAGE_TYPES = {"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/bmp"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Refused(Exception):
    """A request that gets no answer but why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class ReviewServer(ThreadingHTTPServer):
    """The desk, as a web server."""

    daemon_threads = True

    def __init__(
        self, desk: Desk, store: Path, raters: Sequence[str], *, host: str, port: int
    ) -> None:
        """Listen; ``port`` 0 takes any that is free.

        Raises UserError for an address that others can reach, and for a port that is taken.
        """
        if host not in LOOPBACK:
            raise UserError(
                f"--host {host}: the review page is for this machine alone ({', '.join(LOOPBACK)});"
                " from another one use `ssh -L`"
            )
        self.desk = desk
        self.store = store
        self._connections: set[Any] = set()
        self.tokens = {secrets.token_urlsafe(32): rater for rater in raters}
        self.host = "127.0.0.1" if host == "localhost" else host
        if ":" in self.host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((self.host, port), Handler)
        except OSError as error:
            raise UserError(
                f"port {port} of {self.host} cannot be used: {error.strerror}; is another review "
                "running? --port 0 takes any that is free"
            ) from None
        self.port = int(self.server_address[1])
        names = ("127.0.0.1", "localhost", "[::1]")
        self.hosts = {f"{name}:{self.port}" for name in names}

    def links(self) -> dict[str, str]:
        """Return the secret link of each rater. What follows # is never sent by a browser."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return {
            rater: f"http://{name}:{self.port}/#{token}" for token, rater in self.tokens.items()
        }

    def rater_of(self, authorization: str) -> str:
        """Return whose token it is. Raises Refused for nobody's."""
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "bearer":
            for token, rater in self.tokens.items():
                if compare_digest(token.encode(), given.strip().encode("utf-8", "replace")):
                    return rater
        raise Refused(
            HTTPStatus.FORBIDDEN, "this needs the link that `scrapy review` printed when it began"
        )

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread of its own, and remember it."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Let go of a connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Hang up: browsers keep connections open, and a closed review takes nothing more."""
        super().server_close()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that hang up."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: ReviewServer
    protocol_version = "HTTP/1.1"
    server_version = "carsets"
    sys_version = ""
    timeout = IDLE

    def do_GET(self) -> None:
        """Answer with a part of the page, an image, or JSON. Changes nothing."""
        self._guarded(self._get)

    def do_POST(self) -> None:
        """Take JSON, and answer when it is in the catalog."""
        self._guarded(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: what people do is nobody else's business."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer the base class's own complaints as all others: methods that are not known too."""
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else code
        self.close_connection = True
        self._json({"problem": message or HTTPStatus(status).phrase}, HTTPStatus(status))

    def _guarded(self, answer: Callable[[], None]) -> None:
        try:
            self._check_origin()
            answer()
        except Refused as refusal:
            self.close_connection = True
            self._json({"problem": str(refusal)}, refusal.status)
        except BadRequest as problem:
            self._json({"problem": str(problem)}, HTTPStatus.BAD_REQUEST)
        except UserError as problem:  # the catalog cannot be used now: the page tries again
            self._json({"problem": str(problem)}, HTTPStatus.SERVICE_UNAVAILABLE)
        except OSError:  # the browser has hung up
            self.close_connection = True
        except Exception:  # a fault of carsets: the page says so, and loses nothing
            traceback.print_exc()
            self.close_connection = True
            self._json({"problem": "a fault of carsets"}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _check_origin(self) -> None:
        """Refuse what other sites, or names that somebody points at this machine, send."""
        if self.headers.get("Host", "").lower() not in self.server.hosts:
            raise Refused(HTTPStatus.FORBIDDEN, "this server has another name")
        origin = self.headers.get("Origin")
        if origin is not None and origin.lower() not in {
            f"http://{host}" for host in self.server.hosts
        }:
            raise Refused(HTTPStatus.FORBIDDEN, "another site has sent this")
        if self.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            raise Refused(HTTPStatus.FORBIDDEN, "another site has sent this")

    # --- GET ------------------------------------------------------------------------------------

    def _get(self) -> None:
        parts = urlsplit(self.path)
        if parts.path in PAGES:
            name, kind = PAGES[parts.path]
            self._send(files("carsets.review").joinpath("page", name).read_bytes(), kind)
            return
        rater = self.server.rater_of(self.headers.get("Authorization", ""))
        if parts.path.startswith("/images/"):
            self._image(parts.path.removeprefix("/images/"))
            return
        desk = self.server.desk
        asked = dict(parse_qsl(parts.query, max_num_fields=20))
        answers: Mapping[str, Callable[[], dict[str, Any]]] = {
            "/api/start": lambda: desk.start(rater),
            "/api/queue": lambda: desk.page(rater, asked),
            "/api/images": lambda: desk.images(rater, asked),
            "/api/changes": lambda: desk.changes(rater, asked),
            "/api/history": lambda: desk.history(rater, asked),
            "/api/agreement": desk.agreement,
        }
        if parts.path not in answers:
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        self._json(answers[parts.path]())

    def _image(self, image_id: str) -> None:
        """Send an original as it lies in the store, byte for byte."""
        found = None
        if IMAGE_ID.fullmatch(image_id):
            found = self.server.desk.catalog.image_file(image_id)
        if found is None or not found[0]:
            raise Refused(HTTPStatus.NOT_FOUND, "there is no such image")
        path, mime = found
        place = self.server.store / path
        try:
            if not place.resolve().is_relative_to(self.server.store.resolve()):
                raise Refused(HTTPStatus.NOT_FOUND, "its path leads out of the store")
            file = place.open("rb")
        except (OSError, ValueError):
            raise Refused(HTTPStatus.NOT_FOUND, "its file is not in the store") from None
        with file:
            size = file.seek(0, 2)
            file.seek(0)
            kind = mime if mime in IMAGE_TYPES else "application/octet-stream"
            self._head(HTTPStatus.OK, kind, size)
            while size > 0 and (block := file.read(min(BLOCK, size))):
                self.wfile.write(block)
                size -= len(block)
            if size:  # the file shrank: the answer cannot be made whole
                self.close_connection = True

    # --- POST -----------------------------------------------------------------------------------

    def _post(self) -> None:
        rater = self.server.rater_of(self.headers.get("Authorization", ""))
        body = self._body()
        desk = self.server.desk
        answers: Mapping[str, Callable[[str, Any], dict[str, Any]]] = {
            "/api/decisions": desk.decide,
            "/api/pairs": desk.judge_pair,
            "/api/place": desk.keep_place,
        }
        path = urlsplit(self.path).path
        if path not in answers:
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        self._json(answers[path](rater, body))

    def _body(self) -> Any:
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":  # forms of other sites cannot send this type
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal():
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "say how long it is")
        if len(length) > 10 or int(length) > LARGEST_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too much at once")
        try:
            return json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise BadRequest("this is not JSON") from None

    # --- Answers --------------------------------------------------------------------------------

    def _json(self, answer: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(answer).encode(), "application/json", status)

    def _send(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._head(status, kind, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: HTTPStatus, kind: str, length: int) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
