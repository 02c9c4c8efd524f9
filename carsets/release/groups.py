"""What makes images related: the keys and links that may not be shared by two splits.

Related are, and lie in one split:

- near: the images of one near-duplicate group (the catalog's ``duplicate_groups``), and
- link: an image and the better copy that took its place;
- author: the images of one author's address, or of one name at one source where there is no
  address; names such as "unknown" are nobody's;
- page: the images of one landing page, its fragment aside;
- burst: where no author is known, the images of one source and host that were taken within
  BURST_SECONDS of each other; a time without a time of day does not count.

What counts is the sighting that brought an image into the dataset: it is there when the image
arrives and stays, so that nothing that is learned later moves the image. Where else its picture
was seen does not count. Fingerprints are not compared again: no two kept images are within the
distance at which the crawl finds copies, and groups of wider distances are in ``duplicate_groups``.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from carsets.catalog.grouping_rows import GroupingRow

    Keys = NDArray[np.uint64]
    Places = NDArray[np.int64]

BURST_SECONDS = 60
NO_LINK = -1
CHUNK = 50_000  # images as Python objects at once
NOBODY = frozenset(
    {"unknown", "unknown author", "anonymous", "n/a", "none", "not provided", "various", "-", "?"}
)


@dataclass(frozen=True, slots=True)
class GroupKeys:
    """All images of a catalog, oldest first, one place in every array each; 0 is no key.

    Two of a million different texts share a key with a probability of about 3e-8: then two groups
    are one.
    """

    seq: NDArray[np.int64]  # growing
    image_id: Keys  # the first 64 bits of the id
    author: Keys
    page: Keys
    burst: Keys  # spans of time that overlap by half:
    burst_next: Keys  # what is close in time has one of the two in common
    link: Places  # place of the better copy that took an image's place, or NO_LINK
    near: Keys  # near-duplicate groups, in no order, and
    near_places: Places  # the place of an image in each; an image may be in several

    def __len__(self) -> int:
        return len(self.seq)

    def seeds(self) -> Keys:
        """Return what each image is known by: its author, or else its page, or else its id."""
        known = np.where(self.author != 0, self.author, self.page)
        return np.where(known != 0, known, self.image_id)

    def kinds(self) -> Iterator[tuple[str, Places, Keys]]:
        """Yield each kind of key, the places of the images that have one, and their keys."""
        yield "near", self.near_places, self.near
        for kind in ("author", "page", "burst", "burst_next"):
            keys: Keys = getattr(self, kind)
            places = np.flatnonzero(keys)
            yield kind, places, keys[places]
        older = np.flatnonzero(self.link != NO_LINK)
        both = np.concatenate((older, self.link[older]))
        yield "link", both, np.concatenate((older, older)).astype(np.uint64)


def read_keys(
    chunks: Iterable[Sequence[GroupingRow]], near: Iterable[tuple[str, str]] = ()
) -> GroupKeys:
    """Return the keys of all images; ``near`` are (group id, image id)."""
    columns = [array("Q") for _ in range(7)]
    for rows in chunks:
        for row in rows:
            start, start_next = burst_keys(row)
            values = (
                row.seq,
                id_number(row.image_id),
                author_key(row),
                page_key(row),
                start,
                start_next,
                id_number(row.superseded_by) if row.superseded_by else 0,
            )
            for column, value in zip(columns, values, strict=True):
                column.append(value)
    seq, image_id, author, page, burst, burst_next, better = (
        np.frombuffer(column, np.uint64) for column in columns
    )
    near_ids, near_keys = array("Q"), array("Q")
    for group, image in near:
        near_ids.append(id_number(image))
        near_keys.append(hash_of(group))
    places = _places_of(np.frombuffer(near_ids, np.uint64), image_id)
    known = places != NO_LINK
    return GroupKeys(
        seq=seq.astype(np.int64),
        image_id=image_id,
        author=author,
        page=page,
        burst=burst,
        burst_next=burst_next,
        link=_places_of(better, image_id),
        near=np.frombuffer(near_keys, np.uint64)[known],
        near_places=places[known],
    )


def _places_of(wanted: Keys, ids: Keys) -> Places:
    """Return at which place each wanted id stands, NO_LINK for those that are not there."""
    order = np.argsort(ids, kind="stable")
    at = np.searchsorted(ids, wanted, sorter=order)
    places = order[np.minimum(at, len(ids) - 1)] if len(ids) else np.zeros(0, np.int64)
    found: Places = np.where((ids[places] == wanted) & (wanted != 0), places, NO_LINK)
    return found


def author_key(row: GroupingRow) -> int:
    """Return the key of an image's author, 0 when nobody is named."""
    if row.author_url:
        return hash_of("address", _address(row.author_url).casefold())
    name = " ".join(row.author.split()).casefold()
    return hash_of(row.source, name) if name and name not in NOBODY else 0


def page_key(row: GroupingRow) -> int:
    """Return the key of the page that shows an image, 0 when there is none."""
    return hash_of(_address(row.page_url)) if row.page_url else 0


def burst_keys(row: GroupingRow) -> tuple[int, int]:
    """Return the two spans of time that an image was taken in; (0, 0) when it does not matter."""
    if not row.taken or author_key(row):
        return 0, 0
    second = _second(row.taken)
    host = _host(row.page_url) or _host(row.url)
    if second is None or not host:
        return 0, 0
    width = 2 * BURST_SECONDS
    return (
        hash_of(row.source, host, str(second // width)),
        hash_of(row.source, host, str((second + BURST_SECONDS) // width)),
    )


def _second(taken: str) -> int | None:
    """Return the second of a time; None when it has no time of day, or cannot be read."""
    try:
        time = datetime.fromisoformat(taken.strip())
        second = int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
    # Midnight stands for "that day".
    return second if time.hour or time.minute or time.second else None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _address(url: str) -> str:
    """Return what two addresses of one page have in common."""
    address = url.strip().partition("#")[0]
    _, scheme, rest = address.partition("://")
    return (rest if scheme else address).removeprefix("www.").rstrip("/")


def id_number(image_id: str) -> int:
    """Return the first 64 bits of an image's id."""
    return int(image_id[:16], 16)


def hash_of(*words: str) -> int:
    """Return a key that is not 0."""
    text = "\0".join(words).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest()) or 1


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """The keys that more than one image has: for images that have any, in order of age."""

    places: Places  # of the images, growing
    starts: Places  # where the keys of each begin in ``keys``, and where the last ones end
    keys: NDArray[np.int32]  # numbers from 0, one for each key of each kind
    count: int  # how many keys there are

    def __iter__(self) -> Iterator[tuple[int, list[int]]]:
        """Yield place and keys of each image."""
        for start in range(0, len(self.places), CHUNK):
            places = self.places[start : start + CHUNK].tolist()
            bounds = self.starts[start : start + CHUNK + 1].tolist()
            keys = self.keys[bounds[0] : bounds[-1]].tolist()
            for at, place in enumerate(places):
                yield place, keys[bounds[at] - bounds[0] : bounds[at + 1] - bounds[0]]


def shared_keys(keys: GroupKeys) -> SharedKeys:
    """Return the keys that relate images; most images of most catalogs have none."""
    all_places, all_numbers, count = [], [], 0
    for _, places, kind_keys in keys.kinds():
        _, numbers, holders = np.unique(kind_keys, return_inverse=True, return_counts=True)
        is_shared = holders > 1
        renumbered = (np.cumsum(is_shared) - 1 + count).astype(np.int32)
        wanted = is_shared[numbers]
        all_places.append(places[wanted])
        all_numbers.append(renumbered[numbers[wanted]])
        count += int(is_shared.sum())
    together = np.concatenate(all_places)
    order = np.argsort(together, kind="stable")
    places, starts = np.unique(together[order], return_index=True)
    return SharedKeys(
        places=places,
        starts=np.append(starts, len(together)),
        keys=np.concatenate(all_numbers)[order],
        count=count,
    )
