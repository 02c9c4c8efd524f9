"""Who we say we are."""

from scrapy import Request
from scrapy.utils.test import get_crawler

import carsets
from carsets.net.manners import ContactUserAgent, user_agent


def test_the_user_agent_says_who_and_where():
    version = f"carsets/{carsets.__version__}"
    assert user_agent() == version
    assert user_agent("https://example.org/bot") == f"{version} (+https://example.org/bot)"
    assert user_agent("a\r\nX-Evil: b") == f"{version} (+a X-Evil: b)", "no header is smuggled in"


def test_a_crawl_without_contact_says_so_once(web, crawl):
    done = crawl([web.url("ok?1"), web.url("ok?2")], CONTACT="")
    assert done.log.count("CONTACT is not set") == 1
    assert "CONTACT is not set" not in crawl([web.url("ok")]).log


def test_the_builtin_web_needs_no_contact():
    middleware = ContactUserAgent.from_crawler(get_crawler(settings_dict={"FAKEWEB_PORT": 9}))
    assert not middleware.say_so


def test_a_user_agent_that_was_set_is_kept():
    middleware = ContactUserAgent.from_crawler(get_crawler(settings_dict={"USER_AGENT": "mine"}))
    request = Request("http://example.org/")
    middleware.process_request(request)
    assert request.headers[b"User-Agent"] == b"mine"
    request = Request("http://example.org/", headers={"User-Agent": "browser"})
    middleware.process_request(request)
    assert request.headers[b"User-Agent"] == b"browser"
