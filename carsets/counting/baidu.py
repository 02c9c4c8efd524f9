"""Baidu's image search: a rough total beside the first images. It wants its own cookies first."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from carsets.counting.engine import Came, Engine, Question, Told
from carsets.counting.result_totals import read_total
from carsets.outcomes import QueryOutcome
from carsets.sources.foreign_text import ForeignTextError, read_json, to_int, to_text

if TYPE_CHECKING:
    from carsets.counting.engine import Place

HOME = "https://image.baidu.com/"
ENDPOINT = f"{HOME}search/acjson"


def ask(text: str, place: Place) -> Question:
    """Ask for as few images as Baidu gives at a time."""
    parameters = {
        "tn": "resultjson_com",
        "ipn": "rj",
        "fp": "result",
        "ie": "utf-8",
        "oe": "utf-8",
        "cl": 2,
        "word": text,
        "queryWord": text,
        "pn": 0,
        "rn": 10,
    }
    return Question(url=f"{ENDPOINT}?{urlencode(parameters)}", headers={"Referer": HOME})


def read(came: Came) -> Told:
    """Read ``displayNum``, or the text ``bdFmtDispNum`` where it is missing."""
    page = came.text
    if "wappass.baidu.com" in urlsplit(came.url).netloc or "百度安全验证" in page:
        return Told(outcome=QueryOutcome.CAPTCHA, note="sent to a captcha")
    if came.status != 200:
        return Told.error(came.status)
    try:
        # Baidu escapes apostrophes, which JSON does not know.
        answer = read_json(page.replace("\\'", "'"))
        if answer.get("antiFlag"):
            note = to_text(answer.get("message"), 300)
            return Told(outcome=QueryOutcome.BLOCKED, note=f"antiFlag: {note}")
        if "data" not in answer:
            raise ForeignTextError("this is no answer of the search")
    except (ForeignTextError, TypeError, AttributeError) as error:
        return Told(outcome=QueryOutcome.FORMAT_CHANGED, note=str(error))
    total, raw = to_int(answer.get("displayNum")), to_text(answer.get("bdFmtDispNum"), 100)
    return Told.answer(read_total(raw) if total is None else total, raw or str(total))


BAIDU = Engine(
    name="baidu", ask=ask, read=read, requests_per_minute=20, opening=HOME, language="zh"
)
