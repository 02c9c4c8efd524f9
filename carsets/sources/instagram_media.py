"""What Instagram says about a post, in the shapes that it has had, as images.

Three shapes are read: the JSON of its pages and interfaces today ("v1"), the older GraphQL nodes
(which Instaloader writes too), and the records of the Graph API. One image per picture of a post;
videos are passed over. Names of users are left where they are.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from carsets.items import FoundImage
from carsets.sources.foreign_text import pixels, to_int, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CODE_LENGTH = 11  # characters that hold the number; longer codes (private posts) hold more
_EPOCH = 1_314_220_021_721  # milliseconds since 1970 at which the numbers of posts begin
_VIDEO = 2  # media_type of v1; 1 is a picture, 8 a carousel
_MAX_CHILDREN = 50  # of one post; Instagram allows 20
_NUMBER = re.compile(r"[1-9][0-9]{0,19}")  # 64 bits: today's have 19 digits
_JOINERS = "\u200c\u200d"  # inside words of some scripts, and inside emoji


def pk_of_code(code: str) -> int | None:
    """Return the number of a post that a short code stands for, None if it is no code."""
    number = 0
    for character in code[:_CODE_LENGTH]:
        place = ALPHABET.find(character)
        if place < 0:
            return None
        number = number * 64 + place
    return number if code else None


def code_of_pk(pk: int) -> str:
    """Return the short code of a post."""
    code = ""
    while pk > 0:
        pk, place = divmod(pk, 64)
        code = ALPHABET[place] + code
    return code


def time_of_pk(pk: int) -> str:
    """Return when a post was made, in ISO 8601, from its number alone; "" for what is none."""
    milliseconds = (pk >> 23) + _EPOCH
    return iso_time(milliseconds // 1000) if pk >> 23 else ""


def hashtags(text: str) -> tuple[str, ...]:
    """Return the hashtags of a caption, without the sign, in their order, each once.

    Letters, marks and digits of every script, underscores and emoji belong to a hashtag; digits
    alone are none.
    """
    found: dict[str, str] = {}
    for piece in text.replace("＃", "#").split("#")[1:]:
        end = next((at for at, sign in enumerate(piece) if not _of_hashtag(sign)), len(piece))
        tag = piece[:end].strip(_JOINERS)
        if tag and not tag.isdecimal() and len(tag) <= 150:
            found.setdefault(tag.casefold(), tag)
    return tuple(found.values())


def _of_hashtag(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category[0] in "LNM" or category in {"Pc", "So", "Sk"} or sign in _JOINERS


def find_media(answer: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every post in a parsed answer, of v1 or GraphQL, wherever it stands, in its order."""
    waiting = [answer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if is_media(value):
                yield value
                continue
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list):
            waiting.extend(reversed(value))


def is_media(value: Mapping[str, Any]) -> bool:
    """Say whether an object is a post, or a picture of one."""
    return (
        "image_versions2" in value
        or "carousel_media" in value
        or ("display_url" in value and "shortcode" in value)
    )


def is_video(media: Mapping[str, Any]) -> bool:
    """Say whether a post, or a piece of one, is a video."""
    return media.get("is_video") is True or to_int(media.get("media_type")) == _VIDEO


def read_media(media: Mapping[str, Any]) -> list[FoundImage]:
    """Return the pictures of one post; none for a video or for what cannot be read."""
    children = _children(media)
    shared = _post(media)
    found = []
    for place, child in enumerate(children or [media], 1):
        position = {"position": place, "of": len(children)} if len(children) > 1 else {}
        image = _picture(child, shared, position)
        if image:
            found.append(image)
    return found


def _children(media: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    carousel = media.get("carousel_media")
    if not isinstance(carousel, list):
        sidecar = media.get("edge_sidecar_to_children")
        edges = sidecar.get("edges") if isinstance(sidecar, dict) else None
        nodes = edges if isinstance(edges, list) else []
        carousel = [edge.get("node") for edge in nodes if isinstance(edge, dict)]
    children: list[Mapping[str, Any]] = [child for child in carousel if isinstance(child, dict)]
    return children[:_MAX_CHILDREN]


def _post(media: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all pictures of a post share: fields of FoundImage."""
    pk = _pk(media)
    code = to_text(media.get("code") or media.get("shortcode"), 100)
    code = code or (code_of_pk(pk) if pk else "")
    pk = pk or pk_of_code(code) or 0
    caption = _caption(media)
    taken = to_int(media.get("taken_at")) or to_int(media.get("taken_at_timestamp"))
    extra = {
        "code": code,
        "geo": _place(media.get("location")),
        "likes": _count(media, "like_count", "edge_media_preview_like"),
        "comments": _count(media, "comment_count", "edge_media_to_comment"),
    }
    return {
        "page_url": f"https://www.instagram.com/p/{code}/" if code else "",
        "description": caption,
        "tags": hashtags(caption),
        "uploaded": iso_time(taken) if taken else time_of_pk(pk),
        "extra": {name: value for name, value in extra.items() if value not in (None, "", {})},
        "accessibility": to_text(media.get("accessibility_caption"), 2000),
    }


def _picture(
    media: Mapping[str, Any], shared: Mapping[str, Any], position: Mapping[str, int]
) -> FoundImage | None:
    if is_video(media):
        return None
    copies = _copies(media)
    if not copies:
        return None
    (url, width, height), others = copies[0], copies[1:4]
    seen = to_text(media.get("accessibility_caption"), 2000) or shared["accessibility"]
    extra = {**shared["extra"], **position, **({"accessibility": seen} if seen else {})}
    return FoundImage(
        image_url=url,
        alternates=tuple(copy[0] for copy in others),
        page_url=shared["page_url"],
        thumbnail_url=to_text(media.get("thumbnail_src")),
        source_id=str(_pk(media) or "") or to_text(media.get("id"), 100),
        description=shared["description"],
        tags=shared["tags"],
        width=width,
        height=height,
        uploaded=shared["uploaded"],
        extra=extra,
    )


Copy = tuple[str, int | None, int | None]


def _copies(media: Mapping[str, Any]) -> list[Copy]:
    """Return the addresses of a picture with their sizes, the largest first."""
    versions = media.get("image_versions2")
    candidates = versions.get("candidates") if isinstance(versions, dict) else None
    resources = media.get("display_resources")
    copies: dict[str, Copy] = {}
    for copy in candidates if isinstance(candidates, list) else ():
        _take(copies, copy, "url", "width", "height")
    for copy in resources if isinstance(resources, list) else ():
        _take(copies, copy, "src", "config_width", "config_height")
    sizes = media.get("dimensions")
    sizes = sizes if isinstance(sizes, dict) else {}
    whole = {
        "url": media.get("display_url") or media.get("display_uri"),
        "width": sizes.get("width") or media.get("original_width"),
        "height": sizes.get("height") or media.get("original_height"),
    }
    if "display_url" in media or not copies:
        _take(copies, whole, "url", "width", "height")
    return sorted(copies.values(), key=lambda copy: -(copy[1] or 0))


def _take(copies: dict[str, Copy], copy: Any, url: str, width: str, height: str) -> None:
    if not isinstance(copy, dict):
        return
    address = to_text(copy.get(url))
    if address.startswith(("https://", "http://")):
        copies[address] = (address, pixels(copy.get(width)), pixels(copy.get(height)))


def _pk(media: Mapping[str, Any]) -> int | None:
    """Return the number of a post: ``pk``, or ``id`` with or without the owner's behind it."""
    for value in (media.get("pk"), media.get("id")):
        text = str(value)[:60].partition("_")[0]
        if _NUMBER.fullmatch(text):
            return int(text)
    return None


def _caption(media: Mapping[str, Any]) -> str:
    caption = media.get("caption")
    if isinstance(caption, dict):
        return to_text(caption.get("text"))
    if isinstance(caption, str):
        return to_text(caption)
    try:
        return to_text(media["edge_media_to_caption"]["edges"][0]["node"]["text"])
    except (KeyError, IndexError, TypeError):
        return ""


def _count(media: Mapping[str, Any], name: str, older: str) -> int | None:
    counted = media.get(older)
    older_count = counted.get("count") if isinstance(counted, dict) else None
    return to_int(media.get(name)) if name in media else to_int(older_count)


def _place(location: Any) -> dict[str, Any]:
    """Return where a post says that it was made: ``lat``, ``lng`` in degrees, ``name``."""
    if not isinstance(location, dict):
        return {}
    place = {
        name: location[name]
        for name in ("lat", "lng")
        if isinstance(location.get(name), (int, float)) and abs(location[name]) <= 180
    }
    name = to_text(location.get("name"), 300)
    return {**place, **({"name": name} if name else {})}


def iso_time(seconds: int) -> str:
    """Return seconds since 1970 in ISO 8601; "" for what is no time."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def read_graph_record(record: Mapping[str, Any]) -> list[FoundImage]:
    """Return the pictures of one record of the Graph API."""
    page_url = to_text(record.get("permalink"))
    caption = to_text(record.get("caption"))
    below = record.get("children")
    data = below.get("data") if isinstance(below, dict) else None
    children = [child for child in data if isinstance(child, dict)] if data else [record]
    images = []
    for place, child in enumerate(children[:_MAX_CHILDREN], 1):
        url = to_text(child.get("media_url"))
        if child.get("media_type") != "IMAGE" or not url.startswith("https://"):
            continue
        extra: dict[str, Any] = {
            "likes": to_int(record.get("like_count")),
            "comments": to_int(record.get("comments_count")),
        }
        if len(children) > 1:
            extra |= {"position": place, "of": len(children)}
        images.append(
            FoundImage(
                image_url=url,
                page_url=page_url,
                source_id=to_text(child.get("id"), 100),
                description=caption,
                tags=hashtags(caption),
                uploaded=_graph_time(record.get("timestamp")),
                extra={name: value for name, value in extra.items() if value is not None},
            )
        )
    return images


def _graph_time(value: Any) -> str:
    try:
        return datetime.strptime(to_text(value, 40), "%Y-%m-%dT%H:%M:%S%z").isoformat()
    except ValueError:
        return ""
