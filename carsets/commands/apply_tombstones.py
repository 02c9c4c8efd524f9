"""``scrapy apply_tombstones FOLDER``: take what was removed out of a copy of a release.

Needs no catalog: the folder, and the list of tombstones that the dataset's makers publish. Exit
codes: 0 the copy is clean now (or was before), or was shown; 2 it cannot be patched: one line
names the file, and nothing has changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from carsets.net.redaction import escape_controls
from carsets.plain_command import PlainCommand
from carsets.removal.patch import Patch, patch
from carsets.removal.tombstone_file import NAME, read_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

MOST_SHOWN = 50  # files


class Command(PlainCommand):
    """Patch a copy of a release."""

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "<folder of a release> --from <TOMBSTONES.csv or newer release> [--dry-run]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Take images that were removed on request out of a copy of a release"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        parser.add_argument(
            "--from",
            dest="stones",
            default="",
            metavar="FILE",
            help=f"{NAME}, or a newer release that holds one; default: the copy's own",
        )
        parser.add_argument("--dry-run", action="store_true", help="only show what would go")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Patch the copy, and say what went."""
        if len(args) != 1:
            raise UsageError("name one folder: scrapy apply_tombstones FOLDER --from FILE")
        folder = Path(args[0]).expanduser().absolute()
        stones = read_file(Path(opts.stones).expanduser() if opts.stones else folder)
        found = patch(folder, stones, dry_run=opts.dry_run)
        for line in told(found, len(stones), dry_run=opts.dry_run):
            print(escape_controls(line))


def told(found: Patch, stones: int, *, dry_run: bool) -> Iterator[str]:
    """Yield what a patch has changed, or would change."""
    if not found:
        yield f"{found.folder}: nothing of {stones:,} tombstones is in it"
        return
    does = "would go" if dry_run else "gone"
    yield f"{found.folder}: {len(found.images):,} images {does}"
    for name, rows in sorted(found.rows.items())[:MOST_SHOWN]:
        yield f"  {rows:>9,} rows {does}: {name}"
    for name in found.files[:MOST_SHOWN]:
        yield f"  {'file':>14} {does}: {name}"
    more = max(len(found.files) - MOST_SHOWN, 0) + max(len(found.rows) - MOST_SHOWN, 0)
    if more:
        yield f"  and {more:,} files more"
    if not dry_run:
        yield f"Version {found.version}; sha256 of its SHA256SUMS: {found.digest}"
