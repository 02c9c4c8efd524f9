"""The common words for filters: what is accepted, what an engine is told, what it lacks."""

import pytest

from carsets.problems import UserError
from carsets.sources.search_filters import (
    ANYTHING,
    FILTER_ARGUMENTS,
    FILTERS,
    SearchFilters,
    engine_words,
    license_note,
    missing_filters,
    read_filters,
)

WORDS = {"size": {"large": "L"}, "safe": {"strict": "2", "off": "0"}}


def test_every_word_is_read_as_it_is_written_in_any_case():
    for name, words in FILTERS.items():
        for word in words:
            filters = read_filters({name: f" {word.upper()} "}, safe_off_allowed=True)
            assert getattr(filters, name) == word
    assert read_filters({"region": "de-de", "query": "x"}) == SearchFilters(region="de-de")
    assert {*FILTERS, "region"} == FILTER_ARGUMENTS


def test_nothing_given_is_anything_under_strict_safe_search():
    assert read_filters({}) == ANYTHING
    assert ANYTHING.given == {"safe": "strict"}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"size": "tiny"}, "unknown size 'tiny'; it is one of small, medium, large, huge"),
        ({"color": "reddish"}, "unknown color 'reddish'"),
        ({"region": "america"}, "region=america: no country and language, such as us-en"),
        ({"safe": "none"}, "unknown safe 'none'; it is one of strict, moderate, off"),
        ({"safe": "off"}, "SAFE_SEARCH_OFF_ALLOWED=True"),
    ],
)
def test_a_wrong_word_is_one_line_that_says_what_is_right(given, line):
    with pytest.raises(UserError) as caught:
        read_filters(given)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_safe_search_goes_off_only_where_a_setting_allows_it():
    assert read_filters({"safe": "off"}, safe_off_allowed=True).safe == "off"


def test_an_engine_is_told_what_it_knows_and_nothing_else():
    filters = SearchFilters(size="large", color="red")
    assert engine_words(filters, WORDS) == {"size": "L", "safe": "2"}
    assert engine_words(filters, {}) == {}


def test_an_engine_without_moderate_safe_search_is_asked_for_the_strict_one():
    assert engine_words(SearchFilters(safe="moderate"), WORDS) == {"safe": "2"}
    assert missing_filters(SearchFilters(safe="moderate"), WORDS) == ("safe=moderate",)


def test_what_an_engine_lacks_is_named_word_by_word():
    filters = SearchFilters(size="small", color="red", region="us-en")
    assert missing_filters(filters, WORDS) == ("size=small", "color=red", "region=us-en")
    assert missing_filters(filters, WORDS, region=True) == ("size=small", "color=red")
    assert missing_filters(ANYTHING, {}) == ("safe=strict",)


def test_a_license_filter_is_noted_with_the_engine_whose_guess_it_is():
    assert license_note("bing", SearchFilters(license="share")) == {"license_filter": "bing:share"}
    assert license_note("bing", ANYTHING) == {}


def test_a_region_is_a_country_and_a_language():
    assert (SearchFilters(region="ch-de").country, SearchFilters(region="ch-de").language) == (
        "ch",
        "de",
    )
