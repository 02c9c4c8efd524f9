"""Asks whether we may keep an image: its license, and reservations of rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.licenses import LicensePolicy, embedded_license, weightiest
from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.step import Step
from carsets.reservations import ReservationPolicy, read_reservation

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from carsets.items import CarImage


class LicensePipeline(Step):
    """Drop images whose owner reserves rights, or whose license is not in LICENSE_ALLOWED."""

    name = "license"

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.policy = LicensePolicy(crawler.settings.getlist("LICENSE_ALLOWED"))
        self.reservations = ReservationPolicy.from_settings(crawler.settings)

    async def decide(self, item: CarImage) -> None:
        """Join what the source, the host, the answer's headers and the file itself say."""
        assert item.inspection is not None
        embedded = item.inspection.embedded
        item.reservation = read_reservation(
            item.served_headers, embedded, self.reservations, others=item.host_signals
        )
        if item.reservation.reserved:
            raise OutcomeDrop(Outcome.OPTED_OUT, item.reservation.note)
        item.license = weightiest(item.found.license, embedded_license(embedded))
        if not self.policy.allows(item.license):
            raise OutcomeDrop(Outcome.LICENSE_EXCLUDED, item.license.code)
