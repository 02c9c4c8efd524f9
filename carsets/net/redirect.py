"""Follows redirects as Scrapy does, but says with which outcome one ends.

Scrapy hands a redirect to ``file:`` to the caller as if it were an answer, raises an exception
without a reason after too many hops, and follows from https down to http.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from w3lib.url import safe_url_string

from carsets.net.failures import Refused
from carsets.net.requests import is_image_request
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

REDIRECTS = frozenset({301, 302, 303, 307, 308})


class GatedRedirect(RedirectMiddleware):
    """Follow a redirect of an image or a page, or end it with its own outcome."""

    def handle_referer(self, request: Request, response: Response) -> None:
        """Never tell the next host where the request came from."""
        request.headers.pop("Referer", None)

    def _engine_started(self) -> None:
        """Leave out Scrapy's search for a component that would set Referer headers."""

    def process_response(  # type: ignore[override]  # without the deprecated `spider`
        self, request: Request, response: Response
    ) -> Request | Response:
        """Return the request for the next hop, or the response if it is no redirect."""
        if response.status in REDIRECTS and is_image_request(request):
            self._require_next_hop(request, response)
        try:
            return super().process_response(request, response)
        except ValueError as error:
            raise Refused(Outcome.URL_FORBIDDEN, f"redirect: {error}") from None

    def _require_next_hop(self, request: Request, response: Response) -> None:
        location = response.headers.get("Location")
        if not location:
            return
        try:
            target = urlsplit(urljoin(request.url, safe_url_string(location)))
        except ValueError as error:
            raise Refused(Outcome.URL_FORBIDDEN, f"redirect: {error}") from None
        if target.scheme not in {"http", "https"}:
            raise Refused(Outcome.SCHEME_FORBIDDEN, f"redirect to {target.scheme}:")
        if request.url.startswith("https:") and target.scheme == "http":
            raise Refused(Outcome.URL_FORBIDDEN, "redirect from https to http")

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest:
            note = f"more than {self.max_redirect_times} redirects"
            raise Refused(Outcome.REDIRECT_LIMIT, note) from None
