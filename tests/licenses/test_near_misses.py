"""Whatever anybody writes: nothing raises, and nothing but a license is one."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from carsets.licenses import (
    Evidence,
    commons_license,
    embedded_license,
    flickr_license,
    license_table,
    openverse_license,
    read_license,
)
from carsets.licenses.embedded import LICENSE_FIELDS
from carsets.licenses.pages import license_links, page_license
from carsets.licenses.schema_org import image_rights

KNOWN = sorted(
    {
        text
        for terms in license_table().values()
        for text in (terms.key, terms.spdx, terms.url, terms.name)
        if text and terms.family not in {"unknown", "arr"}
    }
)
PIECES = [
    *KNOWN,
    *("©", "(", ")", ";", ".", ",", "|", "/", "-", "_", "+", "<a>", "</a>", "1.0", "4.0", "5.0"),
    *("de", "uk", "by", "nc", "nd", "sa", "cc", "BY", "license", "licensed", "under", "work"),
    *("This", "is", "a", "the", "Public", "domain", "attribution", "not", "except", "all"),
    *("rights", "reserved", "some", "no", "only", "free", "https://creativecommons.org/licenses/"),
]
# Words after which a name is no longer the name of a license.
FOREIGN = st.sampled_from(
    ["not", "except", "logo", "Jane", "unless", "MIT", "OR", "AND", "£5", "©", "?", "5.0", "gratis"]
)
PATIENT = settings(deadline=None)  # the first call reads the table
texts = st.one_of(
    st.text(max_size=500),
    st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
)
JSON_NAMES = [
    *("@type", "@id", "@graph", "@value", "license", "creator", "name", "url", "image"),
    *("copyrightNotice", "creditText", "contentUrl", "acquireLicensePage", "x"),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(JSON_NAMES),
            st.one_of(inner, st.just("ImageObject")),
            max_size=6,
        )
    ),
    max_leaves=30,
)


@PATIENT
@given(texts)
@example("http://[")
@example("//")
@example("(" * 400)
@example("CC BY " * 60)
def test_no_reader_raises(text):
    for found in (
        read_license(text),
        flickr_license(text),
        openverse_license(text, text, text),
        commons_license(text, text, text),
        *(embedded_license({field: text}) for field in LICENSE_FIELDS),
        embedded_license(dict.fromkeys(LICENSE_FIELDS, text)),
        page_license(text, text, text),
        page_license(f'<a rel="license" href="{text}">'),
    ):
        assert found.terms.key in license_table()
        assert len(found.raw) <= 400
        assert isinstance(found.evidence, Evidence)
    assert isinstance(license_links(text), list)


@PATIENT
@given(json_values)
def test_no_json_makes_the_reader_raise(parsed):
    for found in image_rights(parsed):
        assert found.license.terms.key in license_table()


@PATIENT
@given(st.sampled_from(KNOWN), FOREIGN, st.booleans())
def test_a_foreign_word_beside_a_license_makes_it_none(name, word, before):
    text = f"{word} {name}" if before else f"{name} {word}"
    assert read_license(text).openness == 0


@PATIENT
@given(st.sampled_from(KNOWN), st.data())
def test_a_letter_more_or_less_never_makes_a_license_freer(name, data):
    """A slip of the pen may name another license, but then it has that one's name in full."""
    place = data.draw(st.integers(0, len(name)))
    letter = data.draw(st.sampled_from([*"abcdensyz0123456789-/. ", ""]))
    cut = data.draw(st.integers(0, 1))
    text = name[:place] + letter + name[place + cut :]
    found = read_license(text)
    if found.openness <= read_license(name).openness:
        return
    assert not re.search(r"nc|nd|noncommercial|noderiv", text.lower())


@PATIENT
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789 .-", max_size=40))
def test_random_words_are_no_license(text):
    found = read_license(text)
    if found.openness:
        assert re.match(
            r"\W*(?:cc|by|pd|public domain|attribution|sa|nc|nd|us|u\.s|nkc|no k|sampling)", text
        )


@PATIENT
@given(st.integers())
def test_a_number_is_no_license_but_at_flickr(number):
    assert read_license(str(number)).code == "unknown"
    assert (flickr_license(number).code == "unknown") is not (0 <= number <= 16)


@PATIENT
@given(st.sampled_from(KNOWN), st.sampled_from(["", " ", ".", "\n", "\t\t"]))
def test_space_and_case_make_no_difference(name, space):
    same = f"{space}{name.upper()}{space}" if space != "." else f"{name}."
    assert read_license(same).code == read_license(name).code
