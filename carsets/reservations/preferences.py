"""Statements such as ``search=yes, ai-train=no``: Content-Usage (AIPREF) and Content-Signal.

Both stand in robots.txt and in headers. The parameters of a member and the path in front of a
statement are not read here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carsets.reservations.signal import strictest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What a dataset for training needs. The older drafts of AIPREF used other words than the newer.
_ABOUT_US: Mapping[str, frozenset[str]] = {
    "content-usage": frozenset({"train-ai", "train-genai", "ai", "genai", "tdm", "bots", "all"}),
    "content-signal": frozenset({"ai-train"}),
}
_OTHER_USES = frozenset({"search", "ai-input", "ai-use"})
_YES = frozenset({"y", "yes", "?1"})
_NO = frozenset({"n", "no", "?0"})
_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")

FIELDS = tuple(_ABOUT_US)


def preferences(field: str) -> Callable[[str], bool | None]:
    """Return the judge of a field: True when it refuses us, None when it is not understood."""
    about_us = _ABOUT_US[field]

    def judge(value: str) -> bool | None:
        return strictest([member(part) for part in re.split(r"[,\n]", value.lower())])

    def member(text: str) -> bool | None:
        key, equals, said = (piece.strip() for piece in text.partition(";")[0].partition("="))
        if not equals or not _KEY.fullmatch(key) or said not in _YES | _NO:
            return None
        if key in about_us:
            return said in _NO
        # A use that nobody had heard of when this was written may be ours.
        return None if said in _NO and key not in _OTHER_USES else False

    return judge
