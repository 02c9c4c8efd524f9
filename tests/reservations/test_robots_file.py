"""robots.txt beyond the rules for us, held against what others read from the same text."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from carsets.reservations import RobotsReservations
from carsets.reservations.ai_agents import ai_agents
from carsets.reservations.path_patterns import matches, same

# The way in which Cloudflare's managed robots.txt is built: a group for all with a signal, then a
# group a crawler.
MANAGED = """# As a condition of accessing this website, you agree to abide by the following signals
User-Agent: *
Content-Signal: search=yes,ai-train=no
Allow: /

User-agent: Amazonbot
Disallow: /

User-agent: Applebot-Extended
Disallow: /

User-agent: GPTBot
Disallow: /

Sitemap: https://a.test/sitemap.xml
"""
# The example of the AIPREF draft.
AIPREF = """User-Agent: *
Allow: /
Disallow: /never/
Content-Usage: train-ai=n
Content-Usage: /ai-ok/ train-ai=y

User-Agent: ExampleBot
Allow: /
Content-Usage: train-ai=y
"""


def said(text, path="/a.jpg"):
    found = RobotsReservations.read(text, ai_agents()).signals(f"https://a.test{path}")
    return {signal.name.partition(":")[2]: signal.reserved for signal in found}


def test_a_managed_file_reserves_twice_and_keeps_its_words():
    found = RobotsReservations.read(MANAGED, ai_agents()).signals("https://a.test/a.jpg")
    assert [(signal.name, signal.value) for signal in found] == [
        ("robots.txt:ai-agents", "amazonbot, applebot-extended, gptbot: Disallow: /"),
        ("robots.txt:content-signal", "Content-Signal: search=yes,ai-train=no"),
    ]


@pytest.mark.parametrize(("path", "reserved"), [("/test", True), ("/ai-ok/test", False)])
def test_the_example_of_the_draft(path, reserved):
    assert said(AIPREF, path) == {"content-usage": reserved}


def test_a_group_of_our_own_takes_the_place_of_the_one_for_all():
    text = "User-agent: *\nContent-Usage: train-ai=n\n\nUser-agent: Carsets/1.0\nAllow: /\n"
    assert said(text) == {}
    assert said(f"{text}Content-Usage: train-ai=n") == {"content-usage": True}


def test_what_stands_before_any_group_is_for_everybody():
    text = "Content-Signal: ai-train=no\nUser-agent: carsets\nAllow: /\n"
    assert said(text) == {"content-signal": True}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end(end):
    assert said(MANAGED.replace("\n", end)) == {"ai-agents": True, "content-signal": True}


PATHS = st.text("ab/*$%é.?2Ff", max_size=8).map("/{}".format)
GROUPS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["GPTBot", "CCBot", "Bingbot", "*"]), min_size=1, max_size=2),
        st.lists(st.tuples(st.sampled_from(["Allow", "Disallow"]), PATHS), min_size=1, max_size=3),
    ),
    max_size=4,
)


@given(GROUPS, st.text("ab/.", max_size=8).map("/{}".format))
def test_no_rule_for_an_ai_crawler_is_overlooked(groups, path):
    """Whatever Protego denies to a crawler that is named, is a reservation."""
    text = ""
    for robots, rules in groups:
        text += "".join(f"User-agent: {robot}\n" for robot in robots)
        text += "".join(f"{field}: {value}\n" for field, value in rules)
    url = f"https://a.test{path}"
    rules = Protego.parse(text)
    named = {robot for robots, _ in groups for robot in robots} & {"GPTBot", "CCBot"}
    denied = any(not rules.can_fetch(url, robot) for robot in named)
    assert not denied or said(text, path).get("ai-agents") is True


@given(PATHS, PATHS)
def test_patterns_match_as_protego_matches_them(pattern, path):
    # Protego reads a $ that stands at the end as itself too, which RFC 9309 has no word for.
    if "$" in path or "$" in pattern[:-1] or "%" in path + pattern or "*" in path or "?" in path:
        return
    denied = not Protego.parse(f"User-agent: *\nDisallow: {pattern}").can_fetch(
        f"https://a.test{path}", "x"
    )
    assert matches(same(pattern), same(path)) is denied


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("/é", "/%c3%A9", True),
        ("/%7Eme/", "/~me/a", True),
        ("/a%2Fb", "/a/b", False),
        ("/foo-%24", "/foo-$", False),
        ("/a*b*c$", "/a-b-c-b-c", True),
        ("/a*b*c$", "/a-b-c-b", False),
        ("/ab*b$", "/ab", False),
    ],
)
def test_two_spellings_of_one_path_are_equal(pattern, path, covered):
    assert matches(same(pattern), same(path)) is covered


def test_asking_is_cheap_and_hostile_files_are_bounded():
    many = "".join(f"User-agent: {name}\nDisallow: /\n\n" for name in sorted(ai_agents()))
    polite = RobotsReservations.read(many + MANAGED, ai_agents())
    assert len(polite.closed) == 1, "the same rules are looked at once"
    stars = "User-agent: *\n" + f"Content-Usage: /{'*a' * 5_000} train-ai=n\n" * 40
    patient = RobotsReservations.read(stars, ai_agents())
    began = perf_counter()
    for _ in range(10):
        patient.signals("https://a.test/" + "a" * 4_000)
    assert perf_counter() - began < 10
