"""Result totals: how many results each engine has for each vehicle and word. No image is fetched.

``scrapy crawl counts -a vehicles=all -a words=car,suv,truck,van -a engine=flickr,bing`` asks 4
questions a vehicle and engine; ``scrapy counts`` prints what they say of the body styles.

Terms:      of each engine, see ``carsets/counting``
Needs:      flickr: FLICKR_API_KEY; google: GOOGLE_API_KEY and GOOGLE_CX; openverse: CONTACT
Limits:     openverse counts to 240 and allows 200 questions a day; bing and yandex often tell no
            total, and then none is written. Totals are estimates: compare them within one engine
Resuming:   what was counted within COUNTS_MAX_AGE days is not asked again, so the same command
            goes on after it was stopped, or killed, or after an allowance was used up
"""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import scrapy

from carsets.counting.engine import Came, Engine, Place, Question, Told
from carsets.counting.engines import ENGINES
from carsets.exit_codes import Collected
from carsets.items import ResultCount
from carsets.net.redaction import register_secret
from carsets.net.secret_parameters import secret_parameters
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import PLAN_ARGUMENTS, Query, build_plan
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import MAX_PAGE_BYTES
from carsets.sources.saved_pages import save_page
from carsets.spiders.base import ERROR_STATUSES, CarsetsSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure

DEFAULT_WORDS = "car,suv,truck,van"
PLAN_NAMES = frozenset(PLAN_ARGUMENTS) - {"per_query", "limit"}
TELL_EVERY = 100  # answers


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineQuery(Query):
    """A query as one engine is asked it: one line in the receipt and the catalog."""

    asked: Query
    engine: str

    @property
    def query_id(self) -> str:
        """Return an id of its own for every engine."""
        return f"{self.asked.query_id}@{self.engine}"


@dataclass(slots=True)
class Round:
    """One engine's way through the plan, one question at a time."""

    engine: Engine
    waiting: Iterator[Query]
    cookies: str = ""
    failures: int = 0  # in a row
    ended: bool = False


class CountsSpider(CarsetsSpider):
    """Totals from every engine that tells them."""

    name = "counts"
    arguments = PLAN_NAMES | {"engine", "max_age", "region"}
    custom_settings = {  # noqa: RUF012 - as Scrapy does
        # No image travels: no detector is loaded, no store is opened.
        "ITEM_PIPELINES": {},
        "PROGRESS_INTERVAL": 0,
        "LEDGER_MAX_WAIT": 0,  # every answer has cost a question, and some engines allow few
    }

    def prepare(self) -> None:
        """Build the plan and choose the engines."""
        given = {name: self.given.get(name, "") for name in PLAN_NAMES}
        if given["vehicles"].strip() and not (given["words"] + given["template"]).strip():
            given["words"] = DEFAULT_WORDS
        self.questions = build_plan(**given)
        self.collected = Collected(what="totals")
        self.max_age = self._max_age()
        self.engines = self._engines()
        country, language = self._region()
        keys = {key for engine in self.engines for key in engine.keys}
        self.place = Place(
            country=country,
            language=language,
            keys={key: os.environ[key].strip() for key in keys},
        )
        for secret in self.place.keys.values():
            register_secret(secret)

    def _region(self) -> tuple[str, str]:
        region = self.given.get("region", "") or self.settings.get("SEARCH_REGION", "us-en")
        match = re.fullmatch(r"([a-z]{2})-([a-z]{2})", region.strip().lower())
        if not match:
            raise UserError(f"region={region}: expected country and language, as in us-en")
        return match[1], match[2]

    def _max_age(self) -> timedelta:
        text = self.given.get("max_age", "").strip() or str(
            self.settings.getint("COUNTS_MAX_AGE", 30)
        )
        if not text.isdecimal() or len(text) > 6:
            raise UserError(f"max_age={text}: a whole number of days is expected")
        return timedelta(days=int(text))

    def _engines(self) -> list[Engine]:
        """Return the engines that were named, or all that can be asked as things are."""
        names = dict.fromkeys(filter(None, map(str.strip, self.given.get("engine", "").split(","))))
        unknown = names.keys() - ENGINES.keys()
        if unknown:
            raise UserError(
                f"engine={','.join(sorted(unknown))}: no such engine; totals are told by "
                f"{', '.join(ENGINES)}"
            )
        wanted = [ENGINES[name] for name in names] or list(ENGINES.values())
        lacking = {engine.name: self._lacks(engine) for engine in wanted}
        able = [engine for engine in wanted if not lacking[engine.name]]
        if (names and len(able) < len(wanted)) or not able:
            raise UserError("; ".join(f"{name} needs {it}" for name, it in lacking.items() if it))
        for name, it in lacking.items():
            if it:
                self.logger.info("%s is not asked: it needs %s", name, it)
        return able

    def _lacks(self, engine: Engine) -> str:
        """Return what an engine cannot be asked without; "" when nothing is missing."""
        missing = [key for key in engine.keys if not os.environ.get(key, "").strip()]
        live = not self.settings.getint("FAKEWEB_PORT")
        if engine.needs_contact and live and not self.settings.get("CONTACT"):
            missing.append("CONTACT")
        return " and ".join(missing)

    # --- Asking -------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Ask every engine its first question; each answer leads to the next one."""
        since = (datetime.now(UTC) - self.max_age).isoformat(timespec="seconds")
        catalog = self.state_of_crawl.catalog
        for engine in self.engines:
            counted = await asyncio.to_thread(catalog.counted_since, engine.name, since)
            hours = len(self.questions) / engine.requests_per_minute / 60
            self.logger.info(
                "%s: %d questions, %.1f hours at its pace", engine.name, len(self.questions), hours
            )
            turn = Round(engine, self._waiting(counted))
            first = self._next(turn)
            if first and engine.opening:
                first = self._request(Question(url=engine.opening), engine).replace(
                    callback=self.open_engine, cb_kwargs={"turn": turn, "first": first}
                )
                first = first.replace(errback=self.lose_opening)
            if first:
                yield first

    def _waiting(self, counted: set[str]) -> Iterator[Query]:
        for query in self.questions:
            if query.query_id in counted:
                self.collected.before += 1
            else:
                yield query

    def _next(self, turn: Round) -> scrapy.Request | None:
        """Return the request for an engine's next question; None when there is none."""
        if turn.ended or self.state_of_crawl.stop_reason:
            return None
        query = next(turn.waiting, None)
        if query is None:
            turn.ended = True
            return None
        asked = EngineQuery(
            text=query.text,
            labels=query.labels,
            word=query.word,
            asked=query,
            engine=turn.engine.name,
        )
        request = self._request(turn.engine.ask(query.text, self.place), turn.engine)
        if turn.cookies:
            request.headers["Cookie"] = turn.cookies
        return request.replace(
            callback=self.count, errback=self.lose, cb_kwargs={"turn": turn, "asked": asked}
        )

    def _request(self, question: Question, engine: Engine) -> scrapy.Request:
        meta: dict[str, Any] = {
            "carsets_source": True,
            "download_maxsize": MAX_PAGE_BYTES,
            "handle_httpstatus_list": ERROR_STATUSES,
        }
        if question.secret:
            host = question.url.split("/")[2]
            meta |= secret_parameters(host, question.secret)
        if question.form:
            return scrapy.FormRequest(
                question.url, formdata=dict(question.form), meta=meta, dont_filter=True
            )
        headers = dict(question.headers)
        return scrapy.Request(question.url, headers=headers, meta=meta, dont_filter=True)

    # --- What comes back ----------------------------------------------------------------------

    def open_engine(
        self, response: Response, turn: Round, first: scrapy.Request
    ) -> Iterator[scrapy.Request]:
        """Take the cookies of an engine's front page, and ask the first question."""
        pairs = [cookie.split(b";")[0].strip() for cookie in response.headers.getlist("Set-Cookie")]
        turn.cookies = b"; ".join(pairs).decode("latin-1")
        if turn.cookies:
            first.headers["Cookie"] = turn.cookies
        yield first

    def lose_opening(self, failure: Failure) -> Iterator[scrapy.Request]:
        """End an engine whose front page cannot be reached, by the first question's name."""
        facts = failure.request.cb_kwargs  # type: ignore[attr-defined]
        turn, first = facts["turn"], facts["first"]
        turn.ended = True
        self._say(first.cb_kwargs["asked"], _lost(failure), failure.request.url)  # type: ignore[attr-defined]
        yield from ()

    async def count(
        self, response: Response, turn: Round, asked: EngineQuery
    ) -> AsyncIterator[ResultCount | scrapy.Request]:
        """Yield the total that an answer tells, and the engine's next question."""
        told = self._read(response, turn.engine)
        if told.outcome.is_answer:
            turn.failures = 0
            yield self._result(told, turn.engine, asked)
        else:
            self._take_failure(turn, told, response.body)
        self._say(asked, told, response.url)
        if following := self._next(turn):
            yield following

    def lose(self, failure: Failure) -> Iterator[scrapy.Request]:
        """End a question whose answer could not be fetched."""
        facts = failure.request.cb_kwargs  # type: ignore[attr-defined]
        told = _lost(failure)
        self._take_failure(facts["turn"], told, b"")
        self._say(facts["asked"], told, failure.request.url)  # type: ignore[attr-defined]
        if following := self._next(facts["turn"]):
            yield following

    def _read(self, response: Response, engine: Engine) -> Told:
        headers = {
            name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
            for name, values in response.headers.items()
        }
        came = Came(body=response.body, status=response.status, url=response.url, headers=headers)
        try:
            return engine.read(came)
        except Exception as error:  # a reader's surprise is a named outcome
            self.logger.debug("The answer that could not be read", exc_info=True)
            note = f"{type(error).__name__}: {error}"
            return Told(outcome=QueryOutcome.FORMAT_CHANGED, note=note)

    def _result(self, told: Told, engine: Engine, asked: EngineQuery) -> ResultCount:
        if told.total is None:
            self.collected.without += 1
        else:
            self.collected.kept += 1
        answers = self.collected.kept + self.collected.without
        if answers % TELL_EVERY == 0:
            whole = len(self.questions) * len(self.engines)
            self.logger.info("%d of %d answers", answers + self.collected.before, whole)
        return ResultCount(
            source=engine.name,
            query=asked.text,
            query_id=asked.asked.query_id,
            labels=asked.labels,
            word=asked.word,
            total=told.total,
            raw=told.raw,
            language=self.place.language if engine.language is None else engine.language,
            counted_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _take_failure(self, turn: Round, told: Told, body: bytes) -> None:
        """Keep what cannot be read, and bench an engine that refuses or fails on and on."""
        turn.failures += 1
        name, state = turn.engine.name, self.state_of_crawl
        if body:
            number = self.crawler.stats.get_value("carsets/pages_saved", 0) + 1
            self.crawler.stats.set_value("carsets/pages_saved", number)
            path = save_page(
                state.places.pages_dir,
                body,
                run_id=state.run_id,
                name=f"counts-{name}-{told.outcome.value}",
                number=number,
            )
            self.logger.warning(
                "%s: %s: %s; saved as %s", name, told.outcome.value, told.note, path
            )
        most = self.settings.getint("COUNTS_MOST_FAILURES", 3)
        if told.outcome.ends_source or turn.failures >= most:
            turn.ended = True
            self.logger.warning(
                "%s answers %s (%s): no more questions to it in this run",
                name,
                told.outcome.value,
                told.note,
            )

    def _say(self, asked: EngineQuery, told: Told, url: str) -> None:
        answer = Answer(outcome=told.outcome, total=told.total, note=told.note)
        self.say_page(asked, 1, answer, 0, url)
        self.say_end(asked, told.outcome, told.note)


def _lost(failure: Failure) -> Told:
    note = f"{type(failure.value).__name__}: {failure.value}"
    return Told(outcome=QueryOutcome.HTTP_ERROR, note=note)
