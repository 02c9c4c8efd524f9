"""The files of a release as croissant.json names them: one by one, or by folder and kind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carsets.vision.inspection import MIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carsets.release.folder import ReleaseFolder

NAME = "croissant.json"
CSV, JSON_LINES, PARQUET = "text/csv", "application/jsonlines", "application/x-parquet"
ENCODINGS = {
    "csv": CSV,
    "html": "text/html",
    "json": "application/json",
    "jsonl": JSON_LINES,
    "md": "text/markdown",
    "parquet": PARQUET,
    "sqlite": "application/vnd.sqlite3",
    "tar": "application/x-tar",
}
IMAGES = {extension: mime for mime, extension in MIME.values()}
TABLES = frozenset({CSV, JSON_LINES})  # named one by one, wherever they lie
MOST_OF_A_KIND = 100  # files at the top that are named one by one


class Files:
    """The finished files of a release: those named one by one, and those named by their folder."""

    def __init__(self, folder: ReleaseFolder) -> None:
        self.folder = folder
        self._named: list[str] = []
        self._kinds: dict[str, set[str]] = {}  # top folder: extensions in it
        self._few()

    def _few(self) -> None:
        """Find what there is. Files may be a million: no more than their kinds is kept."""
        tops: dict[str, list[str]] = {}
        for name in sorted(os.listdir(self.folder.path)):  # noqa: PTH208 - names are wanted
            path = self.folder.path / name
            if path.is_dir() and not name.startswith("."):
                self._look_into(name)
            elif name != NAME and self.folder.has(name):
                tops.setdefault(path.suffix, []).append(name)
        for suffix, names in tops.items():
            if len(names) > MOST_OF_A_KIND and suffix:
                self._kinds.setdefault("", set()).add(suffix[1:])
            else:
                self._named += names

    def _look_into(self, top: str) -> None:
        root = self.folder.path
        for parent, _, names in os.walk(root / top):
            for name in names:
                extension = name.rpartition(".")[2]
                if ENCODINGS.get(extension) in TABLES:
                    self._named.append((Path(parent) / name).relative_to(root).as_posix())
                else:
                    self._kinds.setdefault(top, set()).add(extension)

    def objects(self) -> Iterator[dict[str, Any]]:
        """Yield a FileObject for each file that is named by itself."""
        for name in sorted(self._named):
            entry = self.folder.entry(name)
            yield {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "contentSize": f"{entry.size} B",
                "encodingFormat": ENCODINGS.get(name.rpartition(".")[2], "text/plain"),
                "sha256": entry.sha256,
            }

    def sets(self) -> Iterator[dict[str, Any]]:
        """Yield a FileSet for the image files of each folder, and one for each other kind."""
        for top, extensions in sorted(self._kinds.items()):
            pictures = sorted(extensions & set(IMAGES))
            if pictures:
                yield _file_set(f"{top or '.'}-files", top, pictures)
            for extension in sorted(extensions - set(IMAGES)):
                yield _file_set(f"{top or '.'}-{extension}", top, [extension])


def _file_set(name: str, top: str, extensions: Sequence[str]) -> dict[str, Any]:
    formats = [IMAGES.get(e) or ENCODINGS.get(e, "application/octet-stream") for e in extensions]
    beginnings = [f"{top}/*", f"{top}/**/*"] if top else ["*"]
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "includes": [f"{begin}.{e}" for e in extensions for begin in beginnings],
        "encodingFormat": formats[0] if len(formats) == 1 else formats,
    }
