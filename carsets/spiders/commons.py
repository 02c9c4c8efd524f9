"""Wikimedia Commons: free media that people have uploaded, through the API of MediaWiki.

Terms:      https://foundation.wikimedia.org/wiki/Policy:Terms_of_Use and the User-Agent policy
Licenses:   of every file, with author and credit, as its page says; Commons holds free ones only
Needs:      CONTACT: Wikimedia refuses programs that do not say whose they are
Limits:     one request at a time, fewer while its servers lag; 10,000 files a search, a category
            to its end
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

import scrapy

from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import PLAN_ARGUMENTS, Query
from carsets.sources.answers import Answer
from carsets.sources.commons_file import EXTMETADATA, is_bitmap, read_file
from carsets.sources.foreign_text import (
    MAX_PAGE_BYTES,
    ForeignTextError,
    read_json,
    to_int,
    to_text,
)
from carsets.spiders.base import ImageSearchSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from scrapy.http import Response

    from carsets.items import CarImage

ENDPOINT = "https://commons.wikimedia.org/w/api.php"
PAGE_SIZE = 50  # files whose details one request may ask for
MAX_RESULTS = 10_000  # of a search: larger offsets are refused
LONGEST_QUESTION = 300  # characters
THUMBNAIL_WIDTH = 1280  # pixels; one of the widths that Wikimedia keeps ready
MAX_PIECES = 20  # answers over which the details of one batch may be spread
MAX_CONTINUE = 2_000  # characters of what the API wants back
CATEGORY = "Category:"
LAG_RETRIES = 3  # times that a question is put again while the servers lag
_KEPT_META = ("handle_httpstatus_list", "carsets_source", "download_maxsize", "pieces")


def search_url(text: str, more: str = "") -> str:
    """Return the address of one batch; ``more`` is the ``continue`` of the answer before, as JSON.

    A text that begins with ``Category:`` asks for the files of that category.
    """
    parameters: dict[str, str] = {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "maxlag": "5",  # rather wait than add to the load of lagging servers
    }
    if text.startswith(CATEGORY):
        parameters |= {
            "generator": "categorymembers",
            "gcmtitle": text[:LONGEST_QUESTION],
            "gcmtype": "file",
            "gcmlimit": str(PAGE_SIZE),
        }
    else:
        parameters |= {
            "generator": "search",
            "gsrsearch": f"filetype:bitmap {text[:LONGEST_QUESTION]}",
            "gsrnamespace": "6",
            "gsrlimit": str(PAGE_SIZE),
        }
    parameters |= {
        "prop": "imageinfo",
        "iiprop": "url|size|mime|sha1|user|timestamp|mediatype|extmetadata",
        "iiextmetadatafilter": "|".join(EXTMETADATA),
        "iiurlwidth": str(THUMBNAIL_WIDTH),
        **_continue(more),
    }
    return f"{ENDPOINT}?{urlencode(parameters)}"


def _continue(more: str) -> dict[str, str]:
    given = json.loads(more) if more else {}
    return {name: str(value) for name, value in given.items()}


def read_page(bodies: Sequence[bytes | str], *, status: int = 200) -> Answer:
    """Read a batch from its answers: more than one if the details are spread over several."""
    try:
        answers = [read_json(body) for body in bodies]
        if not all(isinstance(answer, dict) for answer in answers):
            raise ForeignTextError("JSON, but no object")
    except ForeignTextError as error:
        if status != 200:
            return Answer(outcome=_of_status(status), note=f"HTTP {status}")
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=str(error))
    last = answers[-1]
    if "error" in last or status != 200:
        return _error(last.get("error"), status)
    pages = merge_pages(answers)
    images = [image for page in pages if (image := read_file(page))]
    more = cursor(last)
    if not pages:
        if not more and "batchcomplete" not in last:
            note = "no files, and no word that these are all"
            return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
        outcome = QueryOutcome.RESULTS if more else QueryOutcome.NO_RESULTS
        return Answer(outcome=outcome, next=more, note="no files found")
    if not images and not all(map(_is_no_picture, pages)):
        note = f"{len(pages)} files, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    return Answer(outcome=QueryOutcome.RESULTS, images=images, next=more)


def _is_no_picture(page: Any) -> bool:
    """Say whether it is plain that a page has no picture: a sound, a drawing, a file deleted."""
    info = page.get("imageinfo")
    if not info:
        return "missing" in page or page.get("imagerepository") == ""
    return isinstance(info, list) and isinstance(info[0], dict) and not is_bitmap(info[0])


def merge_pages(answers: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the pages of a batch in their order, each with all that the answers say of it.

    ``pages`` is a list in format version 2 and an object by id in version 1.
    """
    merged: dict[Any, dict[str, Any]] = {}
    for answer in answers:
        query = answer.get("query")
        pages = query.get("pages") if isinstance(query, dict) else None
        listed = list(pages.values()) if isinstance(pages, dict) else pages
        for page in listed if isinstance(listed, list) else ():
            if not isinstance(page, dict):
                continue
            known = merged.setdefault(page.get("pageid", page.get("title")), {})
            _merge(known, page)
    rank = {id(page): to_int(page.get("index")) for page in merged.values()}
    last = len(merged) + MAX_RESULTS
    return sorted(merged.values(), key=lambda page: last if (r := rank[id(page)]) is None else r)


def _merge(known: dict[str, Any], page: dict[str, Any]) -> None:
    """Add what a page says to what is known of it; the details may come in pieces themselves."""
    for name, value in page.items():
        old = known.get(name)
        if name == "imageinfo" and isinstance(old, list) and isinstance(value, list):
            pairs = zip(old, value, strict=False)
            joined = [{**a, **b} for a, b in pairs if isinstance(a, dict) and isinstance(b, dict)]
            known[name] = joined + old[len(joined) :] + value[len(old) :]
        else:
            known[name] = value


def cursor(answer: dict[str, Any]) -> str | None:
    """Return what the next request must bring back, as JSON; None when there is no more."""
    more = answer.get("continue")
    if not isinstance(more, dict) or not more:
        return None
    if (to_int(more.get("gsroffset")) or 0) >= MAX_RESULTS:
        return None
    plain = {str(name): str(value) for name, value in more.items()}
    text = json.dumps(plain, sort_keys=True)
    return text if len(text) <= MAX_CONTINUE else None


def is_piece(body: bytes) -> bool:
    """Say whether the details of this batch go on in the next answer."""
    if b'"continue"' not in body or b'"batchcomplete"' in body:
        return False
    try:
        answer = read_json(body)
    except ForeignTextError:
        return False
    return isinstance(answer, dict) and "error" not in answer and cursor(answer) is not None


def is_lag(body: bytes) -> bool:
    """Say whether the servers ask for a pause: ``maxlag``, or read-only for a moment."""
    return len(body) < 8192 and bool(re.search(rb'"code":\s*"(?:maxlag|readonly)"', body))


def _error(error: Any, status: int) -> Answer:
    """Name an error of the API; it comes with status 200."""
    facts = error if isinstance(error, dict) else {}
    code = to_text(facts.get("code"), 100)
    info = to_text(facts.get("info"), 300)
    note = " ".join(filter(None, (f"HTTP {status}" if status != 200 else "", code, info)))
    if code in {"ratelimited", "actionthrottledtext"}:
        return Answer(outcome=QueryOutcome.QUOTA, note=note)
    if code in {"blocked", "autoblocked", "readapidenied", "permissiondenied"}:
        return Answer(outcome=QueryOutcome.BLOCKED, note=note)
    if status != 200:
        return Answer(outcome=_of_status(status), note=note)
    return Answer(outcome=QueryOutcome.HTTP_ERROR, note=note or "an error without a code")


def _of_status(status: int) -> QueryOutcome:
    named = {429: QueryOutcome.QUOTA, 401: QueryOutcome.BLOCKED, 403: QueryOutcome.BLOCKED}
    return named.get(status, QueryOutcome.HTTP_ERROR)


class CommonsSpider(ImageSearchSpider):
    """Freely licensed images from Wikimedia Commons, by search or by category."""

    name = "commons"
    arguments = ImageSearchSpider.arguments | {"category"}
    page_size: ClassVar[int] = PAGE_SIZE
    max_results: ClassVar[int] = MAX_RESULTS
    requests_per_minute: ClassVar[float] = 60
    needs_contact: ClassVar[bool] = True

    def prepare(self) -> None:
        """Demand a CONTACT, and read the category."""
        live = not self.settings.getint("FAKEWEB_PORT")
        if live and not self.settings.get("CONTACT"):
            raise UserError(
                "commons wants to know who asks: set CONTACT to a web page or mail address of "
                "yours, such as CONTACT=me@example.org"
            )
        category = self.given.pop("category", "").strip()
        if category:
            others = sorted(set(PLAN_ARGUMENTS) & self.given.keys() - {"per_query", "limit"})
            if others:
                raise UserError(f"commons: category= and {others[0]}= cannot be asked together")
            self.given["query"] = CATEGORY + category.removeprefix(CATEGORY)
        super().prepare()

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Ask for a batch of files."""
        url = search_url(query.text, str(cursor or ""))
        return scrapy.Request(url, meta={"download_maxsize": MAX_PAGE_BYTES})

    async def parse_page(
        self, response: Response, query: Query, page: int, taken: int
    ) -> AsyncIterator[CarImage | scrapy.Request]:
        """Wait while the servers lag, and collect a batch that comes in pieces."""
        lags = response.meta.get("lags", 0)
        if response.request and lags < LAG_RETRIES and is_lag(response.body):
            await asyncio.sleep(self._pause(response))
            kept = {name: response.meta[name] for name in _KEPT_META if name in response.meta}
            yield response.request.replace(meta=kept | {"lags": lags + 1}, dont_filter=True)
            return
        pieces: list[bytes] = response.meta.get("pieces", [])
        if response.status == 200 and len(pieces) < MAX_PIECES and is_piece(response.body):
            if self._stopping:
                self._open.release()  # a later run asks for the whole batch
                return
            more = cursor(read_json(response.body))
            request = self._request(query, page, more, taken)
            request.meta["pieces"] = [*pieces, response.body]
            yield request
            return
        async for result in super().parse_page(response, query, page, taken):
            yield result

    def _pause(self, response: Response) -> float:
        """Return the seconds that the servers ask for, within what a host may ask for."""
        wanted = to_int((response.headers.get("Retry-After") or b"").decode("latin-1"))
        longest = self.settings.getfloat("RETRY_AFTER_MAX", 30.0)
        return min(float(wanted if wanted is not None else 5), longest)

    def read_page(self, response: Response) -> Answer:
        """Read one batch."""
        return read_page([*response.meta.get("pieces", []), response.body], status=response.status)
