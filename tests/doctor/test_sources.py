"""What sources need: a contact, keys, a browser, no proxy in the way."""

import pytest

from carsets.doctor import sources
from carsets.doctor.finding import Health

KEY = "0123456789abcdef-the-value"


def worst(findings):
    order = list(Health)
    return max((finding.health for finding in findings), key=order.index)


@pytest.mark.parametrize(
    ("contact", "demanding", "health"),
    [
        ("me@mine.test", (), Health.OK),
        ("https://mine.test/crawl", (), Health.OK),
        ("", (), Health.WARN),
        ("", ("openverse",), Health.FAIL),
        ("me", (), Health.WARN),
        ("you@example.org", (), Health.WARN),
    ],
)
def test_a_contact_has_to_reach_somebody(contact, demanding, health):
    [finding] = sources.look_at_contact({"CONTACT": contact}, demanding)
    assert finding.health is health


def test_values_of_keys_are_never_told():
    environment = dict.fromkeys(sources.KEYS, KEY)
    findings = list(sources.look_at_keys(environment, {}, ()))
    assert worst(findings) is Health.OK
    assert KEY not in str(findings)


@pytest.mark.parametrize(
    ("value", "health"),
    [
        (KEY, Health.OK),
        ("changeme-please", Health.WARN),
        (f" {KEY}", Health.WARN),
        ("abc", Health.WARN),
        ("", Health.FAIL),
    ],
)
def test_a_key_of_a_source_that_is_meant_has_to_be_whole(value, health):
    findings = list(sources.look_at_keys({"FLICKR_API_KEY": value}, {}, ("flickr",)))
    assert worst(findings) is health
    assert not value.strip() or value.strip() not in str(findings)


def test_half_a_pair_is_named():
    findings = list(sources.look_at_keys({"GOOGLE_CX": KEY}, {}, ()))
    assert [f.fix for f in findings if f.health is Health.WARN] == [
        "export GOOGLE_API_KEY=...: one is of no use without the other"
    ]


def test_a_key_in_the_settings_is_moved_to_the_environment():
    findings = list(sources.look_at_keys({}, {"BRAVE_API_KEY": KEY}, ()))
    [finding] = [f for f in findings if f.health is Health.WARN]
    assert "settings" in finding.said
    assert KEY not in str(findings)


@pytest.mark.parametrize(
    ("proxies", "settings", "health"),
    [
        ({}, {}, Health.OK),
        ({"no": "localhost"}, {}, Health.OK),
        ({"https": "http://user:word@proxy.test"}, {}, Health.FAIL),
        ({"http": "http://proxy.test"}, {"PROXY_TRUSTED": "True"}, Health.OK),
    ],
)
def test_a_proxy_has_to_be_trusted(proxies, settings, health):
    [finding] = sources.look_at_proxies(proxies, settings)
    assert finding.health is health
    assert "word" not in str(finding)


def test_a_browser_that_is_not_where_the_setting_says_is_a_failure(tmp_path):
    [finding] = sources.look_at_browser({"BROWSER_EXECUTABLE": str(tmp_path / "none")})
    assert finding.health is Health.FAIL


def test_where_there_is_no_browser_the_modes_that_need_one_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    [finding] = sources.look_at_browser({})
    assert finding.health is Health.WARN
    assert "google -a mode=page" in finding.said
