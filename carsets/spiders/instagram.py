"""Instagram: posts under hashtags, posts and profiles, and what the user has as files.

Terms:      https://developers.facebook.com/terms (graph); https://help.instagram.com/581066165581870
            (everything else: only with -a accept_terms=yes, which is yours to decide). Meta lists
            campaigns, sentiment, contests and support as uses of hashtag search; building training
            sets is not among them
Licenses:   none: the pictures belong to those who posted them, so every one is ``unknown`` and for
            no publication; names of users are not kept
Needs:      mode=graph (the default): INSTAGRAM_TOKEN and INSTAGRAM_USER_ID of a business account
            with "Instagram Public Content Access"; mode=page: -a posts=; mode=playwright: a browser
            and -a storage_state=; mode=files: -a path=
Limits:     graph: 30 different hashtags in 7 days, 200 questions an hour; logged out: a post, or
            the first ones of a profile
"""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast
from urllib.parse import quote, urlencode, urlsplit

import scrapy

from carsets.net.browser import shown, use_browser
from carsets.net.page_traffic import PageTraffic
from carsets.net.secret_parameters import secret_parameters, without_secrets
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import MAX_PAGE_BYTES, ForeignTextError
from carsets.sources.hashtag_budget import DAYS, MOST, HashtagBudget
from carsets.sources.instagram_answers import read_graph, read_hashtag, read_traffic, usage
from carsets.sources.instagram_answers import read_page as read_post_page
from carsets.sources.instagram_files import find_files, images_of_file
from carsets.sources.listed_queries import ListedQueries
from carsets.spiders.base import ImageSearchSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response

    from carsets.items import CarImage, FoundImage
    from carsets.net.downloader import PoliteDownloader
    from carsets.queries import Plan

GRAPH, SITE = "graph.facebook.com", "www.instagram.com"
MODES = ("graph", "page", "playwright", "files")
HOSTS = (SITE, "static.cdninstagram.com")  # all that the browser may reach
PAGE_SIZE = 50
USED_ENOUGH = 90  # percent of the allowance; then it is left alone for a while
FIELDS = (
    "id,caption,media_type,media_url,permalink,timestamp,like_count,comments_count,"
    "children{id,media_type,media_url,permalink}"
)
FETCHED = ("/api/v1/", "/graphql", "/api/graphql")
# What a browser sends that opens a page; the User-Agent stays ours.
NAVIGATION = {
    "Accept": "text/html",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
}
_POST = re.compile(r"/(?:p|reel)/([\w-]{5,60})/?\Z")
_PROFILE = re.compile(r"/([\w.]{1,30})/?\Z")


def hashtag_of(text: str) -> str:
    """Return the hashtag for some words: ``red Ford Mustang`` -> ``redfordmustang``."""
    return re.sub(r"[^\w]", "", text.lower())


def hashtag_url(tag: str, *, user: str, version: str) -> str:
    """Return the address that tells the number of a hashtag, without the token."""
    parameters = urlencode({"user_id": user, "q": tag})
    return f"https://{GRAPH}/{version}/ig_hashtag_search?{parameters}"


def posts_url(number: str, *, user: str, version: str, edge: str = "top", after: str = "") -> str:
    """Return the address of a page of posts under the hashtag with this number, without token."""
    parameters = {"user_id": user, "fields": FIELDS, "limit": str(PAGE_SIZE)}
    if after:
        parameters["after"] = after
    return f"https://{GRAPH}/{version}/{number}/{edge}_media?{urlencode(parameters, safe=',{}')}"


def address_of_post(text: str) -> str:
    """Return the address of a post or profile from its address or code; "" for what is neither."""
    if re.fullmatch(r"[\w-]{8,60}", text):
        return f"https://{SITE}/p/{text}/"
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return ""
    if parts.hostname not in {SITE, "instagram.com"}:
        return ""
    if post := _POST.search(parts.path):
        return f"https://{SITE}/p/{post[1]}/"
    profile = _PROFILE.match(parts.path)
    return f"https://{SITE}/{profile[1]}/" if profile else ""


class InstagramSpider(ImageSearchSpider):
    """Pictures from Instagram."""

    name = "instagram"
    arguments = ImageSearchSpider.arguments | {
        *("mode", "accept_terms", "sort", "posts", "storage_state", "path"),
    }
    page_size: ClassVar[int] = PAGE_SIZE
    requests_per_minute: ClassVar[float] = 6

    def prepare(self) -> None:
        """Read the mode, and what it needs."""
        self.mode = self.given.get("mode", "") or "graph"
        if self.mode not in MODES:
            raise UserError(f"instagram: unknown mode {self.mode!r}; it is {', '.join(MODES)}")
        if self.mode != "graph" and self.given.get("accept_terms", "").lower() != "yes":
            raise UserError(
                f"instagram: mode={self.mode} is for you to answer for: read "
                "https://help.instagram.com/581066165581870, and add -a accept_terms=yes"
            )
        self.token = ""
        if self.mode == "graph":
            self._prepare_graph()
        elif self.mode == "playwright":
            self._prepare_browser()
        super().prepare()

    def make_plan(self) -> Plan | ListedQueries:
        """Return what is to be asked: hashtags for words, or what the user has listed."""
        if self.mode == "page":
            return ListedQueries.of(tuple(self._listed_posts()), self.given)
        if self.mode == "files":
            self.root = Path(self.given.get("path", "")).expanduser()
            if not self.given.get("path") or not self.root.exists():
                raise UserError("instagram: mode=files needs -a path= with your files")
            names = find_files(self.root)
            return ListedQueries.of(tuple(Query(text=name) for name in names), self.given)
        return super().make_plan()

    def _prepare_graph(self) -> None:
        self.token = os.environ.get("INSTAGRAM_TOKEN", "").strip()
        self.user = os.environ.get("INSTAGRAM_USER_ID", "").strip()
        if not self.token or not self.user.isdecimal():
            raise UserError(
                "instagram needs the token and the number of a business account in the "
                "environment variables INSTAGRAM_TOKEN and INSTAGRAM_USER_ID (see "
                "https://developers.facebook.com/docs/instagram-platform), or another -a mode="
            )
        self.edge = self.given.get("sort", "") or "top"
        if self.edge not in {"top", "recent"}:
            raise UserError(f"instagram: sort={self.edge}: it is top, or recent (of 24 hours)")
        path = self.state_of_crawl.places.data_dir / "instagram_hashtags.json"
        self.budget = HashtagBudget(path, self.user)

    def _prepare_browser(self) -> None:
        state = self.given.get("storage_state", "")
        if not state:
            raise UserError(
                "instagram: mode=playwright needs your own session, -a storage_state=FILE; "
                f"`playwright open --save-storage=FILE https://{SITE}/` writes one"
            )
        use_browser(self.settings, HOSTS, state)

    def _listed_posts(self) -> Iterator[Query]:
        given = self.given.get("posts", "").strip()
        if not given:
            raise UserError("instagram: mode=page needs -a posts=, addresses or a file of them")
        file = Path(given).expanduser()
        try:
            words = file.read_text(encoding="utf-8").split() if file.is_file() else given.split(",")
        except (OSError, UnicodeError) as error:
            raise UserError(f"instagram: posts={given}: {error}") from None
        for word in filter(None, map(str.strip, words)):
            address = address_of_post(word)
            if not address:
                raise UserError(f"instagram: {word[:100]!r} is no post and no profile")
            yield Query(text=address)

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Ask for a page, in the way of the mode; the token goes into the address on the wire."""
        if self.mode == "files":
            return scrapy.Request("data:,0", meta={"file": query.text})
        if self.mode == "page":
            meta = {"download_maxsize": MAX_PAGE_BYTES, "dont_retry": True}
            return scrapy.Request(query.text, headers=NAVIGATION, meta=meta)
        tag = hashtag_of(query.text)
        if self.mode == "playwright":
            seconds = self.settings.getfloat("BROWSER_TIMEOUT", 30.0)
            scrolls = self.settings.getint("INSTAGRAM_SCROLLS", 5)
            traffic = PageTraffic(SITE, FETCHED, scrolls=scrolls, seconds=seconds)
            return scrapy.Request(f"https://{SITE}/explore/tags/{quote(tag)}/", meta=shown(traffic))
        version = self.settings.get("INSTAGRAM_GRAPH_VERSION", "v25.0")
        number, _, after = str(cursor or "").partition(",")
        if number:
            url = posts_url(number, user=self.user, version=version, edge=self.edge, after=after)
        else:
            free_at = self.budget.spend(tag, time.time())
            if free_at:
                return scrapy.Request("data:,0", meta={"free_at": free_at})
            url = hashtag_url(tag, user=self.user, version=version)
        secret = secret_parameters(GRAPH, {"access_token": self.token})
        return scrapy.Request(url, meta={"download_maxsize": MAX_PAGE_BYTES, **secret})

    def read_page(self, response: Response) -> Answer:
        """Read one answer of the mode's kind."""
        if self.mode == "files":
            return self._read_file(response.meta["file"])
        if self.mode == "page":
            html = response.body.decode("utf-8", "replace")
            return read_post_page(html, url=response.url, status=response.status)
        if self.mode == "playwright":
            return read_traffic(response.body)
        if free_at := response.meta.get("free_at"):
            day = datetime.fromtimestamp(free_at, UTC)
            note = f"{MOST} hashtags in {DAYS} days: the next one from {day:%Y-%m-%d %H:%M} UTC on"
            return Answer(outcome=QueryOutcome.QUOTA, note=note)
        path = urlsplit(response.url).path.split("/")
        if path[-1] == "ig_hashtag_search":
            return read_hashtag(response.body, status=response.status)
        return read_graph(response.body, path[2], status=response.status)

    def _read_file(self, name: str) -> Answer:
        try:
            images = images_of_file(self.root, name)
        except (ForeignTextError, OSError) as error:
            return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=f"{name}: {error}")
        if not images:
            return Answer(outcome=QueryOutcome.NO_RESULTS, note="a file without pictures")
        return Answer(outcome=QueryOutcome.RESULTS, images=images)

    async def parse_page(
        self, response: Response, query: Query, page: int, taken: int
    ) -> AsyncIterator[CarImage | scrapy.Request]:
        """Take the token out of what may be saved, go on as every source, and mind the allowance.

        Error answers and ``paging.next`` repeat the token.
        """
        response = without_secrets(response, self.token)
        headers = {
            name.decode("latin-1").lower(): values[0].decode("latin-1")
            for name, values in response.headers.items()
        }
        if self.mode == "graph" and usage(headers) >= USED_ENOUGH:
            seconds = self.settings.getfloat("INSTAGRAM_BACKOFF", 900.0)
            self.logger.info("instagram: the allowance is nearly used: %.0f s of rest", seconds)
            cast("PoliteDownloader", self.crawler.engine.downloader).pause(GRAPH, seconds)
        async for result in super().parse_page(response, query, page, taken):
            yield result

    def car_image(self, found: FoundImage, query: Query, page: int, rank: int) -> CarImage:
        """Return the item; pictures that lie beside their posts are read from there."""
        image = super().car_image(found, query, page, rank)
        if self.mode == "files" and "://" not in found.image_url:
            folder = self.root.parent if self.root.is_file() else self.root
            image.local_path = str((folder / found.image_url).absolute())
        return image
