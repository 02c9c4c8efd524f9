"""T1, T5: which URLs may be asked for, by their text alone."""

import pytest
from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from carsets.net.address_guard import AddressPolicy
from carsets.net.failures import Refused
from carsets.net.requests import image_request, is_image_request, is_own_data_request
from carsets.net.url_gate import UrlGate, UrlGateMiddleware
from carsets.outcomes import Outcome

FORBIDDEN = [
    ("file:///etc/passwd", Outcome.SCHEME_FORBIDDEN),
    ("FILE:///etc/passwd", Outcome.SCHEME_FORBIDDEN),
    ("ftp://ftp.example.org/a.jpg", Outcome.SCHEME_FORBIDDEN),
    ("s3://bucket/a.jpg", Outcome.SCHEME_FORBIDDEN),
    ("javascript:alert(1)", Outcome.SCHEME_FORBIDDEN),
    ("blob:https://example.org/1", Outcome.SCHEME_FORBIDDEN),
    ("data:image/png;base64,AAAA", Outcome.INLINE_THUMBNAIL),
    (" DATA:image/png;base64,AAAA", Outcome.INLINE_THUMBNAIL),
    ("data:,5", Outcome.INLINE_THUMBNAIL),
    ("", Outcome.URL_FORBIDDEN),
    ("/a.jpg", Outcome.URL_FORBIDDEN),
    ("//example.org/a.jpg", Outcome.URL_FORBIDDEN),
    ("http:///a.jpg", Outcome.URL_FORBIDDEN),
    ("http://example.org:22/a.jpg", Outcome.URL_FORBIDDEN),
    ("http://example.org:0/a.jpg", Outcome.URL_FORBIDDEN),
    ("http://example.org:99999/a.jpg", Outcome.URL_FORBIDDEN),
    ("http://example.org:x/a.jpg", Outcome.URL_FORBIDDEN),
    ("http://user@example.org/a.jpg", Outcome.URL_FORBIDDEN),
    ("http://user:pw@example.org/a.jpg", Outcome.URL_FORBIDDEN),
    ("http://good.example\\@127.0.0.1/", Outcome.URL_FORBIDDEN),
    ("http://127.0.0.1\\.good.example/", Outcome.URL_FORBIDDEN),
    ("http://exa mple.org/a.jpg", Outcome.URL_FORBIDDEN),
    ("http://example.org/a\r\nHost: b", Outcome.URL_FORBIDDEN),
    ("http://example.org/\x00", Outcome.URL_FORBIDDEN),
    ("http://%31%32%37.0.0.1/", Outcome.URL_FORBIDDEN),
    ("http://" + "a" * 64 + ".example/", Outcome.URL_FORBIDDEN),
    ("http://a..b/", Outcome.URL_FORBIDDEN),
    ("http://1.2.3.999/", Outcome.URL_FORBIDDEN),
    ("http://[::1/", Outcome.URL_FORBIDDEN),
    ("http://[zz]/", Outcome.URL_FORBIDDEN),
    ("http://example.org/" + "a" * 5000, Outcome.URL_FORBIDDEN),
    ("http://127.0.0.1/", Outcome.ADDRESS_FORBIDDEN),
    ("http://127.1/", Outcome.ADDRESS_FORBIDDEN),
    ("http://2130706433/", Outcome.ADDRESS_FORBIDDEN),
    ("http://0x7f000001/", Outcome.ADDRESS_FORBIDDEN),
    ("http://0177.0.0.1/", Outcome.ADDRESS_FORBIDDEN),
    ("http://127.0.0.1./", Outcome.ADDRESS_FORBIDDEN),
    ("http://①②⑦.0.0.1/", Outcome.ADDRESS_FORBIDDEN),
    ("http://127。0。0。1/", Outcome.ADDRESS_FORBIDDEN),
    ("http://[::ffff:127.0.0.1]/", Outcome.ADDRESS_FORBIDDEN),
    ("http://[::1]/", Outcome.ADDRESS_FORBIDDEN),
    ("http://localhost/", Outcome.ADDRESS_FORBIDDEN),
    ("http://LOCALHOST./", Outcome.ADDRESS_FORBIDDEN),
    ("http://a.localhost/", Outcome.ADDRESS_FORBIDDEN),
    ("http://builtin-web.invalid/", Outcome.ADDRESS_FORBIDDEN),
    ("https://169.254.169.254/latest/meta-data/", Outcome.ADDRESS_FORBIDDEN),
]
ALLOWED = [
    "http://example.org/a.jpg",
    "HTTPS://EXAMPLE.ORG/a.jpg",
    "https://example.org:443/a.jpg?x=1#y",
    "http://example.org:80",
    "http://münchen.example/ü.jpg",
    "http://xn--mnchen-3ya.example/",
    "http://under_score.example/a b.jpg",
    "http://example.org./a.jpg",
    "http://93.184.216.34/a.jpg",
    "http://[2606:4700::1111]/a.jpg",
    "http://7.example/a.jpg",
    "http://localhost.example.org/a.jpg",
    "https://example.org/?url=http://127.0.0.1/&mail=a@b",
]


@pytest.mark.parametrize(("url", "outcome"), FORBIDDEN, ids=lambda value: str(value)[:40])
def test_refuses(url, outcome):
    assert UrlGate().check(url) is outcome


@pytest.mark.parametrize("url", ALLOWED)
def test_lets_ordinary_urls_through(url):
    assert UrlGate().check(url) is None


def test_ports_and_addresses_are_the_users_to_open():
    gate = UrlGate(ports=[8000], policy=AddressPolicy(["127.0.0.0/8"]))
    assert gate.check("http://127.0.0.1:8000/a.jpg") is None
    assert gate.check("http://localhost:8000/a.jpg") is None
    assert gate.check("http://127.0.0.1/a.jpg") is Outcome.URL_FORBIDDEN
    assert gate.check("http://10.0.0.1:8000/a.jpg") is Outcome.ADDRESS_FORBIDDEN
    assert gate.check("http://builtin-web.invalid:8000/") is Outcome.ADDRESS_FORBIDDEN


def test_only_a_spiders_own_data_request_passes():
    gate = UrlGateMiddleware(UrlGate())
    own = Request("data:,7", callback=print)
    assert is_own_data_request(own)
    gate.process_request(own)
    for found in (
        Request("data:,7", callback=NO_CALLBACK),
        Request("data:image/png;base64,AAAA", callback=print),
        Request("data:,7x", callback=print),
        image_request("data:,7"),
    ):
        with pytest.raises(Refused) as refusal:
            gate.process_request(found)
        assert refusal.value.outcome is Outcome.INLINE_THUMBNAIL


def test_a_proxy_is_refused_unless_it_is_trusted():
    request = Request("http://example.org/", meta={"proxy": "http://10.0.0.1:3128"})
    with pytest.raises(Refused) as refusal:
        UrlGateMiddleware(UrlGate()).process_request(request)
    assert refusal.value.outcome is Outcome.ADDRESS_FORBIDDEN
    UrlGateMiddleware(UrlGate(), proxy_trusted=True).process_request(request)


def test_an_image_host_learns_nothing_but_the_url():
    request = image_request("http://example.org/a.jpg")
    for name in ("Referer", "Cookie", "Authorization"):
        request.headers[name] = "secret"
    request.headers["Accept-Encoding"] = "gzip"
    UrlGateMiddleware(UrlGate()).process_request(request)
    assert is_image_request(request)
    assert b"secret" not in request.headers.to_string()
    assert request.headers[b"Accept-Encoding"] == b"identity"
