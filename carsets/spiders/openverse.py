"""Openverse: openly licensed images of many collections, through its public API.

Terms:      https://docs.openverse.org/terms_of_service.html
Licenses:   of every image, from the collection that holds it, with the line of attribution
Needs:      CONTACT; a token in the environment variable OPENVERSE_TOKEN is optional
Limits:     20 requests a minute, 200 a day (with a token 100 and 10,000); 240 images a query
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

import scrapy

from carsets.items import FoundImage
from carsets.licenses import LicensePolicy, openverse_license
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import (
    MAX_PAGE_BYTES,
    ForeignTextError,
    pixels,
    read_json,
    to_int,
    to_text,
)
from carsets.sources.search_filters import ANYTHING, SearchFilters, engine_words
from carsets.spiders.filtered import FilteredSearchSpider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scrapy.http import Response

    from carsets.queries import Query

ENDPOINT = "https://api.openverse.org/v1/images/"
PAGE_SIZE = 20  # more is refused without a token
PAGE_SIZE_WITH_TOKEN = 80  # three pages reach the end
MAX_RESULTS = 240
LONGEST_QUESTION = 200  # characters

LICENSES = (
    *("by", "by-sa", "by-nc", "by-nc-sa", "by-nd", "by-nc-nd", "cc0", "pdm"),
    *("sampling+", "nc-sampling+"),
)


# What Openverse calls the filters; of licenses, the codes that it knows.
FILTER_WORDS: Mapping[str, Mapping[str, str]] = {
    "size": {word: word for word in ("small", "medium", "large")},
    "type": {"photo": "photograph", "clipart": "illustration"},
    "aspect": {word: word for word in ("square", "wide", "tall")},
    "license": {
        "any-cc": ",".join(code for code in LICENSES if code != "pdm"),
        "public-domain": "cc0,pdm",
        "share": ",".join(LICENSES),
        "commercial": ",".join(code for code in LICENSES if "nc" not in code),
        "modify": ",".join(code for code in LICENSES if "nd" not in code),
        "modify-commercial": ",".join(
            code for code in LICENSES if "nc" not in code and "nd" not in code
        ),
    },
    "safe": {"strict": "false", "moderate": "false", "off": "true"},
}
_PARAMETERS = {"size": "size", "type": "category", "aspect": "aspect_ratio"}


def search_url(
    text: str,
    page: int = 1,
    *,
    licenses: Sequence[str] = (),
    page_size: int = PAGE_SIZE,
    filters: SearchFilters = ANYTHING,
) -> str:
    """Return the address of one page (from 1). Sensitive works stay out unless told otherwise."""
    wanted = engine_words(filters, FILTER_WORDS)
    parameters: dict[str, str | int] = {"q": text[:LONGEST_QUESTION]}
    if licenses:
        parameters["license"] = ",".join(licenses)
    parameters |= {_PARAMETERS[name]: wanted[name] for name in _PARAMETERS if name in wanted}
    parameters |= {"mature": wanted["safe"], "page": page, "page_size": page_size}
    return f"{ENDPOINT}?{urlencode(parameters, safe=',')}"


def licenses_to_ask(policy: LicensePolicy) -> tuple[str, ...]:
    """Return the codes of the filter that leave nothing out which the policy accepts.

    A policy that wants one version of a license asks for all of them: Openverse cannot tell them
    apart. Raises UserError when Openverse has nothing under any accepted license.
    """
    wanted = tuple(code for code in LICENSES if code in policy.families)
    if not wanted:
        raise UserError("openverse: LICENSE_ALLOWED accepts no open license; add one, such as 'by'")
    return () if len(wanted) == len(LICENSES) else wanted


def read_page(
    body: bytes | str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Read one answer. ``headers`` have lower-case names."""
    allowance = _allowance(headers or {})
    try:
        answer = read_json(body)
        if not isinstance(answer, dict):
            raise ForeignTextError("JSON, but no object")
    except ForeignTextError as error:
        if status != 200:
            return _error(status, {}, allowance)
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=str(error))
    if status != 200:
        return _error(status, answer, allowance)
    records = answer["results"][:MAX_RESULTS]
    total = to_int(answer["result_count"])
    images = [image for record in records if (image := read_record(record))]
    if records and not images:
        note = f"{len(records)} records, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, total=total, note=note)
    if not records:
        return Answer(outcome=QueryOutcome.NO_RESULTS, total=total, note="no works found")
    page, pages = to_int(answer["page"]) or 1, to_int(answer["page_count"]) or 1
    reached = page * (to_int(answer.get("page_size")) or PAGE_SIZE)
    more = page < pages and reached < MAX_RESULTS
    return Answer(
        outcome=QueryOutcome.RESULTS,
        images=images,
        next=page + 1 if more else None,
        total=total,
        note=allowance,
    )


def read_record(record: Any) -> FoundImage | None:
    """Read one work; None when it lacks what every work has."""
    try:
        image_url, source_id = to_text(record["url"]), to_text(record["id"])
        code, version = to_text(record["license"]), to_text(record["license_version"])
    except (KeyError, TypeError):
        return None
    if not image_url:
        return None
    return FoundImage(
        image_url=image_url,
        page_url=to_text(record.get("foreign_landing_url")),
        thumbnail_url=to_text(record.get("thumbnail")),
        source_id=source_id,
        title=to_text(record.get("title")),
        tags=_tags(record.get("tags")),
        width=pixels(record.get("width")),
        height=pixels(record.get("height")),
        extra={
            name: record[name]
            for name in ("provider", "source", "category", "filesize", "filetype", "indexed_on")
            if isinstance(record.get(name), (str, int))
        },
        author=to_text(record.get("creator")),
        author_url=to_text(record.get("creator_url")),
        license=openverse_license(code, version, to_text(record.get("license_url"))),
        attribution=to_text(record.get("attribution")),
    )


def _tags(tags: Any) -> tuple[str, ...]:
    """Return the tags that people gave; those with an ``accuracy`` were guessed by a machine."""
    if not isinstance(tags, list):
        return ()
    names = (
        to_text(tag.get("name"), 200)
        for tag in tags
        if isinstance(tag, dict) and tag.get("accuracy") is None
    )
    return tuple(dict.fromkeys(name for name in names if name))


def _error(status: int, answer: Mapping[str, Any], allowance: str) -> Answer:
    """Name an error: 401 and 429 end the source, a question that is refused ends the query."""
    detail = answer.get("detail", answer)
    note = ", ".join(filter(None, (f"HTTP {status}", to_text(str(detail or ""), 300), allowance)))
    if status == 429:
        return Answer(outcome=QueryOutcome.QUOTA, note=note)
    if status in {401, 403}:
        return Answer(outcome=QueryOutcome.BLOCKED, note=note)
    return Answer(outcome=QueryOutcome.HTTP_ERROR, note=note)


def _allowance(headers: Mapping[str, str]) -> str:
    """Tell what is left of the allowance: ``left: 14 of 20/min, 194 of 200/day``."""
    prefix = "x-ratelimit-available-"
    left = [
        f"{to_text(value, 40)} of {to_text(headers.get(f'x-ratelimit-limit-{scope}', '?'), 40)}"
        for name, value in headers.items()
        if name.startswith(prefix) and (scope := name.removeprefix(prefix))
    ]
    return f"left: {', '.join(left)}" if left else ""


class OpenverseSpider(FilteredSearchSpider):
    """Openly licensed images from Openverse."""

    name = "openverse"
    filter_words = FILTER_WORDS
    no_retry_at: ClassVar[tuple[int, ...]] = ()  # an API: its 429 says when to come back
    # The license may be a code here, and every work tells its own.
    read_for_itself: ClassVar[frozenset[str]] = frozenset({"license"})
    page_size: ClassVar[int] = PAGE_SIZE
    max_results: ClassVar[int] = MAX_RESULTS
    requests_per_minute: ClassVar[float] = 20
    needs_contact: ClassVar[bool] = True

    def prepare(self) -> None:
        """Read the token and the license filter."""
        live = not self.settings.getint("FAKEWEB_PORT")
        if live and not self.settings.get("CONTACT"):
            raise UserError(
                "openverse wants to know who asks: set CONTACT to a web page or mail address of "
                "yours, such as CONTACT=me@example.org"
            )
        self.token = os.environ.get("OPENVERSE_TOKEN", "").strip()
        given = self.given.get("license", "").strip().lower()
        given = FILTER_WORDS["license"].get(given, given)
        allowed = given.split(",") if given else self.settings.getlist("LICENSE_ALLOWED", ["*"])
        try:
            self.licenses = licenses_to_ask(LicensePolicy(allowed))
        except ValueError as error:
            raise UserError(f"openverse: {error}") from None
        super().prepare()

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Ask for a page; the token travels in a header and never in the address."""
        size = PAGE_SIZE_WITH_TOKEN if self.token else PAGE_SIZE
        url = search_url(
            query.text,
            to_int(cursor) or page,
            licenses=self.licenses,
            page_size=size,
            filters=self.filters,
        )
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return scrapy.Request(url, headers=headers, meta={"download_maxsize": MAX_PAGE_BYTES})

    def read_page(self, response: Response) -> Answer:
        """Read one answer."""
        headers = {
            name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
            for name, values in response.headers.items()
        }
        return read_page(response.body, status=response.status, headers=headers)
