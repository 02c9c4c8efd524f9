"""How many results a source says it has: a number read from a sentence, in whatever language.

A sentence without a number gives None, and so does one that can be read in two ways: what is not
known is not 0. Zero is read only where it is said ("About 0 results", "ничего не найдено").
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

from carsets.sources.foreign_text import without_markup

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 500  # characters; a sentence with a total has fewer than 100
MOST_DIGITS = 15  # no engine has more results than that

# What each word multiplies by. In the first group the comma parts thousands and the point is the
# decimal sign ("1.2 million"), in the second it is the other way round ("1,2 млн").
_POINT_SCALES = {
    **dict.fromkeys(("thousand", "k"), 10**3),
    **dict.fromkeys(("million", "millions", "m"), 10**6),
    **dict.fromkeys(("billion", "billions", "bn"), 10**9),
}
# Written without a space before what follows, and read as the first group.
_EASTERN_SCALES = {
    **dict.fromkeys("천千", 10**3),
    **dict.fromkeys("万萬만", 10**4),
    **dict.fromkeys("亿億억", 10**8),
}
_COMMA_SCALES = {
    **dict.fromkeys(("тыс", "тысяч", "тысячи", "тысяча", "тис", "tsd", "tausend"), 10**3),
    **dict.fromkeys(("tys", "mil", "mille", "duizend", "bin"), 10**3),
    **dict.fromkeys(("млн", "миллион", "миллиона", "миллионов", "mio", "millionen"), 10**6),
    **dict.fromkeys(("mln", "millones", "milhões", "milioni", "miljoen", "milyon"), 10**6),
    **dict.fromkeys(("млрд", "миллиард", "миллиарда", "миллиардов", "mrd", "mld"), 10**9),
    **dict.fromkeys(("milliarden", "milliards", "miliardi", "miljard", "milyar"), 10**9),
}
_SCALES = _POINT_SCALES | _COMMA_SCALES | _EASTERN_SCALES

# How sources say that there is nothing. Whole phrases: "no" alone says too little.
_NOTHING = re.compile(
    r"\bno results?\b|\bno images? (?:were )?found\b|\bdid not match any\b|\bnothing found\b"
    r"|\bничего не (?:найдено|нашлось)|\bkeine (?:ergebnisse|treffer)\b|\baucun résultat\b"
    r"|\bsin resultados\b|\bno se (?:han encontrado|encontraron) resultados\b"
    r"|\bnessun risultato\b|\bnenhum resultado\b|\bgeen resultaten\b|\bbrak wyników\b"
    r"|没有找到|未找到|一致する情報は見つかりませんでした|검색결과가 없습니다",
    re.IGNORECASE,
)

# What stands in brackets is the time the search took; so is a number with a unit of time.
_BRACKETS = re.compile(r"[(\[][^()\[\]]{0,80}[)\]]")
_SECONDS = re.compile(
    r"\d[\d.,]{0,9}\s?(?:milliseconds?|seconds?|secondes?|segundos?|secondi|sekunden?|seconden|"
    r"секунд[аы]?|сек|sek|sec|ms|s|с|秒|초)(?!\w)",
    re.IGNORECASE,
)

# One space parts thousands, and so do the signs of other countries (apostrophes, Arabic commas).
_TOKEN = re.compile(r"\d(?:[\d.,'’٬،·]|[ ](?=\d{3}(?!\d)))*")
_SCALE = re.compile(r"(\s?)([^\W\d_]{1,12})")


def read_total(text: str) -> int | None:
    """Return the number of results that a sentence tells; None when it tells none.

    Tags and entities may be in it. Of several numbers the largest is the total: the others are
    the places on this page ("11-20 of 108,000 results").
    """
    plain = _plain(text)
    numbers = list(_numbers(plain))
    if None in numbers:
        return None
    total = max((number for number in numbers if number is not None), default=None)
    if _NOTHING.search(plain):
        return None if total else 0
    return total


def _plain(text: str) -> str:
    """Return a sentence in ordinary digits, signs and spaces, without the time it took."""
    text = html.unescape(without_markup(text[:LONGEST]))
    text = unicodedata.normalize("NFKC", text)
    text = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
    return _SECONDS.sub(" ", _BRACKETS.sub(" ", text))


def _numbers(plain: str) -> Iterator[int | None]:
    """Yield the whole numbers of a sentence; None for one that cannot be told."""
    for token in _TOKEN.finditer(plain):
        written = token[0].rstrip(".,'’٬،·")
        scale = _scale_after(plain, token.end()) if written == token[0] else ""
        if scale:
            yield _scaled(written, scale)
        elif digits := _whole(written):
            yield int(digits)


def _scale_after(plain: str, place: int) -> str:
    """Return the word after a number that multiplies it, "" for any other word."""
    found = _SCALE.match(plain, place)
    if not found:
        return ""
    space, word = found[1], found[2].casefold()
    if word in {"k", "m"} and space:
        return ""  # "148k" is a number, "148 k" is the beginning of something else
    if word[0] in _EASTERN_SCALES:
        return word[0]
    return word if word in _SCALES else ""


def _whole(written: str) -> str:
    """Return the digits of a whole number; "" for decimals and dates, which are no totals."""
    parts = re.split(r"[^\d]", written)
    signs = set(re.findall(r"[^\d]", written))
    digits = "".join(parts)
    if len(digits) > MOST_DIGITS or len(signs) > 1:
        return ""
    first, *groups = parts
    if not groups:
        return digits
    thousands = len(first) <= 3 and all(len(group) == 3 for group in groups)
    # 12,34,567: the Indian way.
    indian = (
        signs == {","}
        and len(groups) > 1
        and len(first) <= 2
        and len(groups[-1]) == 3
        and all(len(group) == 2 for group in groups[:-1])
    )
    return digits if (thousands or indian) and first[0] != "0" else ""


def _scaled(written: str, scale: str) -> int | None:
    """Return ``1,2 млн`` or ``148 тыс`` as a number; None when it is no number."""
    decimal = "," if scale in _COMMA_SCALES else "."
    if re.fullmatch(r"\d{1,3}[.,]\d{1,2}", written):
        decimal = (
            written[-2] if written[-2] in ".," else written[-3]
        )  # too few digits for thousands
    number, _, fraction = written.partition(decimal)
    whole = "0" if number == "0" else _whole(number)
    if not whole or (fraction and not fraction.isdigit()):
        return None
    factor = _SCALES[scale]
    parts: int = 10 ** len(fraction)
    return int(whole) * factor + int(fraction or "0") * factor // parts
