"""The base of commands that need no crawl: they read the catalog and the settings, and answer."""

from __future__ import annotations

import sys
from abc import abstractmethod
from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from carsets.catalog.catalog import Catalog
from carsets.net.redaction import escape_controls, redact
from carsets.outcomes import ExitCode
from carsets.places import Places
from carsets.problems import UserError

if TYPE_CHECKING:
    import argparse

    from scrapy.settings import Settings


class PlainCommand(ScrapyCommand):
    """Answers, and tells a problem of the user's in one line on stderr."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}
    settings: Settings  # set by Scrapy before it asks for anything

    file_width = 120  # columns of tables, where there is no terminal that says
    when_stopped = ""  # what to tell of a Ctrl+C, if anything

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options]"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Answer, or set the exit code and say why not."""
        try:
            self.answer(args, opts)
        except UserError as problem:
            self.end(problem.exit_code, str(problem))
        except KeyboardInterrupt:
            if not self.when_stopped:
                raise
            self.end(ExitCode.PARTIAL, self.when_stopped)

    @abstractmethod
    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what was asked. Raises UserError for what the user can mend, UsageError for words."""

    def end(self, code: ExitCode, why: str) -> None:
        """Set the exit code, and say why on stderr."""
        self.exitcode = int(code)
        print(f"carsets: {in_one_line(redact(why))}", file=sys.stderr)

    def refuse_arguments(self, args: list[str]) -> None:
        """Raise UsageError if there are any."""
        if args:
            name = type(self).__module__.rpartition(".")[2]
            raise UsageError(f"scrapy {name} takes options only")

    @property
    def places(self) -> Places:
        """Where the parts of the dataset lie."""
        return Places.from_settings(self.settings)

    def open_catalog(self) -> closing[Catalog]:
        """Open the dataset's catalog for a ``with``. Raises UserError where there is none."""
        return closing(Catalog.open(self.places.catalog_url, create=False))

    def console(self) -> Console:
        """Return what prints tables, as wide as the terminal."""
        width = None if sys.stdout.isatty() else self.file_width
        return Console(highlight=False, width=width)


def in_one_line(text: str) -> str:
    """Return a text that no terminal takes for a command."""
    return escape_controls(text, newline=" ")
