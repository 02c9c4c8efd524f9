"""One file of Wikimedia Commons as its API describes it.

What stands in ``extmetadata`` was written by people into templates: HTML, hidden marks for
machines, dates in prose. Nothing of it is taken for more than it says.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from carsets.items import FoundImage
from carsets.licenses import commons_license
from carsets.sources.foreign_text import pixels, to_int, to_text, without_markup

if TYPE_CHECKING:
    from collections.abc import Mapping

# What ``iiextmetadatafilter`` asks for: everything that is read below.
EXTMETADATA = (
    "LicenseShortName",
    "License",
    "LicenseUrl",
    "UsageTerms",
    "Artist",
    "Credit",
    "Attribution",
    "AttributionRequired",
    "Copyrighted",
    "Restrictions",
    "ImageDescription",
    "Categories",
    "DateTimeOriginal",
    "NonFree",
)
MAX_CATEGORIES = 100  # of one file; few have more than twenty

# Scanned drawings and the like: the rendered copy is taken, browsers cannot show the original.
_SHOWN_AS_THEY_ARE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})


def read_file(page: Any) -> FoundImage | None:
    """Read one page of an answer; None when it is no picture or lacks what every file has."""
    try:
        info = page["imageinfo"][0]
        url, title = to_text(info["url"]), to_text(page["title"])
    except (KeyError, IndexError, TypeError):
        return None
    if not url or not title or not is_bitmap(info):
        return None
    facts = Facts(info.get("extmetadata"))
    mime, thumb = to_text(info.get("mime")), to_text(info.get("thumburl"))
    rendered = bool(mime and thumb) and mime not in _SHOWN_AS_THEY_ARE
    side = "thumb" if rendered else ""
    return FoundImage(
        image_url=thumb if rendered else url,
        page_url=to_text(info.get("descriptionurl")),
        alternates=(thumb,) if thumb and not rendered and thumb != url else (),
        thumbnail_url=thumb,
        source_id=str(to_int(page.get("pageid")) or title),
        title=title.partition(":")[2] or title,
        description=facts.text("ImageDescription"),
        tags=facts.categories(),
        width=pixels(info.get(f"{side}width")),
        height=pixels(info.get(f"{side}height")),
        taken=iso_date(facts.text("DateTimeOriginal")),
        uploaded=to_text(info.get("timestamp"), 40),
        extra=_extra(info, facts, url if rendered else ""),
        author=facts.text("Artist"),
        author_url=facts.first_link("Artist"),
        license=commons_license(
            *(facts.text(name) for name in ("LicenseUrl", "License", "LicenseShortName")),
            non_free=facts.raw("NonFree").lower() == "true",
        ),
        attribution=facts.text("Attribution"),
    )


def is_bitmap(info: Mapping[str, Any]) -> bool:
    """Say whether a file is a picture of dots; drawings, sounds, films and books are none."""
    kind, mime = to_text(info.get("mediatype")), to_text(info.get("mime"))
    return kind in {"", "BITMAP"} and (not mime or mime.startswith("image/"))


class Facts:
    """The values of ``extmetadata``, as plain text."""

    def __init__(self, metadata: Any) -> None:
        self._metadata = metadata if isinstance(metadata, dict) else {}

    def raw(self, name: str) -> str:
        """Return a value as it stands, "" when there is none. Numbers and yes/no become text."""
        value = self._metadata.get(name)
        value = value.get("value") if isinstance(value, dict) else None
        if isinstance(value, (bool, int, float)):
            return str(value).lower()
        return to_text(value)

    def text(self, name: str) -> str:
        """Return a value without markup, in one line."""
        return plain_text(self.raw(name))

    def first_link(self, name: str) -> str:
        """Return the first address that a value links to, "" when it links to none."""
        match = re.search(r"<a\s[^<>]*?href=\"([^\"<>]*)\"", self.raw(name))
        address = html.unescape(match[1]) if match else ""
        whole = urljoin("https://commons.wikimedia.org/", address) if address else ""
        return whole if whole.startswith(("https://", "http://")) else ""

    def categories(self) -> tuple[str, ...]:
        """Return the names of the categories."""
        names = (name.strip() for name in self.raw("Categories").split("|"))
        return tuple(dict.fromkeys(filter(None, names)))[:MAX_CATEGORIES]


# Style sheets inside templates, and what is there for machines and hidden from people.
_SILENT = re.compile(r"<(style|script)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_HIDDEN = re.compile(r"<(div|span)\b[^<>]*display:\s?none[^<>]*>[^<>]*</\1\s*>", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/td|/tr)\b[^<>]*>", re.IGNORECASE)


def plain_text(value: str) -> str:
    """Return what people see of a piece of HTML, in one line."""
    if "<" not in value and "&" not in value:
        return " ".join(to_text(value).split())
    seen = _HIDDEN.sub("", _SILENT.sub("", value))
    return " ".join(without_markup(_BREAK.sub(" ", seen)).split())


_DATE = re.compile(r"(\d{4}(?:-\d\d(?:-\d\d)?)?)(?:[ T](\d\d:\d\d(?::\d\d)?))?")


def iso_date(text: str) -> str:
    """Return a date in ISO 8601; "" for prose ("circa 1930"), of which nothing is guessed."""
    match = _DATE.fullmatch(text.strip())
    if not match:
        return ""
    return f"{match[1]}T{match[2]}" if match[2] else match[1]


def _extra(info: Mapping[str, Any], facts: Facts, original: str) -> dict[str, Any]:
    known: dict[str, Any] = {
        "sha1": to_text(info.get("sha1"), 40).lower(),
        "mime": to_text(info.get("mime"), 100),
        "bytes": to_int(info.get("size")) or 0,
        "original_url": original,
        "uploader": to_text(info.get("user"), 300),
        "credit": facts.text("Credit"),
        "usage_terms": facts.text("UsageTerms"),
        "restrictions": facts.text("Restrictions"),
        "attribution_required": facts.text("AttributionRequired").lower(),
        "copyrighted": facts.text("Copyrighted").lower(),
    }
    return {name: value for name, value in known.items() if value}
