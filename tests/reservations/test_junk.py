"""Whatever strangers send: no reader raises, and what none understands is never free."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from carsets.reservations import (
    ReservationPolicy,
    RobotsReservations,
    TdmFile,
    of_page,
    read_reservation,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
URL = "https://photos.example.org/cars/a.jpg"
STRICT = ReservationPolicy.of()
TEXT = st.text(max_size=200)
# Words of the formats themselves, so that much is nearly right.
PIECES = (
    "noai noindex all none : , ; = \n / * $ 0 1 y n yes no ?1 train-ai ai-train GPTBot * "
    "unavailable_after: max-snippet:-1 mon 2020-01-01 User-agent: Disallow: Allow: "
    "Content-Signal: Content-Usage: carsets # Sitemap: DMI-PROHIBITED DMI-ALLOWED "
    '<meta name="robots" content=" "> <!-- --> notAllowed allowed [ ] { } "location" null'
)
WORDS = st.lists(st.sampled_from(PIECES.split(" ")), max_size=40).map(" ".join)
SAID = TEXT | WORDS
HEADERS = ("x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage", "content-signal")
EMBEDDED = ("plus:DataMining", "tdm:reservation", "c2pa.training-mining", "cawg.training-mining")


@given(
    st.dictionaries(st.sampled_from(HEADERS), SAID),
    st.dictionaries(st.sampled_from(EMBEDDED), SAID),
)
def test_no_header_and_no_statement_makes_the_verdict_raise(headers, embedded):
    found = read_reservation(headers, embedded, STRICT, NOW)
    assert found.reserved is any(signal.reserved for signal in found.signals)
    assert all(signal.reserved for signal in found.signals if not signal.understood)
    assert len(found.signals) == len(headers) + len(embedded)
    assert all("\0" not in signal.value for signal in found.signals)


@pytest.mark.parametrize("name", [n for n in (*HEADERS, *EMBEDDED) if n != "tdm-policy"])
@given(junk=TEXT)
def test_junk_is_never_free(name, junk):
    # Free are words that the format knows, or (of X-Robots-Tag) any one that begins not with "no".
    known = re.compile(
        r"[\s,;:]*|.*(all|y|yes|\?1|0|allowed|unspecified)", re.DOTALL | re.IGNORECASE
    )
    assume(not known.fullmatch(junk) or not junk.strip())
    if name == "x-robots-tag":
        assume(not re.search(r"[a-z0-9_-]", junk, re.IGNORECASE) and "\u212a" not in junk)
    if name in {"content-usage", "content-signal"}:
        assume("=" not in junk)
    where = ({name: junk}, {}) if name in HEADERS else ({}, {name: junk})
    assert read_reservation(*where, STRICT, NOW).reserved


@given(SAID | st.binary(max_size=300).map(lambda body: body.decode("utf-8", "replace")), SAID)
def test_no_robots_txt_makes_the_reader_raise(text, path):
    RobotsReservations.read(text, STRICT.agents).signals(f"https://a.test/{path}")


@given(TEXT)
def test_a_statement_in_robots_txt_that_is_junk_is_never_free(junk):
    statement = junk.partition("#")[0]
    assume("=" not in statement and len((statement + "x").splitlines()) == 1)
    assume(not statement.strip().startswith(("/", "*")))  # of other paths
    text = f"User-agent: *\nContent-Signal: {statement}\n"
    found = RobotsReservations.read(text, STRICT.agents).signals(URL)
    assert STRICT.deciding(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["location", "tdm-reservation", "tdm-policy"]) | TEXT, inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON.map(lambda facts: json.dumps(facts).encode()) | st.binary(max_size=300))
def test_no_tdm_file_makes_the_reader_raise(body):
    found = TdmFile.read(body).signals(URL)
    assert all(signal.value.encode() for signal in found if signal.value)
    try:
        rules = json.loads(body)
    except (ValueError, RecursionError):
        rules = None
    if not isinstance(rules, list):
        assert STRICT.deciding(found), "junk is never free"


@given(
    st.lists(
        st.fixed_dictionaries({"location": st.just("/cars/"), "tdm-reservation": JSON}), min_size=1
    )
)
def test_a_value_of_a_tdm_file_that_is_junk_is_never_free(rules):
    found = TdmFile.read(json.dumps(rules).encode()).signals(URL)
    first = rules[0]["tdm-reservation"]
    free = (type(first) is int and first == 0) or first == "0"
    assert bool(STRICT.deciding(found)) is not free


def test_evidence_fits_into_every_database():
    body = b'[{"location": "/\\ud800\\u0000", "tdm-reservation": 1}, {"x\\udfff": "\\u0000"}]'
    [signal] = TdmFile.read(body).signals(URL)
    assert signal.value == '{"x?": "\\u0000"}'
    [header] = read_reservation({"x-robots-tag": "noai\0"}, {}, STRICT, NOW).signals
    assert header.value == "noai\ufffd"


@given(SAID)
def test_no_page_makes_the_reader_raise(html):
    of_page(html, STRICT.agents, NOW)


@given(TEXT)
def test_a_meta_element_that_is_junk_is_never_free(junk):
    assume(junk.strip() != "0" and not set(junk) & set("\"'<>&"))
    page = f'<meta name="tdm-reservation" content="{junk}">'
    assert STRICT.deciding(of_page(page, now=NOW))
