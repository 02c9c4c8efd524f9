"""The dataset's own addresses, asked again: what does each give today? Nothing kept is changed.

``scrapy verify`` starts it and prints the report; ``scrapy crawl verify`` does where there are no
commands of ours (Scrapyd).

Terms:      those of the hosts, which are asked as politely as by any other crawl
Licenses:   of Commons, Flickr and Openverse: asked of their interfaces, as they are today
Needs:      CONTACT for Commons, FLICKR_API_KEY for Flickr; without them those are not asked
Resuming:   ``-a sweep=ID`` goes on with a run that was stopped or killed
"""

from __future__ import annotations

import asyncio
import os
from hashlib import sha256
from itertools import zip_longest
from time import monotonic
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy.utils.misc import arg_to_iter

from carsets.catalog.entries import now
from carsets.catalog.verifications import VerificationRow
from carsets.exit_codes import Collected
from carsets.integrity.decay import host_of
from carsets.integrity.licenses_today import SOURCES, LicenseSource, read_answer
from carsets.integrity.verdicts import Finding, Verdict, of_outcome, of_picture, with_license
from carsets.net.failures import Refused, outcome_of
from carsets.net.opt_outs import DeniedHostsMiddleware, TdmFileMiddleware
from carsets.net.redaction import register_secret
from carsets.net.requests import image_request
from carsets.net.robots_txt import RobotsTxt
from carsets.outcomes import Outcome
from carsets.problems import UserError
from carsets.reservations import ReservationPolicy, read_reservation
from carsets.spiders.base import CarsetsSpider
from carsets.vision.inspection import MIME, Limits, Refusal
from carsets.vision.inspection_pool import InspectionPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from scrapy.http import Response

    from carsets.catalog.verifications import AddressRow

PAGE = 1_000  # rows read at once
WRITE_ROWS, WRITE_SECONDS = 200, 2.0  # what a kill loses at most
MOST_ANSWER = 4 * 1024 * 1024  # bytes of a source's answer
# After these the address that the bytes came from is asked too: a smaller copy, or a redirect.
ASK_SERVED = {
    Outcome.HTTP_401,
    Outcome.HTTP_403,
    Outcome.HTTP_404,
    Outcome.HTTP_410,
    Outcome.HTTP_4XX,
    Outcome.TOO_LARGE,
}
ASKING = (RobotsTxt, DeniedHostsMiddleware, TdmFileMiddleware)  # of --policy
SWITCH = {"": False, "0": False, "no": False, "1": True, "yes": True}


class VerifySpider(CarsetsSpider):
    """Every address of today's dataset, once."""

    name = "verify"
    arguments = frozenset({"sample", "host", "source", "sweep", "licenses", "policy"})
    custom_settings = {"ITEM_PIPELINES": {}, "PROGRESS_INTERVAL": 0}  # noqa: RUF012 - as Scrapy does

    def prepare(self) -> None:
        """Read the arguments."""
        sample = self.given.get("sample", "").strip() or "0"
        if not sample.isdecimal() or len(sample) > 12:
            raise UserError(f"sample={sample}: a whole number of images is expected")
        self.sample = int(sample)
        self.host = self.given.get("host", "").strip().lower().rstrip(".")
        self.source = self.given.get("source", "").strip()
        self.policy = self._switch("policy", "no")
        self.asks_licenses = self._switch("licenses", "yes")
        self.sweep = self.given.get("sweep", "") or self.state_of_crawl.run_id
        self.collected = Collected(what="addresses")
        self.no_address = 0  # images that were read from a disk
        self.reserved: list[tuple[str, str]] = []  # image id and why, of --policy
        self._hosts: dict[str, asyncio.Future[bool]] = {}  # whether headers reserve there
        self._unsaid: list[VerificationRow] = []
        self._written = monotonic()
        self._writing = asyncio.Lock()
        self._benched: set[str] = set()  # sources that are not asked for licenses any more
        self._tasks: set[asyncio.Task[Any]] = set()
        settings = self.settings
        self.distance = settings.getint("NEAR_DUPLICATE_DISTANCE")
        self.dhash_distance = settings.getint("NEAR_DUPLICATE_DHASH_DISTANCE")
        self.reservations = ReservationPolicy.from_settings(settings)
        limits = Limits(
            formats=tuple(MIME),
            max_pixels=settings.getint("IMAGE_MAX_PIXELS"),
            max_aspect=settings.getfloat("IMAGE_MAX_ASPECT"),
            small=False,
        )
        self.pool = InspectionPool(
            workers=settings.getint("INSPECTION_WORKERS"),
            limits=limits,
            timeout=settings.getfloat("INSPECTION_TIMEOUT"),
        )

    def _switch(self, name: str, otherwise: str) -> bool:
        value = self.given.get(name, otherwise).strip().lower()
        if value not in SWITCH:
            raise UserError(f"{name}={value}: yes or no is expected")
        return SWITCH[value]

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Leave the work to a callback: while it runs, the crawl does not end."""
        yield scrapy.Request("data:,0", callback=self.verify_all, dont_filter=True)

    async def verify_all(self, response: Response) -> None:
        """Ask every address, some at a time, and write the verdicts as they come."""
        if self.policy:
            self._wishes()  # or the user is told at once
        await self.pool.start()
        try:
            async for rows in self._pages():
                licenses = {} if self.policy else self._ask_licenses(rows)
                for row in spread(rows):
                    await self.state_of_crawl.in_flight.enter()
                    if self.state_of_crawl.stopping:
                        self.state_of_crawl.in_flight.leave(0)
                        return
                    self._begin(self._verify(row, licenses.get(row.image_id)))
        finally:
            while self._tasks:
                await asyncio.gather(*self._tasks)
            await self._write()
            await self.pool.close()
        if not self.policy:
            pages = self.settings.getint("PLACEHOLDER_PAGES")
            catalog = self.state_of_crawl.catalog
            await asyncio.to_thread(catalog.name_placeholders, self.sweep, pages)

    def _begin(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- Which addresses ----------------------------------------------------------------------

    async def _pages(self) -> AsyncIterator[list[AddressRow]]:
        """Yield the addresses that were not asked yet, a page at a time."""
        catalog = self.state_of_crawl.catalog
        numbers = None
        if self.sample:
            numbers = await asyncio.to_thread(catalog.sample_images, self.sample, self.sweep)
        last = start = 0
        while True:
            among = None if numbers is None else [int(n) for n in numbers[start : start + PAGE]]
            if among == []:
                return
            rows, done, last = await asyncio.to_thread(
                catalog.addresses, self.sweep, last, PAGE, among
            )
            self.collected.before += len(done)
            yield [row for row in rows if row.image_id not in done and self._wanted(row)]
            if among is None and not last:
                return
            start += PAGE

    def _wanted(self, row: AddressRow) -> bool:
        if self.source and row.source != self.source:
            return False
        if not row.url.startswith(("http://", "https://")):
            self.no_address += 1
            return False
        host = host_of(row.url)
        return not self.host or host == self.host or host.endswith(f".{self.host}")

    # --- One address --------------------------------------------------------------------------

    async def _verify(self, row: AddressRow, license_now: asyncio.Task[Any] | None) -> None:
        size = 0

        def hold(more: int) -> None:
            nonlocal size
            size += more
            self.state_of_crawl.in_flight.hold(more)

        try:
            if self.policy:
                await self._ask_policy(row)
                return
            finding = await self._look(row, hold)
            answered = await license_now if license_now is not None else {}
        finally:
            self.state_of_crawl.in_flight.leave(size)
        if finding is None:
            return
        today = answered.get(row.source_id, "")
        finding = with_license(finding, row.license, today)
        self.collected.kept += 1
        self._unsaid.append(
            VerificationRow(
                run_id=self.sweep,
                image_id=row.image_id,
                url=row.url,
                verdict=finding.verdict.value,
                note=finding.note,
                license=today,
                verified_at=now(),
            )
        )
        if len(self._unsaid) >= WRITE_ROWS or monotonic() - self._written > WRITE_SECONDS:
            await self._write()

    async def _write(self) -> None:
        async with self._writing:
            rows, self._unsaid = self._unsaid, []
            self._written = monotonic()
            if rows:
                await asyncio.to_thread(self.state_of_crawl.catalog.record_verifications, rows)

    async def _look(self, row: AddressRow, hold: Any) -> Finding | None:
        """Return what the address gives; None when it was not asked."""
        try:
            return await self._fetch(row, row.url, hold)
        except Refused as refusal:
            first = of_outcome(refusal.outcome, refusal.note)
            if refusal.outcome not in ASK_SERVED or row.served_url in {"", row.url}:
                return first
        try:
            second = await self._fetch(row, row.served_url, hold)
        except Refused:
            return first
        if not second.verdict.is_kept:
            return first
        note = f"{first.note if first else ''}, but still at {row.served_url}"
        return Finding(second.verdict, "; ".join(filter(None, (second.note, note))))

    async def _fetch(self, row: AddressRow, url: str, hold: Any) -> Finding:
        """Fetch and compare. Raises ``Refused`` when no picture came."""
        try:
            response = await self.crawler.engine.download_async(image_request(url))
        except Exception as error:
            outcome, note = outcome_of(error)
            if outcome is Outcome.ERROR:
                self.logger.warning("%s could not be asked: %s", url, note)
            raise Refused(outcome, note) from None
        hold(len(response.body))
        if response.status != 200:
            raise Refused(Outcome.of_status(response.status), f"HTTP {response.status}")
        if "/photo_unavailable" in response.url:  # Flickr's redirect for deleted photos
            raise Refused(Outcome.PLACEHOLDER, response.url)
        if not response.body:
            raise Refused(Outcome.EMPTY)
        digest = await asyncio.to_thread(lambda: sha256(response.body).hexdigest())
        embedded: Any = {}
        if digest == row.known.sha256:
            finding = Finding(Verdict.SAME_BYTES)
        else:
            try:
                seen = await self.pool.inspect(response.body)
            except Refusal as refusal:
                raise Refused(refusal.outcome, refusal.note) from None
            embedded = seen.embedded
            finding = of_picture(row.known, seen, self.distance, self.dhash_distance)
        self._refuse_reserved(response, embedded)
        return finding

    def _refuse_reserved(self, response: Response, embedded: Any) -> None:
        reservation = read_reservation(headers_of(response), embedded, self.reservations)
        if reservation.reserved:
            raise Refused(Outcome.OPTED_OUT, reservation.note)

    # --- The hosts' wishes alone --------------------------------------------------------------

    async def _ask_policy(self, row: AddressRow) -> None:
        """Note an image that its host does not let us have any more.

        robots.txt and tdmrep.json are asked for every address. Headers are asked of one address
        of each host, and of all others where that one reserved something.
        """
        host = host_of(row.url)
        try:
            request = image_request(row.url)
            for step in self._wishes():
                answer = step.process_request(request)
                if answer is not None:
                    await answer
            first = self._hosts.get(host)
            if first is None:
                self._hosts[host] = asyncio.get_running_loop().create_future()
                await self._ask_headers(row, self._hosts[host])
            elif await first:
                await self._ask_headers(row)
        except Exception as error:
            outcome, note = outcome_of(error)
            if outcome in {Outcome.ROBOTS_DENIED, Outcome.OPTED_OUT}:
                self.reserved.append((row.image_id, f"{outcome.value}: {note or host}"))
        self.collected.kept += 1

    async def _ask_headers(
        self, row: AddressRow, tells: asyncio.Future[bool] | None = None
    ) -> None:
        reserved = False
        try:
            head = image_request(row.url).replace(method="HEAD")
            response = await self.crawler.engine.download_async(head)
            self._refuse_reserved(response, {})
        except Refused as refusal:
            reserved = refusal.outcome is Outcome.OPTED_OUT
            raise
        finally:
            if tells is not None:
                tells.set_result(reserved)

    def _wishes(self) -> list[Any]:
        """Return the steps of a download that ask the host what it wants."""
        steps = self.crawler.engine.downloader.middleware.middlewares
        found = [step for step in steps if isinstance(step, ASKING)]
        if not any(isinstance(step, RobotsTxt) for step in found):
            raise UserError("ROBOTSTXT_OBEY is off: no robots.txt can be asked")
        return found

    # --- Licenses -----------------------------------------------------------------------------

    def _ask_licenses(self, rows: Iterable[AddressRow]) -> dict[str, asyncio.Task[Any]]:
        """Return the answers to come, by image id."""
        found: dict[str, asyncio.Task[Any]] = {}
        waiting: dict[str, list[AddressRow]] = {}
        for row in rows:
            source = SOURCES.get(row.source)
            if source and self._may_ask(row.source, source) and source.is_id(row.source_id):
                waiting.setdefault(row.source, []).append(row)
        for name, some in waiting.items():
            size = SOURCES[name].batch
            for start in range(0, len(some), size):
                batch = some[start : start + size]
                task = self._begin(self._licenses_of(name, [row.source_id for row in batch]))
                found.update((row.image_id, task) for row in batch)
        return found

    def _may_ask(self, name: str, source: LicenseSource) -> bool:
        if not self.asks_licenses or name in self._benched:
            return False
        lacks = ""
        if source.key and not os.environ.get(source.key, "").strip():
            lacks = source.key
        live = not self.settings.getint("FAKEWEB_PORT")
        if source.needs_contact and live and not self.settings.get("CONTACT"):
            lacks = "CONTACT"
        if lacks:
            self._bench(name, f"needs {lacks}")
        elif source.key:
            register_secret(os.environ[source.key].strip())
        return not lacks

    async def _licenses_of(self, name: str, ids: list[str]) -> Any:
        """Return license codes by the source's ids; none of those that it does not name."""
        source = SOURCES[name]
        if name in self._benched or self.state_of_crawl.stopping:
            return {}
        asked = source.ask(ids, os.environ.get(source.key, "").strip() if source.key else "")
        request = scrapy.Request(
            asked.url,
            method="POST" if asked.body else "GET",
            body=asked.body,
            headers={"Content-Type": "application/x-www-form-urlencoded"} if asked.body else None,
            callback=self.verify_all,  # never called: marks it as a source's own request
            meta={"carsets_source": True, "download_maxsize": MOST_ANSWER, "allow_offsite": True},
        )
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            self._bench(name, outcome_of(error)[0].value)
            return {}
        if response.status in source.stops:
            self._bench(name, f"HTTP {response.status}")
        return read_answer(source, response.body, response.status, ids)

    def _bench(self, name: str, why: str) -> None:
        if name not in self._benched:
            self._benched.add(name)
            self.logger.warning("%s is not asked for today's licenses: %s", name, why)


def headers_of(response: Response) -> dict[str, str]:
    """Return the headers with lower-case names, repeated ones joined by line feeds."""
    return {
        name.decode("latin-1").lower(): "\n".join(
            value.decode("latin-1") for value in arg_to_iter(values)
        )
        for name, values in response.headers.items()
    }


def spread(rows: Iterable[AddressRow]) -> Iterator[AddressRow]:
    """Yield rows of many hosts by turns, so that a slow one does not take all places."""
    by_host: dict[str, list[AddressRow]] = {}
    for row in rows:
        by_host.setdefault(host_of(row.url), []).append(row)
    for turn in zip_longest(*by_host.values()):
        yield from (row for row in turn if row is not None)
