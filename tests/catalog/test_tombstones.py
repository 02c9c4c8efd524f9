"""Tombstones know what they forbid, and tell nobody what it was."""

import pytest

from carsets.catalog.tombstones import Tombstone, Tombstones, gather, hashed, hosts_above


def stones(*names):
    return gather(Tombstone(kind, hashed(kind, name), "", "") for kind, name in names)


@pytest.mark.parametrize(
    ("stone", "urls", "authors", "forbidden"),
    [
        (("url", "https://a.test/1"), ["https://a.test/1"], [], True),
        (("url", "https://a.test/1"), ["https://a.test/2"], [], False),
        (("host", "a.test"), ["https://A.test/1"], [], True),
        (("host", "A.Test."), ["https://img.a.test:8080/1"], [], True),
        (("host", "img.a.test"), ["https://a.test/1"], [], False),
        (("host", "a.test"), ["https://aa.test/a.test"], [], False),
        (("host", "a.test"), ["", "https://b.test/", "http://["], [], False),
        (("author", "Jane Doe"), [], ["jane  DOE "], True),
        (("author", "Straße"), [], ["STRASSE"], True),
        (("author", "Jane Doe"), [], ["Jane", "", " "], False),
        (("author", "a.test"), ["https://a.test/"], [], False),
        (("host", "a.test"), [], ["a.test"], False),
    ],
)
def test_who_is_forbidden(stone, urls, authors, forbidden):
    assert stones(stone).forbid_source(urls, authors) is forbidden


def test_without_tombstones_nobody_is():
    assert not Tombstones().forbid_source(["https://a.test/"], ["Jane"])


def test_no_identifier_can_be_read_back(catalog, url):
    catalog.bury(url="https://a.test/me.jpg", author="Jane Doe", host="b.test", reason="asked")
    kept = catalog.list_tombstones()
    assert {stone.kind for stone in kept} == {"url", "author", "host"}
    assert all(len(stone.value) == 16 for stone in kept)
    text = repr(kept)
    assert not any(word in text for word in ("a.test", "Jane", "b.test"))


def test_burying_again_keeps_the_first_date_and_reason(catalog):
    catalog.bury(host="b.test", reason="first")
    before = catalog.list_tombstones()
    catalog.bury(host="B.test", reason="second")
    assert catalog.list_tombstones() == before


def test_domains_above():
    assert list(hosts_above("https://a.b.example.org/x")) == [
        "a.b.example.org",
        "b.example.org",
        "example.org",
    ]
    assert list(hosts_above("https://localhost/")) == ["localhost"]
    assert list(hosts_above("nothing")) == []
