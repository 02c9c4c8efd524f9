"""Totals are read from sentences in any language, and never made up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.counting.result_totals import MOST_DIGITS, read_total

NARROW, FIXED, THIN = "\u202f", "\u00a0", "\u2009"


@pytest.mark.parametrize(
    ("text", "total"),
    [
        # Every text of the format file.
        ("About 756,000 results", 756_000),
        ("Ungefähr 114.000.000 Ergebnisse (0,25 Sek.)", 114_000_000),
        ("449.000.000 results", 449_000_000),
        ("169&#160;000 résultats", 169_000),
        ("Environ 7&#8239;100&#160;résultats", 7_100),
        ("11-20 of 108,000 results", 108_000),
        ("нашлось 148 тыс. результатов", 148_000),
        ("нашлось 2 млн результатов", 2_000_000),
        ("约116,000", 116_000),
        ("About 0 results", 0),
        ("8210000", 8_210_000),
        ("About 108,000 results", 108_000),
        ("About 114,000,000 results<nobr> (0.25 seconds)</nobr>", 114_000_000),
        ("Яндекс: ничего не найдено", 0),
        ("8,210,000", 8_210_000),
        ("148 thousand results", 148_000),
        # Ones and noughts.
        ("1 result", 1),
        ("1 résultat", 1),
        ("0 results", 0),
        ("0", 0),
        ("No results found for ford mustang", 0),
        ("Keine Ergebnisse", 0),
        ("Aucun résultat", 0),
        # Signs between thousands.
        (f"1{FIXED}234 wyników", 1_234),
        (f"1{NARROW}234{NARROW}567 résultats", 1_234_567),
        (f"1{THIN}234", 1_234),
        ("1 234", 1_234),
        ("1’234’567 Ergebnisse", 1_234_567),
        ("1,23,45,678 results", 12_345_678),
        ("1.234", 1_234),
        ("1,234", 1_234),
        # Digits of other scripts.
        ("约１１６，０００", 116_000),
        ("حوالي ١٢٣٬٤٥٦ نتيجة", 123_456),
        ("लगभग १२,३४,५६७ नतीजे", 1_234_567),
        # Words that multiply.
        ("нашлось 1,2 млн результатов", 1_200_000),
        ("найден 1 млрд результатов", 1_000_000_000),
        ("1.2 million results", 1_200_000),
        ("1,2 million results", 1_200_000),
        ("1,234 million results", 1_234_000_000),
        ("1.234 million results", 1_234_000),
        ("148 mil resultados", 148_000),
        ("2,5 Mio. Treffer", 2_500_000),
        ("148 тысяч", 148_000),
        ("148K results", 148_000),
        ("1.5M", 1_500_000),
        ("约1.2万条结果", 12_000),
        ("找到约 1,234万 条结果", 12_340_000),
        ("3億件", 300_000_000),
        ("0,5 млн", 500_000),
        # Places on the page, and the time it took.
        ("11–20 von 108.000 Ergebnissen", 108_000),
        ("Page 2 of about 5,940,000,000 results (0.35 seconds) ", 5_940_000_000),
        ("Seite 2 von ungefähr 1.230 Ergebnissen (0,253 Sekunden)", 1_230),
        ("1,230 results in 0.253 seconds", 1_230),
        ("找到约 116,000 条结果 （用时 0.253 秒）", 116_000),
        ("12 results 2 sec", 12),
        # Nothing is told.
        ("", None),
        ("results", None),
        ("About results", None),
        ("(0.25 seconds)", None),
        ("0.25", None),
        ("1.2345", None),
        ("22.11.2026", None),
        ("1,234.56", None),
        ("9" * (MOST_DIGITS + 1), None),
        ("тыс. результатов", None),
        ("nothing is said", None),
        ("no resultant force", None),
        # Two statements that cannot both be true.
        ("No results found for ford 500", None),
        ("1.2.3 млн", None),
    ],
)  # fmt: skip
def test_a_sentence_gives_its_total(text, total):
    found = read_total(text)
    assert found == total
    assert type(found) is type(total)


def grouped(number, sign):
    return f"{number:,}".replace(",", sign)


@given(
    st.integers(0, 10**MOST_DIGITS - 1),
    st.sampled_from([",", ".", " ", FIXED, NARROW, THIN, "'", "’", ""]),
    st.sampled_from(
        ["{}", "About {} results", "Environ {} résultats", "Ungefähr {} Ergebnisse (0,25 Sek.)",
         "нашлось {} результатов", "约{}", "<b>{}</b>&nbsp;risultati"]
    ),
)  # fmt: skip
def test_every_number_is_read_in_every_writing(number, sign, sentence):
    assert read_total(sentence.format(grouped(number, sign))) == number


@given(st.integers(1, 999), st.sampled_from([("тыс.", 10**3), ("млн", 10**6), ("Mrd.", 10**9)]))
def test_scales_multiply(number, scale):
    word, factor = scale
    assert read_total(f"нашлось {number} {word} результатов") == number * factor


@given(st.text(max_size=600))
def test_no_text_is_too_strange(text):
    total = read_total(text)
    assert total is None or 0 <= total < 10 ** (MOST_DIGITS + 9)


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "No", "Nl"]), max_size=80))
def test_without_a_digit_there_is_no_number(text):
    if not re.search(r"&#", text):
        assert read_total(text) in {None, 0}


@given(st.integers(1, 10**9), st.integers(1, 50))
def test_places_on_the_page_are_not_the_total(total, page):
    first = (page - 1) * 10 + 1
    total = max(total, first + 10)
    assert read_total(f"{first}-{first + 9} of {total:,} results") == total


def test_a_long_text_costs_little():
    assert read_total("1" * 10_000_000) is None
    assert read_total("<" * 10_000_000) is None
    assert read_total("1 " * 1_000_000) == 1


def test_the_recorded_sentences(shared):
    """The sentences of the recorded pages, cut out by the names of their elements alone."""
    stats = re.compile(r'<div id="result-stats">(.*?)</div>')
    for name, total in {
        "google/openserp_web_search_no_results.html": 0,
        "google/openserp_web_search_results.html": 114_000_000,
        "google/serpapi-cc_web_red-apple_imagepack.html": 5_940_000_000,
    }.items():
        page = (shared / "captures" / name).read_text(encoding="utf-8")
        assert read_total(stats.search(page)[1]) == total
    page = (shared / "captures/bing/monibrand_web_2022-09-05_fr.html").read_text(encoding="utf-8")
    assert read_total(re.search(r'class="sb_count">(.*?)</span>', page)[1]) == 169_000
