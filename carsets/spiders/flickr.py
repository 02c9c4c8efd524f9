"""Flickr: photographs with their licenses, tags and dates, through its public API.

``flickrapi`` builds the question and reads the answer; Scrapy fetches. The question is posted, so
that the key never stands in an address.

Terms:      https://www.flickr.com/help/terms/api (non-commercial use, unless Flickr agreed; keep
            the link to the photo's page; honor removals). This product uses the Flickr API but is
            not endorsed or certified by SmugMug, Inc.
Licenses:   of every photo, as its owner chose it
Needs:      a key in the environment variable FLICKR_API_KEY
Limits:     3,600 questions an hour; 4,000 photos a question, so larger ones are asked in windows
            of upload time, and of licenses where a second is too full; copies over 1,024 pixels of
            Pro members only
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

import scrapy
from scrapy.downloadermiddlewares.retry import get_retry_request

from carsets.licenses import LicensePolicy, flickr_license
from carsets.net.redaction import register_secret
from carsets.outcomes import QueryOutcome
from carsets.permissions import Purpose
from carsets.problems import UserError
from carsets.sources.answers import Answer
from carsets.sources.date_windows import Reading
from carsets.sources.flickr_photo import SIZES, read_photo
from carsets.sources.flickr_reach import (
    LICENSE_IDS,
    MAX_PER_PAGE,
    first_reading,
    in_parts,
    missing_note,
    next_place,
    past_repeats,
    reached,
    sort_order,
)
from carsets.sources.foreign_text import (
    MAX_PAGE_BYTES,
    ForeignTextError,
    read_json,
    to_int,
    to_text,
    without_markup,
)
from carsets.spiders.base import ImageSearchSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from scrapy.http import Response

    from carsets.items import CarImage
    from carsets.queries import Query

ENDPOINT = "https://api.flickr.com/services/rest/"
EXTRAS = (
    "description,license,date_upload,date_taken,owner_name,path_alias,original_format,"
    "last_update,tags,machine_tags,o_dims,views,media,safety_level,"
) + ",".join(f"url_{size}" for size in SIZES)

_STOP = {100, 111, 112, 114, 115, 116}  # wrong key, wrong method, wrong format: nothing will work
_TRY_AGAIN = {10, 105, 201}


@cache
def _api() -> Any:
    """Return flickrapi, made unable to call anybody: it gives back what it would have sent."""
    import flickrapi  # 0.6 s: only those who ask Flickr pay

    class Builder(flickrapi.FlickrAPI):  # type: ignore[misc]
        def _flickr_call(self, timeout: float | None = None, **parameters: Any) -> dict[str, Any]:
            return parameters

    logging.getLogger("flickrapi").setLevel(logging.WARNING)  # it announces every question
    # store_token=False: or it makes a folder in the home directory.
    return Builder("", "", format="json", store_token=False)


def search_parameters(
    text: str, reading: Reading, *, licenses: Sequence[int] = (), geo: bool = False
) -> dict[str, str]:
    """Return what to post for one page, without the key. Safe search is on, always."""
    window = reading.window
    if window.license is not None:
        licenses = [window.license]
    parameters = _api().photos.search(
        text=text,
        license=",".join(map(str, licenses)) or None,
        min_upload_date=window.first,
        max_upload_date=window.last,
        sort=sort_order(window),
        safe_search=1,
        content_types=0,
        media="photos",
        extras=f"{EXTRAS},geo" if geo else EXTRAS,
        per_page=reading.per_page,
        page=reading.page,
    )
    return {name: str(value) for name, value in parameters.items()}


def licenses_to_ask(policy: LicensePolicy) -> tuple[int, ...]:
    """Return the license numbers that the policy accepts; none means all.

    Raises UserError when it accepts nothing that Flickr has.
    """
    wanted = tuple(number for number in LICENSE_IDS if policy.allows(flickr_license(number)))
    if not wanted:
        raise UserError("flickr: LICENSE_ALLOWED accepts no license of Flickr; add one, as 'by'")
    return () if len(wanted) == len(LICENSE_IDS) else wanted


def read_page(
    body: bytes,
    reading: Reading | None = None,
    *,
    status: int = 200,
    longest_side: int = 0,
    licenses: Sequence[int] = (),
) -> Answer:
    """Read one answer; ``reading`` is the place that was asked for.

    A window with too many photos gives none: its parts are read instead. ``longest_side`` is
    that of ``read_photo``, ``licenses`` are those of ``search_parameters``.
    """
    reading = reading or Reading(MAX_PER_PAGE)
    if status == 429:
        return Answer(outcome=QueryOutcome.QUOTA, note="HTTP 429: too many questions")
    try:
        photos = parse_answer(body)["photos"]
    except FlickrFailureError as failure:
        outcome = QueryOutcome.BLOCKED if failure.code in _STOP else QueryOutcome.HTTP_ERROR
        return Answer(outcome=outcome, note=str(failure))
    except (ForeignTextError, KeyError) as error:
        if status != 200:
            return Answer(outcome=QueryOutcome.HTTP_ERROR, note=f"HTTP {status}")
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=f"no photos: {error}")
    total = to_int(photos["total"])
    if parts := in_parts(reading, total or 0, licenses):
        note = f"{total} photos in one window of time: read in parts"
        return Answer(outcome=QueryOutcome.RESULTS, next=str(parts), total=total, note=note)
    return _read_photos(photos, reading, total, longest_side)


def _read_photos(
    photos: Mapping[str, Any], reading: Reading, total: int | None, longest_side: int
) -> Answer:
    records = photos["photo"][:MAX_PER_PAGE]
    images = [image for record in records if (image := read_photo(record, longest_side))]
    if records and not images:
        note = f"{len(records)} photos, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, total=total, note=note)
    reading = reached(reading, total or 0)
    more = next_place(reading, total or 0, to_int(photos["pages"]) or 1)
    elsewhere = past_repeats(reading, total or 0)
    return Answer(
        outcome=QueryOutcome.RESULTS if images else QueryOutcome.NO_RESULTS,
        images=images,
        next=str(more) if more else None,
        elsewhere=str(elsewhere) if elsewhere else None,
        total=total,
        note="" if more else missing_note(reading),
    )


class FlickrFailureError(Exception):
    """Flickr answered that it could not answer."""

    def __init__(self, code: int, message: str) -> None:
        hint = "; check FLICKR_API_KEY" if code == 100 else ""
        super().__init__(f"Flickr says {code}: {to_text(message, 300)}{hint}")
        self.code = code

    @property
    def is_temporary(self) -> bool:
        """Whether the same question may be answered a little later."""
        return self.code in _TRY_AGAIN or "not currently available" in str(self)


_XML_FAILURE = re.compile(rb'<rsp stat="fail">\s*<err\s+code="(\d{1,6})"\s+msg="([^"]*)"')


def parse_answer(body: bytes) -> Any:
    """Return the answer as flickrapi reads it. Flickr sends failures with status 200.

    Raises FlickrFailureError for those, also when they come as XML, and ForeignTextError for what
    is no answer of Flickr's.
    """
    xml = _XML_FAILURE.search(body[:4096])
    if xml:
        raise FlickrFailureError(int(xml[1]), without_markup(xml[2].decode("utf-8", "replace")))
    answer = read_json(body)  # flickrapi knows no bounds
    if not isinstance(answer, dict):
        raise ForeignTextError("JSON, but no object")
    if answer.get("stat") == "ok":
        return answer
    try:
        return _api().parse_json(body)  # which knows every way of failing
    except Exception as error:  # flickrapi.FlickrError, or a failure without a code
        code = to_int(getattr(error, "code", None)) or 0
        raise FlickrFailureError(code, str(error).removeprefix(f"Error: {code}: ")) from None


def is_temporary(body: bytes) -> bool:
    """Say whether the same question may be answered a little later."""
    if len(body) > 4096:  # failures are short
        return False
    try:
        parse_answer(body)
    except FlickrFailureError as failure:
        return failure.is_temporary
    except ForeignTextError:
        return True
    return False


class FlickrSpider(ImageSearchSpider):
    """Photographs from Flickr."""

    name = "flickr"
    page_size: ClassVar[int] = MAX_PER_PAGE
    max_results: ClassVar[int] = 0  # windows of time reach past the cap
    requests_per_minute: ClassVar[float] = 54  # one every 1.1 seconds
    key_name: ClassVar[str] = "FLICKR_API_KEY"

    def prepare(self) -> None:
        """Check the purpose, and read the key and the licenses."""
        agreed = self.settings.getbool("FLICKR_COMMERCIAL_AGREEMENT")
        if self.settings.get("PURPOSE") == Purpose.COMMERCIAL and not agreed:
            raise UserError(
                "flickr: its API is not for PURPOSE=commercial; with a written agreement of "
                "Flickr's, set FLICKR_COMMERCIAL_AGREEMENT=True"
            )
        self.key = os.environ.get(self.key_name, "").strip()
        if not self.key:
            raise UserError(
                "flickr needs a key: get one at https://www.flickr.com/services/apps/create/ and "
                "set the environment variable FLICKR_API_KEY (openverse needs none)"
            )
        register_secret(self.key)
        try:
            policy = LicensePolicy(self.settings.getlist("LICENSE_ALLOWED", ["*"]))
        except ValueError as error:
            raise UserError(str(error)) from None
        self.licenses = licenses_to_ask(policy)
        super().prepare()

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Post the question for one page."""
        reading = (
            Reading.parse(str(cursor))
            if cursor
            else first_reading(self.plan.per_query, int(time.time()))
        )
        parameters = search_parameters(
            query.text,
            reading,
            licenses=self.licenses,
            geo=self.settings.getbool("FLICKR_GEO", False),
        )
        return scrapy.Request(
            ENDPOINT,
            method="POST",
            body=urlencode({**parameters, "api_key": self.key}),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            meta={"download_maxsize": MAX_PAGE_BYTES, "reading": str(reading)},
        )

    async def parse_page(
        self, response: Response, query: Query, page: int, taken: int
    ) -> AsyncIterator[CarImage | scrapy.Request]:
        """Ask again a little later if Flickr is not available; else go on as every source."""
        # Error statuses have been retried before they come here.
        if response.status == 200 and response.request and is_temporary(response.body):
            again = get_retry_request(response.request, spider=self, reason="flickr unavailable")
            if again:
                await asyncio.sleep(self.settings.getfloat("FLICKR_RETRY_DELAY", 30))
                yield again
                return
        async for result in super().parse_page(response, query, page, taken):
            yield result

    def read_page(self, response: Response) -> Answer:
        """Read one answer."""
        return read_page(
            response.body,
            Reading.parse(response.meta["reading"]),
            status=response.status,
            longest_side=self.settings.getint("FLICKR_LONGEST_SIDE", 2048),
            licenses=self.licenses,
        )
