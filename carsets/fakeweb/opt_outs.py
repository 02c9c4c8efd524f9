"""Hosts that opt out, one for each way in which it can be said; and some that say yes.

Each holds as many pictures as one likes, at ``/photos/NUMBER.jpg``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cbor2
from aiohttp import web

from carsets.fakeweb import answers
from carsets.fakeweb.pictures import bulk_picture, with_xmp

if TYPE_CHECKING:
    from collections.abc import Mapping

DOMAIN = "opt-outs.any.carsets.test"
TDM_FILE = "/.well-known/tdmrep.json"
_FIRST = 5_000_000  # pictures that no other host has
_EACH = 1_000

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:tdm="http://www.w3.org/ns/tdmrep#" '
    "{}/></rdf:RDF></x:xmpmeta>"
)
_OPEN = "User-agent: *\nAllow: /\n"


def _tdm(*rules: tuple[str, Any]) -> str:
    return json.dumps([{"location": place, "tdm-reservation": value} for place, value in rules])


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What one host says. ``signal`` is the one that decides: a name of reservations.SIGNALS,
    "robots.txt" for the rules that are for us, "" where nothing is reserved."""

    signal: str
    robots: str = _OPEN
    tdm_file: str | None = None
    tdm_status: int = 200
    tdm_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    xmp: str = ""
    c2pa: Mapping[str, str] = field(default_factory=dict)


SITES: Mapping[str, Site] = {
    "rules": Site(signal="robots.txt", robots="User-agent: *\nDisallow: /photos/\n"),
    "ai-agents": Site(
        signal="robots.txt:ai-agents",
        robots=f"{_OPEN}\nUser-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n",
    ),
    "robots-signal": Site(
        signal="robots.txt:content-signal",
        robots="User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n",
    ),
    "robots-usage": Site(
        signal="robots.txt:content-usage",
        robots=f"{_OPEN}Content-Usage: train-ai=y\nContent-Usage: /photos/ train-ai=n\n",
    ),
    "robots-junk": Site(
        signal="robots.txt:content-signal", robots=f"{_OPEN}Content-Signal: no training\n"
    ),
    "tdm-file": Site(signal="tdmrep.json", tdm_file=_tdm(("/photos/*.jpg$", 1))),
    "tdm-junk": Site(signal="tdmrep.json", tdm_file="{not json"),
    "tdm-large": Site(signal="tdmrep.json", tdm_file=_tdm(("/", 0)) + " " * 1_000_000),
    "tdm-fails": Site(signal="tdmrep.json", tdm_file="busy", tdm_status=503),
    "tag": Site(signal="x-robots-tag", headers={"X-Robots-Tag": "ClaudeBot: noindex"}),
    "tdm-header": Site(
        signal="tdm-reservation", tdm_file=_tdm(("/", 0)), headers={"tdm-reservation": "1"}
    ),
    "tdm-header-junk": Site(signal="tdm-reservation", headers={"tdm-reservation": "maybe"}),
    "usage": Site(signal="content-usage", headers={"Content-Usage": "search=y, train-ai=n"}),
    "signal": Site(signal="content-signal", headers={"Content-Signal": "ai-train=no"}),
    "plus": Site(
        signal="plus:DataMining",
        xmp='plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-SEECONSTRAINT"',
    ),
    "tdm-xmp": Site(signal="tdm:reservation", xmp='tdm:reservation="1"'),
    "c2pa": Site(signal="c2pa.training-mining", c2pa={"c2pa.ai_training": "notAllowed"}),
    # These say nothing, or yes.
    "silent": Site(signal=""),
    "friendly": Site(
        signal="",
        robots=(
            f"{_OPEN}Content-Signal: ai-train=yes\nContent-Usage: train-ai=y\n\n"
            "User-agent: GPTBot\nAllow: /\n"
        ),
        tdm_file=_tdm(("/", 0)),
        headers={"X-Robots-Tag": "all", "tdm-reservation": "0", "Content-Usage": "train-ai=y"},
        xmp='plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-ALLOWED"',
    ),
    "elsewhere": Site(
        signal="",
        robots=(
            f"{_OPEN}Content-Usage: /texts/ train-ai=n\n\nUser-agent: GPTBot\nDisallow: /texts/\n"
        ),
        tdm_file=_tdm(("/texts/", 1)),
    ),
    "soft-404": Site(
        signal="", tdm_file="<!DOCTYPE html><title>Nothing here</title>", tdm_type="text/html"
    ),
    "shut": Site(signal="", tdm_file="<Error>AccessDenied</Error>", tdm_status=403),
}


def photo_url(site: str, number: int = 0) -> str:
    """Return the address of one of a host's pictures."""
    return f"https://{site}.{DOMAIN}/photos/{number}.jpg"


def site_of(host: str) -> Site | None:
    """Return what a host says; None for a host that is none of these."""
    name, _, domain = host.partition(".")
    return SITES.get(name) if domain == DOMAIN else None


def tdm_answer(host: str) -> web.Response:
    """Return any host's answer for its tdmrep.json: most have none."""
    site = site_of(host)
    if site is None or site.tdm_file is None:
        return web.Response(status=404, text="Not Found")
    return web.Response(text=site.tdm_file, status=site.tdm_status, content_type=site.tdm_type)


def photo_answer(request: web.Request, host: str) -> web.Response:
    """Return one of a host's pictures."""
    site = site_of(host)
    number = request.path.rpartition("/")[2].removesuffix(".jpg")
    if site is None or not number.isdigit() or int(number) >= _EACH:
        return web.Response(status=404)
    body = bulk_picture(_FIRST + [*SITES].index(host.partition(".")[0]) * _EACH + int(number))
    if site.xmp:
        body = with_xmp(body, _XMP.format(site.xmp))
    if site.c2pa:
        body = with_c2pa(body, site.c2pa)
    return answers.typed(body, dict(site.headers))


def with_c2pa(jpeg: bytes, uses: Mapping[str, str]) -> bytes:
    """Return a JPEG file with an (unsigned) C2PA store that speaks of training."""
    entries = {use: {"use": said} for use, said in uses.items()}
    assertion = _superbox("c2pa.training-mining", _box(b"cbor", cbor2.dumps({"entries": entries})))
    manifest = _superbox("urn:c2pa:of-the-built-in-web", _superbox("c2pa.assertions", assertion))
    data = b"JP\0\1\0\0\0\1" + _superbox("c2pa", manifest)
    return jpeg[:2] + b"\xff\xeb" + (len(data) + 2).to_bytes(2, "big") + data + jpeg[2:]


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def _superbox(label: str, content: bytes) -> bytes:
    description = b"\0" * 16 + b"\3" + label.encode() + b"\0"  # a type, toggles, the label
    return _box(b"jumb", _box(b"jumd", description) + content)
