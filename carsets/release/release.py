"""Makes a release: chooses, writes, seals, and gives the folder its name.

Nothing lies at the destination before everything is there. A pass that was killed goes on when
the same command is given again; with other options, or another catalog, it begins anew.
"""

from __future__ import annotations

import errno
import json
import sqlite3
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from carsets import __version__
from carsets.catalog.releases import ReleaseRow, pack
from carsets.exports.base import ReleaseFacts
from carsets.outcomes import ExitCode
from carsets.permissions import Mode
from carsets.problems import UserError
from carsets.release import report
from carsets.release.folder import ReleaseFolder, refuse_existing
from carsets.release.originals import image_store
from carsets.release.selection import select
from carsets.release.writing import Writer
from carsets.vision.worker_process import WorkerUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from carsets.blurring.models import BlurModels
    from carsets.catalog.catalog import Catalog
    from carsets.catalog.release_rows import ReleaseRows
    from carsets.release.options import ReleaseOptions
    from carsets.release.selection import Selection


class Progress(Protocol):
    """Who is told how it is getting on."""

    def begin(self, stage: str, total: int) -> None: ...
    def advance(self, count: int = 1) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the settings say that is not about one release."""

    images_store: str  # path, or the address of a store in the cloud
    disk_free_min: int = 0  # bytes
    near_bits: int = 0  # pictures so near to a removed one count as removed
    retention_days: int = 365
    workers: int = 0  # processes that make copies; 0 = one a core
    blur: BlurModels | None = None  # what finds faces and plates; for ``options.blur``
    card: Mapping[str, Any] = field(default_factory=dict)  # more fields of ``CardReport``


def make_release(
    catalog: Catalog, options: ReleaseOptions, surroundings: Surroundings, progress: Progress
) -> report.ReleaseReport:
    """Make a release. Raises UserError when it may not be made, or cannot be finished.

    What was written by then stays beside the destination, and the same call goes on.
    """
    refuse_existing(options.destination)
    store = image_store(surroundings.images_store) if options.carries_images else None
    with ExitStack() as stack:
        rows = stack.enter_context(catalog.one_state())
        progress.begin("choosing", rows.total())
        selection = select(
            rows, options, near_bits=surroundings.near_bits, progress=progress.advance
        )
        if selection.violations:
            raise report.refusal(selection, options)
        if not selection.exported:
            raise UserError(report.nothing_left(selection), ExitCode.NOTHING_KEPT)
        facts = facts_of(selection, options)
        until = report.retain_until(options, facts.newest, surroundings.retention_days)
        plan = plan_of(selection, options, rows, until, surroundings)
        folder = stack.enter_context(
            ReleaseFolder(
                options.destination,
                plan,
                private=options.mode is Mode.INTERNAL,
                disk_free_min=surroundings.disk_free_min,
            )
        )
        progress.begin("exporting", selection.exported)
        try:
            writer = Writer(
                folder,
                facts,
                options,
                store,
                workers=surroundings.workers,
                models=surroundings.blur,
            )
        except UserError:  # the format cannot do that
            folder.discard()
            raise
        try:
            with writer:
                writer.write_all(rows, selection, progress)
            report.write_small_texts(
                folder, facts, rows.tombstones(), images=options.carries_images, until=until
            )
            writer.write_card(rows, selection, until, surroundings.card)
            more = {
                "plan": plan,
                "versions": report.versions(rows.schema()),
                "retain_until": until,
                "known_noise": rows.known_noise(),
            }
            report.write_json(folder, report.release_json(selection, options, facts, **more))
            sums = folder.sealed()
            numbers = selection.seq[selection.chosen]
            done = report.ReleaseReport(
                release_id=release_id(options, plan),
                path=options.destination,
                options=options,
                facts=facts,
                considered=selection.considered,
                left_out=selection.left_out(),
                unknown_values={
                    label: values.total() for label, values in selection.unknown_values.items()
                },
                forbidden=selection.forbidden,
                files=folder.files + 1,
                bytes=folder.bytes + sums.size,
                digest=sums.sha256,
                resumed=folder.resumed,
                started_anew=folder.started_anew,
            )
            # Before it has its name: no release may be there that a removal could not find.
            catalog.record_release(_row(done, pack(numbers), until))
            folder.publish()
        except WorkerUnusable as error:
            raise UserError(f"no copies can be made here: {error}") from error
        except sqlite3.OperationalError as error:  # of formats that are databases
            if "full" not in str(error):
                raise
            full = OSError(errno.ENOSPC, str(error))
            raise _unwritable(full, folder, writer.done / selection.exported) from error
        except OSError as error:
            raise _unwritable(error, folder, writer.done / selection.exported) from error
        return done


def facts_of(selection: Selection, options: ReleaseOptions) -> ReleaseFacts:
    """Return what is known before the first record."""
    return ReleaseFacts(
        name=options.name,
        mode=str(options.mode),
        label=options.label_name,
        classes=tuple(selection.class_counts()),
        splits=selection.split_counts(),
        total=selection.exported,
        size=str(options.size) if options.modified and options.size else "",
        newest=selection.newest(),
        version=__version__,
        licenses=selection.license_counts(),
    )


def plan_of(
    selection: Selection,
    options: ReleaseOptions,
    rows: ReleaseRows,
    until: str,
    surroundings: Surroundings,
) -> str:
    """Return the name of exactly this release of exactly this state of the catalog."""
    facts = [
        options.as_json(),
        report.versions(rows.schema()),
        selection.digest,
        list(selection.split_names),
        until,
        {name: str(value) for name, value in surroundings.card.items() if name != "receipts"},
        surroundings.blur.to_frame() if surroundings.blur else None,
    ]
    digest = blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16)
    digest.update(selection.codes.tobytes())
    digest.update(selection.splits.tobytes())
    return digest.hexdigest()


def release_id(options: ReleaseOptions, plan: str) -> str:
    """Return the id under which the catalog remembers a release: the same if it is made again."""
    return blake2b(f"{options.destination}\0{plan}".encode(), digest_size=8).hexdigest()


def _row(done: report.ReleaseReport, numbers: bytes, until: str) -> ReleaseRow:
    return ReleaseRow(
        release_id=done.release_id,
        format=done.options.format,
        mode=str(done.options.mode),
        destination=str(done.path),
        options=done.options.as_json() | {"retain_until": until},
        image_numbers=numbers,
        image_count=done.exported,
        bytes=done.bytes,
        digest=done.digest,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _unwritable(error: OSError, folder: ReleaseFolder, share: float) -> UserError:
    """Return the one line about a disk that takes no more."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    why = f"the disk is full ({error.strerror})" if full else f"{error.strerror or error}"
    return UserError(
        f"{folder.path}: {why} at {share:.0%}; it is kept: make room, and the same command goes on",
        ExitCode.STORE_FAILED,
    )
