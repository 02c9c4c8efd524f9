"""Bing's image search as the built-in web speaks it: the fragment, the page, and what blocks."""

from __future__ import annotations

import hashlib
import json
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlsplit

from carsets.fakeweb.addresses import image_url, page_url, size_of
from carsets.fakeweb.corpus import Results
from carsets.fakeweb.facts import Facts, dice, facts
from carsets.fakeweb.wording import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE_SIZE = 35
FILLER_FROM = 140  # results from this rank on have little to do with the words
LAST = 350  # the engine shows no more than this
_CLUSTERS = 4  # tiles of a page that lead to other searches

NO_RESULTS = (
    '<div class="dg_b" role="main"><ol id="b_results"><li class="b_no"><h1>There are no results '
    "for <strong>{words}</strong></h1><ul><li><span>Check your spelling or try different "
    "keywords</span></li></ul></li></ol></div>"
)
CAPTCHA = (
    '<html><head><title>Bing</title></head><body><div class="captcha" id="b_captcha">'
    "<p>Please solve the challenge below to continue</p>"
    '<iframe src="https://challenges.cloudflare.com/turnstile/v0/api.html"></iframe>'
    "</div></body></html>"
)


def search_answer(path: str, parameters: Mapping[str, str], per_combination: int) -> str:
    """Return the HTML of ``/images/async`` (a fragment) or ``/images/search`` (a whole page)."""
    words = parameters.get("q", "")
    first = _first(parameters)
    results = Results("bing", words, per_combination)
    total = min(len(results), LAST)
    if total == 0:
        return _page(path, words, NO_RESULTS.format(words=escape(words)))
    # Beyond the end the engine repeats its last page, and says with an empty address that it is.
    start = min(first - 1, (total - 1) // PAGE_SIZE * PAGE_SIZE)
    ranks = range(start, min(start + PAGE_SIZE, total))
    tiles = [
        _tile(facts(results[rank] if rank < FILLER_FROM else results.filler(rank)), words, place)
        for place, rank in enumerate(ranks)
    ]
    tiles += [_cluster_tile(words, place) for place in range(len(tiles), len(tiles) + _CLUSTERS)]
    following = first + PAGE_SIZE
    address = _next_url(words, following) if following <= total else ""
    return _page(path, words, _control(tiles, address))


def changed_format(path: str, parameters: Mapping[str, str], per_combination: int) -> str:
    """Return the same results in a markup that nobody has seen before."""
    results = Results("bing", parameters.get("q", ""), per_combination)
    tiles = "".join(
        f'<div class="newtile" data-source="{escape(image_url(facts(number)))}">'
        f'<img class="mimg" src="{escape(_thumbnail(facts(number)))}"/></div>'
        for number in list(results)[:PAGE_SIZE]
    )
    return _page(path, parameters.get("q", ""), f'<div class="grid3">{tiles}</div>')


def _first(parameters: Mapping[str, str]) -> int:
    text = parameters.get("first", "1")
    return max(1, int(text)) if text.isdigit() else 1


def _next_url(words: str, first: int) -> str:
    return (
        f"/images/async?q={quote_plus(words)}&first={first}&count={PAGE_SIZE}&relp={PAGE_SIZE}"
        f"&datsrc=I&layout=RowBased&mmasync=1&dgState=x*0_y*0_h*0_c*1_i*{first}_r*8"
    )


def _page(path: str, words: str, content: str) -> str:
    if path.endswith("/async"):
        return content
    return (
        '<!DOCTYPE html><html dir="ltr" lang="en" xml:lang="en"><head><title>'
        f'{escape(words)} - Search Images</title></head><body><div id="vm_c">{content}</div>'
        "</body></html>"
    )


def _control(tiles: list[str], following: str) -> str:
    return (
        '<div class="dg_b" role="main"><div id="mmComponent_images_1" class="dgControl hover" '
        f'data-nextUrl="{escape(following)}" data-postData="" data-iid="images.6040" '
        f'data-layout="row"><ul data-row="0" class="dgControl_list ">{"".join(tiles)}</ul>'
        "</div></div>"
    )


def _hex(image: Facts, salt: str, size: int) -> str:
    return hashlib.blake2b(f"{salt} {image.number}".encode(), digest_size=size).hexdigest()


def thumbnail_id(image: Facts) -> str:
    """Return the name of a thumbnail; the number of the image is its last part."""
    return f"{_hex(image, 'thumb', 8)}-{image.number}"


def _thumbnail(image: Facts) -> str:
    return f"https://th.bing.com/th/id/OIP.{thumbnail_id(image)}?w=197&h=148&c=7&r=0&o=7&pid=1.7"


def _tile(image: Facts, words: str, place: int) -> str:
    about = wording(image)
    url, page = image_url(image), page_url(image)
    width, height = size_of(image)
    identity = _hex(image, "mid", 20).upper()
    name = thumbnail_id(image)
    first_word = words.split(" ")[0]
    meta = {
        "sid": "",
        "cturl": "",
        "cid": name[:8],
        "purl": page,
        "murl": url,
        "turl": f"https://ts1.mm.bing.net/th?id=OIP.{name}&pid=15.1",
        "md5": _hex(image, "md5", 16),
        "shkey": f"{_hex(image, 'key', 16)}=",
        "t": about.title,
        "mid": identity,
        "desc": f"\ue000{first_word}\ue001 {about.title}",
    }
    # The engine has no full-size copy of its own of a few images.
    copy = f"https://th.bing.com/th/id/R.{name}?rik=x&pid=ImgRaw&r=0"
    copied = f"&cdnurl={quote(copy, safe='')}" if dice(image.number, "copied by bing") < 0.9 else ""
    href = (
        f"/images/search?view=detailV2&ccid={name[:8]}&id={identity}&thid=OIP.{name}"
        f"&mediaurl={quote(url, safe='')}{copied}"
        f"&exph={height}&expw={width}&q={quote_plus(words)}&FORM=IRPRST"
        f"&ck={_hex(image, 'ck', 16).upper()}&selectedIndex={place}&itb=0"
    )
    host = urlsplit(page).hostname or ""
    label = f"Image result for {escape(words)}"
    return (
        f'<li data-idx="{place + 1}"><div class="iuscp" data-evt="1"><div class="imgpt">'
        f'<a aria-label="{label}" role="link" class="iusc" m="{escape(json.dumps(meta))}" '
        f'href="{escape(href)}" h="ID=images,5227.1"><div class="img_cont hoff"><img class="mimg" '
        f'height="148" width="197" src="{escape(_thumbnail(image))}" alt="{label}"/></div></a>'
        f'<div class="img_info hon"><span class="nowrap">{width}&#215;{height}</span>'
        f'<div class="lnkw"><a title="{host}" target="_blank" href="{escape(page)}">{host}</a>'
        '</div></div></div><div class="infopt"><div class="infnmpt"><ul class="b_dataList"><li>'
        f'<a title="{escape(about.title)}" href="{escape(href)}">{escape(about.title[:40])}</a>'
        "</li></ul></div></div></div></li>"
    )


def _cluster_tile(words: str, place: int) -> str:
    meta = {
        "sid": "",
        "cturl": "",
        "cid": "",
        "purl": "",
        "murl": "https://photos-00.carpix.test/related.jpg",
        "turl": "",
        "md5": "",
        "shkey": "AAAA=",
    }
    return (
        f'<li data-idx="{place + 1}"><div class="iuscp"><div class="imgpt"><a class="iusc" '
        f'm="{escape(json.dumps(meta))}" href="/images/search?q={quote_plus(words)}+art">'
        "</a></div></div></li>"
    )
