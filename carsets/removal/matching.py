"""Which rows and files of a release are of removed images.

A release names each image by its id, which is the beginning of its sha256, in every row and in the
names of files; so tombstones of bytes find it wherever it stands. Rows are also held against the
tombstones of addresses, hosts and authors; an image that is found so is then removed by its id.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from carsets.catalog.tombstones import author_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carsets.catalog.tombstones import Tombstones

ID_DIGITS = 16
_TOKEN = re.compile(r"(?<![0-9a-fA-F])[0-9a-f]{16,64}(?![0-9a-fA-F])")
_NAMES_OF_IDS = frozenset({"imageid", "sha256", "id", "key"})

Pair = tuple[str, Any]  # name of a value ("" where it has none), and the value


class Doomed:
    """Decide what goes. ``near`` is in how many bits a picture may differ from a removed one."""

    def __init__(self, stones: Tombstones) -> None:
        self.stones = stones
        self.ids: dict[str, set[str]] = {}  # whole names by their first 16 digits
        self.files: set[str] = set()  # names of files that go and do not tell whose they are
        self.found: set[str] = set()  # ids that were met
        for sha256 in stones.sha256s:
            self.ids.setdefault(sha256[:ID_DIGITS], set()).add(sha256)

    def names(self, text: str) -> bool:
        """Whether a text names a removed image: by its id, its sha256 or its file."""
        for token in _TOKEN.findall(text):
            for whole in self.ids.get(token[:ID_DIGITS], ()):
                if whole.startswith(token) or token.startswith(whole):
                    self.found.add(whole[:ID_DIGITS])
                    return True
        return bool(self.files) and text.rpartition("/")[2] in self.files

    def is_row(self, pairs: Iterable[Pair]) -> bool:
        """Whether a row is of a removed image; its ids are remembered."""
        pairs = list(pairs)
        texts = [value for _, value in pairs if isinstance(value, str) and value]
        if any(map(self.names, texts)):
            return True
        if not self._is_of_source(pairs):
            return False
        for name, value in pairs:
            if isinstance(value, str) and _plain(name) in _NAMES_OF_IDS and _TOKEN.fullmatch(value):
                self.ids.setdefault(value[:ID_DIGITS], set()).add(value)
                self.found.add(value[:ID_DIGITS])
        return True

    def _is_of_source(self, pairs: list[Pair]) -> bool:
        stones = self.stones
        urls = [
            value
            for _, value in pairs
            if isinstance(value, str) and value.startswith(("http://", "https://"))
        ]
        if urls and stones.forbid_source(urls, ()):
            return True
        return bool(stones.author_hashes) and any(
            author_hash(value) in stones.author_hashes
            for name, value in pairs
            if "author" in _plain(name) and isinstance(value, str) and value.strip()
        )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def pairs_of(value: Any, name: str = "") -> Iterator[Pair]:
    """Yield the texts of a JSON value that are its own: those in lists of objects are not."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield "", str(key)
            yield from pairs_of(inner, str(key))
    elif isinstance(value, list):
        if not any(isinstance(inner, dict) for inner in value):
            for inner in value:
                yield from pairs_of(inner, name)
    elif isinstance(value, str):
        yield name, value
