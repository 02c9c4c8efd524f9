"""``scrapy remove``: take images out of the dataset and its releases on request, for good.

Without ``--yes`` it only shows what would go. Exit codes: 0 done, or shown; 2 nothing was done:
``--yes`` is missing, or the request cannot be understood; 4 done but for what is listed, such as a
release that was changed by hand.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from carsets.catalog.removal import Target
from carsets.net.redaction import escape_controls, redact
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand
from carsets.problems import UserError
from carsets.removal.remover import Done, Remover
from carsets.removal.tombstone_file import NAME
from carsets.store_deletion import deleter

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from carsets.catalog.catalog import Catalog

NAMED = {
    "url": ("URL", "the address of an image, or of a page that shows it"),
    "author": ("NAME", "an author's name, or the address of the author's page"),
    "host": ("HOST", "a host, and the hosts below it"),
    "sha256": ("HEX", "the sha256 of a file"),
    "image": ("ID", "an image's id in the catalog"),
    "phash": ("HEX", "a perceptual hash of 16 hex digits; see --radius"),
    "license": ("CODE", "a license (by-nc-4.0), or all versions of it (by-nc)"),
}
PATTERNS = {
    "url": r"https?://\S+|file://.+",
    "author": r".*\S.*",
    "host": r"[\w-]+(\.[\w-]+)+",  # no top-level domain
    "sha256": r"[0-9a-fA-F]{64}",
    "image": r"[0-9a-fA-F]{16,64}",
    "phash": r"[0-9a-fA-F]{16}",
    "license": r"[a-zA-Z0-9.-]+",
}
MOST_SHOWN = 20  # lines of one kind


class Command(PlainCommand):
    """Remove images on request."""

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "--url URL|--author NAME|--host HOST|... --reason TEXT [--dry-run|--yes]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Remove images from the dataset and its releases on request, for good"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        for name, (word, text) in NAMED.items():
            parser.add_argument(
                f"--{name}",
                action="append",
                default=[],
                metavar=word,
                help=f"{text}; @FILE for a list of them, may be given again",
            )
        parser.add_argument(
            "--radius",
            type=int,
            default=0,
            help="bits in which a picture may differ from --phash (default: 0)",
        )
        parser.add_argument(
            "--reason", default="", help="why; it is published with the tombstones: name nobody"
        )
        parser.add_argument("--dry-run", action="store_true", help="only show what would go")
        parser.add_argument("--yes", action="store_true", help="do it: nothing brings it back")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Show what would go, and remove it if that is wished."""
        if args:
            raise UsageError("remove takes options alone: scrapy remove --url URL --reason TEXT")
        targets, lists = read_targets(opts)
        places = self.places
        delete = deleter(places.images_store, self.settings)
        with self.open_catalog() as catalog:
            tell(show(catalog, targets))
            if opts.dry_run:
                return
            if not opts.yes:
                self.end(ExitCode.BAD_USE, "nothing was done; add --yes to remove all of this")
                return
            remover = Remover(catalog, places, delete, " ".join(opts.reason.split()), lists)
            for _ in remover.steps(targets):
                pass
        tell(told(remover.done, remover.reports / NAME))
        if remover.done.problems:
            self.exitcode = int(ExitCode.PARTIAL)


def read_targets(opts: argparse.Namespace) -> tuple[list[Target], list[Path]]:
    """Return what the options name, and the lists that they name. Raises UserError."""
    targets: list[Target] = []
    lists: list[Path] = []
    for kind in NAMED:
        for given in getattr(opts, kind):
            values = [given]
            if given.startswith("@"):
                path = Path(given[1:]).expanduser().absolute()
                lists.append(path)
                values = read_list(path)
            targets += [target_of(kind, value, opts.radius) for value in values]
    if not targets:
        options = ", ".join(f"--{kind}" for kind in NAMED)
        raise UserError(f"say what is to go: {options}")
    if not opts.dry_run and not opts.reason.strip():
        raise UserError("give a --reason: it stays with the tombstones")
    return targets, lists


def read_list(path: Path) -> list[str]:
    """Return the lines of a list that are not empty."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"@{path} cannot be read: {error}") from None
    return [line.strip() for line in lines if line.strip()]


def target_of(kind: str, given: str, radius: int = 0) -> Target:
    """Return one request. Raises UserError for what cannot be one."""
    value = given.strip()
    if not re.fullmatch(PATTERNS[kind], value):
        raise UserError(f"--{kind} {value[:100]!r}: {NAMED[kind][1]} is expected")
    if not 0 <= radius <= 16:
        raise UserError(f"--radius {radius}: 0 to 16 bits are expected")
    if kind in {"sha256", "image", "phash", "host", "license"}:
        value = value.lower()
    return Target(kind, value, radius)


def show(catalog: Catalog, targets: Sequence[Target]) -> Iterator[str]:
    """Yield what each request means, and the releases that hold it."""
    for target in targets[:MOST_SHOWN]:
        meant = catalog.find_meant(target)
        yield (
            f"{target.kind} {target.value}: {len(meant.images):,} images, found at "
            f"{len(meant.sightings):,} places"
        )
        for row, held in catalog.releases_holding(meant.images):
            yield f"  {len(held):,} of them in release {row.release_id}: {row.destination}"
    if len(targets) > MOST_SHOWN:
        yield f"and {len(targets) - MOST_SHOWN:,} requests more"


def told(done: Done, published: Path) -> Iterator[str]:
    """Yield what was done."""
    yield (
        f"Removed {done.images:,} images and {done.sightings:,} findings; deleted {done.files:,} "
        f"files of the store; took names out of {done.receipts:,} receipts"
    )
    for path in done.deleted[:MOST_SHOWN]:
        yield f"Deleted {path}"
    if len(done.deleted) > MOST_SHOWN:
        yield f"and {len(done.deleted) - MOST_SHOWN:,} more"
    yield from (f"Release {line}" for line in done.releases)
    yield f"For those who have copies: {published} (scrapy apply_tombstones FOLDER --from it)"
    yield from (f"NOT DONE: {line}" for line in done.problems)


def tell(lines: Iterator[str]) -> None:
    """Print lines in which nothing of strangers can move the cursor."""
    for line in lines:
        print(escape_controls(redact(line)))
