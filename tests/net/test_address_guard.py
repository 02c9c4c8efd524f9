"""T3, T4: which addresses may be reached, and that the resolver answers with no other."""

import pytest
from scrapy.resolver import CachingThreadedResolver, dnscache
from twisted.internet.defer import succeed
from twisted.internet.error import DNSLookupError
from twisted.python.failure import Failure

from carsets.net.address_guard import (
    BUILTIN_WEB,
    AddressForbidden,
    AddressPolicy,
    GuardedResolver,
    refusal_of,
)
from carsets.outcomes import Outcome

# RFC 6890 and the registries that it began, first and last address of each block.
SPECIAL = """
0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.0 127.255.255.255
169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192
192.0.0.255 192.0.2.0 192.0.2.255 192.88.99.0 192.88.99.255 192.168.0.0 192.168.255.255 198.18.0.0
198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255 224.0.0.0 224.0.0.1
239.255.255.255 240.0.0.0 255.255.255.255 168.63.129.16 100.100.100.200 192.31.196.1 192.52.193.1
192.175.48.1
:: ::1 ::ffff:0.0.0.0 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::a9fe:a9fe
64:ff9b::7f00:1 64:ff9b:1::808:808 100::1 2001::1 2001:0:53aa:64c:0:7fff:56ff:fffe 2001:2::1
2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1 2002:a9fe:a9fe::1 2002:c0a8:101::1 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fdff:ffff::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1 4000::1
2a00:1450::5efe:7f00:1 2a00:1450::200:5efe:a00:1 2620:4f:8000::1
""".split()  # noqa: SIM905
PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.216.34 100.63.255.255 100.128.0.0 168.63.129.17
172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 198.17.255.255 223.255.255.255
2606:4700::1111 2a00:1450:4001::200e 64:ff9b::808:808 2002:808:808::1 ::ffff:8.8.8.8
""".split()  # noqa: SIM905


@pytest.mark.parametrize("address", SPECIAL)
def test_refuses_what_is_not_the_public_internet(address):
    with pytest.raises(AddressForbidden) as refusal:
        AddressPolicy().check(address)
    assert refusal.value.outcome is Outcome.ADDRESS_FORBIDDEN


@pytest.mark.parametrize("address", PUBLIC)
def test_lets_the_public_internet_through(address):
    assert AddressPolicy().reason(address) == ""


@pytest.mark.parametrize("text", ["", "example.org", "127.0.0.1 ", "1.2.3", "::g"])
def test_what_is_no_address_is_refused(text):
    assert AddressPolicy().reason(text)


def test_trusts_what_the_user_trusts_and_no_more():
    policy = AddressPolicy(["192.168.7.0/24", "10.0.0.5", "[fd00::7]", "files.example"])
    assert not policy.reason("192.168.7.9")
    assert not policy.reason("::ffff:192.168.7.9")
    assert not policy.reason("10.0.0.5")
    assert not policy.reason("fd00::7")
    assert not policy.reason("127.0.0.1", "FILES.example.")
    assert policy.reason("192.168.8.9")
    assert policy.reason("10.0.0.6")
    assert policy.reason("127.0.0.1", "other.example")


@pytest.mark.parametrize("entry", ["", "10.0.0.0/40", "999.1.1.1", "host:80", "10.1"])
def test_says_which_entry_of_the_list_is_wrong(entry):
    with pytest.raises(ValueError, match="ADDRESS_ALLOWED"):
        AddressPolicy([entry])


@pytest.fixture
def resolver():
    dnscache.clear()
    yield GuardedResolver(None, 100, 5.0)
    dnscache.clear()


def ask(resolver, name):
    results = []
    resolver.getHostByName(name).addBoth(results.append)
    [result] = results
    return result


def test_a_name_that_moves_inside_is_refused_the_second_time(resolver, monkeypatch):
    answers = iter(["93.184.216.34", "127.0.0.1"])
    stock = CachingThreadedResolver
    monkeypatch.setattr(stock, "getHostByName", lambda *_: succeed(next(answers)))
    assert ask(resolver, "rebinding.example") == "93.184.216.34"
    second = ask(resolver, "rebinding.example")
    assert isinstance(second, Failure)
    assert second.check(DNSLookupError)
    assert "not on the public internet" in refusal_of("rebinding.example")


def test_an_answer_from_the_cache_is_checked_too(resolver):
    dnscache["cached.example"] = "10.0.0.1"
    assert isinstance(ask(resolver, "cached.example"), Failure)
    dnscache["fine.example"] = "93.184.216.34"
    assert ask(resolver, "fine.example") == "93.184.216.34"


@pytest.mark.parametrize("literal", ["127.0.0.1", "::1", "fe80::1", "2606:4700::1111"])
def test_literals_are_answered_at_once(resolver, literal):
    assert isinstance(ask(resolver, literal), Failure)


def test_a_public_ipv6_literal_does_not_resolve_but_is_not_forbidden(resolver):
    ask(resolver, "2606:4700::2222")
    assert refusal_of("2606:4700::2222") == ""


def test_the_builtin_web_exists_only_where_it_is_switched_on(resolver):
    assert isinstance(ask(resolver, BUILTIN_WEB), Failure)
    resolver.builtin_web = True
    assert ask(resolver, BUILTIN_WEB) == "127.0.0.1"
