"""What the values of headers and of embedded statements mean."""

from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from carsets.reservations import read_reservation

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PLUS = "http://ns.useplus.org/ldf/vocab/"

# header or embedded name, value, reserved under strict, understood
ROBOTS = [
    ("noai", True, True),
    ("noimageai", True, True),
    ("noml", True, True),
    ("noindex", True, True),
    ("noimageindex", True, True),
    ("none", True, True),
    ("NoIndex, NoFollow", True, True),
    ("no-ai", True, True),
    ("nofollow", False, True),
    ("noarchive, nosnippet, max-snippet:-1, max-image-preview: large", False, True),
    ("all", False, True),
    ("index, follow", False, True),
    ("indexifembedded", False, True),
    ("index, noindex", True, True),
    ("all\nnoai", True, True),
    ("googlebot: noindex", False, True),
    ("googlebot: noindex\nnoindex", True, True),
    ("googlebot: nofollow\notherbot: noindex, nofollow", False, True),
    ("carsets: noindex", True, True),
    ("GPTBot: noindex", True, True),
    ("*: noindex", True, True),
    ("googlebot: noai", True, True),
    ("unavailable_after: 25 Jun 2010 15:00:00 PST", True, True),
    ("unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT, nofollow", True, True),
    ("unavailable_after: 2020-01-01", True, True),
    ("unavailable_after: Tue, 01 Jan 2199 00:00:00 GMT", False, True),
    ("unavailable_after: 2199-01-01T00:00:00+00:00", False, True),
    ("googlebot: unavailable_after: 2020-01-01", False, True),
    ("unavailable_after: soon", True, False),
    ("unavailable_after:", True, False),
    ("", True, False),
    ("noindex;nofollow", True, False),
    ("notraining", True, False),
    ("<none>", True, False),
]
OTHER_HEADERS = [
    ("tdm-reservation", "1", True, True),
    ("tdm-reservation", " 1 ", True, True),
    ("tdm-reservation", "0", False, True),
    ("tdm-reservation", "0, 1", True, True),
    ("tdm-reservation", "yes", True, False),
    ("tdm-reservation", "", True, False),
    ("tdm-reservation", "01", True, False),
    ("content-usage", "train-ai=n", True, True),
    ("content-usage", "search=y, train-ai=n", True, True),
    ("content-usage", "train-ai=y", False, True),
    ("content-usage", "search=n", False, True),
    ("content-usage", "train-everything=n", True, False),
    ("content-usage", "train-everything=y", False, True),
    ("content-usage", "bots=n", True, True),
    ("content-usage", "train-ai=y;x=1, train-ai=n", True, True),
    ("content-usage", "train-ai", True, False),
    ("content-usage", "train-ai=maybe", True, False),
    ("content-usage", "", True, False),
    ("content-signal", "search=yes, ai-train=no", True, True),
    ("content-signal", "search=yes,ai-input=no,ai-train=yes", False, True),
    ("content-signal", "ai-train=no, ai-train=yes", True, True),
    ("content-signal", "ai-train:no", True, False),
    ("content-signal", "ai-train=", True, False),
    ("tdm-policy", "https://example.org/policy.json", False, True),
]
EMBEDDED = [
    ("plus:DataMining", PLUS + "DMI-PROHIBITED", True, True),
    ("plus:DataMining", PLUS + "DMI-PROHIBITED-AIMLTRAINING", True, True),
    ("plus:DataMining", f"{PLUS}DMI-PROHIBITED; {PLUS}DMI-ALLOWED", True, True),
    ("plus:DataMining", f"{PLUS}DMI-ALLOWED; something", True, False),
    ("plus:DataMining", PLUS + "DMI-PROHIBITED-GENAIMLTRAINING", True, True),
    ("plus:DataMining", "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING", True, True),
    ("plus:DataMining", "DMI-PROHIBITED-SEECONSTRAINT", True, True),
    ("plus:DataMining", "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR", True, True),
    ("plus:DataMining", "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR", True, True),
    ("plus:DataMining", PLUS + "DMI-ALLOWED", False, True),
    ("plus:DataMining", PLUS + "DMI-UNSPECIFIED", False, True),
    ("plus:DataMining", "no mining, please", True, False),
    ("plus:DataMining", "", True, False),
    ("c2pa.training-mining", "notAllowed", True, True),
    ("c2pa.training-mining", "constrained", True, True),
    ("c2pa.training-mining", "allowed", False, True),
    ("c2pa.training-mining", "allowed notAllowed", True, True),
    ("c2pa.training-mining", "c2pa.ai_training=allowed, c2pa.data_mining=allowed", False, True),
    ("c2pa.training-mining", "c2pa.ai_training=allowed, c2pa.data_mining=constrained", True, True),
    ("cawg.training-mining", "cawg.ai_training=notAllowed", True, True),
    ("cawg.training-mining", "cawg.ai_training=allowed, cawg.new_use=perhaps", True, False),
    ("cawg.training-mining", "unreadable", True, False),
    ("c2pa.training-mining", "?", True, False),
    ("tdm:reservation", "1", True, True),
    ("tdm:reservation", "0", False, True),
]


@pytest.mark.parametrize(("value", "reserved", "understood"), ROBOTS)
def test_reads_x_robots_tag(value, reserved, understood):
    found = read_reservation({"x-robots-tag": value}, {}, now=NOW)
    assert found.reserved is reserved
    [signal] = found.signals
    assert (signal.name, signal.value, signal.reserved) == ("x-robots-tag", value, reserved)
    assert signal.understood is understood


@pytest.mark.parametrize(("name", "value", "reserved", "understood"), OTHER_HEADERS)
def test_reads_other_headers(name, value, reserved, understood):
    found = read_reservation({name: value}, {}, now=NOW)
    assert found.reserved is reserved
    assert [asdict(signal) for signal in found.signals] == [
        {"name": name, "value": value, "reserved": reserved, "understood": understood}
    ]


@pytest.mark.parametrize(("name", "value", "reserved", "understood"), EMBEDDED)
def test_reads_what_stands_inside_the_file(name, value, reserved, understood):
    found = read_reservation({}, {name: value}, now=NOW)
    assert found.reserved is reserved
    assert [asdict(signal) for signal in found.signals] == [
        {"name": name, "value": value, "reserved": reserved, "understood": understood}
    ]


def test_absent_signals_reserve_nothing():
    found = read_reservation(
        {"content-type": "image/jpeg", "server": "x"},
        {"dc:rights": "© Jane", "xmpRights:Marked": "True"},
        now=NOW,
    )
    assert (found.reserved, found.signals) == (False, ())
    assert found.checked_at == "2026-11-01T00:00:00+00:00"


FREE = {
    "x-robots-tag": "all",
    "tdm-reservation": "0",
    "content-usage": "train-ai=y",
    "content-signal": "ai-train=yes",
}
REFUSING = {
    "x-robots-tag": "noai",
    "tdm-reservation": "1",
    "content-usage": "train-ai=n",
    "content-signal": "ai-train=no",
}


@pytest.mark.parametrize("name", REFUSING)
def test_one_refusal_wins_over_every_permission(name):
    found = read_reservation(
        {**FREE, name: REFUSING[name]}, {"plus:DataMining": "DMI-ALLOWED"}, now=NOW
    )
    assert found.reserved
    assert len(found.signals) == 5
    assert [signal.name for signal in found.signals if signal.reserved] == [name]
    assert found.note == f"{name}: {REFUSING[name]}"


def test_a_refusal_inside_the_file_wins_over_permitting_headers():
    assert read_reservation(FREE, {"plus:DataMining": "DMI-PROHIBITED"}, now=NOW).reserved
    assert not read_reservation(FREE, {"plus:DataMining": "DMI-ALLOWED"}, now=NOW).reserved


def test_research_records_the_signals_and_goes_on():
    found = read_reservation(REFUSING, {"plus:DataMining": "DMI-PROHIBITED"}, "research", NOW)
    assert not found.reserved
    assert len(found.signals) == 5
    assert all(signal.reserved for signal in found.signals)


def test_an_unknown_policy_is_an_error():
    with pytest.raises(ValueError, match="'lenient'"):
        read_reservation({}, {}, "lenient")


@pytest.mark.parametrize("name", [*FREE, "plus:DataMining"])
def test_a_value_too_long_to_read_is_malformed_and_cut_in_the_evidence(name):
    # Each part of it is free.
    value = (
        "; ".join(["DMI-ALLOWED"] * 9_000) if name not in FREE else ", ".join([FREE[name]] * 9_000)
    )
    where = ({name: value}, {}) if name in FREE else ({}, {name: value})
    found = read_reservation(*where, now=NOW)
    assert found.reserved
    [signal] = found.signals
    assert (len(signal.value), signal.understood) == (1000, False)


@pytest.mark.parametrize("text", [",", ":", "a", "noai ", "=n,", "unavailable_after: mon,", "\n"])
def test_no_value_raises(text):
    value = text * (16_000 // len(text))
    found = read_reservation(dict.fromkeys(FREE, value), {"plus:DataMining": value}, now=NOW)
    assert found.reserved
