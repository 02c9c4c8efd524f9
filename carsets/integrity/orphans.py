"""Files of the image store that no image has: left by a worker that was killed at its upload.

A file is written before its row. In S3 nothing tells a file whose row is to come from one whose
worker is dead, but its age.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carsets.catalog.fingerprints import KEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carsets.integrity.local_files import Shelf
    from carsets.store_listing import Entry

# Only what carsets names so is its own: a bucket may hold other things too.
OURS = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}\.[a-z]+\Z")
PARTS = [f"{number:02x}" for number in range(256)]


def find_orphans(
    catalog: Shelf, entries: Callable[[str], Iterator[Entry]], before: float
) -> Iterator[str]:
    """Yield the paths of files, last changed before a time (s since 1970), that no image has.

    Goes through the store in 256 parts, so that memory holds the names of one of them.
    """
    for part in PARTS:
        # The store first: what is stored while we look has a row when we ask for it.
        old = [name for name, changed in entries(part) if changed < before and OURS.match(name)]
        if not old:
            continue
        wanted = {row.path for row in catalog.stored_files(part) if row.verdict in KEPT}
        yield from sorted(set(old) - wanted)
