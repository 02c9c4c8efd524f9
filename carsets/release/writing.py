"""Writes the records of a release, and the file of each image, in one go over the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from carsets.exports.comma_separated import row
from carsets.exports.text_file import TextFile
from carsets.permissions import Why
from carsets.release import report
from carsets.release.attribution import AttributionWriter
from carsets.release.blur_checks import BlurChecks
from carsets.release.blur_facts import blur_facts
from carsets.release.card import CardReport, write_card
from carsets.release.composition import Composition
from carsets.release.copy_sizes import CopySizes
from carsets.release.credit import credit_of
from carsets.release.croissant import write_croissant
from carsets.release.deriver import Deriver, Fault, Job, NoFile
from carsets.release.first_pass import permission
from carsets.release.folder import MEMORY
from carsets.release.originals import Faults, original_of
from carsets.release.record import ImageFile
from carsets.release.records import read_records
from carsets.vision.inspection import MIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Any

    from carsets.blurring.models import BlurModels
    from carsets.catalog.release_rows import ReleaseRows
    from carsets.exports.base import ReleaseFacts
    from carsets.release.bucket import Bucket
    from carsets.release.derived import Change
    from carsets.release.folder import ReleaseFolder
    from carsets.release.options import ReleaseOptions
    from carsets.release.record import Record
    from carsets.release.release import Progress
    from carsets.release.selection import Selection

COPY_EXTENSION = "jpg"
Made = tuple["Record", "ImageFile | NoFile | None", str]  # and where its file lies in the release


class Writer:
    """Everything that is written record by record. Use it as a context manager."""

    def __init__(
        self,
        folder: ReleaseFolder,
        facts: ReleaseFacts,
        options: ReleaseOptions,
        store: Path | Bucket | None,
        *,
        workers: int = 0,
        models: BlurModels | None = None,
    ) -> None:
        self.folder = folder
        self.facts = facts
        self.options = options
        self.store = store  # None in releases without image files
        self.format = options.format_class(folder, facts)
        self.faults = Faults()
        self.made = Composition()
        self.done = 0
        change = options.change
        changes = change.changes if change is not None else ""
        self.attribution = AttributionWriter(folder, facts.name, changes) if store else None
        self.splits = None
        if options.split:
            self.splits = TextFile(folder, "splits.csv", row(("image_id", "split")))
        self.models = models
        self.checks = None
        if options.blur:
            self.checks = BlurChecks(folder, options.salt, facts.total)
        self.deriver = Deriver(workers, models=models) if store else None
        self.sizes = CopySizes(folder.path / MEMORY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sizes.close()
        if self.deriver is not None:
            self.deriver.close()

    def write_all(self, rows: ReleaseRows, selection: Selection, progress: Progress) -> None:
        """Write all records. Raises UserError when originals are missing or changed."""
        chunks = read_records(rows, selection, self.options.label, shuffled=self.format.shuffled)
        for records in chunks:
            self._write(records, progress)
            if self.faults.hopeless:
                break
        if self.faults:
            raise self.faults.problem(self.folder.path, self.facts.total)
        self.format.finish()
        if self.attribution is not None:
            self.attribution.finish()
        if self.splits is not None:
            self.splits.close()
        if self.checks is not None:
            self.checks.finish()

    def write_card(
        self, rows: ReleaseRows, selection: Selection, until: str, more: Mapping[str, Any]
    ) -> None:
        """Write the card, for people and for programs, from what was counted on the way."""
        made = CardReport(
            composition=self.made,
            format=self.options.format,
            note=self.format.note,
            options=self.options.as_json(),
            considered=selection.considered,
            left_out={str(reason): n for reason, n in selection.left_out().items()},
            collection=rows.collection(),
            versions=report.versions(rows.schema()),
            retain_until=until,
            carries_images=self.options.carries_images,
            blur=blur_facts(self.models, self.checks) if self.models and self.checks else None,
            **more,
        )
        write_card(self.folder, self.facts, made)
        write_croissant(self.folder, self.facts, made)

    def _write(self, records: Sequence[Record], progress: Progress) -> None:
        for record, image, path in self._with_files(records):
            if isinstance(image, NoFile):
                self.faults.add(record, image)
            if not self.faults:  # after the first one, the others are only looked at
                assert not isinstance(image, NoFile)
                self._add(record, image, path)
            if self.store is not None:
                self.done += 1
                progress.advance()
            if self.faults.hopeless:
                return
        if self.store is None:
            self.done += len(records)
            progress.advance(len(records))

    def _add(self, record: Record, image: ImageFile | None, path: str) -> None:
        if image is not None and image.data is not None:
            if image.changed:
                facts = (image.width, image.height, image.size, image.hidden)
                self.sizes.put(self.made.total, *facts)
            if path and not self.folder.has(path):
                self.folder.put(path, image.data, image.sha256)
        self.format.add(record, image)
        self.made.add(record, image)
        if self.attribution is not None:
            self.attribution.add(record, image, path)
        if self.splits is not None:
            self.splits.write(f"{record.image_id},{record.split}\n")
        if self.checks is not None:
            assert image is not None
            self.checks.add(record, image, path)

    def _with_files(self, records: Sequence[Record]) -> Iterator[Made]:
        """Yield each record with its file, made ahead of its turn by other threads."""
        if self.store is None or self.deriver is None:
            yield from ((record, None, "") for record in records)
            return
        first = self.made.total
        wanted = [self._wanted(first + n, record) for n, record in enumerate(records)]
        made = self.deriver.run(job for job, _, _ in wanted if job is not None)
        for record, (job, known, path) in zip(records, wanted, strict=True):
            yield record, next(made)[1] if job is not None else known, path

    def _wanted(
        self, number: int, record: Record
    ) -> tuple[Job | None, ImageFile | NoFile | None, str]:
        """Return what has to be made for a record, or what is known already, and its path."""
        assert self.store is not None
        change = self._change(record)
        if record.format not in MIME:
            return None, NoFile(Fault.BROKEN, f"of no known format: {record.format}"), ""
        extension = MIME[record.format][1] if change is None else COPY_EXTENSION
        path = self.format.image_path(record, extension)
        written = self.folder.has(path) if path else not self.format.needs_bytes(record)
        known = self._written(number, record, path, extension, change) if written else None
        if known is not None:
            return None, known, path
        try:
            original = original_of(record, self.store)
        except ValueError as error:
            return None, NoFile(Fault.UNREADABLE, str(error)), path
        credit = credit_of(record, change.changes) if change is not None else None
        return Job(record, original, change, credit), None, path

    def _change(self, record: Record) -> Change | None:
        """Return what makes the copy; None when the original itself is handed out."""
        change = self.options.change
        if change is None or self.options.nd != "unchanged":
            return change
        why = permission(record.license, self.options, modified=True).why
        return None if why is Why.NO_CHANGES else change

    def _written(
        self, number: int, record: Record, path: str, extension: str, change: Change | None
    ) -> ImageFile | None:
        """Return the file that an earlier pass has written; None when nothing is known of it."""
        sha256 = self.folder.entry(path).sha256 if path else ""
        if change is None:
            shape = (record.width, record.height, record.bytes)
            return ImageFile(None, extension, *shape, record.sha256, changed=False)
        known = self.sizes.get(number)
        if known is None:
            return None
        width, height, size, hidden = known
        return ImageFile(None, extension, width, height, size, sha256, changed=True, hidden=hidden)
