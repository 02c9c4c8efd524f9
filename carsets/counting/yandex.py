"""Yandex's web search: the title of the page tells a rounded total, in Russian."""

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

ENDPOINT = "https://yandex.ru/search/"
# The family filter at its strictest, until 2038, in the form of Yandex's own settings page.
FAMILY_FILTER = "yp=2147483647.sp.family%3A2"

_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,2000})</title>")
_CAPTCHA = re.compile(r'action="/checkcaptcha|class="[^"<>]{0,100}CheckboxCaptcha')
# After the words that were asked for, which may hold numbers of their own (Peugeot 206).
_STATEMENT = re.compile(r".*[—–-]\s*(?:Яндекс|Yandex)\s*(?::\s*(.*))?\Z", re.DOTALL)


def ask(text: str, place: Place) -> Question:
    """Ask for the first page, as it was typed: no other word is put in its place."""
    parameters = {"text": text, "noreask": 1}
    return Question(url=f"{ENDPOINT}?{urlencode(parameters)}", headers={"Cookie": FAMILY_FILTER})


def read(came: Came) -> Told:
    """Read the title, once nothing speaks for a block."""
    page = came.text
    sent = "/showcaptcha" in urlsplit(came.url).path
    if sent or came.headers.get("x-yandex-captcha") or _CAPTCHA.search(page):
        return Told(outcome=QueryOutcome.CAPTCHA, note="Yandex wants a human")
    if came.status != 200:
        return Told.error(came.status)
    title = _TITLE.search(page)
    statement = _STATEMENT.match(without_markup(title[1])) if title else None
    if statement is None:
        return Told(outcome=QueryOutcome.BLOCKED, note="a page that is no page of results")
    raw = statement[1] or ""
    return Told.answer(read_total(raw), raw, "" if raw else "a title without a total")


YANDEX = Engine(name="yandex", ask=ask, read=read, requests_per_minute=6, language="ru")
