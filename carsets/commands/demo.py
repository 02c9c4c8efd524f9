"""``scrapy demo``: the whole way once, on the built-in web: no key, no account, no internet."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from carsets.commands.crawl import catch
from carsets.crawl_state import CrawlState
from carsets.outcomes import ExitCode, Outcome
from carsets.places import Places
from carsets.report.funnel import Funnel
from carsets.steps import Step

if TYPE_CHECKING:
    import argparse

    from scrapy.crawler import Crawler

VEHICLES = "Ford Mustang,Volkswagen Passat,Toyota RAV4,Chevrolet El Camino"
COLORS = "red,blue,white"
PER_QUERY = 10  # of each of the first three sources: 12 queries
# The other sources that are asked in words and need no browser: a question or two each.
MORE_SOURCES = (
    "duckduckgo",
    "brave",
    "ecosia",
    "yandex",
    "baidu",
    "google",
    "instagram",
    "commons",
)
MORE_VEHICLES, MORE_COLORS, MORE_PER_QUERY = "Ford Mustang,Toyota RAV4", "red", 6
# The built-in web takes any key; yours stay home.
KEYS = {
    "FLICKR_API_KEY": "0" * 32,
    "GOOGLE_API_KEY": "1" * 39,
    "GOOGLE_CX": "2" * 20,
    "INSTAGRAM_TOKEN": "3" * 40,
    "INSTAGRAM_USER_ID": "1" * 17,
}
PUBLISHED = 12  # images in the Open Images files that the demo writes
LISTED = 60  # URLs in the list that the demo writes
OWN_IMAGES = 16  # files in the folder that the demo writes
GALLERY = 2000  # images on the page
# Where addresses end, short enough for a table of 80 columns.
HEADS = {
    Step.ASKED: "never",
    Step.NETWORK: "net",
    Step.CONTENT: "file",
    Step.RIGHTS: "rights",
    Step.DUPLICATES: "copies",
    Step.DETECTOR: "no car",
    Step.STORE: "store",
    Step.KEPT: "kept",
}
MARK = ".carsets-demo"  # says that a folder is ours to replace


class Command(ScrapyCommand):
    """Crawl the built-in web with all of its sources into one dataset."""

    requires_project = True

    def syntax(self) -> str:
        """Return how the command is called."""
        return "[-d FOLDER]"

    def short_desc(self) -> str:
        """Return one line for ``scrapy``."""
        return "Crawl the built-in web into a small dataset: no key, no internet, one minute"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the folder."""
        super().add_options(parser)
        parser.add_argument(
            "-d", "--dest", default="data/demo", help="folder of the dataset (default: %(default)s)"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Settle everything that the crawls' process reads when it is made."""
        super().process_options(args, opts)
        if args:
            raise UsageError("demo takes no arguments, only -d FOLDER")
        assert self.settings is not None
        self.folder = Path(opts.dest).absolute()
        for name, value in {
            "DATA_DIR": str(self.folder),
            "CATALOG_URL": "",
            "IMAGES_STORE": "",
            "CAR_DETECTION_MODEL": "builtin",
            "CAR_DETECTION_MAX_WAIT": 0.5,
            "LICENSE_ALLOWED": [
                "unknown", "cc0", "pdm", "us-gov", "by", "by-sa", "by-nc", "by-nc-sa", "by-nd",
                "by-nc-nd",
            ],
            "SAFE_SEARCH_OFF_ALLOWED": True,  # baidu has none, and this web has nothing to hide
            "DOWNLOAD_TIMEOUT": 15,
            "DOWNLOAD_SLOW_GRACE": 2.0,
            "RETRY_TIMES": 1,
            "RETRY_BACKOFF": 0.2,
            "PROGRESS_INTERVAL": 5.0,
        }.items():  # fmt: skip
            # What the command line says wins, but for the folder, which -d alone names.
            if self.settings.getpriority(name) != 40 or name == "DATA_DIR":
                self.settings.set(name, value, priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, then say what came of it and what to try next."""
        # Every command of scrapy imports this module: the built-in web is for this one alone.
        from carsets.fakeweb.process import FakeWebProcess

        began = monotonic()
        problem = make_folder(self.folder)
        if problem:
            print(f"carsets: {problem} (exit code 2)", file=sys.stderr)
            self.exitcode = int(ExitCode.BAD_USE)
            return
        list_file, own_images, open_images = write_inputs(self.folder)
        self.problems: list[BaseException] = []
        os.environ.pop("BRAVE_API_KEY", None)  # without one its page is asked
        os.environ.update(KEYS)
        plan = {"vehicles": VEHICLES, "colors": COLORS, "per_query": str(PER_QUERY)}
        more = {
            "vehicles": MORE_VEHICLES,
            "colors": MORE_COLORS,
            "per_query": str(MORE_PER_QUERY),
        }
        with FakeWebProcess() as web:
            assert self.settings is not None
            self.settings.set("FAKEWEB_PORT", web.port, priority="cmdline")
            crawlers = [
                self.crawl("bing", **plan),
                self.crawl("openverse", **plan),
                self.crawl("flickr", **plan),
                *(self.crawl(source, **more) for source in MORE_SOURCES),
                self.crawl("openimages", folder=str(open_images)),
                self.crawl("urls", file=str(list_file)),
                self.crawl("folder", path=str(own_images), pattern="{make}/{model}"),
            ]
            assert self.crawler_process is not None
            self.crawler_process.start()
        if self.problems:  # a fault of carsets: nothing here comes from the user
            raise self.problems[0]
        self.tell(crawlers, monotonic() - began)

    def crawl(self, source: str, **arguments: str) -> Crawler:
        """Add one source to the crawls of this process."""
        assert self.crawler_process is not None
        crawler = self.crawler_process.create_crawler(source)
        catch(self.crawler_process.crawl(crawler, **arguments), self.problems)
        return crawler

    def tell(self, crawlers: list[Crawler], seconds: float) -> None:
        """Print the table, write the page, and set the exit code."""
        from carsets.catalog.catalog import Catalog
        from carsets.report.page import write_page

        assert self.settings is not None
        places = Places.from_settings(self.settings)
        receipts = [
            json.loads((places.receipts_dir / f"{CrawlState.of(crawler).run_id}.json").read_text())
            for crawler in crawlers
        ]
        catalog = Catalog.open(places.catalog_url, create=False)
        for receipt in receipts:
            settle_replaced(receipt, catalog.run_images(receipt["run"]).kept)
        funnel = Funnel.of_receipts(receipts)
        images = catalog.gallery(GALLERY)
        catalog.close()
        page = self.folder / "index.html"
        write_page(
            page,
            title="carsets demo",
            funnel=funnel,
            images=images,
            store=Path(places.images_store),
        )
        console = Console()
        console.print(source_table(funnel))
        console.print(outcome_table(funnel))
        balance = "the sums balance" if funnel.balances else "THE SUMS DO NOT BALANCE"
        example = images[0]["image_id"] if images else "IMAGE-ID"
        console.print(
            f"{funnel.kept} images kept of {funnel.found_row[-1]} found "
            f"in {seconds:.0f} s; {balance}.\n"
            f"Dataset:  {self.folder}\n"
            f"Look:     {page}\n"
            f"Ask why:  scrapy explain {example} -s DATA_DIR={self.folder}\n"
            "Live web: CONTACT=you@example.org scrapy crawl openverse "
            '-a query="red Ford Mustang" -a limit=50 -s CAR_DETECTION_MODEL=builtin\n'
            "          scrapy plan bing,openverse -a vehicles=all -a colors=all   (sends nothing)",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )
        self.exitcode = int(judge(funnel, receipts))


def make_folder(folder: Path) -> str:
    """Make an empty folder for the demo; return one line when that would destroy something."""
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
            return f"{folder} holds something else: name another folder with -d FOLDER"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / MARK).touch()
    except OSError as error:
        return f"{folder} cannot be made ({error.strerror}): name another folder with -d FOLDER"
    return ""


def write_inputs(folder: Path) -> tuple[Path, Path, Path]:
    """Write what a user may have already: a list, a folder of images, the Open Images files."""
    from carsets.fakeweb.corpus import truth, urls
    from carsets.fakeweb.drawing import draw_scene
    from carsets.fakeweb.open_images_files import photographs, write_files

    list_file, own_images = folder / "list.csv", folder / "own-images"
    open_images = folder / "open-images"
    open_images.mkdir()
    write_files(open_images, photographs(PUBLISHED))
    with list_file.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["url", "make", "model"])
        for url in urls(LISTED):
            label = truth(url).label
            table.writerow([url, label.get("make", ""), label.get("model", "")])
    for number in range(OWN_IMAGES):
        make, model = (("Mazda", "MX-5"), ("Jeep", "Wrangler"))[number % 2]
        body = ("convertible", "suv")[number % 2]
        place = own_images / make / model / f"{number:03}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        draw_scene(7_000_000 + number, kind="vehicle", body=body, size=(800, 600)).save(
            place, quality=88
        )
    (own_images / "notes.txt").write_text("A file that is no image.\n", encoding="utf-8")
    return list_file, own_images, open_images


def settle_replaced(receipt: dict[str, Any], kept: int) -> None:
    """Bring a receipt up to date: a better copy, found by another source, came after it."""
    outcomes = receipt["outcomes"]
    replaced = outcomes.get(Outcome.STORED.value, 0) - kept
    if replaced:
        outcomes[Outcome.STORED.value] = kept
        near = Outcome.NEAR_DUPLICATE.value
        outcomes[near] = outcomes.get(near, 0) + replaced


def source_table(funnel: Funnel) -> Table:
    """Return the table that balances: a row a source, a column a step at which addresses end."""
    table = Table(title="Where the image addresses of each source ended", title_justify="left")
    table.add_column("source", no_wrap=True)
    table.add_column("found", justify="right")
    for step in funnel.steps:
        style = "bold green" if step is Step.KEPT else ""
        table.add_column(HEADS[step], justify="right", style=style)
    for name, found, ended in funnel.by_source:
        if name == "all":
            table.add_section()
        numbers = (str(ended[step] or "·") for step in funnel.steps)
        table.add_row(name, str(found), *numbers, style="bold" if name == "all" else "")
    return table


def outcome_table(funnel: Funnel) -> Table:
    """Return how many addresses ended in which way, and what that means."""
    table = Table(title="And how, exactly", title_justify="left")
    table.add_column("outcome", no_wrap=True)
    table.add_column("images", justify="right", no_wrap=True)
    table.add_column("meaning", style="dim")
    for code in funnel.codes:
        style = "bold green" if code is Outcome.STORED else ""
        table.add_row(code.value, str(funnel.row(code.value)[-1]), code.meaning, style=style)
    table.add_section()
    table.add_row("found", str(funnel.found_row[-1]), "", style="bold")
    return table


def judge(funnel: Funnel, receipts: list[dict[str, Any]]) -> ExitCode:
    """Return the exit code of all crawls together."""
    if not funnel.balances:
        return ExitCode.UNBALANCED
    if not funnel.kept:
        return ExitCode.NOTHING_KEPT
    # A source that came after others had found all that it has did well.
    codes = {receipt["exit_code"] for receipt in receipts} - {ExitCode.NOTHING_KEPT.value}
    return ExitCode(max(codes, default=ExitCode.OK.value))
