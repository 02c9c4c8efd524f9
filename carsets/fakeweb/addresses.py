"""Where image number N of the built-in web lies, and which number a URL belongs to."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote, urlsplit

from carsets.fakeweb import names
from carsets.fakeweb.facts import Facts, dice, facts, is_webp
from carsets.fakeweb.fleet import COMBINATIONS
from carsets.fakeweb.wording import wording

FLICKR_FIRST_ID = 53_000_000_000
# Flickr's name of a size, the suffix in the URL, and the longer side in pixels.
FLICKR_SIZES = (
    ("s", "m", 240),
    ("w", "w", 400),
    ("m", "", 500),
    ("z", "z", 640),
    ("c", "c", 800),
    ("l", "b", 1024),
)
_NUMBER = re.compile(r"-(\d{1,18})\.\w{3,4}$")
_FLICKR = re.compile(r"/65535/(\d{11,20})_([0-9a-f]{10})(?:_([a-z]))?\.jpg$")
_BULK = re.compile(r"/(\d{1,18})\.jpg$")


def flickr_secret(number: int) -> str:
    """Return the secret part of a Flickr URL."""
    return hashlib.blake2b(f"secret {number}".encode(), digest_size=5).hexdigest()


def size_of(image: Facts) -> tuple[int, int]:
    """Return width and height in pixels of the file (as announced, where it is broken)."""
    width, height = image.scene.width, image.scene.height
    if image.copy_how == "resized":
        return width * 3 // 4, height * 3 // 4
    if image.copy_how == "cropped":
        return width - 2 * (width // 50), height - 2 * (height // 50)
    return width, height


def flickr_url(number: int, suffix: str) -> str:
    """Return Flickr's URL of one size of an image; suffix "" is the size of 500 pixels."""
    ending = f"_{suffix}" if suffix else ""
    name = f"{FLICKR_FIRST_ID + number}_{flickr_secret(number)}{ending}"
    return f"https://{names.FLICKR_IMAGES}/65535/{name}.jpg"


def flickr_original_suffix(image: Facts) -> str:
    """Return the suffix of the size in which Flickr has the image unscaled."""
    longer = max(size_of(image))
    return next(suffix for _, suffix, side in FLICKR_SIZES if longer <= side)


def _path(image: Facts) -> str:
    words = f"{image.asked.make} {image.asked.model} {image.asked_color}"
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    shown = image.number if image.copy_of is None else image.copy_of
    return f"/{image.year}/{slug}-{image.number}.{'webp' if is_webp(shown) else 'jpg'}"


def image_url(image: Facts) -> str:
    """Return the URL under which its source finds an image."""
    if image.source == "flickr":
        return flickr_url(image.number, flickr_original_suffix(image))
    path, fate = _path(image), image.fate
    choice = int(dice(image.number, "host") * 1_000_000)
    host = names.IMAGE_HOSTS[choice % len(names.IMAGE_HOSTS)]
    if image.copy_of is not None:
        host = names.COPY_HOSTS[choice % len(names.COPY_HOSTS)]
    if fate == "robots":
        closed = (f"{names.ROBOTS_HOST}", f"{names.PARTLY_CLOSED_HOST}/private")
        return f"https://{closed[choice % 2]}{path}"
    if fate == "private":
        return f"{names.PRIVATE_PREFIXES[choice % len(names.PRIVATE_PREFIXES)]}{path}"
    if fate == "userinfo":
        return f"https://user:password@{host}{path}"
    if fate == "port":
        return f"https://{host}:8443{path}"
    if fate == "scheme":
        return ("file:///etc", "ftp://files.carpix.test", "s3://bucket")[choice % 3] + path
    special = {
        "robots_5xx": names.ROBOTS_5XX_HOST,
        "dns": names.GONE_HOSTS[choice % len(names.GONE_HOSTS)],
        "slow": names.SLOW_HOST,
        "drip": names.DRIP_HOST,
    }
    return f"https://{special.get(fate, host)}{path}"


def page_url(image: Facts) -> str:
    """Return the page that shows an image."""
    if image.source == "flickr":
        words = wording(image)
        owner = words.alias or words.author_id
        return f"https://www.flickr.com/photos/{owner}/{FLICKR_FIRST_ID + image.number}/"
    name = f"{image.asked.make} {image.asked.model}".lower().replace(" ", "-")
    host = names.IMAGE_HOSTS[int(dice(image.number, "host") * 1e6) % len(names.IMAGE_HOSTS)]
    return f"https://www.{host}/gallery/{quote(name)}?id={image.number}&l=en"


def bulk_url(number: int) -> str:
    """Return the URL of a load-test image: distinct for every number, cheap to serve."""
    return f"https://{names.BULK_HOSTS[number % len(names.BULK_HOSTS)]}/{number}.jpg"


def bulk_number(url: str) -> int | None:
    """Return the number of a load-test image's URL, None for any other URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    match = _BULK.search(parts.path)
    if match is None or parts.hostname not in names.BULK_HOSTS or bulk_url(int(match[1])) != url:
        return None
    return int(match[1])


def number_of_path(path: str) -> int | None:
    """Return the number of the image at a path, on whichever host; None if it is no image."""
    flickr = _FLICKR.search(path)
    if flickr:
        number = int(flickr[1]) - FLICKR_FIRST_ID
        return number if number >= 0 and flickr_secret(number) == flickr[2] else None
    match = _NUMBER.search(path)
    return int(match[1]) if match else None


def number_of_url(url: str) -> int | None:
    """Return the number of the image that a source finds under this URL, None if none does."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    number = number_of_path(path)
    return number if number is not None and image_url(facts(number)) == url else None


__all__ = ["COMBINATIONS", "bulk_number", "bulk_url", "image_url", "number_of_url", "page_url"]
