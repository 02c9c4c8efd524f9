"""Open Images: nine million photographs of Flickr with labels and boxes, from its published lists.

Terms:      the lists and labels are CC BY 4.0 (Google LLC); the photographs belong to their authors
Licenses:   CC BY 2.0, as the list says: its makers ask to verify it for each image yourself
Needs:      the CSV files, from https://storage.googleapis.com/openimages/web/download.html
Limits:     none; the originals lie on Flickr's hosts, copies of 1024 pixels on Amazon's
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from carsets.open_images.annotations import Annotations
from carsets.open_images.classes import choose_classes, read_descriptions
from carsets.open_images.files import KINDS, OpenImagesFiles
from carsets.open_images.joining import SUBSETS, WHENCE, read_images
from carsets.outcomes import Outcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.spiders.listed import ListedSpider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.items import CarImage


class OpenImagesSpider(ListedSpider):
    """Images of vehicles in Open Images, with their labels and boxes."""

    name = "openimages"
    arguments = frozenset({"folder", *KINDS, "classes", "subset", "from", "limit"})

    def prepare(self) -> None:
        """Look at the files and choose the classes."""
        super().prepare()
        folder = self.given.get("folder", "").strip()
        named = sorted(set(KINDS) & self.given.keys())
        if folder and named:
            raise UserError(f"openimages: folder= and {named[0]}= cannot be given together")
        if not folder and not named:
            raise UserError(
                "openimages: give the folder with the downloaded CSV files, as in -a folder=oi"
            )
        self.files = (
            OpenImagesFiles.find(Path(folder).expanduser())
            if folder
            else OpenImagesFiles.named(self.given)
        )
        self.subsets = self._words("subset", SUBSETS)
        whence = self._words("from", WHENCE)
        if len(whence) > 1:
            raise UserError(f"openimages: from= takes one of {', '.join(WHENCE)}")
        self.whence = whence[0] if whence else "original"
        self.classes = choose_classes(
            self.given.get("classes", ""), read_descriptions(self.files.descriptions)
        )
        self.min_confidence = self.settings.getfloat("OPENIMAGES_MIN_CONFIDENCE")

    def _words(self, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        words = [word.strip().lower() for word in self.given.get(name, "").split(",")]
        wanted = tuple(dict.fromkeys(filter(None, words)))
        for word in wanted:
            if word not in known:
                raise UserError(f"openimages: {name}={word}: it can be {', '.join(known)}")
        return wanted

    def identify(self) -> Query:
        """Name the question by the files and all that decides which rows are taken."""
        mids = ",".join(sorted(one.mid for one in self.classes))
        parts = (
            self.files.digest(mids),
            self.given.get("classes", "") or "vehicles",
            ",".join(self.subsets) or "all subsets",
            self.whence,
            f"{self.min_confidence:g}",
        )
        return Query(text=f"Open Images {' '.join(parts)}")

    def images(self) -> Iterator[CarImage]:
        """Collect labels and boxes, then yield the images that show one of the classes."""
        annotations = Annotations(self.classes, self.min_confidence)
        for path in self.files.labels:
            annotations.read_labels(path)
        for path in self.files.boxes:
            annotations.read_boxes(path)
        annotations.settle()
        self.logger.info(
            "%d labels and boxes of %d classes in %d files",
            len(annotations), len(self.classes), len(self.files.labels) + len(self.files.boxes),
        )  # fmt: skip
        if annotations.damaged.count:
            where = ", ".join(annotations.damaged.examples)
            self.logger.warning("%d rows could not be read: %s", annotations.damaged.count, where)
        for path in self.files.images:
            for row in read_images(path, annotations, self.subsets, self.whence):
                image = self.car_image(row.found, self.row_query(row.labels), page=1, rank=0)
                if row.problem:
                    image.outcome = Outcome.URL_FORBIDDEN
                    image.note = row.problem
                yield image
