"""Images already on disk, in folders and in tar files: the same steps, without the network.

Terms:      none
Licenses:   none given; what is embedded in the files is read as for every image
Needs:      nothing
Limits:     none
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from carsets.image_lists.folders import FolderFile, ImageFolder, PassedOver, files_of_tar
from carsets.image_lists.path_labels import ParentLabel, PathLabels
from carsets.image_lists.synset_labels import SynsetLabels, order_note, synset_of
from carsets.items import FoundImage
from carsets.problems import UserError
from carsets.queries import Query
from carsets.spiders.listed import ListedSpider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.items import CarImage


class FolderSpider(ListedSpider):
    """Images of a folder and of all folders in it."""

    name = "folder"
    arguments = frozenset({"path", "labels", "pattern", "classes", "limit"})

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

    def _label_reader(self) -> PathLabels | ParentLabel | SynsetLabels | None:
        labels, pattern = self.given.get("labels", ""), self.given.get("pattern", "")
        classes = [word.strip() for word in self.given.get("classes", "").split(",")]
        classes = list(filter(None, classes))
        if labels not in {"", "folder", "synset"}:
            raise UserError(
                f"labels={labels}: it can be folder (the names of the folders) or synset (an "
                "ImageNet tree: their WordNet ids)"
            )
        if classes and labels != "synset":
            raise UserError("folder: classes= chooses synsets; add -a labels=synset")
        if labels == "synset":
            if note := order_note(path.name for path in self.folder.root.iterdir()):
                self.logger.info("%s", note)
            return SynsetLabels(classes or self.settings.getlist("CAR_DETECTION_LABELS"))
        if pattern:
            return PathLabels(pattern)
        return ParentLabel() if labels else None

    def identify(self) -> Query:
        """Name the folder by its name, by what lies in it, and by what of it is wanted."""
        classes = f" {self.given['classes']}" if self.given.get("classes") else ""
        return Query(text=f"{self.folder.root.name}/ {self.folder.digest()}{classes}")

    def _labels(self, name: str) -> dict[str, str]:
        return self.labels_of.read(name) if self.labels_of else {}

    def _files(self, passed_over: PassedOver) -> Iterator[FolderFile]:
        """Yield every file; a tar file is read as a folder, and never unpacked."""
        for file in self.folder.files(passed_over):
            if file.name.lower().endswith(".tar"):
                yield from files_of_tar(file, passed_over)
            else:
                yield file

    def images(self) -> Iterator[CarImage]:
        """Yield every file; at the end, tell what was passed over."""
        passed_over = PassedOver()
        unlabelled = 0
        for file in self._files(passed_over):
            labels = self._labels(file.name)
            if not labels and isinstance(self.labels_of, SynsetLabels):
                passed_over.add("files of other synsets", synset_of(file.name) or file.name)
                continue
            unlabelled += self.labels_of is not None and not labels
            # The whole address: two folders may hold files of the same name.
            found = FoundImage(image_url=(self.folder.root / file.name).as_uri())
            image = self.car_image(found, self.row_query(labels), page=1, rank=0)
            image.local_path, image.local_part = file.path, file.part
            yield image
        for line in passed_over.lines():
            self.logger.info("%s", line)
        if unlabelled:
            self.logger.warning("%d files lie in folders that name no label", unlabelled)
