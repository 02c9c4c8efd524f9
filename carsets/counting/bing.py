"""Bing's web search: the line above the results, which is often missing.

Its image search tells no total.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from carsets.counting.engine import Came, Engine, Question, Told
from carsets.counting.result_totals import read_total
from carsets.outcomes import QueryOutcome
from carsets.sources.foreign_text import without_markup

if TYPE_CHECKING:
    from carsets.counting.engine import Place

ENDPOINT = "https://www.bing.com/search"

# The bounds keep hostile pages from costing more than one look at each character.
_COUNT = re.compile(r'<span[^<>]{0,100}class="sb_count"[^<>]{0,200}>(.{0,300}?)</span>', re.DOTALL)
_NOTHING = re.compile(r'<li[^<>]{0,100}class="b_no["\s]')
_RESULT = re.compile(r'<li[^<>]{0,100}class="b_algo["\s]')
_CAPTCHA = re.compile(
    r"Please solve the challenge below to continue|challenges\.cloudflare\.com/turnstile"
    r'|id="b_captcha"|<div[^<>]{0,100}class="captcha["\s]'
)


def ask(text: str, place: Place) -> Question:
    """Ask for the first page. Safe search is strict, always."""
    parameters = {"q": text, "adlt": "strict", "cc": place.country, "setlang": place.language}
    return Question(url=f"{ENDPOINT}?{urlencode(parameters)}")


def read(came: Came) -> Told:
    """Read ``span.sb_count``, once nothing speaks for a block."""
    page = came.text
    if "/turing/captcha/" in urlsplit(came.url).path or _CAPTCHA.search(page):
        return Told(outcome=QueryOutcome.CAPTCHA, note="a captcha in the page")
    if came.status != 200:
        return Told.error(came.status)
    if count := _COUNT.search(page):
        raw = without_markup(count[1])
        return Told.answer(read_total(raw), raw)
    if _RESULT.search(page):
        return Told.answer(None, note="results, and no line that counts them")
    if _NOTHING.search(page):
        return Told.answer(0, note="Bing says that there are none")
    return Told(outcome=QueryOutcome.BLOCKED, note="a page without results that does not say why")


BING = Engine(name="bing", ask=ask, read=read, requests_per_minute=30)
