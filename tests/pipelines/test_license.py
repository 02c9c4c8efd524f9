"""What the dataset may hold."""

from dataclasses import replace

import pytest

from carsets.licenses import NO_LICENSE, Evidence, read_license
from carsets.outcomes import Outcome
from carsets.pipelines.license import LicensePipeline
from carsets.problems import UserError

BY = read_license("https://creativecommons.org/licenses/by/4.0/", Evidence.API)
BY_NC = read_license("https://creativecommons.org/licenses/by-nc/2.0/", Evidence.API)
RESEARCH = {"RESERVATION_POLICY": "research", "ORGANIZATION": "Institute of Cars"}
RESERVED = read_license("All rights reserved", Evidence.API)


@pytest.mark.parametrize("license", [RESERVED, NO_LICENSE, BY_NC], ids=lambda one: one.code)
def test_drops_every_license_that_is_not_allowed(build, car_image, outcome, jpeg, license):
    step = build(LicensePipeline, LICENSE_ALLOWED=["by", "cc0"])
    assert outcome(step, car_image(jpeg(), license=license)) is Outcome.LICENSE_EXCLUDED


def test_keeps_what_is_allowed(build, car_image, outcome, jpeg):
    step = build(LicensePipeline, LICENSE_ALLOWED=["by"])
    assert outcome(step, car_image(jpeg(), license=BY)) is None


def test_drops_what_the_host_reserves_in_a_header(build, car_image, outcome, jpeg):
    item = car_image(jpeg(), license=BY)
    item.served_headers = {"x-robots-tag": "noai"}
    assert outcome(build(LicensePipeline), item) is Outcome.OPTED_OUT
    assert item.reservation.signals  # the evidence stays


def test_research_records_a_reservation_and_goes_on(build, car_image, outcome, jpeg):
    item = car_image(jpeg(), license=BY)
    item.served_headers = {"tdm-reservation": "1"}
    assert outcome(build(LicensePipeline, **RESEARCH), item) is None
    assert item.reservation.signals


def test_a_misspelt_license_stops_the_run_with_one_line(build):
    with pytest.raises(UserError, match="LICENSE_ALLOWED: unknown license"):
        build(LicensePipeline, LICENSE_ALLOWED=["by-4.O"])


@pytest.mark.parametrize(
    ("found", "embedded", "code"),
    [
        (NO_LICENSE, {"exif:Copyright": "CC BY 4.0"}, "by-4.0"),
        (NO_LICENSE, {"exif:Copyright": "© Ann"}, "unknown"),
        (NO_LICENSE, {"cc:license": BY.url, "dc:rights": "All rights reserved"}, "arr"),
        (BY, {"exif:Copyright": "© Ann, all rights reserved"}, "by-4.0"),  # its owner told Flickr
        (RESERVED, {"exif:Copyright": "CC BY 4.0"}, "arr"),
        (read_license(BY.url, Evidence.LIST), {"exif:Copyright": "All rights reserved"}, "arr"),
        (read_license(BY.url, Evidence.ENGINE_FILTER), {"cc:license": BY_NC.url}, "by-nc-2.0"),
    ],
)
def test_the_best_evidence_counts(build, car_image, outcome, jpeg, found, embedded, code):
    item = car_image(jpeg(), license=found)
    item.inspection = replace(item.inspection, embedded=embedded)
    assert outcome(build(LicensePipeline, LICENSE_ALLOWED=["*"]), item) is None
    assert item.license.code == code
