"""How all photos of a question to Flickr are reached, although it shows 4,000 of each at most.

A question with more is asked in windows of upload time, and a window with too many photos is
halved: down to single seconds. A second that is still too full (somebody uploaded a whole
archive) is asked license by license, and a license that is still too full is read from both ends
of the time at which its photos were taken. What lies beyond even that is counted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carsets.sources.date_windows import Reading, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PER_PAGE = 500
MAX_RESULTS = 4000  # later pages repeat earlier ones
SPLIT_ABOVE = 3000  # photos in a window: with more it is halved, well before the cap
OPENED = 1_076_371_200  # 2004-02-10, the day on which Flickr opened
LICENSE_IDS = range(17)


def first_reading(per_query: int, now: int) -> Reading:
    """Return where a query begins: in windows of upload time if it wants more than the cap."""
    if 0 < per_query <= SPLIT_ABOVE:
        return Reading(min(MAX_PER_PAGE, per_query))
    return Reading(MAX_PER_PAGE, (Window(OPENED, now),))


def sort_order(window: Window) -> str:
    """Return the order in which a window is asked for."""
    if window.first is None:
        return "relevance"
    if window.license is None:
        return "date-posted-asc"
    return "date-taken-desc" if window.backwards else "date-taken-asc"  # all of one second


def in_parts(reading: Reading, total: int, licenses: Sequence[int]) -> Reading | None:
    """Return the reading in smaller windows; None when this one is to be read as it is.

    ``total`` is how many photos the window has; ``licenses`` those that are asked for, none
    means all.
    """
    if reading.page > 1 or total <= SPLIT_ABOVE:
        return None
    if halves := reading.split():
        return halves
    window = reading.window
    if total <= MAX_RESULTS or window.first is None or window.license is not None:
        return None
    parts = [replace(window, license=number) for number in licenses or LICENSE_IDS]
    return replace(reading.instead(*parts), missing=reading.missing + total)


def reached(reading: Reading, total: int) -> Reading:
    """Return the reading with what its window reaches taken off ``missing``.

    Of a license with more than the cap it goes on with the other end.
    """
    window = reading.window
    if reading.page > 1 or window.license is None or window.backwards:
        return reading
    reading = replace(reading, missing=reading.missing - min(total, 2 * MAX_RESULTS))
    if total <= MAX_RESULTS:
        return reading
    return reading.instead(window, replace(window, backwards=True))


def next_place(reading: Reading, total: int, pages: int) -> Reading | None:
    """Return where to go on after a page that was read; None at the end."""
    # Backwards only what was not read forwards is wanted.
    reach = min(total - MAX_RESULTS, MAX_RESULTS) if reading.window.backwards else MAX_RESULTS
    last_page = min(pages, -(-reach // reading.per_page))
    return reading.next_page() if reading.page < last_page else reading.next_window()


def past_repeats(reading: Reading, total: int) -> Reading | None:
    """Return where to go on after a page of photos that were all read before."""
    if not reading.window.backwards:
        return reading.next_window()
    unread = min(total - MAX_RESULTS, MAX_RESULTS) - (reading.page - 1) * reading.per_page
    return replace(reading, missing=reading.missing + max(unread, 0)).next_window()


def missing_note(reading: Reading) -> str:
    """Say how many photos no question reaches; "" when there are none."""
    if reading.missing <= 0:
        return ""
    return f"about {reading.missing} photos not reached: too many were uploaded in one second"
