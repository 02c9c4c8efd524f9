"""Label Studio: tasks to import, with what is known as a prediction, and the labeling interface.

Files of 10,000 tasks each, as the server reads an import as a whole. Images are served from the
release itself (``LOCAL_FILES_SERVING_ENABLED=true``, ``LOCAL_FILES_DOCUMENT_ROOT`` = the folder
that holds the release), in releases without image files from their own addresses.

Layout: https://labelstud.io/guide/predictions
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import public_url, whole
from carsets.exports.image_facts import ascii_json, facts_of, image_place, split_of
from carsets.exports.split_texts import SplitTexts
from carsets.release.labels import LABELS

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

AT_ONCE = 10_000  # tasks of one file
MANY = 20  # classes; more of them are shown as a menu
CONFIG = "label_config.xml"
SEEN = ("car", "not a car")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class LabelStudioFormat(ExportFormat):
    """``tasks/train-000000.json`` and so on, and ``label_config.xml``."""

    name = "labelstudio"
    summary = "tasks with predictions, and a labeling interface: Label Studio"
    carries_images = True
    note = (
        "Make a project with label_config.xml, start Label Studio with "
        "LOCAL_FILES_SERVING_ENABLED=true and LOCAL_FILES_DOCUMENT_ROOT set to the folder that "
        "holds this one, and import the files of tasks/. Predictions are what is known so far: "
        "their score is the detector's, for a car; data.human_labels names the labels that "
        "people have given already."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._tasks = SplitTexts(folder, "[\n", ",\n", "\n]\n")
        self._counts = dict.fromkeys((split or "train" for split in facts.splits), 0)
        self._others = tuple(name for name in LABELS if name != facts.label)
        self._control = facts.label if facts.label.isidentifier() else "class"
        self._model = f"carsets {facts.version}".strip()

    def image_path(self, record: Record, extension: str) -> str:
        """Return ``images/01/0123456789abcdef.jpg``."""
        return image_place(record, extension)

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write the task of an image."""
        if image is None:
            shown = public_url(record.url) or ""
        else:
            place = image_place(record, image.extension)
            shown = f"/data/local-files/?d={quote(whole(f'{self.facts.name}/{place}'))}"
        task = {
            "data": {"image": shown} | facts_of(record, image),
            "predictions": self._predictions(record),
        }
        split = split_of(record)
        number, place_in_file = divmod(self._counts[split], AT_ONCE)
        self._counts[split] += 1
        name = f"tasks/{split}-{number:06}.json"
        self._tasks.add(name, ascii_json(task))
        if place_in_file == AT_ONCE - 1:
            self._tasks.close(name)

    def finish(self) -> None:
        """Close the files, and write the labeling interface."""
        self._tasks.finish()
        if not self.folder.has(CONFIG):
            with self.folder.text(CONFIG) as file:
                file.write(self._config())

    def _predictions(self, record: Record) -> list[dict[str, Any]]:
        """Return what is known of an image as one prediction; none when nothing is known."""
        result = []
        if record.label:
            result.append(_choice(self._control, plain(record.label)))
        for name in self._others:
            if record.labels.get(name):
                result.append(_typed(name, plain(record.labels[name])))
        sure = sureness(record)
        if sure is not None:
            result.append(_choice("seen", SEEN[sure < 0.5]))
        if not result:
            return []
        score = {} if sure is None else {"score": max(sure, 1 - sure)}
        return [{"model_version": self._model, **score, "result": result}]

    def _config(self) -> str:
        """Return the labeling interface: the class to choose, other labels to type, car or not."""
        lines = ["<View>", '  <Image name="image" value="$image"/>']
        classes = dict.fromkeys(map(plain, self.facts.classes))
        if classes:
            lines += _choices(self._control, tuple(classes))
        for name in self._others:
            lines.append(f'  <Header value="{name}"/>')
            lines.append(f'  <TextArea name="{name}" toName="image" maxSubmissions="1"/>')
        lines += _choices("seen", SEEN)
        return "\n".join((*lines, "</View>", ""))


def plain(text: str) -> str:
    """Return a text that an attribute of XML can hold."""
    return _NO_XML.sub("\ufffd", whole(text))


def sureness(record: Record) -> float | None:
    """Return how sure the detector was of a car, None where it was not asked."""
    score = record.car_score
    return score if score is not None and 0 <= score <= 1 else None


def _choices(name: str, values: tuple[str, ...]) -> list[str]:
    layout = ' layout="select"' if len(values) > MANY else ""
    lines = [f'  <Header value="{name}"/>', f'  <Choices name="{name}" toName="image"{layout}>']
    lines += [f"    <Choice value={quoteattr(value)}/>" for value in values]
    return [*lines, "  </Choices>"]


def _choice(name: str, value: str) -> dict[str, Any]:
    return _answer(name, "choices", {"choices": [value]})


def _typed(name: str, value: str) -> dict[str, Any]:
    return _answer(name, "textarea", {"text": [value]})


def _answer(name: str, kind: str, value: dict[str, list[str]]) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": "image", "type": kind, "value": value}
