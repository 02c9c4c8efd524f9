"""Google's image results as the built-in web shows them to a browser, and what stands before them.

Tiles come first, the originals stand in scripts; scrolling fetches the next tiles.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlsplit

from carsets.fakeweb.addresses import image_url, page_url, size_of
from carsets.fakeweb.corpus import Results
from carsets.fakeweb.facts import Facts, dice, facts
from carsets.fakeweb.wording import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST, MORE = 20, 10  # tiles at once, and for each scroll
LAST = 100

NO_RESULTS = (
    '<div id="search"><p>Your search - <em>{words}</em> - did not match any image results.'
    "</p></div>"
)
CAPTCHA = (
    '<html><body onload="document.getElementById(\'captcha\')"><form id="captcha-form" '
    'action="index" method="post"><div id="recaptcha" class="g-recaptcha" '
    'data-sitekey="6LfExample" data-s="x"></div></form><div><b>About this page</b><br>Our systems '
    "have detected unusual traffic from your computer network.</div></body></html>"
)
CONSENT = (
    "<html><head><title>Before you continue to Google Search</title></head><body><h1>Before you "
    'continue to Google</h1><form action="https://consent.google.com/save" method="POST">'
    "<button>Reject all</button><button>Accept all</button></form></body></html>"
)
SCRIPT_WALL = (
    "<html><head><title>Google Search</title></head><body><noscript><iframe "
    'src="/httpservice/retry/enablejs?sei=abc123"></iframe>Click here</noscript>'
    '<div id="main"></div><p>If you\'re having trouble accessing Google Search, please click '
    '<a href="/search?emsg=SG_REL">here</a></p></body></html>'
)
_SCROLLING = """<script nonce="x">(function(){let busy=false,at=%d;
addEventListener("scroll",async()=>{if(busy)return;busy=true;
const r=await fetch("/search?q=%s&udm=2&async=1&start="+at);at+=%d;
document.getElementById("rso").insertAdjacentHTML("beforeend",await r.text());busy=false;});
})();</script>"""


def search_answer(parameters: Mapping[str, str], per_combination: int) -> str:
    """Return the HTML of ``/search?udm=2``: the page, or (``async=1``) more tiles."""
    words = parameters.get("q", "")
    results = Results("bing", words, per_combination)  # the pictures that other engines find too
    total = min(len(results), LAST)
    if parameters.get("async"):
        start = int(parameters.get("start", "0"))
        return _tiles([facts(results[rank]) for rank in range(start, min(start + MORE, total))])
    if not total:
        return _page(words, NO_RESULTS.format(words=escape(words)))
    tiles = _tiles([facts(results[rank]) for rank in range(min(FIRST, total))])
    scrolling = _SCROLLING % (FIRST, quote_plus(words), MORE)
    content = f'<div id="search"><div id="rso">{tiles}</div></div>'
    return _page(words, f'{content}<div style="height:4000px"></div>{scrolling}')


def changed_format(parameters: Mapping[str, str], per_combination: int) -> str:
    """Return tiles whose originals stand in a way that nobody has seen before."""
    results = Results("bing", parameters.get("q", ""), per_combination)
    shown = [facts(number) for number in list(results)[:FIRST]]
    tiles = "".join(_tile(image) for image in shown)
    return _page(parameters.get("q", ""), f'<div id="search">{tiles}</div>')


def _page(words: str, content: str) -> str:
    return (
        '<!DOCTYPE html><html itemscope="" lang="en"><head><meta charset="UTF-8"><title>'
        f"{escape(words)} - Google Search</title></head><body><noscript><div>"
        'Please click <a href="/httpservice/retry/enablejs?sei=x">here</a></div></noscript>'
        f"{content}</body></html>"
    )


def _docid(image: Facts) -> str:
    digest = hashlib.blake2b(f"google {image.number}".encode(), digest_size=9).digest()
    return base64.urlsafe_b64encode(digest).decode() + "MM"


def _tiles(images: list[Facts]) -> str:
    tiles = "".join(_tile(image) for image in images)
    module = {f"BX{place}": [1, _list(image)] for place, image in enumerate(images)}
    # As Google writes them: no bare "=", "&" and "<" inside a script.
    text = json.dumps(module, separators=(",", ":"), ensure_ascii=False)
    for character in "=&<>":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f'{tiles}<script nonce="x">(function(){{var m={text};}})();</script>'


def _tile(image: Facts) -> str:
    docid, page = _docid(image), escape(page_url(image))
    title = escape(wording(image).title)
    return (
        f'<div jsname="dTDiAc" class="eA0Zlc ivg-i" jsdata="j0Opre;{docid};BX" '
        f'data-attrid="images universal" data-docid="{docid}" data-lpage="{page}">'
        f'<img alt="{title}" id="dimg_{image.number}" src="data:image/gif;base64,R0lGODlhAQABAIAAAP'
        '///////yH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==" data-deferred="1">'
        f'<a href="{page}"><div>{title}</div></a></div>'
    )


def _list(image: Facts) -> list[Any]:
    about, (width, height) = wording(image), size_of(image)
    page = page_url(image)
    host = urlsplit(page).hostname
    credited = dice(image.number, "iptc") < 0.1
    rights = [about.author, [about.author], None, f"(c) {about.author}"] if credited else None
    more = {
        "2000": [None, host, "315KB"],
        "2003": [
            *(None, _docid(image)[::-1], page, about.title, None, 0, None, None, None, 0),
            *(None, None, "Car pictures", None, None, None, None, host, rights),
        ],
        "2008": [None, about.title],
    }
    thumbnail = f"https://encrypted-tbn0.gstatic.com/images?q=tbn:{quote(_docid(image))}&s"
    return [
        *(0, _docid(image), [thumbnail, 156, 208], [image_url(image), height, width]),
        *(None, 0, "rgb(120,24,24)", None, 0, more),
    ]
