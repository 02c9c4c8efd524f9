"""The corpus of the built-in web, for any number of images, with the truth about each URL.

Image N is found by one source, for one vehicle and one color, and ends in one way; everything
follows from N (``facts``), nothing is stored. ``truth(url)`` says what a crawl must make of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.fakeweb.addresses import (
    bulk_number,
    bulk_url,
    image_url,
    number_of_url,
    page_url,
    size_of,
)
from carsets.fakeweb.facts import (
    COPIES,
    FATES,
    SOURCES,
    Facts,
    copies_of,
    facts,
    number_of,
)
from carsets.fakeweb.fleet import COMBINATIONS, matching
from carsets.licenses import license_table
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

__all__ = [
    "COPIES",
    "FATES",
    "SOURCES",
    "Facts",
    "Results",
    "Truth",
    "bulk_url",
    "cluster",
    "facts",
    "image_url",
    "page_url",
    "truth",
    "truths",
    "urls",
]

PER_COMBINATION = 60  # images of each source for one vehicle in one color

_DUPLICATES = frozenset({Outcome.DUPLICATE_BYTES, Outcome.DUPLICATE_PIXELS, Outcome.NEAR_DUPLICATE})
_OUTCOMES: dict[str, frozenset[Outcome]] = {
    "noai": frozenset({Outcome.OPTED_OUT}),
    "tdm": frozenset({Outcome.OPTED_OUT}),
    "xmp": frozenset({Outcome.OPTED_OUT}),
    "robots": frozenset({Outcome.ROBOTS_DENIED}),
    "robots_5xx": frozenset({Outcome.HTTP_5XX}),  # of robots.txt: nothing may be asked for now
    "http_404": frozenset({Outcome.HTTP_404}),
    "http_410": frozenset({Outcome.HTTP_410}),
    "http_403": frozenset({Outcome.HTTP_403}),
    "http_500": frozenset({Outcome.HTTP_5XX}),
    "reset": frozenset({Outcome.CONNECTION_LOST}),
    "dns": frozenset({Outcome.DNS}),
    "drip": frozenset({Outcome.TOO_SLOW, Outcome.TIMEOUT}),
    "html": frozenset({Outcome.HTML}),
    "truncated": frozenset({Outcome.TRUNCATED}),
    "svg": frozenset({Outcome.SVG}),
    "too_small": frozenset({Outcome.TOO_SMALL}),
    "animated": frozenset({Outcome.ANIMATED}),
    # The first ones are judged by their looks; who asks later knows the bytes.
    "placeholder": frozenset({Outcome.PLACEHOLDER, Outcome.DUPLICATE_BYTES, Outcome.NOT_A_CAR}),
    "redirect_private": frozenset({Outcome.ADDRESS_FORBIDDEN}),
    "redirect_loop": frozenset({Outcome.REDIRECT_LIMIT}),
    "redirect_file": frozenset({Outcome.SCHEME_FORBIDDEN}),
    "private": frozenset({Outcome.ADDRESS_FORBIDDEN}),
    "userinfo": frozenset({Outcome.URL_FORBIDDEN}),
    "port": frozenset({Outcome.URL_FORBIDDEN}),
    "scheme": frozenset({Outcome.SCHEME_FORBIDDEN}),
}
# These end as a good URL does: ok, slow, 503_then_ok, redirect_ok.


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true about one URL that a source of the built-in web gives out.

    ``outcomes`` holds the right ends of this URL in a crawl with the default settings that
    finds its whole cluster (or what ``truths`` was given of it), under a detector without
    error; ``alone`` those in a crawl that finds no other member of the cluster.
    """

    url: str
    number: int
    source: str
    kind: str  # vehicle, other, part, interior: what the picture shows
    label: Mapping[str, str]  # make, model, color, body, year; of vehicles
    license: str  # code of carsets.licenses, as the source declares it
    fate: str  # a key of FATES, or "ok"
    outcomes: frozenset[Outcome]
    alone: frozenset[Outcome]
    cluster: int | None  # the number that all copies of a picture share; None = no copies
    copy_how: str  # "" for an original
    best: bool  # of a cluster: the copy that must be kept (or has the same bytes as it)
    size: tuple[int, int]  # pixels, of a whole picture


def truths(urls: Iterable[str]) -> dict[str, Truth]:
    """Return the truth about each of the URLs that one crawl (or several, over time) found.

    Of a cluster only the copies among these URLs count. Raises KeyError as ``truth`` does.
    """
    listed = list(urls)
    among = {number for url in listed if (number := number_of_url(url)) is not None}
    return {url: truth(url, among) for url in listed}


def truth(url: str, among: Collection[int] | None = None) -> Truth:
    """Return the truth about the URL of an image. Raises KeyError if no source gives it out.

    ``among`` holds the numbers of all images that the crawl found; None = all there are.
    """
    number = number_of_url(url)
    if number is None:
        return _bulk_truth(url)
    image = facts(number)
    alone = _alone(image)
    members = cluster(number)
    if among is not None:
        members = tuple(member for member in members if member in among or member == number)
        members = members if len(members) > 1 else ()
    # The same file under a better license is the same image: whoever comes first is kept.
    top = max(members, key=lambda member: _rank(facts(member)), default=number)
    best = same_file(image) == same_file(facts(top))
    vehicle = image.scene.kind == "vehicle"
    label = {
        "make": image.asked.make,
        "model": image.asked.model,
        "color": image.scene.color,
        "body": image.scene.body,
        "year": str(image.year),
    }
    return Truth(
        url=url,
        number=number,
        source=image.source,
        kind=image.scene.kind,
        label=label if vehicle else {},
        license=image.license,
        fate=image.fate,
        outcomes=_in_cluster(image, alone, members, best=best),
        alone=alone,
        cluster=members[0] if members else None,
        copy_how=image.copy_how,
        best=best,
        size=size_of(image),
    )


def cluster(number: int) -> tuple[int, ...]:
    """Return the numbers of all images with the picture of this one, the original first.

    Empty when there is only one.
    """
    image = facts(number)
    base = number if image.copy_of is None else image.copy_of
    if facts(base).fate != "ok" or facts(base).scene.kind != "vehicle":
        return ()
    members = (base, *copies_of(base))
    return members if len(members) > 1 else ()


def same_file(image: Facts) -> tuple[int, str]:
    """Return what two images of a cluster have in common if and only if their bytes are equal."""
    if image.copy_of is None:
        return image.number, ""
    return image.copy_of, "" if image.copy_how == "bytes" else image.copy_how


def _rank(image: Facts) -> tuple[int, int, int]:
    """Return how good a copy is: openness of its license, pixels, order of the file's size."""
    width, height = size_of(image)
    more_bytes = {"metadata": 2, "reencoded": 0}.get(image.copy_how, 1)
    return license_table()[image.license].openness, width * height, more_bytes


def _alone(image: Facts) -> frozenset[Outcome]:
    if image.fate in _OUTCOMES:
        return _OUTCOMES[image.fate]
    if image.scene.kind == "vehicle":
        return frozenset({Outcome.STORED})
    if image.scene.kind == "other":
        return frozenset({Outcome.NOT_A_CAR})
    return frozenset({Outcome.STORED, Outcome.NOT_A_CAR})  # parts: as the settings want it


def _in_cluster(
    image: Facts, alone: frozenset[Outcome], members: tuple[int, ...], *, best: bool
) -> frozenset[Outcome]:
    if not members:
        return alone
    if best:
        twins = [member for member in members if same_file(facts(member)) == same_file(image)]
        return alone | {Outcome.DUPLICATE_BYTES} if len(twins) > 1 else alone
    # How far a crop lies from the whole depends on the picture: it may pass for another one.
    cropped = any(facts(member).copy_how == "cropped" for member in members)
    return _DUPLICATES | {Outcome.STORED} if cropped else _DUPLICATES


def _bulk_truth(url: str) -> Truth:
    number = bulk_number(url)
    if number is None:
        raise KeyError(f"no source of the built-in web gives out {url}")
    stored = frozenset({Outcome.STORED})
    return Truth(
        url=url,
        number=number,
        source="bulk",
        kind="vehicle",
        label={},
        license="unknown",
        fate="ok",
        outcomes=stored,
        alone=stored,
        cluster=None,
        copy_how="",
        best=True,
        size=(640, 480),
    )


def urls(count: int, first: int = 0) -> Iterator[str]:
    """Yield the URLs of images in the order of their numbers: a user's list, a quarter broken."""
    return (image_url(facts(number)) for number in range(first, first + count))


class Results:
    """What one source finds for words: a sequence of image numbers, made on demand."""

    def __init__(self, source: str, text: str, per_combination: int = PER_COMBINATION) -> None:
        self._source = SOURCES.index(source)
        self._indexes = matching(text)
        self._each = per_combination

    def __len__(self) -> int:
        """Return how many images there are in all."""
        return len(self._indexes) * self._each

    def __getitem__(self, rank: int) -> int:
        """Return the number of the image at a rank from 0. Raises IndexError beyond the end."""
        if not 0 <= rank < len(self):
            raise IndexError(rank)
        serial, place = divmod(rank, len(self._indexes))
        return number_of(self._indexes[place], serial * len(SOURCES) + self._source)

    def __iter__(self) -> Iterator[int]:
        """Yield all numbers in the order of their ranks."""
        return (self[rank] for rank in range(len(self)))

    def filler(self, rank: int) -> int:
        """Return an image that has nothing to do with the words: what engines end with."""
        index = (rank * 7919 + 13) % COMBINATIONS
        return number_of(index, rank % self._each * len(SOURCES) + self._source)
