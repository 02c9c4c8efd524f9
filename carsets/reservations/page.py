"""What the page that shows an image says, in its head and in its headers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from carsets.reservations.headers import of_headers, tdm_reservation
from carsets.reservations.robots_tag import is_for_us, robots_tag
from carsets.reservations.signal import found, judged
from carsets.sources.foreign_text import ForeignTextError
from carsets.sources.start_tags import start_tags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from carsets.reservations.signal import Signal

# Headers that speak of more than the page's own text.
_OF_HEADERS = {"x-robots-tag": "page:robots", "tdm-reservation": "page:tdm-reservation"}
MAX_PAGE = 1 << 20  # characters that are read; what is said of robots stands in the head


def of_page(
    html: str,
    agents: Collection[str] = frozenset(),
    now: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> list[Signal]:
    """Return the signals of a page, for ``read_reservation``; never raises.

    ``agents`` are the crawlers, in lower case, whose own meta elements mean us too; ``headers``,
    with lower-case names, are those with which the page came.
    """
    now = now or datetime.now(UTC)
    signals = [
        replace(signal, name=_OF_HEADERS[signal.name])
        for signal in of_headers(headers or {}, now, agents)
        if signal.name in _OF_HEADERS
    ]
    try:
        for signal in _of_metas(html[:MAX_PAGE], agents, now):
            signals.append(signal)
    except ForeignTextError as error:  # too many tags to be read: nobody knows what it says
        signals.append(found("page:robots", str(error), None))
    return signals


def _of_metas(html: str, agents: Collection[str], now: datetime) -> Iterator[Signal]:
    tag = partial(robots_tag, now=now, agents=agents)
    for meta in start_tags(html):
        if meta.name != "meta":
            continue
        name = (meta.get("name") or meta.get("http-equiv")).strip().lower()
        content = meta.get("content")
        if name in {"robots", "x-robots-tag"} or (name != "*" and is_for_us(name, agents)):
            yield judged("page:robots", content, tag)
        elif name == "tdm-reservation":
            yield judged("page:tdm-reservation", content, tdm_reservation)
        elif name == "tdm-policy":
            yield found("tdm-policy", content, False)
