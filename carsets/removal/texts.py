"""Takes what names removed images out of the texts that carsets keeps: receipts, reports, pages."""

from __future__ import annotations

import html
import json
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from carsets.catalog.tombstones import hosts_above

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

REMOVED = "[removed]"
# A shorter name is a part of too many words: it goes only where it stands for itself.
SHORTEST_NAME = 4  # characters
MOST_BYTES = 256 << 20  # of a file that is searched


class Naming:
    """All spellings of what names some removed images."""

    def __init__(
        self, texts: Iterable[str], people: Iterable[str] = (), hosts: Iterable[str] = ()
    ) -> None:
        self.hosts = frozenset(hosts)
        self.people = frozenset(name for name in people if name)
        texts = {text for text in texts if text}
        self._inside = _any_of(texts, "")
        long_names = {name for name in self.people if len(name) >= SHORTEST_NAME}
        self._people = _any_of(long_names, r"(?<!\w)", r"(?!\w)")
        self._bytes = tuple(_any_bytes(group) for group in (texts, long_names))

    def is_in(self, body: bytes) -> bool:
        """Whether a file names one of the images: as text, in HTML, in JSON or in an address."""
        return any(pattern is not None and pattern.search(body) for pattern in self._bytes)

    def without(self, value: Any) -> Any:
        """Return a JSON value in which the names are gone."""
        if isinstance(value, dict):
            return {self._key(key): self.without(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.without(inner) for inner in value]
        return self.without_in(value) if isinstance(value, str) else value

    def without_in(self, text: str) -> str:
        """Return a text in which the names are gone."""
        if text in self.people or self._is_host(text):
            return REMOVED
        for pattern in (self._inside, self._people):
            if pattern is not None:
                text = pattern.sub(REMOVED, text)
        return text

    def _key(self, key: str) -> str:
        return REMOVED if self._is_host(key) else self.without_in(key)

    def _is_host(self, text: str) -> bool:
        return bool(self.hosts) and any(
            host in self.hosts for host in hosts_above(f"//{text}" if text.isprintable() else "")
        )


def _any_of(texts: Iterable[str], before: str, after: str = "") -> re.Pattern[str] | None:
    longest_first = sorted(texts, key=lambda text: (-len(text), text))
    if not longest_first:
        return None
    return re.compile(f"{before}(?:{'|'.join(map(re.escape, longest_first))}){after}")


def _any_bytes(texts: Iterable[str]) -> re.Pattern[bytes] | None:
    spelled = {spelling for text in texts for spelling in _spellings(text)}
    if not spelled:
        return None
    longest_first = sorted(spelled, key=lambda text: (-len(text), text))
    return re.compile(b"|".join(map(re.escape, longest_first)))


def _spellings(text: str) -> Iterator[bytes]:
    """Yield a text as it stands in plain text, HTML, JSON (with ``\\/`` too) and addresses."""
    as_json = json.dumps(text)[1:-1]
    for spelling in (
        text,
        html.escape(text),
        as_json,
        as_json.replace("/", "\\/"),
        json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/"),
        quote(text, safe=""),
    ):
        yield spelling.encode("utf-8", "surrogatepass")


def scrub_receipt(path: Path, naming: Naming) -> bool:
    """Take the names out of a receipt; return whether there were any. Its numbers stay."""
    before = path.read_text(encoding="utf-8")
    facts = json.loads(before)
    cleaned = naming.without(facts)
    if cleaned == facts:
        return False
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    with beside.open("w", encoding="utf-8") as file:
        file.write(json.dumps(cleaned, indent=2, ensure_ascii=False))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return True


def delete_naming(folder: Path, naming: Naming, keep: Collection[Path] = ()) -> list[Path]:
    """Delete the files of a folder that name a removed image; return which."""
    deleted = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file() and not path.is_symlink() and path not in keep:
            named = naming.is_in(path.name.encode("utf-8", "surrogateescape"))
            if named or (path.stat().st_size <= MOST_BYTES and naming.is_in(path.read_bytes())):
                path.unlink()
                deleted.append(path)
    return deleted
