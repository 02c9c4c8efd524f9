"""A small server on loopback that does what servers must not do, and counts who came."""

from __future__ import annotations

import contextlib
import gzip
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
JPEG = b"\xff\xd8\xff" + b"car" * 100
ABOUT_THE_HOST = ("/robots.txt", "/.well-known/tdmrep.json")  # asked once, beside the images


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Handler(socketserver.StreamRequestHandler):
    server: HostileServer

    def handle(self) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            while line := self.rfile.readline(65536):
                path = line.split()[1].decode() if len(line.split()) > 1 else ""
                headers = {}
                while header := self.rfile.readline(65536).strip():
                    name, _, value = header.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                if not self.serve(path, headers):
                    return

    def serve(self, path: str, headers: dict[str, str]) -> bool:
        server = self.server
        with server.lock:
            server.hits.append((time.monotonic(), path, headers))
            server.now += 1
            server.most_at_once = max(server.most_at_once, server.now)
        try:
            name, _, rest = urlsplit(path).path.lstrip("/").partition("/")
            if name == "robots.txt":
                return self.robots()
            if name == ".well-known":
                return self.tdm_file()
            query = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
            return getattr(self, "do_" + name.replace("-", "_").partition(".")[0])(rest, query)
        finally:
            with server.lock:
                server.now -= 1

    def send(self, data: bytes) -> bool:
        self.wfile.write(data)
        return True

    def robots(self) -> bool:
        time.sleep(self.server.robots_delay)
        return self.send(answer(self.server.robots.encode(), status=self.server.robots_status))

    def tdm_file(self) -> bool:
        time.sleep(self.server.tdm_delay)
        kind = [f"Content-Type: {self.server.tdm_type}"] if self.server.tdm_type else []
        return self.send(answer(self.server.tdm.encode(), *kind, status=self.server.tdm_status))

    def do_ok(self, rest: str, query: dict[str, str]) -> bool:
        time.sleep(float(query.get("sleep", "0")))
        return self.send(answer(JPEG, "Content-Type: image/jpeg"))

    def do_page(self, rest: str, query: dict[str, str]) -> bool:
        return self.send(answer(b"<html>results</html>", "Content-Type: text/html"))

    def do_status(self, rest: str, query: dict[str, str]) -> bool:
        """/status/503?retry-after=2&times=1: that status for so many requests, then the image."""
        with self.server.lock:
            self.server.asked[rest] = self.server.asked.get(rest, 0) + 1
            done = self.server.asked[rest] > int(query.get("times", "999"))
        if done:
            return self.do_ok("", {})
        extra = [f"Retry-After: {query['retry-after']}"] if "retry-after" in query else []
        if "retry-date" in query:
            extra = [f"Retry-After: {formatdate(time.time() + int(query['retry-date']))}"]
        return self.send(answer(b"no", *extra, status=f"{rest.partition('/')[0]} No"))

    def do_redirect(self, rest: str, query: dict[str, str]) -> bool:
        left = int(rest)
        target = f"/redirect/{left - 1}" if left > 1 else "/ok"
        return self.send(answer(b"", f"Location: {target}", status="302 Found"))

    def do_redirect_to(self, rest: str, query: dict[str, str]) -> bool:
        return self.send(answer(b"", f"Location: {query['u']}", status="302 Found"))

    def do_loop(self, rest: str, query: dict[str, str]) -> bool:
        return self.send(answer(b"", "Location: /loop", status="302 Found"))

    def do_huge(self, rest: str, query: dict[str, str]) -> bool:
        """/huge/none, /huge/lying, /huge/honest: 100 MB under three Content-Lengths."""
        length = {"none": "", "lying": "Content-Length: 100\r\n"}.get(
            rest, "Content-Length: 104857600\r\n"
        )
        if rest == "chunked":
            length = "Transfer-Encoding: chunked\r\n"
        self.wfile.write(OK + length.encode() + b"\r\n")
        block = b"x" * 65536
        if rest == "chunked":
            block = b"10000\r\n" + block + b"\r\n"
        for _ in range(1600):
            self.wfile.write(block)
            self.server.sent += 65536
        return False

    def do_bomb(self, rest: str, query: dict[str, str]) -> bool:
        body = self.server.bomb
        return self.send(answer(body, "Content-Type: image/jpeg", "Content-Encoding: gzip"))

    def do_drip(self, rest: str, query: dict[str, str]) -> bool:
        self.wfile.write(OK + (b"Content-Length: 9999\r\n\r\n" if rest == "length" else b"\r\n"))
        while not self.server.closing.wait(float(query.get("every", "0.5"))):
            self.wfile.write(b"x")
        return False

    def do_drip_headers(self, rest: str, query: dict[str, str]) -> bool:
        self.wfile.write(OK)
        while not self.server.closing.wait(0.2):
            self.wfile.write(b"X-A: b\r\n")
        return False

    def do_endless_headers(self, rest: str, query: dict[str, str]) -> bool:
        self.wfile.write(OK)
        for _ in range(200_000):
            self.wfile.write(b"X-A: " + b"b" * 1000 + b"\r\n")
            self.server.sent += 1007
        return False

    def do_silent(self, rest: str, query: dict[str, str]) -> bool:
        self.server.closing.wait(60)
        return False

    def do_short(self, rest: str, query: dict[str, str]) -> bool:
        self.send(OK + b"Content-Length: 5000\r\n\r\nxxxx")
        return False

    def do_reset(self, rest: str, query: dict[str, str]) -> bool:
        return False

    def do_nonsense(self, rest: str, query: dict[str, str]) -> bool:
        self.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        return False


class HostileServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, certificate: Path | None = None) -> None:
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.tls = None
        self.bomb = b""
        self.reset()
        super().__init__(("127.0.0.1", 0), Handler)
        if certificate is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.port: int = self.server_address[1]

    def reset(self) -> None:
        self.hits: list[tuple[float, str, dict[str, str]]] = []
        self.asked: dict[str, int] = {}
        self.now = self.most_at_once = self.sent = 0
        self.connections = 0
        self.robots, self.robots_status, self.robots_delay = "", "404 Not Found", 0.0
        self.tdm, self.tdm_status, self.tdm_delay = "", "404 Not Found", 0.0
        self.tdm_type = ""

    def get_request(self):  # type: ignore[no-untyped-def]
        connection, address = super().get_request()
        self.connections += 1
        return connection, address

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        if self.tls is not None:
            try:
                with self.tls.wrap_socket(request, server_side=True) as encrypted:
                    super().finish_request(encrypted, client_address)
            except OSError:
                request.close()
            return
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        """Clients that hang up are what these tests are about."""

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        scheme = "https" if self.tls is not None else "http"
        return f"{scheme}://{host}:{self.port}/{path.lstrip('/')}"

    def paths(self, *, robots: bool = False) -> list[str]:
        return [path for _, path, _ in self.hits if robots or path not in ABOUT_THE_HOST]

    def times(self) -> list[float]:
        return [when for when, path, _ in self.hits if path not in ABOUT_THE_HOST]


@contextlib.contextmanager
def running(server: HostileServer) -> Iterator[HostileServer]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def counting_ipv6(server: HostileServer) -> Iterator[None]:
    """Count connections to the same port of ::1, where there is IPv6."""
    try:
        listener = socket.create_server(("::1", server.port), family=socket.AF_INET6)
    except OSError:
        yield
        return

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def gzip_bomb(megabytes: int) -> bytes:
    block = gzip.compress(b"\0" * (1024 * 1024), 9)
    return block * megabytes  # gzip members may follow each other
