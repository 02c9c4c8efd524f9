"""``scrapy retention``: what has been kept for as long as it may be; ``--expire`` deletes it.

Article 3(2) of the EU directive 2019/790: copies made for research are kept no longer than the
research needs. Deleted are the files of images that nobody may pass on, RETENTION_DAYS after they
were fetched, and internal releases past the date that they state. Rows and hashes stay: they are
enough to tell later whether a file is the one that was looked at.

``--orphans`` does the same with files that no image of the catalog has: what a worker that was
killed between an upload and its row has left in a bucket. Files younger than ORPHAN_HOURS may be on
their way into the catalog, and stay. Not for a store in which another catalog has images too.

Exit codes: 0 nothing is due any more, or it was shown; 4 some releases could not be deleted.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from carsets.integrity.orphans import find_orphans
from carsets.net.redaction import escape_controls
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand
from carsets.problems import UserError
from carsets.removal.remover import digest_of
from carsets.store_deletion import deleter
from carsets.store_listing import lister

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from carsets.catalog.catalog import Catalog
    from carsets.catalog.releases import ReleaseRow

MOST_DAYS = 36_500
MOST_NAMED = 100  # orphans that are named one by one
EXPIRED = ".expired"  # end of the name of a folder that is being deleted


class Command(PlainCommand):
    """Delete the bytes of what was kept long enough."""

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[--days N] [--all] [--orphans] [--expire]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Show, or delete, the files of images that were kept for as long as they may be"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        parser.add_argument("--expire", action="store_true", help="delete; nothing brings it back")
        parser.add_argument(
            "--orphans", action="store_true", help="only the files that no image of the catalog has"
        )
        parser.add_argument("--days", default="", help="instead of RETENTION_DAYS; 0 = for ever")
        parser.add_argument(
            "--all", action="store_true", help="also images whose license lets everybody keep them"
        )

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Show what is due, and delete it if that is wished."""
        if args:
            raise UsageError("retention takes options alone")
        if opts.orphans and (opts.days or opts.all):
            raise UsageError("--orphans takes no other option but --expire")
        days = read_days(opts.days or self.settings.get("RETENTION_DAYS", 0))
        with self.open_catalog() as catalog:
            delete = deleter(self.places.images_store, self.settings)
            now = datetime.now(UTC)
            lines = (
                self._orphan_lines(catalog, delete, now, expire=opts.expire)
                if opts.orphans
                else self._lines(catalog, delete, days, now, opts)
            )
            for line in lines:
                print(escape_controls(line))

    def _lines(
        self,
        catalog: Catalog,
        delete: Callable[[str], bool],
        days: int,
        now: datetime,
        opts: argparse.Namespace,
    ) -> Iterator[str]:
        """Do what is asked, and yield what was done."""
        if not days:
            yield "RETENTION_DAYS is 0: images are kept for ever"
        else:
            before = (now - timedelta(days=days)).isoformat(timespec="seconds")
            number, size = catalog.count_due(before, every=opts.all)
            yield (
                f"{number:,} images ({size:,} bytes) were fetched more than {days} days ago"
                + ("" if opts.all else ", and may not be passed on")
            )
            if opts.expire:
                deleted = expire(catalog, delete, before, every=opts.all)
                yield f"Deleted {deleted:,} files; rows and hashes stay"
        for row in overdue(catalog.releases(), now):
            yield f"Release {row.release_id} was to be kept until {until_of(row)}: " + (
                row.destination
            )
            if opts.expire:
                yield self._end_release(catalog, row, now)
        if not opts.expire:
            yield "Nothing was deleted: --expire does it"

    def _orphan_lines(
        self, catalog: Catalog, delete: Callable[[str], bool], now: datetime, *, expire: bool
    ) -> Iterator[str]:
        """Name the files that no image has, delete them if that is wished, and say how many."""
        store = self.places.images_store
        hours = self.settings.getfloat("ORPHAN_HOURS", 24.0)
        before = now.timestamp() - hours * 3600
        number = 0
        for path in find_orphans(catalog, lister(store, self.settings), before):
            number += 1
            if expire:
                delete(path)
            if number <= MOST_NAMED:
                yield f"{'deleted' if expire else 'orphan'}: {path}"
        if number > MOST_NAMED:
            yield f"and {number - MOST_NAMED:,} more"
        yield f"{number:,} files of {store}, older than {hours:g} hours, belong to no image"
        if number and not expire:
            yield "Nothing was deleted: --expire does it"

    def _end_release(self, catalog: Catalog, row: ReleaseRow, now: datetime) -> str:
        folder = Path(row.destination)
        if folder.exists() and digest_of(folder) != row.digest:
            self.exitcode = int(ExitCode.PARTIAL)
            return f"  NOT DONE: {folder} was changed since it was made; delete it by hand"
        going = folder.with_name(f"{folder.name}{EXPIRED}")  # also of a run that was killed
        try:
            if folder.exists():
                folder.rename(going)
            if going.exists():
                shutil.rmtree(going)
        except OSError as error:
            self.exitcode = int(ExitCode.PARTIAL)
            return f"  NOT DONE: {folder} cannot be deleted: {error.strerror}"
        catalog.withdraw_release(row.release_id, now.isoformat(timespec="seconds"))
        return "  deleted"


def read_days(given: object) -> int:
    """Return a number of days. Raises UserError for what is none."""
    text = str(given).strip()
    if not text.isdecimal() or int(text) > MOST_DAYS:
        raise UserError(f"RETENTION_DAYS={text}: a whole number of days is expected; 0 = for ever")
    return int(text)


def expire(catalog: Catalog, delete: Callable[[str], bool], before: str, *, every: bool) -> int:
    """Delete the files that are due; return how many. Files go first: a kill loses no row."""
    last = deleted = 0
    while rows := catalog.due(before, every=every, after=last):
        deleted += sum(delete(row.path) for row in rows)
        catalog.expire([row.seq for row in rows])
        last = rows[-1].seq
    return deleted


def until_of(row: ReleaseRow) -> str:
    """Return the date until which an internal release may be kept; "" of others."""
    return str(row.options.get("retain_until") or "") if row.mode == "internal" else ""


def overdue(rows: list[ReleaseRow], now: datetime) -> list[ReleaseRow]:
    """Return the releases that stand past their date."""
    today = now.date().isoformat()
    return [row for row in rows if not row.withdrawn_at and "" < until_of(row) < today]
