"""Asks whether we may keep an image: its license, and reservations of rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.licenses import Evidence, LicensePolicy, read_license
from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.step import Step
from carsets.reservations import read_reservation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.crawler import Crawler

    from carsets.items import CarImage
    from carsets.licenses import DeclaredLicense

# Where a file itself may name its license.
LICENSE_FIELDS = ("cc:license", "xmpRights:WebStatement", "xmpRights:UsageTerms", "dc:rights")


class LicensePipeline(Step):
    """Drop images whose owner reserves rights, or whose license is not in LICENSE_ALLOWED."""

    name = "license"

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.policy = LicensePolicy(crawler.settings.getlist("LICENSE_ALLOWED"))
        self.reservations = crawler.settings["RESERVATION_POLICY"]

    async def decide(self, item: CarImage) -> None:
        """Join what the source, the answer's headers and the file itself say."""
        assert item.inspection is not None
        embedded = item.inspection.embedded
        item.reservation = read_reservation(item.served_headers, embedded, policy=self.reservations)
        if item.reservation.reserved:
            raise OutcomeDrop(Outcome.OPTED_OUT, item.reservation.note)
        item.license = max(
            item.found.license, embedded_license(embedded), key=lambda license: license.evidence
        )
        if not self.policy.allows(item.license):
            raise OutcomeDrop(Outcome.LICENSE_EXCLUDED, item.license.code)


def embedded_license(embedded: Mapping[str, str]) -> DeclaredLicense:
    """Return the license that the file itself names; evidence NONE when it names none."""
    read = [read_license(embedded.get(field, ""), Evidence.FILE) for field in LICENSE_FIELDS]
    return next((license for license in read if license.family != "unknown"), NO_EMBEDDED)


NO_EMBEDDED = read_license("", Evidence.NONE)
