"""Asks the hash lists of the user's organization: what they name is neither kept nor shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.image_lists.hash_lists import HashLists
from carsets.items import FoundImage
from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.step import Step

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from carsets.items import CarImage


class HashListsPipeline(Step):
    """Drop what a list names, before anything of it is written; keep its address for the report.

    What goes into the catalog is the address, the page and the date: what those need who have to
    be told. Title, author, thumbnail and tags are left out, and no log has the address.
    """

    name = "hash_lists"

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self.lists = HashLists.load(
            settings.getlist("HASH_LISTS"), settings.getint("HASH_LIST_DISTANCE")
        )

    async def decide(self, item: CarImage) -> None:
        """Hold the hashes of the file and of the picture against the lists."""
        seen = item.inspection
        assert seen is not None
        name = self.lists.naming(seen.sha256, seen.md5, seen.phash)
        if not name:
            return
        item.body = None
        found = item.found
        item.found = FoundImage(
            image_url=found.image_url, page_url=found.page_url, license=found.license
        )
        raise OutcomeDrop(Outcome.QUARANTINED, f"sha256 {seen.sha256} on {name}")
