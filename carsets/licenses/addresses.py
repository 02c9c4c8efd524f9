"""Licenses by their address: deeds, legal codes, buttons, SPDX pages, rights statements."""

from __future__ import annotations

import re

from carsets.licenses.elements import code_of_elements
from carsets.licenses.table import known_names, spdx_keys

# Nothing may stand before the host: in https://creativecommons.org@example.com/ it is no host.
_URL = re.compile(
    r"(?:(?:https?:)?//(?:www\.)?|(?=creativecommons\.org/))"
    r"([a-z0-9.-]+)(?::(?:80|443))?(/[^?#\s]*)?(?:[?#]\S*)?"
)
# What is left of a sentence, or of the markup, out of which an address was cut.
_WRAPPING = "<>()[]{}\"'`,;"
_DEED = re.compile(r"/(?:deed|legalcode|rdf)(?:[.\-_][a-z0-9_.\-]*)?$")
_BUTTON = re.compile(r"/(?:88x31|80x15|\d{2,3}x\d{2,3})\.(?:png|svg)$")
_BUTTON_HOSTS = frozenset({"i.creativecommons.org", "licensebuttons.net"})


def code_of_address(text: str) -> str:
    """Return the code behind an address: ``unknown`` for other pages, "" if the text is none."""
    match = _URL.fullmatch(text.lower().lstrip(_WRAPPING).rstrip(_WRAPPING + "."))
    if not match:
        return ""
    host, path = match[1], re.sub(r"/{2,}", "/", match[2] or "").rstrip("/")
    if host == "creativecommons.org":
        return _creative_commons(_DEED.sub("", path).strip("/").split("/"))
    if host in _BUTTON_HOSTS and _BUTTON.search(path):
        return _button(_BUTTON.sub("", path).strip("/").split("/"))
    if host == "spdx.org":
        name = re.fullmatch(r"/licenses/([a-z0-9.+-]+?)(?:\.html|\.json)?", path)
        return spdx_keys().get(name[1], "unknown") if name else "unknown"
    return known_names().get(f"{host}/{path.strip('/')}", "unknown")


def _creative_commons(parts: list[str]) -> str:
    match parts:
        case ["publicdomain", "zero", "1.0", *port] if len(port) < 2:
            return "cc0-1.0"
        case ["publicdomain", "mark", "1.0"]:
            return "pdm-1.0"
        case ["licenses", "publicdomain", *port] if len(port) < 2:
            return "pddc"
        case ["licenses", code, version, *port] if len(port) < 2:
            return code_of_elements(code.split("-"), version, "".join(port))
    return "unknown"


def _button(parts: list[str]) -> str:
    """Read the address of the small picture that stands for a license."""
    match parts:
        case ["p" | "l", "zero", "1.0"] | ["l", "publicdomain", "zero", "1.0"]:
            return "cc0-1.0"
        case ["p", "mark", "1.0"]:
            return "pdm-1.0"
        case ["l", code, version, *port] if len(port) < 2:
            return code_of_elements(code.split("-"), version, "".join(port))
    return "unknown"
