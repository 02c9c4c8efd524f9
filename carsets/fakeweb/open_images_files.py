"""The published CSV files of Open Images, as the built-in web's photographs would fill them."""

from __future__ import annotations

import base64
import csv
import hashlib
import random
from typing import TYPE_CHECKING

from carsets.fakeweb import names
from carsets.fakeweb.addresses import flickr_url, image_url, page_url
from carsets.fakeweb.corpus import SOURCES
from carsets.fakeweb.facts import Facts, facts
from carsets.fakeweb.fleet import COMBINATIONS
from carsets.fakeweb.pictures import picture
from carsets.fakeweb.wording import wording
from carsets.queries.vocabulary import open_images_mid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SUBSETS = ("train", "validation", "test")
IMAGE_COLUMNS = (
    "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,"
    "OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation"
)
LABEL_COLUMNS = "ImageID,Source,LabelName,Confidence"
BOX_COLUMNS = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,"
    "IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
)
CAR, TREE = "/m/0k4j", "/m/07j7r"
LICENSE = "https://creativecommons.org/licenses/by/2.0/"
_SCRAMBLE = 0x9E3779B97F4A7C15  # odd: every number has an id of its own, and back
_BACK = pow(_SCRAMBLE, -1, 2**64)


def image_id(number: int) -> str:
    """Return the id of an image: 64 bits in hex."""
    return f"{number * _SCRAMBLE % 2**64:016x}"


def number_of_id(text: str) -> int | None:
    """Return the number behind an id, None for what is none."""
    try:
        number = int(text, 16) * _BACK % 2**64
    except ValueError:
        return None
    return number if len(text) == 16 and number < 10**12 else None


def subset_of(number: int) -> str:
    """Return the part of the dataset that an image belongs to."""
    return SUBSETS[number % 10] if number % 10 < len(SUBSETS) else "train"


def photographs(count: int) -> list[int]:
    """Return the numbers of the first images that Flickr has."""
    first = SOURCES.index("flickr") * COMBINATIONS
    return list(range(first, first + min(count, COMBINATIONS)))


def write_files(folder: Path, numbers: Iterable[int]) -> None:
    """Write images, labels, boxes and class names under their official names.

    A photograph of a vehicle has a label that people confirmed and a box; one of something else
    has been looked at, and people saw no car. The pictures are drawn, for their MD5.
    """
    folder.mkdir(parents=True, exist_ok=True)
    images, labels, boxes = [], [], []
    for number in numbers:
        image = facts(number)
        name = image_id(number)
        images.append(_image_row(image, name))
        labels.append([name, "machine", CAR, "0.8"])
        if image.scene.kind == "vehicle":
            mid = open_images_mid(image.scene.body)
            labels.append([name, "verification", mid, "1"])
            place = ["0.1", "0.9", "0.2", "0.8"]
            boxes.append([name, "xclick", mid, "1", *place, "0", "-1", "0", "0", "0"])
        else:
            labels.append([name, "verification", CAR, "0"])
        labels.append([name, "verification", TREE, "1"])
    _write(folder / "train-images-boxable-with-rotation.csv", IMAGE_COLUMNS, images)
    _write(folder / "train-annotations-human-imagelabels-boxable.csv", LABEL_COLUMNS, labels)
    _write(folder / "oidv6-train-annotations-bbox.csv", BOX_COLUMNS, boxes)
    text = f"{CAR},Car\n{TREE},Tree\n/m/04_sv,Motorcycle\n"
    (folder / "class-descriptions-boxable.csv").write_text(text, encoding="utf-8")


def _image_row(image: Facts, name: str) -> list[str]:
    about = wording(image)
    body = picture(image.number)
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return [
        name,
        subset_of(image.number),
        image_url(image),
        page_url(image),
        LICENSE,
        f"https://www.flickr.com/people/{about.author_id}/",
        about.author,
        about.title.replace("\0", ""),
        str(len(body)),
        base64.b64encode(digest).decode(),
        flickr_url(image.number, "z"),
        "0.0" if image.number % 3 else "",
    ]


def write_many(folder: Path, images: int, seed: int = 0, vehicles: float = 0.1) -> None:
    """Write a set of any size for measurements: nothing is drawn and no address leads anywhere.

    Every image has three labels and, of every two, one a box; ``vehicles`` of them show a car.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    mids = [f"/m/0{number:04x}" for number in range(600)]
    with (
        (folder / "train-images-boxable-with-rotation.csv").open("w") as image_file,
        (folder / "train-annotations-human-imagelabels-boxable.csv").open("w") as label_file,
        (folder / "oidv6-train-annotations-bbox.csv").open("w") as box_file,
    ):
        image_file.write(IMAGE_COLUMNS + "\n")
        label_file.write(LABEL_COLUMNS + "\n")
        box_file.write(BOX_COLUMNS + "\n")
        for number in range(images):
            name = image_id(number)
            page = f"https://www.flickr.com/photos/person{number % 5000}/{number}"
            image_file.write(
                f"{name},{subset_of(number)},https://farm{number % 9}.example.org/{number}_o.jpg,"
                f"{page},{LICENSE},https://www.flickr.com/people/person{number % 5000}/,"
                f'"Photographer, No. {number % 5000}",A title {number},{number % 9_000_000},'
                f"0Sad+xMj2ttXM1U8meEJ0A==,{page}_z.jpg,0.0\n"
            )
            shown = [rng.choice(mids) for _ in range(3)]
            if rng.random() < vehicles:
                shown[0] = CAR
            for mid in shown:
                label_file.write(f"{name},verification,{mid},1\n")
            if number % 2 == 0:
                box_file.write(f"{name},xclick,{shown[0]},1,0.1,0.9,0.2,0.8,0,0,0,0,0\n")


def _write(path: Path, header: str, rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(header + "\n")
        csv.writer(stream, lineterminator="\n").writerows(rows)


def copy_path(number: int) -> str:
    """Return the path of the smaller copy of an image on its host."""
    return f"/{subset_of(number)}/{image_id(number)}.jpg"


def copied_number(host: str, path: str) -> int | None:
    """Return the number of the image that the host of copies has under a path."""
    if host != names.OPEN_IMAGES_COPIES or not path.endswith(".jpg"):
        return None
    number = number_of_id(path.rpartition("/")[2].removesuffix(".jpg"))
    return number if number is not None and copy_path(number) == path else None
