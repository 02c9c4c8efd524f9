"""T3: a run that the guard does not protect does not begin."""

import pytest
from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler
from twisted.internet._resolver import SimpleResolverComplexifier

from carsets.net.address_guard import GuardedResolver
from carsets.net.guard_probe import GuardProbe
from carsets.net.manners import TrustedProxy

GUARD = "carsets.net.address_guard.GuardedResolver"


class FakeReactor:
    nameResolver = SimpleResolverComplexifier(  # noqa: N815 (Twisted's name)
        GuardedResolver(None, 100, 5.0)
    )


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def fault(**settings):
    return GuardProbe(Settings(settings)).fault(FakeReactor())


def test_a_run_with_another_resolver_does_not_begin(web, crawl):
    done = crawl(
        [web.url("ok")],
        process="unguarded",
        config={"custom_settings": {"TWISTED_DNS_RESOLVER": GUARD}},  # where it does nothing
    )
    assert web.hits == []
    assert done.report["stats"]["finish_reason"] == "unguarded"
    assert "the address guard is not in force" in done.log


def test_a_guarded_run_begins(web, crawl):
    done = crawl([web.url("ok")])
    assert done.report["stats"]["finish_reason"] == "finished"
    assert done.outcomes == ["200"]
    assert fault() == ""


@pytest.mark.parametrize("variable", ["http_proxy", "HTTPS_PROXY", "all_proxy"])
def test_a_proxy_that_nobody_trusts_stops_the_run(monkeypatch, variable):
    monkeypatch.setenv(variable, "http://10.0.0.1:3128")
    assert variable.lower() in fault()
    assert "PROXY_TRUSTED" in fault()
    assert fault(PROXY_TRUSTED=True) == ""
    assert fault(FAKEWEB_PORT=8000) == "", "the built-in web is asked without it"


def test_a_proxy_is_used_only_if_it_is_trusted(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://10.0.0.1:3128")
    with pytest.raises(NotConfigured):
        TrustedProxy.from_crawler(get_crawler())
    proxy = TrustedProxy.from_crawler(get_crawler(settings_dict={"PROXY_TRUSTED": True}))
    request = Request("http://example.org/")
    proxy.process_request(request)
    assert request.meta["proxy"] == "http://10.0.0.1:3128"


def test_a_handler_that_resolves_by_itself_stops_the_run():
    handler = "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler"
    assert "http handler" in fault(DOWNLOAD_HANDLERS={"http": handler})


def test_the_probe_finds_an_address_that_the_user_does_not_trust():
    assert fault(ADDRESS_ALLOWED=["127.0.0.0/8"]) == ""
    FakeReactor.nameResolver._simpleResolver.policy = type("Blind", (), {"reason": lambda *_: ""})()
    try:
        assert "not in force" in fault(ADDRESS_ALLOWED=["127.0.0.0/8"])
    finally:
        FakeReactor.nameResolver = SimpleResolverComplexifier(GuardedResolver(None, 100, 5.0))
