"""Images already on disk: the same steps, without the network.

Terms:      none
Licenses:   none given; what is embedded in the files is read as for every image
Needs:      nothing
Limits:     none
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from carsets.image_folders import ImageFolder, PassedOver
from carsets.items import FoundImage
from carsets.listed_source import ListedSpider
from carsets.path_labels import ParentLabel, PathLabels
from carsets.problems import UserError
from carsets.queries import Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.items import CarImage


class FolderSpider(ListedSpider):
    """Images of a folder and of all folders in it."""

    name = "folder"
    arguments = frozenset({"path", "labels", "pattern", "limit"})

    def prepare(self) -> None:
        """Look at the folder."""
        super().prepare()
        path = self.given.get("path", "")
        if not path:
            raise UserError("folder: give the folder, as in -a path=photos")
        places = self.state_of_crawl.places
        apart = [places.data_dir]
        if "://" not in places.images_store:
            apart.append(Path(places.images_store))
        self.folder = ImageFolder.open(Path(path).expanduser(), apart)
        self.labels_of = self._label_reader()

    def _label_reader(self) -> PathLabels | ParentLabel | None:
        labels, pattern = self.given.get("labels", ""), self.given.get("pattern", "")
        if labels not in {"", "folder"}:
            raise UserError(f"labels={labels}: it can only be folder (the names of the folders)")
        if pattern:
            return PathLabels(pattern)
        return ParentLabel() if labels else None

    def identify(self) -> Query:
        """Name the folder by its name and by what lies in it."""
        return Query(text=f"{self.folder.root.name}/ {self.folder.digest()}")

    def _labels(self, name: str) -> dict[str, str]:
        return self.labels_of.read(name) if self.labels_of else {}

    def images(self) -> Iterator[CarImage]:
        """Yield every file; at the end, tell what was passed over."""
        passed_over = PassedOver()
        unlabelled = 0
        for file in self.folder.files(passed_over):
            labels = self._labels(file.name)
            unlabelled += self.labels_of is not None and not labels
            found = FoundImage(image_url=file.name)
            image = self.car_image(found, self.row_query(labels), page=1, rank=0)
            image.local_path = file.path
            yield image
        for line in passed_over.lines():
            self.logger.info("%s", line)
        if unlabelled:
            self.logger.warning("%d files lie in folders that name no label", unlabelled)
