"""Keys in addresses: on the wire, to their own host, and nowhere else."""

import pytest
from scrapy import Request
from scrapy.http import TextResponse

from carsets.net.redaction import redact
from carsets.net.secret_parameters import secret_parameters, wire_url, without_secrets

KEY = "CANARYKEY&12345"


def request(url):
    return Request(url, meta=secret_parameters("api.example.org", {"key": KEY}))


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://api.example.org/v1?q=a%20b", "https://api.example.org/v1?q=a%20b&key={}"),
        ("https://api.example.org/v1", "https://api.example.org/v1?key={}"),
    ],
)
def test_the_key_is_added_on_the_wire_alone(url, sent):
    asked = request(url)
    assert wire_url(asked) == sent.format("CANARYKEY%2612345")
    assert asked.url == url
    assert "CANARYKEY" not in repr(asked)
    assert "CANARYKEY" not in redact(wire_url(asked))


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org/v1",
        "https://api.example.org.evil.test/v1",
        "https://other.example.org/v1",
        "https://api.example.org:8443/v1",
        "https://me@api.example.org/v1",
    ],
)
def test_no_other_host_and_no_plain_connection_gets_it(url):
    asked = request("https://api.example.org/v1")
    assert wire_url(asked.replace(url=url)) == url  # as a redirect does


def test_a_request_without_a_key_is_left_alone():
    assert wire_url(Request("https://api.example.org/v1")) == "https://api.example.org/v1"


def test_an_answer_that_repeats_the_key_is_kept_without_it():
    body = b'{"next": "https://api.example.org/?key=CANARYKEY%2612345&a=1", "k": "CANARYKEY&12345"}'
    answer = TextResponse("https://api.example.org/", body=body, encoding="utf-8")
    cleaned = without_secrets(answer, KEY, "")
    assert b"CANARYKEY" not in cleaned.body
    assert cleaned.body.count(b"[redacted]") == 2
    assert without_secrets(cleaned, KEY) is cleaned
