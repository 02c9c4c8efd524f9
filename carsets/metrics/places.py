"""Where the numbers may be read: a port of this machine, a file for node_exporter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import start_http_server

from carsets.problems import UserError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


def read_ports(given: Any) -> range:
    """Return the ports that METRICS_PORT names, in order; none for "" and 0.

    Raises UserError for what is neither a port nor a range of ports.
    """
    text = str(given or "").strip()
    if text in {"", "0"}:
        return range(0)
    match = _PORTS.fullmatch(text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= 65_535:
        raise UserError(
            f"METRICS_PORT={text[:80]}: a port, or a range such as 9410-9419, is expected"
        )
    return range(first, last + 1)


def read_textfile(given: Any, source: str) -> Path | None:
    """Return the file that METRICS_TEXTFILE names for a source; None for "".

    Raises UserError for a name that node_exporter would not read.
    """
    text = str(given or "").strip()
    if not text:
        return None
    path = Path(text.replace("{source}", source)).expanduser().absolute()
    if path.suffix != ".prom":
        raise UserError(f"METRICS_TEXTFILE={text}: node_exporter reads files that end in .prom")
    return path


def serve(ports: range, host: str, registry: CollectorRegistry) -> tuple[Any, int]:
    """Return a server at the first free port of a range, and that port. Raises OSError for none."""
    problem: OSError | None = None
    for port in ports:
        try:
            server, _ = start_http_server(port, host, registry)
        except OSError as error:
            problem = error
        else:
            return server, port
    raise problem or OSError("no port")
