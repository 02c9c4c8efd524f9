"""How a plan and its estimate are told to people."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.queries.estimate import Assumptions, Estimate
    from carsets.queries.plan import Plan

SHOWN = 3  # queries from the beginning and from the end
SHOWN_LAST_UP_TO = 1_000_000  # queries; to show the last of more would take too long


def sample_lines(plan: Plan) -> Iterator[str]:
    """Yield the first and the last queries."""
    for query in islice(plan, SHOWN):
        yield f"    {query.text}"
    hidden = len(plan) - SHOWN
    if hidden <= 0:
        return
    if hidden > SHOWN:
        yield "    ..."
    if len(plan) <= SHOWN_LAST_UP_TO:
        for query in deque(islice(plan, SHOWN, None), maxlen=SHOWN):
            yield f"    {query.text}"


def total_lines(total: Estimate, assumed: Assumptions) -> Iterator[str]:
    yield "Images, if every query has that many results:"
    yield f"    asked for          {total.asked:>13,}"
    yield f"    arrive as images   {total.images:>13,}   {assumed.image_share:.1%}"
    yield f"    show a car         {total.cars:>13,}   {assumed.car_share:.1%}"
    yield f"    not there before   {total.kept:>13,}   {assumed.unique_share:.1%}"
    yield ""
    yield f"Bytes, at {_size(assumed.image_bytes)} an image:"
    yield f"    downloaded         {_size(total.downloaded_bytes):>13}"
    yield f"    stored             {_size(total.stored_bytes):>13}"
    small = f"{_size(assumed.small_image_bytes)} an image"
    yield f"    as 300 x 300       {_size(total.small_bytes):>13}   {small}"
    yield ""
    yield "Hours, one stage after the other:"
    names = ("make the list", "download", "check", "detect cars")
    for name, hours in zip(names, total.stages, strict=True):
        yield f"    {name:<18} {hours:>13,.1f}"
    yield f"    together           {total.hours:>13,.1f}"
    yield f"    side by side       {total.overlapped_hours:>13,.1f}   at best; a run overlaps them"
    yield ""
    yield "Nothing was sent."


def time_words(hours: float) -> str:
    """Return a time for people: seconds, minutes or hours."""
    if hours * 3600 < 120:
        return f"{hours * 3600:.0f} s"
    return f"{hours * 60:.0f} min" if hours < 2 else f"{hours:,.1f} h"


def _size(count: float) -> str:
    """Return bytes for people, in powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.4g} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"
