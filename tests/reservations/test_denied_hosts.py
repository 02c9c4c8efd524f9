"""The user's own list of hosts."""

import pytest

from carsets.problems import UserError
from carsets.reservations import DeniedHosts

HEAD = "host,reason,date\n"


@pytest.fixture
def load(tmp_path):
    def make(text):
        path = tmp_path / "denied.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return DeniedHosts.load(str(path))

    return make


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("example.org", "https://example.org/a.jpg"),
        ("example.org", "https://img.cdn.Example.ORG:443/a.jpg"),
        ("*.example.org", "http://example.org./a.jpg"),
        ("https://example.org/terms", "https://example.org/a.jpg"),
        ("  Bücher.example ", "https://xn--bcher-kva.example/a.jpg"),
        ("xn--bcher-kva.example", "https://bücher.example/a.jpg"),
        ("192.0.2.7", "http://192.0.2.7/a.jpg"),
    ],
)
def test_a_host_and_all_below_it(load, host, url):
    denied = load(f"{HEAD}{host},terms forbid mining,2026-10-01\n")
    [signal] = denied.signals(url)
    assert (signal.name, signal.reserved) == ("denied-host", True)
    assert "terms forbid mining (2026-10-01)" in signal.value
    assert denied.signals("https://example.net/a.jpg") == []


def test_columns_may_stand_in_any_order_and_others_beside_them(load):
    denied = load("\ufeffdate,host,reason,by\n2026-10-01,example.org,ai.txt,me\n")
    [signal] = denied.signals("https://example.org/a.jpg")
    assert signal.value == "example.org: ai.txt (2026-10-01)"


@pytest.mark.parametrize("url", ["", "https://", "http://[", "not a url", "https://\udcff/"])
def test_an_address_without_a_host_is_not_on_it(load, url):
    assert load(f"{HEAD}example.org,,\n").signals(url) == []


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("example.org\n", "first line has to be host,reason,date"),
        ("", "first line"),
        (f"{HEAD},no host,\n", "line 2: '' is no host"),
        (f"{HEAD}a b,,\n", "is no host"),
        (f"{HEAD}exa*mple.org,,\n", "is no host"),
        (f'{HEAD}"open,,\n', "not a CSV file"),
        (b"host,reason,date\n\xff\xfe,,\n", "not a CSV file"),
    ],
)
def test_a_list_that_cannot_be_read_stops_the_run(load, text, match):
    with pytest.raises(UserError, match=match):
        load(text)


def test_a_list_that_is_not_there_stops_the_run(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        DeniedHosts.load(str(tmp_path / "none.csv"))
    assert DeniedHosts.load("").signals("https://example.org/") == []
