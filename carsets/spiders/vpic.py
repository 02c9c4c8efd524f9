"""vPIC: brings a list of vehicles up to date with the register of the United States.

``scrapy crawl vpic -a file=vehicles.csv`` adds to the user's own list what it lacks, or makes
one; what is in the list stays as it is. A spider and not a command of its own: so it asks through
everything that every question passes (pace, Retry-After, redaction), and leaves a receipt.

Terms:      public, https://vpic.nhtsa.dot.gov/api/ (no registration; traffic is limited)
Needs:      nothing
Limits:     makes and models that were sold in the United States; no body styles, no first years
"""

from __future__ import annotations

from collections import deque
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import scrapy

from carsets.exit_codes import Collected
from carsets.outcomes import ExitCode, QueryOutcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.queries.lists import file_named, load_words, read_text
from carsets.queries.vehicle_rows import NEWEST_YEAR, OLDEST_YEAR
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import MAX_PAGE_BYTES, ForeignTextError
from carsets.sources.saved_pages import save_page
from carsets.sources.vpic import (
    TYPES,
    RegisteredModel,
    is_known_make,
    makes_url,
    merged_list,
    models_url,
    read_makes,
    read_models,
    tidy_make,
)
from carsets.spiders.base import ERROR_STATUSES, CarsetsSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure


class VpicSpider(CarsetsSpider):
    """Makes and models from a public register, for a list of the user's."""

    name = "vpic"
    arguments = frozenset({"file", "types", "makes", "year"})
    # No image travels: no detector is loaded, no store is opened.
    custom_settings = {"ITEM_PIPELINES": {}, "PROGRESS_INTERVAL": 0}  # noqa: RUF012 - as Scrapy does

    def prepare(self) -> None:
        """Read the list that is to be brought up to date, before anybody is asked."""
        self.collected = Collected(what="models")
        self.file = self._file()
        self.types = self._types()
        self.year = self._year()
        makes = self.given.get("makes", "").strip()
        self.all_makes = makes == "all"
        wanted = load_words(makes, "makes") if makes and not self.all_makes else ()
        self.wanted = {tidy_make(make).casefold() for make in wanted}
        before = read_text(self.file) if self.file.exists() else ""
        merged_list(before, str(self.file), ())  # a list that cannot be read stops us here
        self.found: list[RegisteredModel] = []
        self._waiting: deque[tuple[str, str]] = deque((kind, "") for kind in self.types)

    def _file(self) -> Path:
        given = self.given.get("file", "").strip()
        if not given:
            raise UserError("vpic: name the list to bring up to date, as in -a file=vehicles.csv")
        path = Path(given).expanduser().absolute()
        if path.exists():
            file_named(str(path))  # a folder is no list
        elif not path.parent.is_dir():
            raise UserError(f"vpic: file={given}: there is no folder {path.parent}")
        shipped = files("carsets.data")  # no folder inside an egg, where no list can be either
        if isinstance(shipped, Path) and path.resolve().is_relative_to(shipped.resolve()):
            raise UserError(f"vpic: file={given}: the list that ships with carsets stays as is")
        return path

    def _types(self) -> tuple[str, ...]:
        given = self.given.get("types", "").strip()
        types = tuple(word.lower() for word in load_words(given, "types")) if given else TYPES
        if unknown := set(types) - set(TYPES):
            raise UserError(
                f"vpic: types={','.join(sorted(unknown))}: it can be {', '.join(TYPES)}"
            )
        return types

    def _year(self) -> int:
        given = self.given.get("year", "").strip()
        if not given:
            return 0
        if not given.isdecimal() or not OLDEST_YEAR <= int(given[:5]) <= NEWEST_YEAR + 2:
            raise UserError(f"vpic: year={given}: expected a year like 2020")
        return int(given)

    # --- Asking -------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Ask for the makes of each type; their models follow, one question at a time."""
        if first := self._next():
            yield first

    def _next(self) -> scrapy.Request | None:
        if not self._waiting or self.state_of_crawl.stop_reason:
            return None
        kind, make = self._waiting.popleft()
        url = models_url(make, kind, self.year) if make else makes_url(kind)
        return scrapy.Request(
            url,
            callback=self.read,
            errback=self.lose,
            cb_kwargs={"kind": kind, "make": make},
            meta={
                "carsets_source": True,
                "download_maxsize": MAX_PAGE_BYTES,
                "handle_httpstatus_list": ERROR_STATUSES,
            },
            dont_filter=True,
        )

    # --- What comes back ----------------------------------------------------------------------

    def read(
        self, response: Response, kind: str, make: str
    ) -> Iterator[RegisteredModel | scrapy.Request]:
        """Yield the models of an answer, and the next question."""
        models: list[RegisteredModel] = []
        outcome, note = QueryOutcome.RESULTS, ""
        try:
            if response.status != 200:
                refused = response.status in {401, 403, 429}
                outcome = QueryOutcome.BLOCKED if refused else QueryOutcome.HTTP_ERROR
                note = f"HTTP {response.status}"
            elif make:
                models = read_models(response.body, make, kind)
            else:
                makes = [name for name in read_makes(response.body) if self._wants(name)]
                self._waiting.extend((kind, name) for name in makes)
                note = f"{len(makes)} makes"
        except ForeignTextError as error:
            outcome, note = QueryOutcome.FORMAT_CHANGED, str(error)
        if not outcome.is_answer:
            self._keep(response, outcome)
        if outcome.ends_source:
            self._waiting.clear()
        self.found += models
        self.collected.kept += len(models)
        self._say(kind, make, outcome, note, response.url)
        yield from models
        if following := self._next():
            yield following

    def lose(self, failure: Failure) -> Iterator[scrapy.Request]:
        """End a question whose answer could not be fetched."""
        facts = failure.request.cb_kwargs  # type: ignore[attr-defined]
        note = f"{type(failure.value).__name__}: {failure.value}"
        self._say(facts["kind"], facts["make"], QueryOutcome.HTTP_ERROR, note, "")
        if following := self._next():
            yield following

    def _wants(self, make: str) -> bool:
        if self.wanted:
            return tidy_make(make).casefold() in self.wanted
        return self.all_makes or is_known_make(make)

    def _say(self, kind: str, make: str, outcome: QueryOutcome, note: str, url: str) -> None:
        query = Query(text=f"{make} {kind}".strip(), labels={"make": make} if make else {})
        answer = Answer(outcome=outcome, note=note)
        self.say_page(query, 1, answer, 0, url)
        self.say_end(query, outcome, note)

    def _keep(self, response: Response, outcome: QueryOutcome) -> None:
        state = self.state_of_crawl
        number = self.crawler.stats.get_value("carsets/pages_saved", 0) + 1
        self.crawler.stats.set_value("carsets/pages_saved", number)
        name = f"vpic-{outcome.value}"
        path = save_page(
            state.places.pages_dir, response.body, run_id=state.run_id, name=name, number=number
        )
        self.logger.warning("%s: page saved as %s", outcome.value, path)

    def closed(self, reason: str) -> None:
        """Write the list, beside its place and renamed: it is whole, or as it was."""
        if not self.found:
            return
        try:
            before = read_text(self.file) if self.file.exists() else ""
            text, added = merged_list(before, str(self.file), self.found)
            if added:
                beside = self.file.with_name(f"{self.file.name}.part")
                beside.write_text(text, encoding="utf-8")
                beside.replace(self.file)
        except (OSError, UserError) as problem:  # the ledger judges the run by it
            stats = self.crawler.stats
            stats.set_value("carsets/problem", f"{self.file} cannot be written: {problem}")
            stats.set_value("carsets/problem_code", int(ExitCode.STORE_FAILED))
            return
        self.logger.info("%s: %d models added, %d looked at", self.file, added, len(self.found))
