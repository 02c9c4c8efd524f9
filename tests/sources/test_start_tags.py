"""The start tags of a page, against what lxml sees, and on pages made to hang a parser."""

import time
from collections import Counter
from contextlib import suppress

import pytest
from lxml import etree

from carsets.sources.foreign_text import MAX_PAGE_BYTES, ForeignTextError
from carsets.sources.start_tags import MAX_PIECES, start_tags


def read(page):
    return [(tag.name, dict(tag.attributes)) for tag in start_tags(page)]


@pytest.mark.parametrize(
    ("page", "tags"),
    [
        ("<p>", [("p", {})]),
        ("<A HREF='x'>text</A>", [("a", {"href": "x"})]),
        ('<a b="1" c=2 d e = "3"/>', [("a", {"b": "1", "c": "2", "d": "", "e": "3"})]),
        ("<a\n b='a > b < c'>", [("a", {"b": "a > b < c"})]),
        ('<a m="{&quot;a&quot;:1}">', [("a", {"m": '{"a":1}'})]),
        ('<a b="1" b="2">', [("a", {"b": "1"})]),
        ("<a><!-- <b> --><i>", [("a", {}), ("i", {})]),
        ("<script>if (a<b) '<a>'</script><i>", [("script", {}), ("i", {})]),
        ("<STYLE><a></style><i>", [("style", {}), ("i", {})]),
        ("<!DOCTYPE html><?xml <a> ?><i>", [("i", {})]),
        ('<a b="1><i>', [("a", {"b": ""}), ("i", {})]),
        ("<a b='><i>", [("a", {"b": ""}), ("i", {})]),
        ("1 < 2 </p> <3 <é>", []),
        ("<a", []),
        ("", []),
    ],
)
def test_reads_names_and_attributes(page, tags):
    assert read(page) == tags


def test_class_words_are_compared_whole():
    [tag] = start_tags('<a class="iusc  big">')
    assert tag.has_class("iusc")
    assert tag.has_class("big")
    assert not tag.has_class("ius")
    [bare] = start_tags("<a>")
    assert not bare.has_class("")


@pytest.mark.parametrize(
    "capture",
    [
        "bing/retrieval-go_bing_images.html",
        "bing/monibrand_web_2022-09-05_fr.html",
        "ecosia/openserp_images_results.html",
    ],
)
def test_recorded_pages_read_as_lxml_reads_them(shared, capture):
    page = (shared / "captures" / capture).read_text(encoding="utf-8")
    tree = etree.fromstring(page.encode(), etree.HTMLParser(encoding="utf-8"))
    implied = {"html", "head", "body", "tbody"}  # lxml adds what every document has
    elements = [e for e in tree.iter() if isinstance(e.tag, str) and e.tag not in implied]
    tags = [tag for tag in start_tags(page) if tag.name not in implied]
    assert Counter(tag.name for tag in tags) == Counter(e.tag for e in elements)
    ours = Counter((t.name, k, v) for t in tags for k, v in t.attributes.items())
    theirs = Counter((e.tag, k, v) for e in elements for k, v in e.attrib.items())
    theirs[("input", "multiple", "")] = theirs.pop(("input", "multiple", "multiple"), 0)
    assert ours == theirs


HOSTILE = {
    "nested": "<div>",
    "never closed": "<a ",
    "only brackets": "<",
    "one tag, same attribute": " x=1",
    "comments": "<!--",
    "scripts": "<script>",
    "single quotes": "<a x='",
    "double quotes": '<a x="',
    "spaces": "   \t\n",
    "equals": "=",
    "slashes": "/",
    "references": "&#",
    "mixed": "<a x=\"'",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_five_hostile_megabytes_take_linear_time(piece):
    page = "<a" + piece * (MAX_PAGE_BYTES // len(piece))
    started = time.process_time()
    with suppress(ForeignTextError):
        list(start_tags(page))
    # Under a second here; what is not linear takes minutes.
    assert time.process_time() - started < 20


def test_half_a_million_attributes_in_one_tag_are_refused_at_once():
    """libxml2 takes minutes over this one: it compares every attribute with all others."""
    page = "<a " + "".join(f" x{number}=1" for number in range(500_000)) + ">"
    with pytest.raises(ForeignTextError, match=str(MAX_PIECES)):
        list(start_tags(page))
