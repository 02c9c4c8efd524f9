"""Instagram posts that the user has as files: Instaloader's, an export of one's own data, pages.

- Instaloader writes a post as JSON (``.json`` or ``.json.xz``) with its pictures beside it.
- The export of one's own data holds ``posts_1.json`` and the pictures it names.
- Any other JSON is searched for posts of the shapes that Instagram's pages have.

Where the picture lies in the folder too it is taken from there: addresses expire within days.
"""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING, Any

from carsets.items import FoundImage
from carsets.problems import UserError
from carsets.sources.foreign_text import (
    MAX_PAGE_BYTES,
    ForeignTextError,
    read_json,
    to_int,
    to_text,
)
from carsets.sources.instagram_media import find_media, hashtags, iso_time, read_media

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENDINGS = (".json", ".json.xz")
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".heic")


def find_files(root: Path) -> list[str]:
    """Return the JSON files of a folder (or the one file), as paths inside it, in their order.

    Raises UserError when there is none.
    """
    if root.is_file():
        return [root.name]
    names = sorted(
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.name.endswith(ENDINGS) and path.is_file() and not path.is_symlink()
    )
    if not names:
        raise UserError(f"instagram: no {' or '.join(ENDINGS)} files in {root}")
    return names


def read_file(path: Path) -> Any:
    """Return the JSON of a file. Raises ForeignTextError for what is none, OSError as ``open``."""
    with path.open("rb") as file:
        raw = file.read(MAX_PAGE_BYTES + 1)
    if path.name.endswith(".xz"):
        try:
            raw = lzma.LZMADecompressor(memlimit=128 * 1024 * 1024).decompress(
                raw, MAX_PAGE_BYTES + 1
            )
        except lzma.LZMAError as error:
            raise ForeignTextError(f"not xz: {error}") from None
    return read_json(raw)


def images_of_file(root: Path, name: str) -> list[FoundImage]:
    """Return the pictures that a file tells of; ``image_url`` is a path inside ``root`` or a URL.

    Raises ForeignTextError and OSError as ``read_file``.
    """
    folder = root.parent if root.is_file() else root
    content = read_file(folder / name)
    exported = list(_exported(content, folder))
    if exported:
        return exported
    images: list[FoundImage] = []
    for media in find_media(content):
        images += _beside(read_media(media), folder, name)
    return images


def _beside(images: list[FoundImage], folder: Path, name: str) -> list[FoundImage]:
    """Take the pictures that Instaloader put beside a post: ``NAME.jpg``, or ``NAME_1.jpg`` …"""
    stem = name.removesuffix(".xz").removesuffix(".json")
    found = []
    for image in images:
        place = image.extra.get("position")
        names = [f"{stem}_{place}{ending}" if place else f"{stem}{ending}" for ending in _PICTURES]
        local = next((path for path in names if (folder / path).is_file()), "")
        found.append(_local(image, local) if local else image)
    return found


def _local(image: FoundImage, path: str) -> FoundImage:
    return image._replace(image_url=path, alternates=(), thumbnail_url="")


def _exported(content: Any, folder: Path) -> Iterator[FoundImage]:
    """Read an export of one's own data: posts with ``media``, each with the ``uri`` of a file."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        elif isinstance(value, dict) and isinstance(value.get("media"), list):
            for media in value["media"]:
                if image := _exported_picture(media, value, folder):
                    yield image
        elif isinstance(value, dict):
            waiting.extend(reversed([v for v in value.values() if isinstance(v, list)]))


def _exported_picture(media: Any, post: dict[str, Any], folder: Path) -> FoundImage | None:
    if not isinstance(media, dict):
        return None
    uri = to_text(media.get("uri"), 1000)
    if not uri.lower().endswith(_PICTURES) or not is_inside(folder, uri):
        return None
    caption = _mended(media.get("title")) or _mended(post.get("title"))
    made = to_int(media.get("creation_timestamp")) or to_int(post.get("creation_timestamp"))
    return FoundImage(
        image_url=uri,
        description=caption,
        tags=hashtags(caption),
        uploaded=iso_time(made) if made else "",
        extra=_position(media),
    )


def is_inside(folder: Path, uri: str) -> bool:
    """Say whether a path that a file names is a file inside the folder, links followed."""
    try:
        path = (folder / uri).resolve()
        return path.is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):
        return False


def _mended(value: object) -> str:
    """Undo what the export does to its texts: the bytes of UTF-8, each as a character."""
    if not isinstance(value, str):
        return ""
    try:
        return to_text(value.encode("latin-1").decode("utf-8"))
    except UnicodeError:
        return to_text(value)


def _position(media: dict[str, Any]) -> dict[str, Any]:
    """Return where a picture was made, if the export says it."""
    try:
        [where] = media["media_metadata"]["photo_metadata"]["exif_data"][:1]
        place = {"lat": float(where["latitude"]), "lng": float(where["longitude"])}
    except (KeyError, TypeError, ValueError):
        return {}
    return {"geo": place} if all(abs(value) <= 180 for value in place.values()) else {}
