"""A real nginx on loopback that serves a folder and counts who came."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

CONFIG = """
{user}
worker_processes 1;
daemon off;
pid {place}/nginx.pid;
error_log {place}/error.log;
events {{ worker_connections 8192; }}
http {{
    types {{ image/jpeg jpg; }}
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000;
    log_format visits '$connection $status $body_bytes_sent $uri';
    access_log {place}/access.log visits;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {folder};
        location = /status {{ stub_status; access_log off; }}
    }}
}}
"""


def find_nginx() -> str | None:
    """Return the path of nginx, or None: ``apt-get install nginx-light`` brings it."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class LocalWeb:
    """Serve ``folder`` while the context is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.port = free_port()

    def __enter__(self) -> Self:
        nginx = find_nginx()
        if nginx is None:
            raise SystemExit("nginx is needed: apt-get install nginx-light")
        self.place = Path(tempfile.mkdtemp(prefix="carsets-nginx-"))
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        config = self.place / "nginx.conf"
        config.write_text(
            CONFIG.format(user=user, place=self.place, port=self.port, folder=self.folder)
        )
        command = [nginx, "-c", str(config), "-e", str(self.place / "error.log")]
        self.process = subprocess.Popen(command)
        for _ in range(100):
            try:
                self.connections_now()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise SystemExit(f"nginx did not start: {(self.place / 'error.log').read_text()}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.place)

    def url(self, path: str) -> str:
        """Return the address of a file."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def connections_now(self) -> int:
        """Return how many connections are open, not counting the one that asks."""
        with urllib.request.urlopen(self.url("status"), timeout=2) as answer:
            return int(answer.readline().split()[2]) - 1

    def forget(self) -> None:
        """Forget the visits so far."""
        os.truncate(self.place / "access.log", 0)

    def visits(self) -> tuple[int, int, int]:
        """Return the visits since ``forget``: requests answered 200, other ones, connections."""
        served = others = 0
        connections = set()
        with (self.place / "access.log").open() as log:
            for line in log:
                connection, status, _ = line.split(" ", 2)
                connections.add(connection)
                served += status == "200"
                others += status != "200"
        return served, others, len(connections)
