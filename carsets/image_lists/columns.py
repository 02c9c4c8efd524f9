"""What the columns of a list are called, and which fact of an image each of them carries.

Names are compared without regard to case, spaces, underscores and hyphens, so ``Image URL``,
``image_url`` and ``imageUrl`` are one name. A name that is not listed here is kept as it is in
``FoundImage.extra``: nothing that the user wrote is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# The official order of Open Images' images.csv, versions 1 to 7 (the newer files append Rotation).
OPEN_IMAGES_COLUMNS = (
    "ImageID",
    "Subset",
    "OriginalURL",
    "OriginalLandingURL",
    "License",
    "AuthorProfileURL",
    "Author",
    "Title",
    "OriginalSize",
    "OriginalMD5",
    "Thumbnail300KURL",
)

LABELS = ("make", "model", "color", "body", "year", "label")

# Fact -> names it goes by, the most telling first: when a list has several columns for one fact,
# the first of these that it has is taken, and the others stay in ``extra``.
NAMES: dict[str, tuple[str, ...]] = {
    "image_url": (
        "originalurl",
        "imageurl",
        "murl",
        "contenturl",
        "fileurl",
        "photourl",
        "cocourl",
        "flickrurl",
        "url",
        "imgurl",
        "imagesrc",
        "src",
        "image",
        "link",
    ),
    "page_url": (
        "originallandingurl",
        "foreignlandingurl",
        "landingurl",
        "landingpage",
        "pageurl",
        "purl",
        "sourceurl",
        "hostpageurl",
        "page",
    ),
    "thumbnail_url": ("thumbnail300kurl", "thumbnailurl", "thumbnail", "turl"),
    "source_id": ("imageid", "photoid", "id"),
    "title": ("title", "caption", "alt"),
    "description": ("description",),
    "author": ("author", "creator", "photographer", "ownername", "owner"),
    "author_url": ("authorprofileurl", "authorurl", "creatorurl"),
    "license": ("license", "licence", "licenseurl", "licenceurl", "usagerights"),
    "attribution": ("attribution", "credit"),
    # img2dataset says in width and height what it made of the image.
    "width": ("originalwidth", "width", "imagewidth"),
    "height": ("originalheight", "height", "imageheight"),
    "taken": ("taken", "datetaken"),
    "uploaded": ("uploaded", "dateuploaded"),
    "sha256": ("sha256",),
    "md5": ("originalmd5", "md5"),
    "phash": ("phash",),
    "make": ("make", "manufacturer", "brand"),
    "model": ("model",),
    "color": ("color", "colour"),
    "body": ("body", "bodystyle", "bodytype", "bodystyles"),
    "year": ("year", "modelyear"),
    "label": ("label", "class", "category", "classname"),
}


def plain_name(name: str) -> str:
    """Return a column's name without case, spaces, underscores and hyphens."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def assign_columns(header: Sequence[str]) -> dict[int, str]:
    """Return position -> fact for a list's header.

    A position that is missing carries nothing known. A list of which no column can be the
    image's address has no ``image_url`` in the result.
    """
    positions: dict[str, int] = {}
    for position, name in enumerate(header):
        positions.setdefault(plain_name(name), position)
    facts: dict[int, str] = {}
    for fact, names in NAMES.items():
        for name in names:
            if name in positions and positions[name] not in facts:
                facts[positions[name]] = fact
                break
    return facts
