"""Baidu's image search as the built-in web speaks it: the page that sets cookies, the JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from carsets.fakeweb.engine_page import Asked, Page, index, shown
from carsets.fakeweb.facts import dice

LAST = 1000
_TURN = 0.66  # Baidu has an index of its own
_JSON = "text/html"  # what Baidu says that its JSON is
_LETTERS = str.maketrans("7dgjmoru140852vsnkheb963wtqplifca", "0123456789abcdefghijklmnopqrstuvw")

CAPTCHA = Page(
    '<html lang="zh-CN"><head><title>百度安全验证</title></head><body>'
    '<div class="passMod_dialog-wrapper passMod_show"><p>百度安全验证</p></div></body></html>'
)
BLOCKED = Page('{"antiFlag":1,"message":"Forbid spider access"}', _JSON)


def search_answer(asked: Asked) -> Page:
    """Return the first page, which sets the cookies, or the JSON, which wants them."""
    if asked.path == "/":
        cookie = "BAIDUID=0123456789ABCDEF0123456789ABCDEF:FG=1; Path=/; Domain=baidu.com"
        page = "<!DOCTYPE html><html><head><title>百度图片</title></head><body></body></html>"
        return Page(page, headers={"Set-Cookie": cookie})
    if asked.path != "/search/acjson":
        return Page("", status=404)
    if "BAIDUID" not in asked.cookies or not asked.headers.get("referer"):
        return BLOCKED
    words = asked.parameters.get("word", "")
    numbers = index(words, asked.per_combination, _TURN)[:LAST]
    first, count = asked.number("pn", 0), min(asked.number("rn", 30), 60)
    records = [_record(n, at) for at, n in enumerate(numbers[first : first + count], first)]
    return _answer(words, records, len(numbers))


def no_results(asked: Asked) -> Page:
    """Return an answer without results."""
    return search_answer(asked) if asked.path == "/" else _answer("", [], 0)


def changed_format(asked: Asked) -> Page:
    """Return the same results under names that nobody has seen before."""
    page = search_answer(asked)
    text = page.text
    for name in ("replaceUrl", "objURL", "hoverURL", "middleURL", "thumbURL"):
        text = text.replace(f'"{name}"', f'"{name}2"')
    return Page(text, page.kind, page.status, page.headers)


def encoded(address: str) -> str:
    """Return an address as Baidu writes it."""
    # Letters first: what stands for the marks holds letters too.
    written = address.translate(_LETTERS)
    for mark, group in ((":", "_z2C$q"), (".", "_z&e3B"), ("/", "AzdH3F")):
        written = written.replace(mark, group)
    return written


def _answer(words: str, records: list[dict[str, Any]], reachable: int) -> Page:
    shown_number = reachable * 37
    answer = {
        "queryEnc": quote(words),
        "queryExt": words,
        "listNum": reachable,
        "displayNum": shown_number,
        "gsm": "1e",
        "bdFmtDispNum": f"约{shown_number:,}",
        "bdSearchTime": "",
        "isNeedAsyncRequest": 0,
        "bdIsClustered": "1",
        "data": [*records, {}],
    }
    # No JSON: an apostrophe that is escaped, and a tab as it is.
    text = json.dumps(answer, ensure_ascii=False).replace("'", "\\'").replace("\\t", "\t")
    return Page(text, _JSON)


def _record(number: int, place: int) -> dict[str, Any]:
    image = shown(number)
    small = f"https://img{number % 3}.baidu.com/it/u={number},1&fm=26&gp=0.jpg"
    record: dict[str, Any] = {
        "adType": "0",
        "thumbURL": small,
        "middleURL": small,
        "hoverURL": small,
        "largeTnImageUrl": "",
        "hasLarge": 0,
        "pageNum": place,
        "objURL": encoded(image.url),
        "fromURL": encoded(image.page),
        "fromURLHost": image.host,
        "width": image.width,
        "height": image.height,
        "type": "jpeg",
        "is_gif": 0,
        "isCopyright": 0,
        "filesize": "",
        "di": str(number),
        "bdImgnewsDate": "2018-01-27 22:20",
        "fromPageTitle": f"<strong>{image.title}</strong>\tdriver's view",
        "fromPageTitleEnc": f"{image.title} driver's view",
        "simid": f"{number},1",
    }
    how = dice(number, "replaced by baidu")
    if how < 0.8:  # of a few results only the encoded address is known
        copy = small if how < 0.1 else image.url
        names = {"ObjURL": copy, "ObjUrl": copy, "FromURL": image.page, "FromUrl": image.page}
        record["replaceUrl"] = [names]
    return record
