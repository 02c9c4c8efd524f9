"""Object literals of JavaScript, read without running any.

Pages carry data as literals that are not JSON: keys without quotes, ``void 0``, ``new Date(…)``,
escapes that JSON has not. The literal is rewritten as JSON, token by token, in one pass.
"""

from __future__ import annotations

import re
from typing import Any

from carsets.sources.foreign_text import MAX_PAGE_BYTES, ForeignTextError, read_json

MAX_TOKENS = 200_000  # of one literal; a page of Brave has about 15,000

_TOKEN = re.compile(
    r"""\s+
    |(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^'\\]*+(?:\\.[^'\\]*+)*+')
    |(?P<mark>[{}\[\]:,])
    |(?P<constant>void\s0|undefined|NaN|-?Infinity|!0|!1|new\sDate\((?P<date>[-+.\deE"TZ:]*)\))
    |(?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<name>[A-Za-z_$][\w$]*)
    """,
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS = {"!0": "true", "!1": "false"}
_WORDS = frozenset({"null", "true", "false"})
# Escapes of a string, and characters that JSON wants escaped.
_ODD = re.compile(
    r"\\(?:x(?P<x>[0-9a-fA-F]{2})|u\{(?P<u>[0-9a-fA-F]{1,6})\}|u[0-9a-fA-F]{4}"
    r"|(?P<break>\r\n|[\n\r\u2028\u2029])|(?P<other>.))|(?P<raw>[\"\x00-\x1f])",
    re.DOTALL,
)
_SAME_IN_JSON = frozenset('"\\/bfnrt')
_KEY_FOLLOWS = re.compile(r"\s*:")
_AS_NUMBER = re.compile(r"(?P<sign>-?)0*(?P<whole>\d*)(?:\.(?P<rest>\d*))?(?P<power>[eE].*)?")


def read_literal(text: str, start: int) -> Any:
    """Return the array or object that begins at ``start``, with JSON types.

    What JSON has no word for (``void 0``, ``NaN``) becomes None. Raises ForeignTextError for what
    is no literal: calls, names, spreads, an end that never comes.
    """
    if text[start : start + 1] not in ("{", "["):
        raise ForeignTextError("no literal of data: neither an array nor an object")
    pieces: list[str] = []
    depth = 0
    place = start
    while found := _TOKEN.match(text, place, start + MAX_PAGE_BYTES):
        place = found.end()
        kind = found.lastgroup
        if kind is None:  # white space
            continue
        piece = _as_json(found, text)
        if piece in "}]" and pieces and pieces[-1] == ",":
            pieces.pop()  # a comma before the end
        pieces.append(piece)
        if len(pieces) > MAX_TOKENS:
            raise ForeignTextError(f"a literal of more than {MAX_TOKENS} words and marks")
        if piece in "{[":
            depth += 1
        elif piece in "}]":
            depth -= 1
        if depth == 0:
            return read_json("".join(pieces))
    seen = text[place : place + 20]
    raise ForeignTextError(f"no literal of data: {seen!r} in it" if seen else "a literal cut short")


def _as_json(token: re.Match[str], text: str) -> str:
    if string := token["string"]:
        return f'"{_ODD.sub(_escape, string[1:-1])}"' if _is_odd(string) else string
    if mark := token["mark"]:
        return mark
    if constant := token["constant"]:
        return token["date"] or _CONSTANTS.get(constant, "null")
    is_key = _KEY_FOLLOWS.match(text, token.end()) is not None
    if number := token["number"]:
        return f'"{number}"' if is_key else _number(number)
    if token["name"] in _WORDS and not is_key:
        return token["name"]
    if is_key:
        return f'"{token["name"]}"'
    raise ForeignTextError(f"no literal of data: the name {token['name'][:40]!r} in it")


def _is_odd(string: str) -> bool:
    return string[0] == "'" or "\\" in string or not string.isprintable()


def _escape(found: re.Match[str]) -> str:
    if raw := found["raw"]:
        return f"\\u{ord(raw):04x}"
    if found["x"]:
        return f"\\u00{found['x']}"
    if found["u"]:
        code = int(found["u"], 16)
        if code > 0x10FFFF:
            raise ForeignTextError("a character that does not exist")
        return chr(code) if code > 0x1F and chr(code) not in '"\\' else f"\\u{code:04x}"
    if found["break"]:
        return ""
    other = found["other"]
    if other in {"x", "u"}:
        raise ForeignTextError("an escape that is none")
    if other is None or other in _SAME_IN_JSON:
        return found[0]
    return {"v": "\\u000b", "0": "\\u0000"}.get(other, other)


def _number(written: str) -> str:
    """Return ``.5`` as ``0.5``, ``5.`` as ``5`` and ``007`` as ``7``."""
    parts = _AS_NUMBER.fullmatch(written)
    if parts is None:
        raise ForeignTextError(f"no number: {written[:40]}")
    rest = f".{parts['rest']}" if parts["rest"] else ""
    return f"{parts['sign']}{parts['whole'] or '0'}{rest}{parts['power'] or ''}"
