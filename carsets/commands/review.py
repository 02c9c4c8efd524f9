"""``scrapy review``: a page on this machine on which people look at images, and decide.

Also says how far people agree (``--agreement``), and carries their decisions from one catalog to
another (``--export``, ``--import``).
"""

from __future__ import annotations

import getpass
import signal
import threading
import webbrowser
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from carsets.net.redaction import escape_controls
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand
from carsets.problems import UserError
from carsets.release.originals import local_store
from carsets.review.agreement import agreements
from carsets.review.desk import Desk
from carsets.review.server import LOOPBACK, ReviewServer
from carsets.review.transfer import is_rater, read_reviews, write_reviews

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from carsets.catalog.catalog import Catalog

PORT = 8642  # always the same: what a browser could not send yet belongs to the address


class Command(PlainCommand):
    """Serve the review page until Ctrl+C."""

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Look at images and decide: a page on this machine, ordered by doubt"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add(
            "--rater",
            metavar="NAME[,NAME]",
            default="",
            help="who decides; each gets a link (default: your name on this machine)",
        )
        add("--blind", action="store_true", help="raters do not see what others have decided")
        add("--spotcheck", metavar="ID", default="", help="only the images of a spot check")
        add(
            "--host",
            default=LOOPBACK[0],
            help=f"address to listen on, of this machine alone: {', '.join(LOOPBACK)}",
        )
        add("--port", default=str(PORT), help="port to listen on; 0: any (default: %(default)s)")
        add("--open", action="store_true", help="open the page in a browser")
        add("--agreement", action="store_true", help="print how far people agree, and stop")
        add("--export", metavar="FILE", default="", help="write all decisions as JSON lines")
        add("--import", metavar="FILE", default="", dest="import_", help="take over such a file")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what was asked; every problem of the user's is one line."""
        if args:
            raise UsageError("review takes no arguments, only options")
        if sum(map(bool, (opts.agreement, opts.export, opts.import_))) > 1:
            raise UsageError("--agreement, --export and --import: one at a time")
        for line in self._run(opts):
            print(escape_controls(line), flush=True)

    def _run(self, opts: argparse.Namespace) -> Iterator[str]:
        places = self.places
        raters, port = read_raters(opts.rater), read_port(opts.port)
        with self.open_catalog() as catalog:
            if opts.agreement:
                yield from tell_agreement(catalog)
            elif opts.export:
                count = write_reviews(catalog, Path(opts.export).expanduser())
                yield f"{opts.export}: {count:,} decisions"
            elif opts.import_:
                yield tell_import(read_reviews(catalog, Path(opts.import_).expanduser()))
            else:
                store = local_store(places.images_store)
                desk = Desk(
                    catalog,
                    sha256(places.catalog_url.encode()).hexdigest()[:16],
                    threshold=self.settings.getfloat("CAR_DETECTION_KEEP"),
                    blind=opts.blind,
                    only=spot_check(catalog, opts.spotcheck),
                )
                if not len(desk.queue):
                    raise UserError(
                        f"there is nothing to review in {places.data_dir}: crawl first, as in "
                        "`scrapy crawl bing -a query='red Ford Mustang'`",
                        ExitCode.NOTHING_KEPT,
                    )
                yield from serve(desk, store, raters, opts, port)


def serve(
    desk: Desk, store: Path, raters: list[str], opts: argparse.Namespace, port: int
) -> Iterator[str]:
    """Serve until the process is told to end."""
    with ReviewServer(desk, store, raters, host=opts.host, port=port) as server:
        yield f"{len(desk.queue):,} images. Open this in a browser on this machine:"
        for rater, link in server.links().items():
            yield f"  {rater}: {link}" if len(raters) > 1 else f"  {link}"
        yield "Whoever has a link can decide in that name. Ctrl+C ends; nothing is lost."
        if opts.open:
            webbrowser.open(next(iter(server.links().values())))
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        ended.wait()
        server.shutdown()
        thread.join()
    for rater in raters:
        yield f"{rater}: {desk.queue.decided_by(rater):,} images decided. All is in the catalog."


def read_raters(given: str) -> list[str]:
    """Return the raters' names. Raises UserError for what is no name."""
    try:
        names = [name.strip() for name in (given or getpass.getuser()).split(",")]
    except (OSError, KeyError):  # a user id without a name
        names = [""]
    for name in names:
        if not is_rater(name):
            raise UserError("--rater: say who decides, as in --rater ann or --rater ann,bob")
    return list(dict.fromkeys(names))


def read_port(given: str) -> int:
    """Return a port. Raises UserError for what is none."""
    if not given.isascii() or not given.isdecimal() or int(given[:6]) > 65_535:
        raise UserError(f"--port {given}: must be a number from 0 to 65535")
    return int(given)


def spot_check(catalog: Catalog, check_id: str) -> list[str] | None:
    """Return the images of a spot check; None when none was asked for."""
    if not check_id:
        return None
    ids = catalog.spot_check_images(check_id)
    if not ids:
        raise UserError(f"--spotcheck {check_id}: there is none of that name; see scrapy spotcheck")
    return ids


def tell_agreement(catalog: Catalog) -> Iterator[str]:
    """Yield how far people agree."""
    found = agreements(catalog.reviews_by_image())
    if not found:
        raise UserError(
            "no image has been decided about by two people yet: let a second one look with "
            "`scrapy review --blind --rater NAME`",
            ExitCode.NOTHING_KEPT,
        )
    yield from map(str, found)


def tell_import(counts: Any) -> str:
    """Say what became of a file of decisions."""
    said = f"{counts['saved']:,} decisions taken over, {counts['known']:,} were known"
    if counts["pairs"]:
        said += f", {counts['pairs']:,} words on pairs"
    if counts["lost"]:
        said += f"; {counts['lost']:,} are about images that this catalog does not have"
    return said
