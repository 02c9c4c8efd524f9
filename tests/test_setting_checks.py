"""Settings that cannot be meant end in one line; those that are meant pass."""

import pytest

import carsets.settings
from carsets.problems import UserError
from carsets.setting_checks import NUMBERS, SWITCHES, WHOLE, check_settings

OURS = {name: value for name, value in vars(carsets.settings).items() if name.isupper()}
NOT_OURS = {"CONCURRENT_ITEMS"}  # checked although settings.py may leave Scrapy's value


def test_the_shipped_settings_pass():
    check_settings(OURS)
    check_settings({})


def test_only_settings_that_there_are_are_checked():
    assert {*WHOLE, *NUMBERS, *SWITCHES} - NOT_OURS <= OURS.keys()


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("IMAGES_IN_FLIGHT", "0", "IMAGES_IN_FLIGHT=0: a whole number of at least 1 is expected"),
        ("IMAGES_IN_FLIGHT", "1.5", "a whole number"),
        ("NEAR_DUPLICATE_DISTANCE", 12, "a whole number from 0 to 11 is expected"),
        ("DOWNLOAD_TIMEOUT", "soon", "DOWNLOAD_TIMEOUT=soon: a number of at least 0.1"),
        ("DOWNLOAD_DELAY", "nan", "DOWNLOAD_DELAY=nan: a number"),
        ("DOWNLOAD_DELAY", -1, "a number of at least 0"),
        ("CAR_DETECTION_KEEP", 7, "a number from 0 to 1"),
        ("HOST_BYTES_PER_DAY", "much", "HOST_BYTES_PER_DAY=much: a whole number of at least 0"),
        ("HOST_BYTES_INTERVAL", 0, "HOST_BYTES_INTERVAL=0: a number of at least 0.1"),
        ("HOST_BYTES_PER_DAY_EXCEPT", '{"a.test": "x"}', "hosts and their bytes are expected"),
        ("HOST_BYTES_PER_DAY_EXCEPT", "a.test", "hosts and their bytes are expected"),
        ("HASH_LIST_DISTANCE", "near", "HASH_LIST_DISTANCE=near: a whole number from 0 to 16"),
        ("ROBOTSTXT_OBEY", "maybe", "ROBOTSTXT_OBEY=maybe: True or False is expected"),
        ("RESERVATION_POLICY", "lax", "strict or research or custom is expected"),
        ("LICENSE_ALLOWED", "by,cc-zero", "unknown license 'cc-zero'"),
        ("LICENSE_ALLOWED", [], "no license"),
        ("PURPOSE", "fun", "PURPOSE=fun: research or commercial is expected"),
        ("PURPOSE", "", "research or commercial"),
        ("ORGANIZATION", "a\nb", "ORGANIZATION: one line of at most 200 characters"),
        ("ORGANIZATION", "x" * 201, "ORGANIZATION: one line"),
        ("FLICKR_COMMERCIAL_AGREEMENT", "signed", "True or False"),
    ],
)
def test_what_cannot_be_meant_is_named(name, value, line):
    with pytest.raises(UserError) as problem:
        check_settings(OURS | {name: value})
    assert line in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("value", ["True", "false", "0", 1, False])
def test_switches_are_read_as_scrapy_reads_them(value):
    check_settings(OURS | {"ROBOTSTXT_OBEY": value})


@pytest.mark.parametrize("purpose", ["research", "commercial"])
def test_a_purpose_and_who_has_it_pass(purpose):
    check_settings(OURS | {"PURPOSE": purpose, "ORGANIZATION": "Škoda Museum, Mladá Boleslav"})


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"RESERVATION_POLICY": "research"}, "needs PURPOSE=research, and ORGANIZATION"),
        (
            {"RESERVATION_POLICY": "research", "ORGANIZATION": "X", "PURPOSE": "commercial"},
            "needs PURPOSE=research",
        ),
        ({"RESERVATION_POLICY": "custom"}, "list in RESERVATION_SIGNALS what counts"),
        ({"RESERVATION_SIGNALS": "noai"}, "RESERVATION_SIGNALS: noai is none of denied-host, "),
        ({"RESERVATION_SIGNALS": ["x-robots-tag", "tdm"]}, "RESERVATION_SIGNALS: tdm is none of"),
        ({"RESERVATION_DENIED_HOSTS": "/none.csv"}, "RESERVATION_DENIED_HOSTS=/none.csv: No such"),
    ],
)
def test_a_policy_for_reservations_that_cannot_be_meant_is_named(settings, line):
    with pytest.raises(UserError) as problem:
        check_settings(OURS | settings)
    assert line in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"RESERVATION_POLICY": "research", "ORGANIZATION": "Institute of Cars"},
        {"RESERVATION_POLICY": "custom", "RESERVATION_SIGNALS": "x-robots-tag,tdmrep.json"},
    ],
)
def test_a_policy_for_reservations_passes(settings):
    check_settings(OURS | settings)
