"""Every signal that is alone: present, absent, malformed, contradicting, with the verdict."""

from datetime import UTC, datetime

import pytest

from carsets.reservations import (
    SIGNALS,
    DeniedHosts,
    ReservationPolicy,
    RobotsReservations,
    TdmFile,
    of_page,
    read_reservation,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
URL = "https://photos.example.org/cars/a.jpg"
DMI = "http://ns.useplus.org/ldf/vocab/DMI-"
OPEN = "User-agent: *\nAllow: /\n"
FREE, RESERVED, UNCLEAR = "free", "reserved", "reserved: cannot be understood"

# What is said, where it is said, and the verdict of `strict`.
MATRIX = {
    "denied-host": [
        ("present", "host,reason,date\nexample.org,terms of use,2026-10-01\n", RESERVED),
        ("present", "host,reason,date\n*.example.org,,\n", RESERVED),
        ("absent", "host,reason,date\nexample.com,terms of use,2026-10-01\n", FREE),
        ("absent", "host,reason,date\nbad-example.org,its end alone is the same,\n", FREE),
    ],
    "robots.txt:ai-agents": [
        ("present", f"{OPEN}\nUser-agent: GPTBot\nDisallow: /\n", RESERVED),
        ("present", f"{OPEN}\nuser-agent: ccbot/2.0\nuser-agent: x\ndisallow: /cars/\n", RESERVED),
        ("present", "User-agent: Scrapy\nDisallow: /*.jpg$\n", RESERVED),
        ("absent", OPEN, FREE),
        ("absent", "", FREE),
        ("absent", f"{OPEN}\nUser-agent: GPTBot\nDisallow: /texts/\n", FREE),
        ("absent", f"{OPEN}\nUser-agent: Googlebot\nDisallow: /\n", FREE),
        ("absent", f"{OPEN}\nUser-agent: GPTBot\nDisallow:\n", FREE),
        ("contradicting", "User-agent: CCBot\nDisallow: /\n\nUser-agent: GPTBot\nAllow: /",
         RESERVED),
        ("contradicting", "User-agent: carsets\nAllow: /\n\nUser-agent: GPTBot\nDisallow: /",
         RESERVED),
        ("malformed", f"{OPEN}" + "".join(f"User-agent: GPTBot\nAllow: /{n}\n" for n in range(300)),
         UNCLEAR),
    ],
    "robots.txt:content-signal": [
        ("present", "User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /", RESERVED),
        ("present", "Content-signal:ai-train=no # for all\n", RESERVED),
        ("present", f"{OPEN}Content-Signal: /cars/ ai-train=no\n", RESERVED),
        ("present", f"{OPEN}\nUser-agent: GPTBot\nContent-Signal: ai-train=no\nAllow: /", RESERVED),
        ("absent", f"{OPEN}Content-Signal: ai-train=yes\n", FREE),
        ("absent", f"{OPEN}Content-Signal: /texts/ ai-train=no\n", FREE),
        ("absent", f"{OPEN}\nUser-agent: Bingbot\nContent-Signal: ai-train=no\n", FREE),
        ("absent", "User-agent: carsets\nAllow: /\n\nUser-agent: *\nContent-Signal: ai-train=no\n",
         FREE),
        ("malformed", f"{OPEN}Content-Signal: no training, please\n", UNCLEAR),
        ("malformed", f"{OPEN}Content-Signal:\n", UNCLEAR),
        ("malformed", f"{OPEN}Content-Signal: /cars/\n", UNCLEAR),
        ("contradicting", f"{OPEN}Content-Signal: ai-train=yes\nContent-Signal: ai-train=no",
         RESERVED),
        ("contradicting", f"{OPEN}Content-Signal: ai-train=no\nContent-Signal: /cars/ ai-train=yes",
         FREE),
    ],
    "robots.txt:content-usage": [
        ("present", f"{OPEN}Content-Usage: train-ai=n\n", RESERVED),
        ("present", f"{OPEN}Content-Usage: train-ai=y\nContent-Usage: /c*s/ train-ai=n\n",
         RESERVED),
        ("absent", f"{OPEN}Content-Usage: train-ai=y, search=n\n", FREE),
        ("absent", f"{OPEN}Content-Usage: train-ai=n\nContent-Usage: /cars/ train-ai=y\n", FREE),
        ("malformed", f"{OPEN}Content-Usage: train-ai\n", UNCLEAR),
        ("malformed", f"{OPEN}Content-Usage: /cars/ train-ai=perhaps\n", UNCLEAR),
        ("contradicting",
         f"{OPEN}Content-Usage: /cars/ train-ai=y\nContent-Usage: /cars/ train-ai=n",
         RESERVED),
    ],
    "tdmrep.json": [
        ("present", '[{"location": "/", "tdm-reservation": 1}]', RESERVED),
        ("present", '[{"location": "/cars/*.jpg$", "tdm-reservation": "1", "tdm-policy": "x"}]',
         RESERVED),
        ("absent", "[]", FREE),
        ("absent", '[{"location": "/", "tdm-reservation": 0}]', FREE),
        ("absent", '[{"location": "/texts/", "tdm-reservation": 1}]', FREE),
        ("malformed", "", UNCLEAR),
        ("malformed", "{not json", UNCLEAR),
        ("malformed", '{"location": "/", "tdm-reservation": 0}', UNCLEAR),
        ("malformed", '[{"location": "/", "tdm-reservation": 2}]', UNCLEAR),
        ("malformed", '[{"location": "/", "tdm-reservation": false}]', UNCLEAR),
        ("malformed", '[{"location": "/"}]', UNCLEAR),
        ("malformed", '[{"tdm-reservation": 0}]', UNCLEAR),
        ("malformed", '[{"location": "/", "tdm-reservation": 1, "tdm-reservation": 0}]', UNCLEAR),
        ("malformed", "[" * 100_000, UNCLEAR),
        ("contradicting", '[{"location": "/", "tdm-reservation": 0},'
         ' {"location": "/cars/", "tdm-reservation": 1}]', RESERVED),
        ("contradicting", '[{"location": "/", "tdm-reservation": 1},'
         ' {"location": "/cars/", "tdm-reservation": 0}]', RESERVED),
    ],
    "x-robots-tag": [
        ("present", "noai", RESERVED),
        ("present", "GPTBot: noindex", RESERVED),
        ("present", "unavailable_after: 2020-01-01", RESERVED),
        ("absent", "all", FREE),
        ("absent", "googlebot: noindex", FREE),
        ("malformed", "", UNCLEAR),
        ("malformed", "unavailable_after: soon", UNCLEAR),
        ("contradicting", "all, noimageai", RESERVED),
    ],
    "tdm-reservation": [
        ("present", "1", RESERVED),
        ("absent", "0", FREE),
        ("malformed", "2", UNCLEAR),
        ("contradicting", "0, 1", RESERVED),
    ],
    "content-usage": [
        ("present", "train-ai=n", RESERVED),
        ("absent", "train-ai=y", FREE),
        ("malformed", "train-ai", UNCLEAR),
        ("contradicting", "train-ai=y, train-ai=n", RESERVED),
    ],
    "content-signal": [
        ("present", "ai-train=no", RESERVED),
        ("absent", "ai-train=yes, ai-input=no", FREE),
        ("malformed", "ai-train:no", UNCLEAR),
        ("contradicting", "ai-train=yes, ai-train=no", RESERVED),
    ],
    "page:robots": [
        ("present", '<meta name="robots" content="noimageindex">', RESERVED),
        ("present", "<META CONTENT=noai NAME=Robots>", RESERVED),
        ("present", '<meta name="CCBot" content="noindex">', RESERVED),
        ("present", '<meta http-equiv="X-Robots-Tag" content="noai">', RESERVED),
        ("absent", "<html><title>A car</title>", FREE),
        ("absent", '<meta name="robots" content="max-image-preview:large">', FREE),
        ("absent", '<meta name="googlebot" content="noindex">', FREE),
        ("absent", '<!-- <meta name="robots" content="noai"> -->', FREE),
        ("malformed", '<meta name="robots">', UNCLEAR),
        ("malformed", '<meta name="robots" content="notraining">', UNCLEAR),
        ("malformed", "<a>" * 200_000, UNCLEAR),
        ("contradicting", '<meta name="robots" content="all"><meta name="robots" content="noai">',
         RESERVED),
    ],
    "page:tdm-reservation": [
        ("present", '<meta name="tdm-reservation" content="1">', RESERVED),
        ("absent", '<meta name="tdm-reservation" content="0">', FREE),
        ("absent", '<meta name="tdm-policy" content="https://example.org/terms">', FREE),
        ("malformed", '<meta name="tdm-reservation" content="yes">', UNCLEAR),
        ("contradicting", '<meta name="tdm-reservation" content="0">'
         '<meta name="tdm-reservation" content="1">', RESERVED),
    ],
    "plus:DataMining": [
        ("present", f"{DMI}PROHIBITED", RESERVED),
        ("present", f"{DMI}PROHIBITED-AIMLTRAINING", RESERVED),
        ("present", f"{DMI}PROHIBITED-GENAIMLTRAINING", RESERVED),
        ("present", f"{DMI}PROHIBITED-EXCEPTSEARCHENGINEINDEXING", RESERVED),
        ("present", f"{DMI}PROHIBITED-SEECONSTRAINT", RESERVED),
        ("present", f"{DMI}PROHIBITED-SEEEMBEDDEDRIGHTSEXPR", RESERVED),
        ("absent", f"{DMI}ALLOWED", FREE),
        ("absent", f"{DMI}UNSPECIFIED", FREE),
        ("malformed", "unreadable", UNCLEAR),
        ("contradicting", f"{DMI}ALLOWED; {DMI}PROHIBITED", RESERVED),
    ],
    "tdm:reservation": [
        ("present", "1", RESERVED),
        ("absent", "0", FREE),
        ("malformed", "true", UNCLEAR),
        ("contradicting", "0\n1", RESERVED),
    ],
    "c2pa.training-mining": [
        ("present", "c2pa.ai_training=notAllowed", RESERVED),
        ("present", "c2pa.data_mining=constrained", RESERVED),
        ("absent", "c2pa.ai_training=allowed, c2pa.data_mining=allowed", FREE),
        ("malformed", "unreadable", UNCLEAR),
        ("contradicting", "c2pa.ai_training=allowed, c2pa.ai_training=notAllowed", RESERVED),
    ],
    "cawg.training-mining": [
        ("present", "cawg.ai_generative_training=notAllowed", RESERVED),
        ("absent", "cawg.ai_training=allowed", FREE),
        ("malformed", "cawg.ai_training=?", UNCLEAR),
        ("contradicting", "cawg.ai_training=allowed, cawg.data_mining=notAllowed", RESERVED),
    ],
}  # fmt: skip
CASES = [(name, *case) for name, cases in MATRIX.items() for case in cases]


def read(name, said, tmp_path, policy):
    """Say one thing in the one place that a signal has, and nothing in all others."""
    policy = ReservationPolicy.of(policy) if isinstance(policy, str) else policy
    headers, embedded, others = {}, {}, []
    if name == "denied-host":
        path = tmp_path / "denied.csv"
        path.write_text(said)
        others = DeniedHosts.load(str(path)).signals(URL)
    elif name.startswith("robots.txt:"):
        others = RobotsReservations.read(said, policy.agents).signals(URL)
    elif name == "tdmrep.json":
        others = TdmFile.read(said.encode()).signals(URL)
    elif name.startswith("page:"):
        others = of_page(said, policy.agents, NOW)
    elif name in {"x-robots-tag", "tdm-reservation", "content-usage", "content-signal"}:
        headers = {name: said}
    else:
        embedded = {name: said}
    return read_reservation(headers, embedded, policy, NOW, others)


def test_every_signal_is_in_the_table_in_every_state():
    assert MATRIX.keys() == SIGNALS.keys()
    for name, cases in MATRIX.items():
        # A list of hosts that is malformed never begins a run: see test_denied_hosts.
        wanted = {"present", "absent"} if name == "denied-host" else {
            "present", "absent", "malformed", "contradicting"
        }  # fmt: skip
        assert {state for state, _, _ in cases} == wanted, name


@pytest.mark.parametrize(("name", "state", "said", "verdict"), CASES)
def test_strict(name, state, said, verdict, tmp_path):
    found = read(name, said, tmp_path, "strict")
    assert found.reserved is (verdict != FREE)
    deciding = [signal for signal in found.signals if signal.reserved]
    assert {signal.name for signal in deciding} <= SIGNALS.keys()
    if verdict == FREE:
        assert not deciding
        return
    assert name in {signal.name for signal in deciding}
    assert name in found.note
    understood = any(s.understood for s in deciding if s.name == name)
    assert understood is (verdict == RESERVED)


@pytest.mark.parametrize(("name", "state", "said", "verdict"), CASES)
def test_research_records_the_same_and_lets_it_pass(name, state, said, verdict, tmp_path):
    found = read(name, said, tmp_path, "research")
    assert not found.reserved
    assert found.signals == read(name, said, tmp_path, "strict").signals


@pytest.mark.parametrize(("name", "state", "said", "verdict"), CASES)
def test_custom_counts_what_is_listed_and_nothing_else(name, state, said, verdict, tmp_path):
    this = read(name, said, tmp_path, ReservationPolicy.of("custom", [name]))
    assert this.reserved is (verdict != FREE)
    rest = [other for other in SIGNALS if other.partition(":")[0] != name.partition(":")[0]]
    assert not read(name, said, tmp_path, ReservationPolicy.of("custom", rest)).reserved


# TDMRep alone has an order: the file of the host, then the header, then the page.
@pytest.mark.parametrize(
    ("file", "header", "page", "reserved"),
    [
        ("1", None, None, True),
        ("0", "1", None, True),
        ("0", None, "1", True),
        ("1", "0", None, False),  # what is nearer takes back
        ("1", None, "0", False),
        ("0", "1", "0", False),
        ("1", "1", "0", False),
        ("1", "0", "1", True),
        ("0", "0", "0", False),
        ("1", "junk", None, True),  # the malformed takes nothing back
        ("0", "junk", None, True),  # and is not free
        ("junk", "0", "0", True),
        ("1", "junk", "0", True),
    ],
)
def test_the_order_of_tdmrep(file, header, page, reserved):
    body = f'[{{"location": "/", "tdm-reservation": {file}}}]' if file != "junk" else "junk"
    others = TdmFile.read(body.encode()).signals(URL)
    if page is not None:
        others += of_page(f'<meta name="tdm-reservation" content="{page}">', now=NOW)
    headers = {} if header is None else {"tdm-reservation": header}
    found = read_reservation(headers, {}, "strict", NOW, others)
    assert found.reserved is reserved
    assert len(found.signals) == sum(said is not None for said in (file, header, page))


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ({"x-robots-tag": "noimageindex"}, {"page:robots"}),
        ({"tdm-reservation": "1", "tdm-policy": "https://a.test/"}, {"page:tdm-reservation"}),
        ({"content-usage": "train-ai=n"}, set()),  # speaks of the page's text alone
        ({}, set()),
    ],
)
def test_the_headers_of_a_page_speak_of_its_images_too(headers, names):
    found = of_page("<title>A car</title>", now=NOW, headers=headers)
    assert {signal.name for signal in found if signal.reserved} == names
