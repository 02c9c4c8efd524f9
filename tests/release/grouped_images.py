"""Catalogs in a few words: images by the names of what they share."""

from hashlib import blake2b

import numpy as np

from carsets.release.groups import NO_LINK, GroupKeys


def number(*words: object) -> int:
    """Return a number of 63 bits for any words."""
    return int.from_bytes(blake2b(repr(words).encode(), digest_size=8).digest()) >> 1 or 1


def keys_of(images, near=()) -> GroupKeys:
    """Return the keys of images, oldest first: each a dict of name, author, page, burst, better.

    ``better`` is the place of the copy that replaced the image, ``near`` are (place, group).
    """

    def column(kind):
        found = [image.get(kind) for image in images]
        return np.array([0 if one is None else number(kind, one) for one in found], np.uint64)

    ids = [number("id", image.get("name", place)) for place, image in enumerate(images)]
    links = [image.get("better", NO_LINK) for image in images]
    return GroupKeys(
        seq=np.arange(1, len(images) + 1, dtype=np.int64),
        image_id=np.array(ids, np.uint64),
        author=column("author"),
        page=column("page"),
        burst=column("burst"),
        burst_next=column("burst_next"),
        link=np.array(links, np.int64),
        near=np.array([number("near", group) for _, group in near], np.uint64),
        near_places=np.array([place for place, _ in near], np.int64),
    )


def crossings(keys: GroupKeys, codes) -> set[tuple[int, int]]:
    """Return all pairs of released images that share something and lie apart: the slow way."""
    held: dict[object, list[int]] = {}
    for kind in ("author", "page", "burst", "burst_next"):
        for place, key in enumerate(getattr(keys, kind).tolist()):
            if key:
                held.setdefault((kind, key), []).append(place)
    for place, key in zip(keys.near_places.tolist(), keys.near.tolist(), strict=True):
        held.setdefault(("near", key), []).append(place)
    for place, better in enumerate(keys.link.tolist()):
        if better != NO_LINK:
            held[("link", place)] = [place, better]
    return {
        (one, other)
        for places in held.values()
        for one in places
        for other in places
        if 0 <= codes[one] < codes[other]
    }
