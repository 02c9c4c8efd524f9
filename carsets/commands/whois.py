"""``scrapy whois URL|FILE|IMAGE-ID|SHA256|AUTHOR``: "am I in it?", also of a near-duplicate.

Exit codes: 0 it is in the dataset today, or in a release; 3 it is not, and a tombstone keeps it
out; 1 nothing is known of it. (2 the question cannot be answered, as everywhere.)
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from carsets.catalog.removal import Target
from carsets.net.redaction import escape_controls, redact
from carsets.plain_command import PlainCommand
from carsets.vision.inspection import MIME, Limits, Refusal, inspect

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from scrapy.settings import BaseSettings

    from carsets.catalog.membership import Membership

UNKNOWN, REMOVED = 1, 3
MOST_SHOWN = 20


class Command(PlainCommand):
    """Tell whether somebody, or something, is in the dataset."""

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[--author|--host] <URL, file, image id, sha256, author or host>"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Tell whether an image, a page or an author is in the dataset or its releases"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        parser.add_argument("--author", action="store_true", help="what is named is an author")
        parser.add_argument("--host", action="store_true", help="what is named is a host")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Answer."""
        if len(args) != 1 or not args[0].strip() or (opts.author and opts.host):
            raise UsageError("name one URL, file, image id, sha256 or author")
        asked = args[0].strip()
        kind = "author" if opts.author else "host" if opts.host else ""
        targets = targets_of(asked, kind, self.settings)
        with self.open_catalog() as catalog:
            found = catalog.membership(targets)
        for line in told(asked, targets, found):
            print(escape_controls(redact(line)))
        if not found.images and not found.releases:
            self.exitcode = REMOVED if found.tombstones else UNKNOWN


def targets_of(asked: str, kind: str, settings: BaseSettings) -> list[Target]:
    """Return the names under which the dataset may know what was asked for."""
    if kind:
        return [Target(kind, asked)]
    if re.match(r"https?://|file://", asked):
        return [Target("url", asked), Target("author", asked)]  # authors have pages
    path = Path(asked).expanduser()
    try:
        if path.is_file():
            return of_file(path, settings)
    except (OSError, ValueError):  # a name that no file can have
        pass
    if re.fullmatch(r"[0-9a-fA-F]{64}", asked):
        return [Target("sha256", asked.lower())]
    if re.fullmatch(r"[0-9a-fA-F]{16,63}", asked):
        return [Target("image", asked.lower())]
    return [Target("author", asked)]


def of_file(path: Path, settings: BaseSettings) -> list[Target]:
    """Return a file's bytes and, if it is a picture, its looks, within the dataset's distance."""
    body = path.read_bytes()
    targets = [Target("sha256", sha256(body).hexdigest())]
    limits = Limits(formats=tuple(MIME), small=False)
    try:
        seen = inspect(body, limits)  # the user's own file: no worker process is needed
    except Refusal:
        return targets
    radius = settings.getint("NEAR_DUPLICATE_DISTANCE")
    return [*targets, Target("phash", f"{seen.phash:016x}", radius)]


def told(asked: str, targets: list[Target], found: Membership) -> Iterator[str]:
    """Yield the answer."""
    if not found:
        kinds = ", ".join(target.kind for target in targets)
        yield f"{asked}: not in this dataset, and never removed from it (looked for as {kinds})"
        return
    yield f"{asked}: {found.images_in_all:,} images in the catalog"
    for image in found.images[:MOST_SHOWN]:
        bits = found.bits.get(image["image_id"])
        near = f", looks alike ({bits} of 64 bits differ)" if bits else ""
        kept = "in the dataset" if image["verdict"] in {"keep", "review"} else image["verdict"]
        yield f"  image {image['image_id']}: {kept}, {image['license']}{near}"
    for seen in found.sightings[:MOST_SHOWN]:
        yield (
            f"  found at {seen['url']} by {seen['source']} on {seen['seen_at'][:10]}: "
            f"{seen['outcome']}" + (f", by {seen['author']}" if seen["author"] else "")
        )
    for row, number in found.releases:
        yield (
            f"  release {row.release_id} ({row.format}, {row.mode}, version {row.version}) holds "
            f"{number:,} of them: {row.destination}"
        )
    for stone in found.tombstones[:MOST_SHOWN]:
        yield f"  removed on {stone.removed_at[:10]} ({stone.kind}): {stone.reason}"
    if found.images:
        first = targets[0]
        yield f"To remove: scrapy remove --{first.kind} '{first.value}' --reason TEXT --dry-run"
