"""Which signals count, and what a policy cannot be."""

import pytest

from carsets.reservations import SIGNALS, ReservationPolicy, RobotsReservations, Signal
from carsets.reservations.ai_agents import ai_agents

SOME = [Signal(name, "said", reserved=True) for name in SIGNALS]


def test_strict_counts_all_and_research_none():
    assert ReservationPolicy.of().deciding(SOME) == SOME
    assert ReservationPolicy.of("research").deciding(SOME) == []
    assert [s.name for s in ReservationPolicy.of("custom", ["plus:DataMining"]).deciding(SOME)] == [
        "plus:DataMining"
    ]


def test_what_is_not_reserved_decides_nothing():
    said = [Signal(name, "said", reserved=False) for name in SIGNALS]
    assert ReservationPolicy.of().deciding(said) == []


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("lenient",), "'lenient'"),
        (("custom",), "needs a list"),
        (("custom", ["noai"]), "unknown signal 'noai'"),
    ],
)
def test_a_policy_that_there_is_not(arguments, match):
    with pytest.raises(ValueError, match=match):
        ReservationPolicy.of(*arguments)


def test_the_list_of_crawlers_holds_those_that_collect_and_no_search_engine():
    assert {"gptbot", "ccbot", "claudebot", "img2dataset", "scrapy"} <= ai_agents()
    assert not {"googlebot", "bingbot", "chatgpt-user", "*", "carsets"} & ai_agents()


@pytest.mark.parametrize(
    ("agents", "reserved"),
    [
        (["*"], {"GPTBot"}),
        (["*", "MyRival"], {"GPTBot", "MyRival"}),
        (["myrival"], {"MyRival"}),
        ([], set()),
    ],
)
def test_the_list_of_crawlers_can_be_changed(agents, reserved):
    policy = ReservationPolicy.of(agents=agents)
    for robot in ("GPTBot", "MyRival"):
        robots = f"User-agent: {robot}\nDisallow: /\n"
        found = RobotsReservations.read(robots, policy.agents).signals("https://a.test/b.jpg")
        assert bool(policy.deciding(found)) is (robot in reserved)
