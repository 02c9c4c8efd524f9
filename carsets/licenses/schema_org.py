"""Rights in schema.org's words (JSON-LD): whose an image is, and under which license."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carsets.licenses.agreement import together
from carsets.licenses.declared import NO_LICENSE, DeclaredLicense, Evidence
from carsets.licenses.embedded import limits, read_statement
from carsets.sources.foreign_text import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_NODES = 50_000  # objects and lists looked at; a page has some hundred
MAX_VALUES = 20  # of one property
_TYPES = frozenset({"imageobject", "photograph"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRights:
    """What a page says of one image; "" for what it does not say."""

    urls: tuple[str, ...] = ()  # of the image, as they stand: they may be relative
    license: DeclaredLicense = NO_LICENSE
    acquire_page: str = ""  # where a license can be had
    credit: str = ""  # the line to show
    creator: str = ""
    notice: str = ""  # the copyright notice


def image_rights(parsed: Any) -> list[ImageRights]:
    """Return what parsed JSON-LD says of images, however deep they are nested.

    Never raises: what has another shape than schema.org's says nothing.
    """
    nodes = list(_nodes(parsed))
    by_id = {name: node for node in nodes if len(node) > 1 and (name := to_text(node.get("@id")))}
    return [_read(node, by_id) for node in nodes if _is_image(node)]


def _nodes(parsed: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object, in the order of the text."""
    waiting: list[Any] = [[parsed]]
    for _ in range(MAX_NODES):
        if not waiting:
            return
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
        inner = list(value.values() if isinstance(value, dict) else value)
        waiting += [below for below in reversed(inner) if isinstance(below, dict | list)]


def _is_image(node: Mapping[str, Any]) -> bool:
    kinds = node.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    names = (to_text(kind).replace("#", "/").replace(":", "/") for kind in kinds)
    return any(name.rpartition("/")[2].lower() in _TYPES for name in names)


def _read(node: Mapping[str, Any], by_id: Mapping[str, Any]) -> ImageRights:
    notice = next(_values(node.get("copyrightNotice"), by_id, ("name",)), "")
    urls = (_values(node.get(name), {}, ("@id", "url")) for name in ("contentUrl", "url"))
    return ImageRights(
        urls=tuple(dict.fromkeys(url for several in urls for url in several)),
        license=_license(node.get("license"), notice, by_id),
        acquire_page=next(_values(node.get("acquireLicensePage"), {}, ("@id", "url")), ""),
        credit=next(_values(node.get("creditText"), {}, ("name",)), ""),
        creator=", ".join(dict.fromkeys(_values(node.get("creator"), by_id, ("name",)))),
        notice=notice,
    )


def _license(value: Any, notice: str, by_id: Mapping[str, Any]) -> DeclaredLicense:
    """Join what is said; an address nobody can read is a license of the owner's own making."""
    said: list[DeclaredLicense] = []
    for one in value[:MAX_VALUES] if isinstance(value, list) else [value]:
        texts = _values(one, by_id, ("@id", "url", "name"))
        readings = [read_statement(text, Evidence.PAGE) for text in texts]
        # Name and address of one license explain each other: not both need be readable.
        known = [reading for reading in readings if reading.family != "unknown"]
        said += known or readings[:1]
    reading = read_statement(notice, Evidence.PAGE)
    if reading.family != "unknown" or limits(notice):
        said.append(reading)
    return together(said)


def _values(value: Any, by_id: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts of a property: plain, in a list, or under ``names`` of an object."""
    for one in value[:MAX_VALUES] if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            there = by_id.get(to_text(one.get("@id")), {})
            texts = [
                to_text(part.get(name)) for part in (one, there) for name in (*names, "@value")
            ]
        else:
            texts = [to_text(one)]
        yield from filter(None, texts)
