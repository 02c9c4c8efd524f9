"""Which images people elsewhere are asked about: what may be shown to them, most doubted first.

Where the images are shown from decides what may be shown. Their own addresses on the web hand out
nothing that is not there already (mode ``urls``); copies of yours are handed out, and need a
license that allows it (mode ``cc``), or people of your own (mode ``internal``). Images whose owner
reserved them, or had them removed, are never shown to strangers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import numpy as np

from carsets.crowd.majority import decided_things
from carsets.curation.kinds import Kind
from carsets.exports.columns import public_url, whole
from carsets.outcomes import ExitCode
from carsets.permissions import Mode
from carsets.problems import UserError
from carsets.release.label_texts import read_labels
from carsets.release.report import nothing_left, refusal
from carsets.release.selection import select
from carsets.review.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from carsets.catalog.catalog import Catalog
    from carsets.crowd.questions import Asked
    from carsets.release.options import ReleaseOptions
    from carsets.release.selection import Selection

SOURCE, LOCAL = "source", "local"
AT_ONCE = 500  # images whose facts are read at once
NO_LABEL, NO_ADDRESS = "have no such label", "have no address on the web"


@dataclass(frozen=True, slots=True)
class Task:
    """One question about one image, and where the image is seen."""

    asked: Asked
    image: str  # an address


@dataclass(slots=True)
class Chosen:
    """The tasks, and how many images that were next in the queue are none, by reason."""

    tasks: list[Task] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    left_out: Mapping[str, int] = field(default_factory=dict)  # of the whole catalog: why, images


def read_images(text: str) -> str:
    """Return where images are shown from: ``source``, ``local``, or an address that ends with /.

    Raises UserError for anything else.
    """
    if text in {SOURCE, LOCAL}:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise UserError(
            f"--images {text[:80]!r}: expected {SOURCE} (where they were found), {LOCAL} (your own "
            "Label Studio), or the https:// address at which you serve the image store"
        )
    return text.rstrip("/") + "/"


def mode_of(images: str, given: str | None) -> str:
    """Return the mode of release that showing images amounts to, unless one was given."""
    if images != SOURCE and given == Mode.URLS:
        raise UserError(f"--mode urls shows images where they were found: use --images {SOURCE}")
    return given or (Mode.URLS if images == SOURCE else Mode.CC)


def choose(
    catalog: Catalog,
    options: ReleaseOptions,
    question: Asked,
    count: int,
    *,
    images: str,
    store_name: str,
    threshold: float,
    near_bits: int,
    only: Sequence[str] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Chosen:
    """Return the first ``count`` tasks of the review queue of which nobody has decided the thing.

    ``only`` are ids to take instead, decided or not: a spot check. Raises UserError when the mode
    forbids some of the images and the options do not leave these out.
    """
    with catalog.one_state() as rows:
        selection = select(rows, options, near_bits=near_bits, progress=progress)
    if selection.violations:
        raise refusal(selection, options)
    if not selection.exported:
        raise UserError(nothing_left(selection), ExitCode.NOTHING_KEPT)
    left_out = {reason.meaning: number for reason, number in selection.left_out().items()}
    chosen = Chosen(left_out=left_out)
    for numbers in _in_order(catalog, selection, threshold, only):
        if only is None:
            numbers = _undecided(catalog, numbers, question.about)
        for task in _tasks(catalog, numbers, question, images, store_name, chosen.passed_over):
            if len(chosen.tasks) == count:
                return chosen
            chosen.tasks.append(task)
    return chosen


def _in_order(
    catalog: Catalog, selection: Selection, threshold: float, only: Sequence[str] | None
) -> Iterator[list[int]]:
    """Yield the numbers of images that may be shown, some at a time."""
    numbers = None
    if only is not None:
        known = catalog.image_numbers(only)
        numbers = [known[one] for one in only if one in known]
    queue = Queue(catalog.review_queue(Kind.DOUBT, Kind.ASKED), threshold, numbers)
    wanted = queue.numbers[np.isin(queue.numbers, selection.seq[selection.chosen])]
    for start in range(0, len(wanted), AT_ONCE):
        yield wanted[start : start + AT_ONCE].tolist()


def _undecided(catalog: Catalog, numbers: Sequence[int], about: str) -> list[int]:
    ids = dict(zip(catalog.image_ids_of(numbers), numbers, strict=True))
    decided = decided_things(catalog.standing_reviews(list(ids)))
    return [number for one, number in ids.items() if about not in decided.get(one, ())]


def _tasks(
    catalog: Catalog,
    numbers: Sequence[int],
    question: Asked,
    images: str,
    store_name: str,
    passed_over: Counter[str],
) -> Iterator[Task]:
    labels = catalog.labels_of(numbers) if question.question == "label" else {}
    for row in catalog.shown(numbers):
        value = ""
        if question.question == "label":
            value = whole(read_labels(labels.get(row["seq"])).get(question.label, ""))
            if not value:
                passed_over[NO_LABEL] += 1
                continue
        address = _address(row, images, store_name)
        if not address:
            passed_over[NO_ADDRESS] += 1
            continue
        yield Task(replace(question, image_id=row["image_id"], value=value), address)


def _address(row: Mapping[str, str], images: str, store_name: str) -> str:
    if images == SOURCE:
        return public_url(row.get("url") or "") or ""
    if images == LOCAL:
        return "/data/local-files/?d=" + quote(whole(f"{store_name}/{row['path']}"))
    return images + quote(whole(row["path"]))
