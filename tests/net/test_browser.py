"""The browser: where it is found, how it is started, what it may ask for."""

import json
from types import SimpleNamespace

import pytest
from scrapy.settings import Settings

from carsets.addons import BrowserAddon
from carsets.net import browser
from carsets.net.browser import RequestGate, find_browser, launch_options, use_browser
from carsets.net.redaction import redact
from carsets.problems import UserError

HOSTS = ("www.google.com", "consent.google.com")


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """Let there be no browser at all; return where Playwright would keep its own."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "fetched"))
    return tmp_path / "fetched"


def test_without_a_browser_one_line_says_how_to_get_one(bare_machine):
    with pytest.raises(UserError, match="apt-get install chromium") as caught:
        find_browser()
    assert "\n" not in str(caught.value)
    assert "playwright install chromium" in str(caught.value)


def test_the_systems_browser_comes_before_playwrights(bare_machine, tmp_path):
    program = tmp_path / "chromium-browser"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_browser() == str(program)


def test_a_browser_that_playwright_has_fetched_needs_no_path(bare_machine, monkeypatch, tmp_path):
    listed = tmp_path / "playwright" / "driver" / "package" / "browsers.json"
    listed.parent.mkdir(parents=True)
    entry = {"name": "chromium-headless-shell", "revision": "1234"}
    listed.write_text(json.dumps({"browsers": [{"name": "firefox", "revision": "1"}, entry]}))
    origin = SimpleNamespace(origin=str(tmp_path / "playwright" / "__init__.py"))
    monkeypatch.setattr(browser.importlib.util, "find_spec", lambda _: origin)
    folder = bare_machine / "chromium_headless_shell-1233"
    folder.mkdir(parents=True)
    (folder / "INSTALLATION_COMPLETE").touch()
    with pytest.raises(UserError):  # of another revision, which Playwright would not start
        find_browser()
    folder.rename(bare_machine / "chromium_headless_shell-1234")
    assert find_browser() == ""


def test_a_browser_that_is_named_has_to_be_there(bare_machine):
    with pytest.raises(UserError, match="BROWSER_EXECUTABLE=/no/such: there is no such program"):
        find_browser("/no/such")


def test_the_live_browser_checks_certificates_and_resolves_its_own_hosts_alone():
    arguments = launch_options("/usr/bin/chromium", HOSTS)["args"]
    assert "--ignore-certificate-errors" not in arguments
    assert "--no-proxy-server" in arguments
    [rules] = [a for a in arguments if a.startswith("--host-resolver-rules=")]
    assert rules == (
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE www.google.com, EXCLUDE consent.google.com"
    )
    assert "--no-proxy-server" not in launch_options("", HOSTS, proxy=True)["args"]


def test_only_the_built_in_web_may_have_a_certificate_that_nobody_signed():
    options = launch_options("", HOSTS, builtin_web=4443, proxy=True)
    assert "executable_path" not in options
    assert "--ignore-certificate-errors" in options["args"]
    assert "--no-proxy-server" in options["args"]
    [rules] = [a for a in options["args"] if a.startswith("--host-resolver-rules=")]
    assert rules.endswith("MAP consent.google.com 127.0.0.1:4443, MAP * ~NOTFOUND")


@pytest.mark.parametrize(
    ("url", "kind", "aborted"),
    [
        ("https://www.google.com/search?q=x", "document", False),
        ("https://consent.google.com/ml", "script", False),
        ("https://www.google.com/a.png", "image", True),
        ("https://www.google.com/a.woff", "font", True),
        ("https://www.google.com/a.mp4", "media", True),
        ("http://www.google.com/search", "document", True),
        ("https://www.google.com:8443/", "xhr", True),
        ("https://www.google.com.evil.test/", "xhr", True),
        ("https://evil.test/www.google.com", "xhr", True),
        ("https://user@evil.test/", "xhr", True),
        ("https://169.254.169.254/latest/", "fetch", True),
        ("http://[::1]/", "fetch", True),
        ("https://[not-an-address/", "fetch", True),
        ("https://www.google.com:x/", "fetch", True),
        ("file:///etc/passwd", "document", True),
        ("data:text/html,x", "document", True),
    ],
)
def test_the_gate_lets_only_the_sources_own_pages_through(url, kind, aborted):
    request = SimpleNamespace(url=url, resource_type=kind)
    assert RequestGate(HOSTS)(request) is aborted


# --- Switching it on --------------------------------------------------------------------------


def test_the_add_on_changes_https_alone_and_only_when_a_source_asks(monkeypatch):
    monkeypatch.setattr("carsets.addons.find_browser", lambda _: "/usr/bin/chromium")
    settings = Settings({"ADDONS": {"carsets.fakeweb.addon.FakeWebAddon": 100}})
    settings.set("DOWNLOAD_HANDLERS", {"http": "plain", "https": "plain", "file": None})
    use_browser(settings, HOSTS)
    assert settings.getdict("ADDONS") == {
        "carsets.fakeweb.addon.FakeWebAddon": 100,
        "carsets.addons.BrowserAddon": 500,
    }
    BrowserAddon().update_settings(settings)
    handlers = settings.getdict("DOWNLOAD_HANDLERS")
    assert handlers["http"] == "plain"
    assert handlers["https"] == "carsets.net.browser_handler.BrowserHandler"
    assert settings["PLAYWRIGHT_LAUNCH_OPTIONS"]["headless"] is True


def test_towards_the_built_in_web_it_needs_the_port_for_browsers(monkeypatch):
    monkeypatch.setattr("carsets.addons.find_browser", lambda _: "")
    settings = Settings({"FAKEWEB_PORT": 8080})
    with pytest.raises(UserError, match="FAKEWEB_TLS_PORT"):
        BrowserAddon().update_settings(settings)
    settings.set("FAKEWEB_TLS_PORT", 8443)
    BrowserAddon().update_settings(settings)
    handler = settings.getdict("DOWNLOAD_HANDLERS")["https"]
    assert handler == "carsets.fakeweb.browser_handler.FakeWebBrowserHandler"


def test_a_storage_state_is_checked_and_its_cookies_are_secrets(tmp_path):
    path = tmp_path / "state.json"
    with pytest.raises(UserError, match="No such file"):
        use_browser(Settings(), HOSTS, str(path))
    for text in ("no json", "[]", '{"cookies": [{}]}', '{"cookies": 5}'):
        path.write_text(text)
        with pytest.raises(UserError, match="not a storage state"):
            use_browser(Settings(), HOSTS, str(path))
    path.write_text(json.dumps({"cookies": [{"name": "sessionid", "value": "COOKIEVALUE987"}]}))
    settings = Settings()
    use_browser(settings, HOSTS, str(path))
    assert settings["BROWSER_STORAGE_STATE"] == str(path)
    assert "COOKIEVALUE987" not in redact("sent COOKIEVALUE987")
