"""The posts of Instagram on the built-in web: pictures that other sources find too, as posts.

A post shows an image of the corpus, or several; one in seven is a video.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from carsets.fakeweb.addresses import image_url, size_of
from carsets.fakeweb.corpus import Results
from carsets.fakeweb.facts import facts
from carsets.fakeweb.fleet import COLOR_NAMES, FLEET
from carsets.fakeweb.wording import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_PK = 3_210_000_000_000_000_000
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_KINDS = ("image", "image", "carousel", "image", "image", "image", "video")


def words_of(tag: str) -> str:
    """Return the words that a hashtag stands for: ``redfordmustang`` -> ``red Ford Mustang``."""
    plain = tag.casefold()
    names = [f"{model.make} {model.model}" for model in FLEET]
    said = [name for name in names if re.sub(r"\W", "", name.casefold()) in plain]
    return " ".join([*(color for color in COLOR_NAMES if color in plain), *said[:1]])


@lru_cache(maxsize=64)
def posts_of(tag: str, per_combination: int) -> tuple[int, ...]:
    """Return the numbers of the images that the posts under a hashtag begin with."""
    found = Results("bing", words_of(tag), per_combination)
    return tuple(number for number in found if image_url(facts(number)).startswith("https://"))


def kind_of(number: int) -> str:
    """Return whether a post is an ``image``, a ``carousel`` or a ``video``."""
    return _KINDS[number % len(_KINDS)]


def code_of(number: int) -> str:
    """Return the short code of a post."""
    pk, code = FIRST_PK + number, ""
    while pk:
        pk, place = divmod(pk, 64)
        code = _ALPHABET[place] + code
    return code


def number_of_code(code: str) -> int | None:
    """Return the number of the post with a short code, None if there is none."""
    pk = 0
    for sign in code:
        pk = pk * 64 + _ALPHABET.find(sign)
    return pk - FIRST_PK if 0 <= pk - FIRST_PK < 10**12 else None


def caption_of(number: int, tag: str = "") -> str:
    """Return the caption of a post."""
    about = wording(facts(number))
    tags = " ".join(f"#{word.replace('-', '')}" for word in (tag, *about.tags) if word)
    return f"{about.title}\n{tags} #сар #車🚗"


def media(number: int, tag: str = "") -> dict[str, Any]:
    """Return a post as Instagram's pages and interfaces have it today."""
    image = facts(number)
    about = wording(image)
    post: dict[str, Any] = {
        "pk": str(FIRST_PK + number),
        "id": f"{FIRST_PK + number}_42",
        "code": code_of(number),
        "product_type": "feed",
        "taken_at": about.uploaded,
        "caption": {"text": caption_of(number, tag)},
        "user": {"pk": "42", "username": "somebody.unnamed", "full_name": about.author},
        "like_count": number % 97,
        "comment_count": 0,
    }
    kind = kind_of(number)
    if kind == "video":
        return post | {"media_type": 2, "image_versions2": _versions(number)}
    if kind == "carousel":
        children = [
            {"pk": str(FIRST_PK + number + 10**12), "media_type": 1} | _shown(number),
            {"pk": str(FIRST_PK + number + 2 * 10**12), "media_type": 2},
        ]
        return post | {"media_type": 8, "carousel_media": children}
    place = {"lat": 48.2, "lng": 16.37, "name": "Wien"} if number % 3 == 0 else None
    return post | {"media_type": 1, "location": place} | _shown(number)


def _shown(number: int) -> dict[str, Any]:
    width, height = size_of(facts(number))
    return {
        "accessibility_caption": "Photo of a car",
        "original_width": width,
        "original_height": height,
        "image_versions2": _versions(number),
    }


def _versions(number: int) -> dict[str, Any]:
    image = facts(number)
    width, height = size_of(image)
    return {"candidates": [{"url": image_url(image), "width": width, "height": height}]}


def grid(tag: str, start: int, per_combination: int) -> dict[str, Any]:
    """Return a piece of the grid under a hashtag, as ``top_serp`` answers."""
    numbers = posts_of(tag, per_combination)
    shown = [{"media": media(number, tag)} for number in numbers[start : start + 12]]
    last = start + 12 >= len(numbers)
    section = {
        "layout_type": "media_grid",
        "feed_type": "media",
        "layout_content": {"medias": shown},
    }
    following: Mapping[str, Any] = {} if last else {"next_max_id": f"r:{start + 12}"}
    answer = {"sections": [section] if shown else [], "has_more": not last, **following}
    return {"media_grid": answer, "rank_token": "d1f2", "status": "ok"}


def record(number: int, tag: str) -> dict[str, Any]:
    """Return a post as the Graph API has it."""
    about = wording(facts(number))
    link = f"https://www.instagram.com/p/{code_of(number)}/"
    url = image_url(facts(number))
    post: dict[str, Any] = {
        "id": str(17_900_000_000_000_000 + number),
        "caption": caption_of(number, tag),
        "permalink": link,
        "timestamp": "2026-11-01T10:00:00+0000",
        "comments_count": 0,
    }
    if number % 4:
        post["like_count"] = about.uploaded % 97
    kind = kind_of(number)
    if kind == "video":
        return post | {
            "media_type": "VIDEO",
            "media_url": "https://scontent.cdninstagram.com/3.mp4",
        }
    if kind == "image":
        return post | {"media_type": "IMAGE", "media_url": url}
    children = [
        {"id": f"1{post['id']}", "media_type": "IMAGE", "media_url": url, "permalink": link},
        {"id": f"2{post['id']}", "media_type": "VIDEO", "media_url": "https://scontent.test/3.mp4"},
    ]
    return post | {"media_type": "CAROUSEL_ALBUM", "children": {"data": children}}
