"""What a plan will cost: requests, images, hours and bytes. Plain arithmetic, nothing is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is not known before a run. The defaults are what the 2016 crawl of source 1 measured
    (1,046,000 images asked for, 950,000 images got, 840,000 of them of cars)."""

    image_share: float = 950_000 / 1_046_000  # of the results asked for: images that arrive whole
    car_share: float = 840_000 / 950_000  # of these: with a car in them
    unique_share: float = 0.983  # of these: not there before (InstaCities1M: 98.3 % of a million)
    downloads_per_second: float = 29.0  # 1,046,000 in 10 hours
    checks_per_second: float = 2_400.0  # is it an image? A million in 7 minutes
    detections_per_second: float = 2_000 / 60  # ResNet50 on one Titan X of 2016
    image_bytes: int = 150_000  # of a web photo as it was uploaded, on average
    small_image_bytes: int = 17_500  # the same at 300 x 300 pixels (InstaCities1M)


DEFAULTS = Assumptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What a source is known to give, and how often it may be asked."""

    name: str
    page_size: int = 0  # results on a page; 0 = not known: one page a query is assumed
    max_results: int = 0  # that one query can reach; 0 = no cap known
    seconds_per_request: float = 1.0  # the polite pace

    def results_per_query(self, per_query: int) -> int:
        """Return how many results can be asked of one query."""
        return min(per_query, self.max_results) if self.max_results else per_query

    def pages_per_query(self, per_query: int) -> int:
        """Return how many requests one query takes, if it has as many results as are asked."""
        wanted = self.results_per_query(per_query)
        return max(1, ceil(wanted / self.page_size)) if self.page_size else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run of one source, or of several side by side, will come to."""

    requests: int = 0  # to the source
    asked: int = 0  # results asked for
    images: int = 0  # of them, images that arrive
    cars: int = 0  # of them, with a car
    kept: int = 0  # of them, not there before
    downloaded_bytes: int = 0
    stored_bytes: int = 0
    small_bytes: int = 0  # of what is kept, exported at 300 x 300 pixels
    list_hours: float = 0.0
    download_hours: float = 0.0
    check_hours: float = 0.0
    detect_hours: float = 0.0

    @property
    def hours(self) -> float:
        """Return the time of the four stages one after the other."""
        return sum(self.stages)

    @property
    def overlapped_hours(self) -> float:
        """Return the time when the stages run side by side: that of the slowest."""
        return max(self.stages)

    @property
    def stages(self) -> tuple[float, float, float, float]:
        """Return the hours of making the list, downloading, checking and detecting."""
        return self.list_hours, self.download_hours, self.check_hours, self.detect_hours


def estimate(
    source: SourceFacts,
    queries: int,
    per_query: int,
    limit: int = 0,
    assumed: Assumptions = DEFAULTS,
) -> Estimate:
    """Return what it takes to ask one source all queries, or as many as ``limit`` images need."""
    whole = _unlimited(source, queries, per_query, 1.0, assumed)
    if not limit or whole.kept <= limit:
        return whole
    part = _unlimited(source, queries, per_query, limit / whole.kept, assumed)
    return replace(
        part,
        kept=limit,  # exactly, whatever the rounding of the steps before
        stored_bytes=limit * assumed.image_bytes,
        small_bytes=limit * assumed.small_image_bytes,
    )


def together(parts: list[Estimate]) -> Estimate:
    """Return the sum for sources that run side by side: their lists are made at the same time,
    everything else shares one machine."""
    return Estimate(
        requests=sum(part.requests for part in parts),
        asked=sum(part.asked for part in parts),
        images=sum(part.images for part in parts),
        cars=sum(part.cars for part in parts),
        kept=sum(part.kept for part in parts),
        downloaded_bytes=sum(part.downloaded_bytes for part in parts),
        stored_bytes=sum(part.stored_bytes for part in parts),
        small_bytes=sum(part.small_bytes for part in parts),
        list_hours=max((part.list_hours for part in parts), default=0.0),
        download_hours=sum(part.download_hours for part in parts),
        check_hours=sum(part.check_hours for part in parts),
        detect_hours=sum(part.detect_hours for part in parts),
    )


def _unlimited(
    source: SourceFacts, queries: int, per_query: int, share: float, assumed: Assumptions
) -> Estimate:
    """Return what a share of the queries comes to."""
    requests = ceil(queries * source.pages_per_query(per_query) * share)
    asked = round(queries * source.results_per_query(per_query) * share)
    images = round(asked * assumed.image_share)
    cars = round(images * assumed.car_share)
    kept = round(cars * assumed.unique_share)
    return Estimate(
        requests=requests,
        asked=asked,
        images=images,
        cars=cars,
        kept=kept,
        downloaded_bytes=images * assumed.image_bytes,
        stored_bytes=kept * assumed.image_bytes,
        small_bytes=kept * assumed.small_image_bytes,
        list_hours=requests * source.seconds_per_request / SECONDS_PER_HOUR,
        download_hours=asked / assumed.downloads_per_second / SECONDS_PER_HOUR,
        check_hours=asked / assumed.checks_per_second / SECONDS_PER_HOUR,
        detect_hours=images / assumed.detections_per_second / SECONDS_PER_HOUR,
    )
