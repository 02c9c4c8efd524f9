"""Scrapyd: who could send it code. It runs whatever it is given, as the user that it runs as."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from configparser import ConfigParser, Error
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from carsets.doctor.finding import fail, ok, warn
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carsets.doctor.finding import Finding

PATIENCE = 5  # seconds for a daemon to answer
LEAST_PASSWORD = 12  # characters
PLACEHOLDERS = ("change", "password", "secret", "example", "...")
BEHIND = "set bind_address = 127.0.0.1, and let a proxy with TLS in front of it speak to others"


@dataclass(frozen=True, slots=True)
class Exposure:
    """What decides who reaches a Scrapyd."""

    address: str = "127.0.0.1"  # "": it listens at no address
    port: int = 6800
    username: str = ""
    password: str = ""

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if not self.address:
            return True
        try:
            return ip_address(self.address).is_loopback
        except ValueError:
            return self.address == "localhost"

    @property
    def has_password(self) -> bool:
        """Whether it asks who is there: Scrapyd does if both are set, and for nothing less."""
        return bool(self.username and self.password)


def find_configurations(folder: Path, home: Path, root: Path = Path("/")) -> list[Path]:
    """Return the files that a Scrapyd started in ``folder`` would read: what comes later wins."""
    etc = root / "etc" / "scrapyd"
    found = [etc / "scrapyd.conf", *sorted(etc.glob("conf.d/*"))]
    found += [folder / "scrapyd.conf", home / ".scrapyd.conf"]
    return [path for path in found if path.is_file()]


def read_configuration(paths: Sequence[Path], environment: Mapping[str, str]) -> Exposure:
    """Return what the files, and the variables that Scrapyd reads too, say together.

    Raises UserError for a file that is none.
    """
    parser = ConfigParser(interpolation=None, strict=False)
    for path in paths:
        try:
            parser.read_string(path.read_text(encoding="utf-8"), str(path))
        except (Error, UnicodeDecodeError, OSError) as error:
            raise UserError(f"{path}: {' '.join(str(error).split())}") from None

    def value(name: str, default: str) -> str:
        given = parser.get("scrapyd", name, fallback=default)
        return environment.get(f"SCRAPYD_{name.upper()}") or given.strip()

    port = value("http_port", "6800")
    if not port.isdigit() or int(port) > 65_535:
        raise UserError(f"scrapyd.conf: http_port = {port[:20]} is no port")
    return Exposure(
        address=value("bind_address", "127.0.0.1"),
        port=int(port),
        username=value("username", ""),
        password=value("password", ""),
    )


def look_at_configuration(exposure: Exposure, where: str) -> Iterator[Finding]:
    """Yield what a configuration lets happen."""
    well = True
    if not exposure.on_loopback:
        well = False
        said = f"{where}: bind_address = {exposure.address} is reached from other machines"
        yield fail("scrapyd", said, BEHIND)
    if not exposure.has_password:
        well = False
        said = f"{where}: without username and password, and so without a question who asks"
        yield fail("scrapyd", said, "set both: other users, and pages in a browser here, reach it")
    elif problem := password_problem(exposure.password):
        well = False
        fix = "python3 -c 'import secrets; print(secrets.token_urlsafe(24))' makes one"
        yield fail("scrapyd", f"{where}: its password {problem}", fix)
    if well:
        said = f"{where}: {exposure.address}:{exposure.port}, with a password"
        yield ok("scrapyd", said)


def password_problem(password: str) -> str:
    """Return what is wrong with a password, without telling it; "" for nothing."""
    if any(word in password.lower() for word in PLACEHOLDERS):
        return "is a placeholder"
    if len(password) < LEAST_PASSWORD:
        return f"is shorter than {LEAST_PASSWORD} characters"
    return ""


def look_at_daemon(exposure: Exposure) -> Iterator[Finding]:
    """Yield whether a Scrapyd that runs here lets in who gives no password. Asks this machine."""
    if not exposure.address or not exposure.port:
        yield ok("scrapyd", "it listens at no address")
        return
    everywhere = {"0.0.0.0", "::", "localhost"}  # noqa: S104 - to be recognized
    host = "127.0.0.1" if exposure.address in everywhere else exposure.address
    if not is_of_this_machine(host):
        yield warn("scrapyd", f"{host} is no address of this machine: not asked", "ask there")
        return
    status = ask(f"[{host}]" if ":" in host else host, exposure.port)
    where = f"{host}:{exposure.port}"
    if status is None:
        yield ok("scrapyd", f"no Scrapyd runs at {where}")
    elif status == 401:
        yield ok("scrapyd", f"the Scrapyd at {where} asks for a password")
    elif status == 200:
        said = f"the Scrapyd at {where} runs the code of anybody who reaches it: no password"
        yield fail("scrapyd", said, "set username and password in its scrapyd.conf, restart it")
    else:
        fix = "look which program has that port, or set http_port"
        yield warn("scrapyd", f"{where} answers {status}: is that a Scrapyd?", fix)


def is_of_this_machine(host: str) -> bool:
    """Whether an address is this machine's own. Sends nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.bind((host, 0))
        except (OSError, UnicodeError):
            return False
    return True


def ask(host: str, port: int) -> int | None:
    """Return the status that a daemon gives to somebody without a password; None: no daemon."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{host}:{port}/daemonstatus.json", timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError):  # refused, no answer, or no HTTP at all
        return None
