"""The license that a page gives: JSON-LD, rel=license, microdata."""

import json
import time

import pytest

from carsets.licenses import NO_LICENSE, Evidence
from carsets.licenses.pages import MAX_SCRIPTS, license_links, page_license, rights_on_page
from carsets.licenses.schema_org import ImageRights, image_rights

CC = "https://creativecommons.org/licenses"
BY, BY_NC = f"{CC}/by/4.0/", f"{CC}/by-nc/4.0/"
PHOTO = "https://photos.test/car.jpg"


def script(data, kind='type="application/ld+json"'):
    return f"<script {kind}>{data if isinstance(data, str) else json.dumps(data)}</script>"


def image(**facts):
    return {"@context": "https://schema.org", "@type": "ImageObject", "contentUrl": PHOTO, **facts}


# --- schema.org -------------------------------------------------------------------------------


def test_reads_all_that_is_said_of_an_image():
    [found] = image_rights(
        image(
            url="https://photos.test/car",
            license=BY,
            acquireLicensePage={"@id": "https://photos.test/buy"},
            creditText="Ann / Photos",
            creator=[{"@type": "Person", "name": "Ann"}, "Bo", {"@type": "Person"}],
            copyrightNotice="© Ann",
        )
    )
    assert found == ImageRights(
        urls=(PHOTO, "https://photos.test/car"),
        license=found.license,
        acquire_page="https://photos.test/buy",
        credit="Ann / Photos",
        creator="Ann, Bo",
        notice="© Ann",
    )
    assert (found.license.code, found.license.evidence, found.license.raw) == (
        "by-4.0",
        Evidence.PAGE,
        BY,
    )


@pytest.mark.parametrize(
    "license",
    [
        BY,
        [BY],
        {"@id": BY},
        {"@type": "CreativeWork", "url": BY, "name": "Our license"},
        {"@type": "CreativeWork", "@id": "#license", "name": "CC BY 4.0"},
        {"@value": "CC BY 4.0"},
        [None, 7, BY, {}],
    ],
    ids=json.dumps,
)
def test_a_license_has_many_shapes(license):
    [found] = image_rights(image(license=license))
    assert found.license.code == "by-4.0"


@pytest.mark.parametrize(
    "kind",
    [
        "ImageObject",
        ["Thing", "ImageObject"],
        "http://schema.org/ImageObject",
        "https://schema.org/ImageObject",
        "schema:ImageObject",
        "Photograph",
    ],
    ids=str,
)
def test_a_type_has_many_shapes(kind):
    assert len(image_rights({"@type": kind, "license": BY})) == 1


def test_images_may_be_nested_and_point_to_other_nodes():
    graph = {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": "WebPage",
                "primaryImageOfPage": {"@id": "#image"},
                "mainEntity": {"@type": "Car", "image": [image(creator={"@id": "#ann"})]},
            },
            {"@type": "ImageObject", "@id": "#image", "license": {"@id": "#terms"}},
            {"@type": "CreativeWork", "@id": "#terms", "url": BY_NC},
            {"@type": "Person", "@id": "#ann", "name": "Ann"},
        ],
    }
    first, second = image_rights([graph])
    assert (first.creator, first.license) == ("Ann", NO_LICENSE)
    assert second.license.code == "by-nc-4.0"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"license": [BY, BY_NC]}, "by-nc-4.0"),
        ({"license": BY, "copyrightNotice": "© Ann. All rights reserved."}, "arr"),
        ({"license": BY, "copyrightNotice": "© Ann, no use without permission"}, "unknown"),
        ({"license": BY, "copyrightNotice": "© Ann"}, "by-4.0"),
        ({"license": [BY, "https://photos.test/terms"]}, "unknown"),
        ({"license": "https://photos.test/terms"}, "unknown"),
        ({"license": {"name": "CC BY 4.0", "url": BY_NC}}, "by-nc-4.0"),
        ({"copyrightNotice": "All rights reserved"}, "arr"),
    ],
    ids=str,
)
def test_of_what_contradicts_itself_the_stricter_counts(facts, code):
    [found] = image_rights(image(**facts))
    assert (found.license.code, found.license.evidence) == (code, Evidence.PAGE)


@pytest.mark.parametrize(
    "junk",
    [
        None,
        7,
        "ImageObject",
        [],
        [[[]]],
        {"@type": None},
        {"@type": {"@id": "ImageObject"}},
        {"@type": ["x", 7, None]},
        {"@graph": "ImageObject"},
        {"@id": {}, "@type": []},
    ],
    ids=repr,
)
def test_junk_says_nothing(junk):
    assert image_rights(junk) == []


@pytest.mark.parametrize("value", [None, 7, True, [], {}, [[]], [{}], "", {"@id": 7}], ids=repr)
def test_values_of_other_types_say_nothing(value):
    names = ("license", "creator", "creditText", "copyrightNotice", "acquireLicensePage", "url")
    [found] = image_rights({"@type": "ImageObject", **dict.fromkeys(names, value)})
    assert found == ImageRights()


# --- HTML -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tag",
    [
        f'<a rel="license" href="{BY}">',
        f'<link rel="license" href="{BY}">',
        f"<a href={BY} rel=license>",
        f'<A REL="LICENSE noopener" HREF="{BY}">',
        f'<a rel="cc:license" href="{BY}">',
        f'<a property="dct:license" href="{BY}">',
        f'<link itemprop="license" href="{BY}"/>',
        f'<meta itemprop="license" content="{BY}">',
        f'<meta name="dcterms.license" content="{BY}">',
        f'<area rel="license" href="{BY}?a=1&amp;b=2">',
    ],
)
def test_finds_the_marked_link(tag):
    page = f"<html><body><p>Some text</p>{tag}CC</a></body></html>"
    found = page_license(page)
    assert (found.code, found.evidence) == ("by-4.0", Evidence.PAGE)


@pytest.mark.parametrize(
    "text",
    [
        f'<a href="{BY}">our license</a>',  # not marked: it may be about anything
        f'<!-- <a rel="license" href="{BY}"> -->',
        f'<script>"<a rel=license href={BY}>"</script>',
        f'<a rel="nolicense" href="{BY}">',
        f'<meta name="description" content="{BY}">',
        '<a rel="license">',
        '<a rel="license" href="">',
        "",
        "<",
        "\x00",
    ],
)
def test_other_links_are_no_license(text):
    assert page_license(text) == NO_LICENSE


def test_a_link_to_terms_of_its_own_is_unknown():
    found = page_license('<a rel="license" href="/terms">')
    assert (found.code, found.evidence, found.raw) == ("unknown", Evidence.PAGE, "/terms")


def test_what_is_said_of_the_image_and_of_the_page_counts_together():
    link = f'<a rel="license" href="{BY}">'
    assert page_license(script(image(license=BY)) + link, PHOTO).code == "by-4.0"
    both = page_license(script(image(license=BY_NC)) + link, PHOTO)
    assert (both.code, both.raw) == ("by-nc-4.0", f"{BY_NC} | {BY}")
    assert page_license(script(image(copyrightNotice="all rights reserved")) + link).code == "arr"


@pytest.mark.parametrize(
    ("content", "page_url", "found"),
    [
        (PHOTO, "", True),
        (PHOTO.replace("https", "http"), "", True),
        (f"{PHOTO}#top", "", True),
        ("/car.jpg", "https://photos.test/cars/", True),
        ("//photos.test/car.jpg", "https://photos.test/cars/", True),
        ("https://photos.test/other.jpg", "", False),
        (f"{PHOTO}?size=small", "", False),
        ("http://[", "https://photos.test/", False),
    ],
)
def test_only_what_is_said_of_this_image_counts(content, page_url, found):
    page = script(image(contentUrl=content, license=BY))
    assert (page_license(page, PHOTO, page_url).code == "by-4.0") is found
    assert page_license(page).code == "by-4.0"  # no image in particular


@pytest.mark.parametrize(
    "kind",
    ['type="application/ld+json"', "type=application/ld+json", "id=x type='application/LD+JSON' y"],
)
def test_finds_scripts(kind):
    page = f"<head><script>var a;</script>{script(image(license=BY), kind)}</head>"
    assert [one.license.code for one in rights_on_page(page)] == ["by-4.0"]


@pytest.mark.parametrize(
    "page",
    [
        script("{not json"),
        script("[" * 5000),
        script('{"a": NaN}'),
        script(image(license=BY)).removesuffix("</script>"),
        script(image(license=BY), kind='type="text/plain"'),
        "<script",
        script(""),
    ],
    ids=lambda page: page[:60],
)
def test_a_script_that_cannot_be_read_says_nothing(page):
    assert rights_on_page(page) == []


def test_a_page_of_too_many_scripts_is_read_as_far_as_is_reasonable():
    page = "<script></script>" * (MAX_SCRIPTS - 1) + script(image(license=BY)) * 2
    assert len(rights_on_page(page)) == 1


def test_a_broken_script_does_not_hide_the_next_one():
    page = script("{") + script(image(license=BY))
    assert page_license(page).code == "by-4.0"


@pytest.mark.parametrize(
    "page",
    [
        "<script type=application/ld+json>" * 60_000,
        f"<a rel=license href={BY}>" * 60_000,
        "<a " + "x=1 " * 400_000,
        script('{"@graph":[' + ",".join(["{}"] * 150_000) + "]}"),
        script(image(license=["x"] * 100_000)),
        "<script " * 200_000,
    ],
    ids=lambda page: page[:40],
)
def test_a_hostile_page_ends_soon(page):
    began = time.process_time()
    page_license(page)
    license_links(page)
    assert time.process_time() - began < 5  # takes a tenth of it; what is quadratic takes minutes


def test_what_is_stored_holds_no_control_characters():
    found = page_license('<a rel="license" href="/a\x00\u202eb">')
    assert found.raw == "/ab"
