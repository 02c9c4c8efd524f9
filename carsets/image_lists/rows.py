"""One row of a user's list, read: an image, or the reason why it is none."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from carsets.image_lists.columns import LABELS
from carsets.items import FoundImage
from carsets.licenses import NO_LICENSE, DeclaredLicense, Evidence, read_license

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN = 200  # characters of a bad row that a message repeats
MAX_DEPTH = 50  # of lists and objects in one another, in what a row says beside the image

_HASH_BYTES = {"md5": 16, "sha256": 32}


class RowError(ValueError):
    """A row that cannot be read; the message says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One row: where it stands, the image it names, the labels it gives, or what is wrong.

    ``line`` counts from 1 in the file as it lies there, header and comments included; of a
    row over several lines it is the first. A row with a ``problem`` still has a ``found``, whose
    address is what the row says (or ``FILE:LINE`` when it says nothing), so that it can be
    recorded and is not lost.
    """

    line: int
    found: FoundImage
    labels: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def bad_row(name: str, line: int, text: str, problem: str) -> ListRow:
    """Return a row that cannot be used; ``text`` is what it says, ``name`` the list's name."""
    return ListRow(
        line=line,
        found=FoundImage(image_url=storable(text.strip()[:SHOWN]) or f"{name}:{line}"),
        problem=storable(f"line {line}: {problem}"),
    )


def read_row(name: str, line: int, facts: Mapping[str, str], extra: Mapping[str, Any]) -> ListRow:
    """Return the row of which the columns say ``facts`` (values stripped, none of them empty).

    Never raises: a row that cannot be used says so in its ``problem``.
    """
    url = facts.get("image_url", "")
    try:
        facts, extra = storable(facts), storable(extra)
        if facts.get("image_url", "") != url:
            raise RowError("not a URL: characters in it that no text has")
        found = _read_found(facts, extra)
    except RowError as error:
        return bad_row(name, line, url, str(error))
    labels = {label: facts[label] for label in LABELS if label in facts}
    return ListRow(line=line, found=found, labels=labels)


# What JSON can say and no database takes: halves of characters, and NUL.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: Any, depth: int = 0) -> Any:
    """Return a text, or whatever JSON holds, without the characters that no database takes.

    Raises RowError for what is nested deeper than ``MAX_DEPTH``.
    """
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else _UNSTORABLE.sub("", value)
    if not isinstance(value, dict | list):
        return value
    if depth > MAX_DEPTH:
        raise RowError("nested too deeply")
    if isinstance(value, dict):
        return {storable(key): storable(inner, depth + 1) for key, inner in value.items()}
    return [storable(inner, depth + 1) for inner in value]


def _read_found(facts: Mapping[str, str], extra: Mapping[str, Any]) -> FoundImage:
    return FoundImage(
        image_url=check_url(facts.get("image_url", "")),
        page_url=facts.get("page_url", ""),
        thumbnail_url=facts.get("thumbnail_url", ""),
        source_id=facts.get("source_id", ""),
        title=facts.get("title", ""),
        description=facts.get("description", ""),
        width=read_pixels(facts.get("width", "")),
        height=read_pixels(facts.get("height", "")),
        taken=facts.get("taken", ""),
        uploaded=facts.get("uploaded", ""),
        extra=extra,
        author=facts.get("author", ""),
        author_url=facts.get("author_url", ""),
        license=read_list_license(facts.get("license", "")),
        attribution=facts.get("attribution", ""),
        sha256=read_hash("sha256", facts.get("sha256", "")),
        md5=read_hash("md5", facts.get("md5", "")),
        phash=read_phash(facts.get("phash", "")),
    )


@lru_cache(maxsize=1024)  # a list of millions names a dozen licenses
def read_list_license(text: str) -> DeclaredLicense:
    """Return the license that a list declares, with the list as its evidence."""
    return read_license(text, Evidence.LIST) if text else NO_LICENSE


def check_url(url: str) -> str:
    """Return the address if it can be one; raises RowError.

    Which schemes and addresses may be asked is decided later, for every source alike; here only
    what is no address at all is told apart, while the line is still known.
    """
    if not url:
        raise RowError("no image URL in it")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise RowError(f"not a URL ({error})") from None
    if not parts.scheme or (parts.scheme in {"http", "https"} and not parts.netloc):
        raise RowError("not a URL: it should begin with https:// or http:// and a host")
    return url


def read_hash(kind: str, text: str) -> str:
    """Return a digest as lower-case hex; it may be hex or base64 (Open Images); raises RowError."""
    if not text:
        return ""
    length = _HASH_BYTES[kind]
    bare = text.removeprefix(f"{kind}:")
    try:
        digest = bytes.fromhex(bare) if len(bare) == 2 * length else _from_base64(bare)
    except ValueError:
        digest = b""
    if len(digest) != length:
        raise RowError(f"{kind} is neither {2 * length} hex digits nor base64: {text[:80]!r}")
    return digest.hex()


def read_phash(text: str) -> str:
    """Return a perceptual hash as 16 hex digits; raises RowError."""
    bare = text.lower().removeprefix("0x")
    if text and not re.fullmatch(r"[0-9a-f]{16}", bare):
        raise RowError(f"phash is not 16 hex digits: {text[:80]!r}")
    return bare


def _from_base64(text: str) -> bytes:
    standard = text.translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error:
        return b""


def read_pixels(text: str) -> int | None:
    """Return a claimed size in pixels, or None: a claim that is no number is worth nothing."""
    try:
        pixels = int(float(text))
    except (ValueError, OverflowError):
        return None
    return pixels if pixels > 0 else None
