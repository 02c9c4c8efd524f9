"""Makes the drawings of matplotlib fit for a page: small, light and dark, readable by hovering.

Style attributes become classes, so that the page's style sheet has the say over every color, and
the page's policy can forbid styles written into it.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
# What a plot is drawn with, by its class in the style sheet; the plain files keep these colors.
COLORS = {
    "ink": "#1d2430",
    "soft": "#667085",
    "line": "#d5d9e0",
    "blue": "#2f6fde",
    "teal": "#12907c",
    "orange": "#d9730d",
    "red": "#c8362e",
    "violet": "#7a52c7",
    "gray": "#98a1af",
    "gold": "#b58a00",
}
_CLASS_OF = {color: name for name, color in COLORS.items()}
_KEPT = {"stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap", "opacity"}
_KEPT |= {"fill-opacity", "stroke-opacity", "text-anchor", "font-size", "font-weight"}
# A style sheet of its own would be the page's business, and is forbidden there.
_UNWANTED = {f"{{{SVG}}}{name}" for name in ("metadata", "style")}
_SIZE = re.compile(r"(?:(bold|\d00)\s+)?([\d.]+)px")


def to_svg(figure: Figure, name: str, titles: Mapping[str, str], summary: str) -> str:
    """Return a figure as an SVG element.

    ``titles`` are the words that hovering over the parts of a figure shows, by their ``gid``;
    ``summary`` is what those are told who cannot see it.
    """
    body = BytesIO()
    figure.savefig(body, format="svg", metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(body.getvalue())  # noqa: S314 - our own
    for parent in list(root.iter()):
        for part in list(parent):
            if part.tag in _UNWANTED or "opacity: 0;" in f"{part.get('style')};":
                parent.remove(part)
    for part in list(root.iter()):
        _dress(part)
        gid = part.attrib.pop("id", "")
        if gid in titles:
            title = ElementTree.Element(f"{{{SVG}}}title")
            title.text = printable(titles[gid])
            part.insert(0, title)
        if part.tag in {f"{{{SVG}}}clipPath", f"{{{SVG}}}path"} and gid:
            part.set("id", f"{name}-{gid}")
        _point(part, name)
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    root.set("class", "plot")
    root.set("role", "img")
    root.set("aria-label", printable(summary))
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def printable(text: str) -> str:
    """Return a text without the characters that no XML may hold, such as the terminal's escape."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _point(part: ElementTree.Element, name: str) -> None:
    """Let references lead to the names that belong to this drawing alone."""
    href = f"{{{XLINK}}}href"
    if target := part.attrib.pop(href, ""):
        part.set("href", f"#{name}-{target[1:]}")
    if clip := part.get("clip-path"):
        part.set("clip-path", clip.replace("url(#", f"url(#{name}-"))


def _dress(part: ElementTree.Element) -> None:
    """Turn a style attribute into classes, and into attributes."""
    style = part.attrib.pop("style", "")
    classes = []
    for rule in style.split(";"):
        key, _, value = (word.strip() for word in rule.partition(":"))
        if key in {"fill", "stroke"}:
            if value in _CLASS_OF:
                classes.append(f"{key}-{_CLASS_OF[value]}")
            part.set(key, value)
        elif key == "font":
            if size := _SIZE.search(value):
                part.set("font-size", size[2])
                if size[1]:
                    part.set("font-weight", size[1])
        elif key in _KEPT:
            part.set(key, value.removesuffix("px"))
    if part.tag == f"{{{SVG}}}text" and not any(name.startswith("fill") for name in classes):
        classes.append("fill-ink")
    if classes:
        part.set("class", " ".join(classes))
