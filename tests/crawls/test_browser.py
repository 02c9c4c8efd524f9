"""Sources that need a browser, in a real Chromium, against the built-in web."""

import asyncio
import json
import shutil
import socket
import threading

import pytest

from carsets.fakeweb.tls import server_context
from carsets.net.browser import RequestGate, context_options, find_browser, launch_options
from carsets.problems import UserError

TOKEN = "CANARYTOKEN12345"
SESSION = "CANARYSESSION12345"


@pytest.fixture(scope="module")
def browser():
    """Return the path of a browser, or skip."""
    try:
        return find_browser()
    except UserError as problem:
        pytest.skip(str(problem))


def run(crawls, dataset, source, arguments, environment=None, **settings):
    settings = {"FAKEWEB_TLS_PORT": crawls.web.tls_port, "BROWSER_TIMEOUT": 20, **settings}
    return crawls.run(source, dataset.folder, arguments, environment, **settings)


def asked(web):
    """Return how often each host was asked, robots.txt and images included."""
    return {host: facts["requests"] for host, facts in web.stats()["hosts"].items()}


# --- Google's page ----------------------------------------------------------------------------


def test_google_is_read_in_a_browser_and_scrolled_for_more(browser, crawls, dataset, web):
    plan = {"query": "ford mustang", "mode": "page", "per_query": 35}
    command = run(crawls, dataset, "google", plan)
    assert command.returncode == 0, command.stderr[-3000:]
    assert "Traceback" not in command.stderr
    dataset.assert_whole()
    assert dataset.receipts[-1]["found"] == 35  # 20 at once: the others come with scrolling
    seen = asked(web)
    assert "encrypted-tbn0.gstatic.com" not in seen
    agents = web.stats()["hosts"]["www.google.com"]["agents"]
    # A page that is being closed may still ask for more, when nobody can say who we are any more.
    [ours] = [agent for agent in agents if "(+test@example.org)" in agent]
    assert ours.count("HeadlessChrome") == 1
    assert agents[ours] >= 2, "the page, and what it asks for while it is scrolled"


@pytest.mark.parametrize(
    ("mode", "outcome", "said"),
    [
        ("captcha", "captcha", "Google wants to see a human"),
        ("consent", "consent", "a consent form"),
    ],
)
def test_what_stands_before_googles_results_is_named_and_asked_once(
    browser, crawls, dataset, web, mode, outcome, said
):
    web.mode("www.google.com", mode)
    plan = {"query": "ford mustang", "mode": "page"}
    command = run(crawls, dataset, "google", plan, BROWSER_TIMEOUT=4)
    assert command.returncode == 4
    assert said in command.stderr
    assert f"1 {outcome}" in dataset.receipts[-1]["exit_reason"]
    assert asked(web)["www.google.com"] <= 2  # the page, and where it led
    [page] = (dataset.folder / "pages").iterdir()
    assert outcome in page.name


# --- Instagram in the user's own session ------------------------------------------------------


@pytest.fixture
def session(tmp_path):
    """Return a storage state such as Playwright writes."""
    cookie = {"name": "sessionid", "value": SESSION, "domain": ".instagram.com", "path": "/"}
    cookie |= {"expires": -1, "httpOnly": True, "secure": True, "sameSite": "None"}
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"cookies": [cookie], "origins": []}))
    return path


def test_instagram_is_read_in_the_users_session_which_stays_secret(
    browser, crawls, dataset, session, web
):
    plan = {"query": "red ford mustang", "mode": "playwright", "accept_terms": "yes"}
    plan |= {"storage_state": session, "per_query": 24}
    command = run(crawls, dataset, "instagram", plan, LOG_LEVEL="DEBUG")
    assert command.returncode == 0, command.stderr[-3000:]
    dataset.assert_whole()
    assert dataset.receipts[-1]["found"] == 24
    assert set(dataset.rows("SELECT DISTINCT author FROM sightings")) <= {"", None}
    for path in (p for p in dataset.folder.rglob("*") if p.is_file()):
        assert SESSION.encode() not in path.read_bytes(), path
    assert SESSION not in command.stderr + command.stdout


def test_a_session_that_has_ended_meets_the_login_wall(browser, crawls, dataset, session, web):
    session.write_text(json.dumps({"cookies": [], "origins": []}))
    plan = {"query": "ford mustang", "mode": "playwright", "accept_terms": "yes"}
    plan |= {"storage_state": session}
    command = run(crawls, dataset, "instagram", plan)
    assert command.returncode == 4
    assert "a login wall" in command.stderr
    assert "1 blocked" in dataset.receipts[-1]["exit_reason"]


# --- Without a browser ------------------------------------------------------------------------


def test_without_a_browser_one_line_says_how_to_get_one(crawls, dataset, tmp_path):
    bare = tmp_path / "bin"
    bare.mkdir()
    environment = {"PATH": str(bare), "HOME": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": ""}
    plan = {"query": "ford mustang", "mode": "page"}
    command = run(crawls, dataset, "google", plan, environment)
    assert command.returncode == 2
    assert "apt-get install chromium" in command.last_line
    assert "Traceback" not in command.stderr
    assert not asked(crawls.web)


def test_other_sources_and_modes_need_no_browser(crawls, dataset, tmp_path):
    bare = tmp_path / "bin"
    bare.mkdir()
    environment = {"PATH": str(bare), "GOOGLE_API_KEY": TOKEN, "GOOGLE_CX": "0:abc"}
    plan = {"query": "ford mustang", "per_query": 12}
    command = run(crawls, dataset, "google", plan, environment)
    assert command.returncode == 0, command.stderr[-3000:]


# --- What the browser may reach ---------------------------------------------------------------

PAGE = """<html><body><script>
const there = ["http://169.254.169.254/latest/meta-data/", "https://localhost:%(port)d/a",
  "https://127.0.0.1:%(port)d/b", "http://127.0.0.1:%(port)d/c", "https://[::1]:%(port)d/d",
  "https://other.example/e", "https://www.google.com/sent-away"];
for (const url of there) fetch(url, {mode: "no-cors"}).catch(() => 0);
for (const url of there) { const i = new Image(); i.src = url; }
for (const url of there) { const f = document.createElement("iframe"); f.src = url;
  document.body.append(f); }
for (const url of ["ws://127.0.0.1:%(port)d/", "wss://127.0.0.1:%(port)d/"])
  try { new WebSocket(url); } catch (error) {}
navigator.sendBeacon("https://127.0.0.1:%(port)d/beacon", "x");
</script><link rel="preconnect" href="https://127.0.0.1:%(port)d/">
<div id="there">here</div></body></html>"""


class Listener:
    """A port of this machine that nobody may knock at."""

    def __init__(self):
        self.knocks = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.knocks += 1
            connection.close()


async def visit(browser, listener, *, rules, gate):
    """Show the page; return the hosts and paths that the page's own server was asked for."""
    from aiohttp import web
    from playwright.async_api import async_playwright

    seen = []

    async def answer(request):
        seen.append((request.host, request.path))
        if request.path == "/sent-away":
            return web.Response(
                status=302, headers={"Location": f"https://127.0.0.1:{listener.port}/x"}
            )
        text = PAGE % {"port": listener.port}
        return web.Response(text=text, content_type="text/html")

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context()).start()
    hosts = ("www.google.com",)
    options = launch_options(browser, hosts, builtin_web=runner.addresses[0][1])
    if not rules:
        port = runner.addresses[0][1]
        # The same without what is tested: every other name and address resolves as ever.
        options["args"] = [a for a in options["args"] if "host-resolver-rules" not in a]
        options["args"].append(f"--host-resolver-rules=MAP www.google.com 127.0.0.1:{port}")
    closed = RequestGate(hosts) if gate else lambda _: False

    async def route(route):
        await (route.abort() if closed(route.request) else route.continue_())

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(**options)
        context = await chromium.new_context(**context_options())
        page = await context.new_page()
        await page.route("**", route)
        await page.goto("https://www.google.com/page", wait_until="domcontentloaded")
        assert await page.inner_text("#there") == "here"
        await asyncio.sleep(1.5)
        await chromium.close()
    await runner.cleanup()
    return seen


@pytest.fixture
def listener():
    """Return a port that counts its knocks."""
    listener = Listener()
    yield listener
    listener.socket.close()


@pytest.mark.parametrize("gate", [True, False])
def test_a_page_reaches_no_address_but_its_own_host(browser, listener, gate):
    seen = asyncio.run(visit(browser, listener, rules=True, gate=gate))
    assert listener.knocks == 0
    assert {host for host, _ in seen} == {"www.google.com"}


def test_the_listener_hears_a_browser_that_is_not_shut_in(browser, listener):
    asyncio.run(visit(browser, listener, rules=False, gate=False))
    assert listener.knocks > 0


def test_chromium_is_where_the_checks_are_made():
    if shutil.which("chromium") is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    assert find_browser().endswith("chromium")
