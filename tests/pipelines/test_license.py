"""What the dataset may hold."""

import pytest

from carsets.licenses import NO_LICENSE, Evidence, read_license
from carsets.outcomes import Outcome
from carsets.pipelines.license import LicensePipeline
from carsets.problems import UserError

BY = read_license("https://creativecommons.org/licenses/by/4.0/", Evidence.API)
BY_NC = read_license("https://creativecommons.org/licenses/by-nc/2.0/", Evidence.API)
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
    assert outcome(build(LicensePipeline, RESERVATION_POLICY="research"), item) is None
    assert item.reservation.signals


def test_a_misspelt_license_stops_the_run_with_one_line(build):
    with pytest.raises(UserError, match="LICENSE_ALLOWED: unknown license"):
        build(LicensePipeline, LICENSE_ALLOWED=["by-4.O"])
