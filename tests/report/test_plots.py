"""Plots hold the numbers that they were given, whatever they are called, and are drawn the same."""

import re

import pytest
from lxml import etree

from carsets.catalog.report_rows import QueryLine
from carsets.integrity.decay import Share
from carsets.outcomes import Outcome
from carsets.report.bar_plots import PAINTS, funnel, histogram, queries, ranking, sources
from carsets.report.image_facts import ImageFacts
from carsets.report.label_plots import correctness, frequency, frequency_curve
from carsets.report.label_stats import LabelStats
from carsets.report.time_plots import over_time

HOSTILE = "\x1b[2J<script>alert(1)</script>&amp; $\\frac{1}{2}$ \x00\ufffe \ud800 \u202e 車 " * 3
SVG = "{http://www.w3.org/2000/svg}"


def words_of(plot):
    """Return what hovering over the parts of a plot shows; the drawing must be whole XML."""
    root = etree.fromstring(plot.svg.encode("utf-8"))
    assert root.get("role") == "img"
    assert root.get("aria-label")
    return [title.text for title in root.iter(f"{SVG}title")]


def test_the_funnel_says_every_step_and_what_is_left():
    outcomes = {Outcome.STORED: 5, Outcome.NOT_A_CAR: 2, Outcome.HTTP_404: 3, Outcome.KNOWN_URL: 1}
    plot = funnel({code.value: number for code, number in outcomes.items()})
    assert words_of(plot) == [
        *("found: 11", "asked for: 10", "fetched: 7", "whole images: 7", "free to use: 7"),
        *("not there yet: 7", "with a car: 5", "kept: 5"),
    ]


def test_sources_and_queries_are_told_with_their_shares():
    plot = sources({"bing": {"stored": 3, "html": 1}, "flickr": {"stored": 1}})
    assert set(words_of(plot)) >= {"bing, kept: 3 (75%)", "bing, content: 1 (25%)"}
    plot = queries([QueryLine("bing", HOSTILE, 10, 4, "results")])
    assert all(word.endswith("(bing): 4 of 10") for word in words_of(plot))


def test_the_largest_are_shown_and_the_rest_is_counted():
    plot = ranking("hosts", "Images by host", "images", {f"h{n}.test": 40 - n for n in range(30)})
    words = words_of(plot)
    assert len(words) == 14
    assert words[0] == "h0.test: 40 (5.2%)"
    assert plot.note == "images; the first 14 of 30"


def test_a_bar_of_red_cars_is_red():
    plot = ranking(
        "c", "Colors", "images", {"red": 2, "blue": 1}, colors=[PAINTS["red"], PAINTS["blue"]]
    )
    assert f'fill="{PAINTS["red"]}"' in plot.svg


@pytest.mark.parametrize("words", [HOSTILE, "", "]]>", "x" * 10_000], ids=ascii)
def test_any_word_makes_a_whole_drawing(words):
    stats = LabelStats(words, {words: {"train": 3}, "b": {"train": 0, "test": 1}}, 0)
    for plot in (
        frequency(stats),
        correctness(words, {words: (3, Share(1, 2))}),
        ranking("r", "R", "n", {words: 1}),
        sources({words: {"stored": 1}}),
        queries([QueryLine(words, words, 1, 1, "")]),
    ):
        words_of(plot)
        assert "<script" not in plot.svg
        assert "style=" not in plot.svg
        assert re.fullmatch(r"[A-Za-z0-9-]{1,80}", plot.name)


def test_the_curves_of_all_and_of_training_images_are_sorted_each_by_itself():
    splits = {"a": {"train": 1, "test": 9}, "b": {"train": 8}, "c": {"validation": 2}}
    curve = frequency_curve(LabelStats("make", splits, 0))
    assert (curve.names, curve.total, curve.train) == (["a", "b", "c"], [10, 8, 2], [8, 1, 0])


def test_right_labels_are_told_with_their_interval():
    [word] = words_of(correctness("make", {"Ford": (100, Share(9, 10))}))
    assert word.startswith("Ford: 9 of 10 right, ")
    low, high = Share(9, 10).interval
    assert f"{100 * low:.1f}" in word
    assert f"{100 * high:.1f}" in word


def test_of_one_moment_no_curve_is_drawn():
    images = ImageFacts()
    images.times.take("2026-01-01T00:00:00+00:00")
    assert list(over_time(images.times)) == []
    images.times.take("2026-01-01T00:00:09+00:00")
    growth, pace = over_time(images.times)
    assert "Images: 1 at 2026-01-01 00:00:00, 2 at 2026-01-01 00:00:09" in growth.svg
    assert pace.title == "Images per second"


def test_nothing_and_the_same_again():
    assert words_of(histogram("h", "H", "kB", ["< 1", "≥ 1"], [0, 0])) == ["< 1 kB: 0", "≥ 1 kB: 0"]
    assert funnel({}).svg == funnel({}).svg
