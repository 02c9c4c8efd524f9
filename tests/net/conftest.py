"""A hostile server, and crawls against it in processes of their own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def _load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"net_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_hostile = _load("hostile_server")


@pytest.fixture(scope="session")
def hostile() -> Any:
    """Return the module of the hostile server, for tests that need one of their own."""
    return _hostile


@dataclass
class Crawl:
    """What a crawl reported, and everything that it wrote."""

    report: dict[str, Any]
    log: str

    @property
    def images(self) -> dict[str, list[Any]]:
        return self.report["images"]

    def outcome(self, url: str) -> str:
        return str(self.report["images"][url][0])

    @property
    def outcomes(self) -> list[str]:
        return [str(entry[0]) for entry in self.report["images"].values()]


@pytest.fixture(scope="session")
def _server() -> Iterator[Any]:
    with _hostile.running(_hostile.HostileServer()) as server, _hostile.counting_ipv6(server):
        yield server


@pytest.fixture
def web(_server: Any) -> Any:
    """Return the hostile server with its counters at zero."""
    _server.reset()
    return _server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a self-signed certificate and its key in one file."""
    path = tmp_path_factory.mktemp("tls") / "self-signed.pem"
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(built.public_bytes(pem) + private)
    return path


class CrawlProcess:
    """A process in which one crawl after the other runs: starting one takes seconds."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.count = 0
        clean = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
        self.stderr = (folder / "stderr.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "run_crawl.py"), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
            cwd=folder,
            env={**clean, "PYTHONPATH": str(ROOT), "CANARY_API_KEY": "CANARYKEY123"},
        )

    def crawl(self, config: dict[str, Any]) -> Crawl:
        self.count += 1
        log = self.folder / f"crawl{self.count}.log"
        config["settings"].setdefault("LOG_FILE", str(log))
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(config) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        text = log.read_text() if log.exists() else ""
        assert line, f"the process of the crawls died: {text[-3000:]}\n{self.errors()}"
        return Crawl(json.loads(line), text)

    def errors(self) -> str:
        self.stderr.flush()
        return (self.folder / "stderr.txt").read_text()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.stderr.close()


# The resolver belongs to a process: one trusts 127.0.0.1, where the hostile server lives, one
# trusts nothing, as by default, and one has Scrapy's own resolver.
PROCESSES: dict[str, dict[str, Any]] = {
    "trusting": {"ADDRESS_ALLOWED": ["127.0.0.1"]},
    "guarded": {},
    "unguarded": {"TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingThreadedResolver"},
}


@pytest.fixture(scope="session")
def _processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, CrawlProcess]]:
    processes: dict[str, CrawlProcess] = {}
    yield processes
    for process in processes.values():
        process.close()


@pytest.fixture
def crawl(
    web: Any, _processes: dict[str, CrawlProcess], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Crawl]:
    """Return a function that runs one crawl; settings are given as keywords."""

    def run(
        images: list[str] | None = None,
        *,
        stock: bool = False,
        process: str = "trusting",
        config: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Crawl:
        if not stock:
            settings.setdefault("ADDRESS_ALLOWED", PROCESSES[process].get("ADDRESS_ALLOWED", []))
            settings.setdefault("URL_PORTS_ALLOWED", [80, 443, web.port])
            settings.setdefault("CONTACT", "mailto:test@example.org")
            settings.setdefault("RETRY_BACKOFF", 0.02)
            settings.setdefault("HOST_MAX_FAILURES", 0)
        settings.setdefault("DOWNLOAD_DELAY", 0)
        settings.setdefault("LOG_LEVEL", "DEBUG")
        whole = {"images": images or [], "stock": stock, "settings": settings, **(config or {})}
        if process not in _processes:
            folder = tmp_path_factory.mktemp(process)
            _processes[process] = CrawlProcess(folder, **PROCESSES[process])
        return _processes[process].crawl(whole)

    return run
