"""Instagram's answers: the Graph API, pages of posts, and what a browser's page fetched."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from carsets.outcomes import QueryOutcome
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import (
    MAX_PAGE_BYTES,
    ForeignTextError,
    read_json,
    to_int,
    to_text,
)
from carsets.sources.instagram_media import find_media, is_video, read_graph_record, read_media

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from carsets.items import FoundImage

MAX_POSTS = 1000  # read of one answer; the interfaces give 50

# Codes of the Graph API, by what they mean for us.
_TOKEN_DEAD = {190, 102}
_NO_PERMISSION = {10, 3, *range(200, 300)}
_TOO_MANY = {4, 17, 32, 613}
_NO_SUCH_TAG = 24
_TAGS_USED_UP = 18
_USAGE_HEADERS = ("x-app-usage", "x-business-use-case-usage")

# Where Instagram sends those whom it does not answer, and what it says instead of an answer.
_WALLS = {
    "/accounts/login": (QueryOutcome.BLOCKED, "a login wall"),
    "/accounts/suspended": (QueryOutcome.BLOCKED, "the account is suspended"),
    "/challenge": (QueryOutcome.CAPTCHA, "a checkpoint that wants a human"),
}
_REFUSALS = {
    "checkpoint_required": (QueryOutcome.CAPTCHA, "a checkpoint that wants a human"),
    "challenge_required": (QueryOutcome.CAPTCHA, "a challenge that wants a human"),
    "feedback_required": (QueryOutcome.BLOCKED, "Instagram takes this for automatic use"),
    "login_required": (QueryOutcome.BLOCKED, "a login is wanted"),
    "Please wait a few minutes": (QueryOutcome.QUOTA, "too many questions"),
}
_SCRIPT = re.compile(r"<script\b[^<>]{0,500}\btype=[\"']application/json[\"'][^<>]{0,500}>")


def read_hashtag(body: bytes, *, status: int = 200) -> Answer:
    """Read what ``ig_hashtag_search`` answers: ``next`` is the tag's number, there is no image."""
    answer = _graph_answer(body, status)
    if isinstance(answer, Answer):
        return answer
    data = answer["data"]
    if not data:
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="no such hashtag")
    number = to_text(data[0].get("id"), 100)
    if not number.isdecimal():
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note="a hashtag without a number")
    return Answer(outcome=QueryOutcome.RESULTS, next=f"{number},", note="the hashtag is known")


def read_graph(body: bytes, hashtag: str, *, status: int = 200) -> Answer:
    """Read a page of posts of the hashtag with this number; ``next`` is ``number,after``.

    ``after`` is the same on every page: the end shows in a missing ``next`` or in no data.
    """
    answer = _graph_answer(body, status)
    if isinstance(answer, Answer):
        return answer
    records = answer["data"][:MAX_POSTS]
    if not records:
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="no more posts")
    images = [image for record in records for image in read_graph_record(record)]
    paging = answer.get("paging") or {}
    # ``next`` is an address with the token in it: it is looked at, and never used.
    after = to_text((paging.get("cursors") or {}).get("after"), 2000) if paging.get("next") else ""
    if not images and not any("media_type" in record for record in records):
        note = f"{len(records)} records, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    following = f"{hashtag},{after}" if after else None
    return Answer(outcome=QueryOutcome.RESULTS, images=images, next=following)


def _graph_answer(body: bytes, status: int) -> dict[str, Any] | Answer:
    try:
        answer = read_json(body)
        if not isinstance(answer, dict):
            raise ForeignTextError("JSON, but no object")
    except ForeignTextError as error:
        outcome = QueryOutcome.HTTP_ERROR if status != 200 else QueryOutcome.FORMAT_CHANGED
        return Answer(outcome=outcome, note=f"HTTP {status}: {error}")
    failure = answer.get("error")
    if isinstance(failure, dict):
        return graph_error(failure, status)
    if status != 200:
        return Answer(outcome=QueryOutcome.HTTP_ERROR, note=f"HTTP {status}")
    data = answer.get("data")
    if not isinstance(data, list) or not all(isinstance(record, dict) for record in data):
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note="no list of data")
    return answer


def graph_error(error: Mapping[str, Any], status: int) -> Answer:
    """Name an error of the Graph API."""
    code = to_int(error.get("code")) or 0
    note = f"HTTP {status}, code {code}: {to_text(error.get('message'), 300)}"
    if code in _TOKEN_DEAD:
        return Answer(outcome=QueryOutcome.BLOCKED, note=f"the token is not valid: {note}")
    if code in _NO_PERMISSION:
        return Answer(outcome=QueryOutcome.BLOCKED, note=f"no permission: {note}")
    if code == _TAGS_USED_UP:
        return Answer(outcome=QueryOutcome.QUOTA, note=f"30 hashtags in 7 days: {note}")
    if code in _TOO_MANY or status == 429:
        return Answer(outcome=QueryOutcome.QUOTA, note=note)
    if code == _NO_SUCH_TAG:
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="no such hashtag")
    return Answer(outcome=QueryOutcome.HTTP_ERROR, note=note)


def usage(headers: Mapping[str, str]) -> int:
    """Return how much of the allowance is used, in percent; 0 when the answer does not say.

    ``headers`` have lower-case names.
    """
    highest = 0
    for name in _USAGE_HEADERS:
        try:
            told = read_json(headers.get(name, ""))
        except ForeignTextError:
            continue
        waiting = [told]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                numbers = (value.get(n) for n in ("call_count", "total_time", "total_cputime"))
                highest = max([highest, *(to_int(number) or 0 for number in numbers)])
                waiting.extend(value.values())
            elif isinstance(value, list):
                waiting.extend(value)
    return highest


def read_page(html: str, *, url: str = "", status: int = 200) -> Answer:
    """Read the page of a post or a profile, as those who are not logged in get it."""
    refusal = wall(url, status, html if len(html) < 4096 else "")
    if refusal:
        return refusal
    data = [result for answer in embedded_json(html) for result in _results(answer)]
    posts = _posts(data)
    if images := _images(posts):
        return Answer(outcome=QueryOutcome.RESULTS, images=images)
    if any(_is_gated(result) for result in data):
        return Answer(outcome=QueryOutcome.BLOCKED, note="shown only to those who are logged in")
    if posts and all(is_video(post) for post in posts):
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="videos only")
    marks = sum(html.count(mark) for mark in ("image_versions2", "display_url", "xig_polaris"))
    if marks:
        note = "a post without a picture, or one that cannot be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    return Answer(outcome=QueryOutcome.BLOCKED, note="a page without data that does not say why")


def wall(url: str, status: int, text: str) -> Answer | None:
    """Name the answer that stands where posts should be; None when there is none."""
    path = urlsplit(url).path
    for prefix, (outcome, note) in _WALLS.items():
        if path.startswith(prefix):
            return Answer(outcome=outcome, note=note)
    for words, (outcome, note) in _REFUSALS.items():
        if words in text:
            return Answer(outcome=outcome, note=f"HTTP {status}: {note}")
    if status == 429:
        return Answer(outcome=QueryOutcome.QUOTA, note="HTTP 429: too many questions")
    if status in {401, 403}:
        return Answer(outcome=QueryOutcome.BLOCKED, note=f"HTTP {status}")
    if status in {404, 410}:
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="there is no such page any more")
    if status != 200:
        return Answer(outcome=QueryOutcome.HTTP_ERROR, note=f"HTTP {status}")
    return None


def read_traffic(body: bytes) -> Answer:
    """Read what a browser's page fetched: ``{"url", "status", "answers": [{…, "text"}]}``."""
    caught = read_json(body)
    refusal = wall(caught["url"], caught["status"], "")
    if refusal:
        return refusal
    answers = []
    for answer in caught["answers"]:
        refusal = refusal or wall(answer["url"], answer["status"], answer["text"][:4096])
        answers.append(_maybe(answer["text"]))
    posts = _posts(answers)
    if images := _images(posts):
        # What came before a refusal is taken; the next question would be one too many.
        note = refusal.note if refusal else ""
        return Answer(outcome=QueryOutcome.RESULTS, images=images, note=note)
    if refusal:
        return refusal
    if posts and not all(is_video(post) for post in posts):
        note = f"{len(posts)} posts, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    if posts or any(_is_grid(answer) for answer in answers):
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="a grid without pictures")
    if answers and all(answer is None for answer in answers):
        return Answer(outcome=QueryOutcome.BLOCKED, note="pages where data should be")
    return Answer(outcome=QueryOutcome.BLOCKED, note="a page without posts that does not say why")


def _is_grid(answer: Any) -> bool:
    return isinstance(answer, dict) and ("media_grid" in answer or "sections" in answer)


def _maybe(text: str) -> Any:
    try:
        return read_json(text)
    except ForeignTextError:
        return None


def embedded_json(html: str) -> Iterator[Any]:
    """Yield the JSON that stands in the scripts of a page; what is none is passed over."""
    html = html[:MAX_PAGE_BYTES]
    place = 0
    while opening := _SCRIPT.search(html, place):
        end = html.find("</script", opening.end())
        if end < 0:
            return
        place = end
        answer = _maybe(html[opening.end() : end])
        if answer is not None:
            yield answer


def _results(answer: Any) -> Iterator[Any]:
    """Yield every ``__bbox.result.data`` in a parsed script."""
    waiting = [answer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            box = value.get("__bbox")
            result = box.get("result") if isinstance(box, dict) else None
            if isinstance(result, dict) and "data" in result:
                yield result["data"]
                continue
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list):
            waiting.extend(reversed(value))


def _is_gated(data: Any) -> bool:
    media = data.get("xig_polaris_media") if isinstance(data, dict) else None
    return isinstance(media, dict) and media.get("if_not_gated_logged_out", "") is None


def _posts(answers: Any) -> list[Mapping[str, Any]]:
    return list(islice(find_media(answers), MAX_POSTS))


def _images(posts: Iterable[Mapping[str, Any]]) -> list[FoundImage]:
    """Return the pictures of posts, each once: a page repeats some of what it holds."""
    images = [image for post in posts for image in read_media(post)]
    return list({image.source_id or image.image_url: image for image in images}.values())
