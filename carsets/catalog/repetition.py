"""Does a transaction again that the database has ended because it stood in another one's way.

carsets locks rows in one order everywhere. What is left are deadlocks that no order prevents (of
indexes, and of statements that people type into the same database), databases that are set to
SERIALIZABLE, and workers that were frozen in the middle. Nothing of such a transaction was
written, so that it can simply be done again.
"""

from __future__ import annotations

import functools
import logging
import random
import time
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from carsets.catalog.connection import ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

TRIES = 6
FIRST_PAUSE = 0.05  # seconds at most, and twice as many each time: 1.5 in all


def repeated(transaction: Callable[P, T]) -> Callable[P, T]:
    """Let a function that is one transaction be called again, up to ``TRIES`` times in all.

    The pauses are of random length, or the same two would meet again. Raises what the last try
    raised.
    """

    @functools.wraps(transaction)
    def try_again(*args: P.args, **named: P.kwargs) -> T:
        for turn in range(TRIES - 1):
            try:
                return transaction(*args, **named)
            except ConflictError as error:
                logger.info("Once more: %s", error)
                time.sleep(random.uniform(0, FIRST_PAUSE * 2**turn))
        return transaction(*args, **named)

    return try_again
