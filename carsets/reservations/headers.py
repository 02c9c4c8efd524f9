"""The headers of an answer: X-Robots-Tag, TDMRep's two, Content-Usage and Content-Signal."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from carsets.reservations.preferences import FIELDS, preferences
from carsets.reservations.robots_tag import robots_tag
from carsets.reservations.signal import judged

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import datetime

    from carsets.reservations.signal import Signal


def of_headers(
    headers: Mapping[str, str], now: datetime, agents: Collection[str]
) -> Iterator[Signal]:
    """Yield the signals of an answer.

    ``headers`` have lower-case names; the values of a repeated header are joined by a line feed
    (a comma works too, but then a robot's name in front of one value covers the next ones).
    """
    if "x-robots-tag" in headers:
        tag = partial(robots_tag, now=now, agents=agents)
        yield judged("x-robots-tag", headers["x-robots-tag"], tag)
    for name, judge in _JUDGES.items():
        if name in headers:
            yield judged(name, headers[name], judge)


def tdm_reservation(value: str) -> bool | None:
    """TDMRep: 1 reserves, 0 does not; of several values the strictest counts."""
    values = {part.strip() for part in re.split(r"[,\n]", value)}
    if "1" in values:
        return True
    return False if values == {"0"} else None


_JUDGES: Mapping[str, Callable[[str], bool | None]] = {
    "tdm-reservation": tdm_reservation,
    # Says where terms can be had; reserves nothing by itself.
    "tdm-policy": lambda value: False,
    **{field: preferences(field) for field in FIELDS},
}
