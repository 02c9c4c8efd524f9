"""Hosts are asked what they reserve before any image of theirs is fetched."""

import json

import pytest

TDM = "/.well-known/tdmrep.json"
RESERVED = json.dumps([{"location": "/ok", "tdm-reservation": 1}])
FREE = json.dumps([{"location": "/", "tdm-reservation": 0}])
NO_AI = "User-agent: *\nAllow: /\n\nUser-agent: GPTBot\nDisallow: /ok\n"
USAGE = "User-agent: *\nAllow: /\nContent-Usage: /ok train-ai=n\n"
RESEARCH = {"RESERVATION_POLICY": "research"}


def images(web, count=8):
    return [web.url(f"ok?n={number}") for number in range(count)]


@pytest.fixture
def says(web):
    """Let the host say something in robots.txt, in its TDM file, or in both."""

    def say(robots=None, tdm=None, status="200 OK"):
        if robots is not None:
            web.robots, web.robots_status = robots, "200 OK"
        if tdm is not None:
            web.tdm, web.tdm_status = tdm, status

    return say


# --- What is said beside the rules in robots.txt ----------------------------------------------


@pytest.mark.parametrize("robots", [NO_AI, USAGE])
@pytest.mark.parametrize("obeyed", [True, False])
def test_nothing_is_fetched_that_robots_txt_reserves(web, crawl, says, robots, obeyed):
    says(robots)
    web.robots_delay = 0.2
    done = crawl(images(web), ROBOTSTXT_OBEY=obeyed)
    assert done.outcomes == ["opted_out"] * 8
    assert [path for _, path, _ in web.hits] == ["/robots.txt"]


def test_the_note_names_the_signal_and_what_was_said(web, crawl, says):
    says(NO_AI)
    done = crawl(images(web, 1))
    [[_, note]] = done.images.values()
    assert note == "robots.txt:ai-agents: gptbot: Disallow: /ok"


def test_other_paths_of_such_a_host_are_fetched(web, crawl, says):
    says(NO_AI + USAGE)
    done = crawl([web.url("page"), web.url("status/404")])
    assert done.outcomes == ["200", "404"]


def test_the_rules_for_us_have_their_own_outcome(web, crawl, says):
    says("User-agent: *\nDisallow: /\n\nUser-agent: GPTBot\nDisallow: /\n")
    assert crawl(images(web, 1)).outcomes == ["robots_denied"]


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        (RESEARCH, "200"),
        ({"RESERVATION_AI_AGENTS": []}, "200"),
        ({"RESERVATION_AI_AGENTS": ["gptbot"]}, "opted_out"),
        ({"RESERVATION_POLICY": "custom", "RESERVATION_SIGNALS": ["x-robots-tag"]}, "200"),
        (
            {"RESERVATION_POLICY": "custom", "RESERVATION_SIGNALS": "robots.txt:ai-agents"},
            "opted_out",
        ),
    ],
)
def test_the_policy_says_what_counts(web, crawl, says, settings, outcome):
    says(NO_AI)
    assert crawl(images(web, 1), **settings).outcomes == [outcome]


def test_a_sources_own_pages_are_not_asked_about(web, crawl, says):
    says("User-agent: *\nAllow: /\n\nUser-agent: GPTBot\nDisallow: /\n", RESERVED)
    done = crawl(config={"pages": [web.url("page")], "source": True}, SEARCH_ROBOTSTXT_OBEY=True)
    assert done.report["pages"] == {web.url("page"): 200}
    assert TDM not in web.paths(robots=True)


# --- tdmrep.json ------------------------------------------------------------------------------


def test_nothing_is_fetched_that_the_tdm_file_reserves(web, crawl, says):
    says(tdm=RESERVED)
    web.tdm_delay = 0.2
    done = crawl(images(web))
    assert done.outcomes == ["opted_out"] * 8
    assert [path for _, path, _ in web.hits] == ["/robots.txt", TDM], "each is asked once"
    assert done.report["stats"]["tdmrep/request_count"] == 1
    [note] = {entry[1] for entry in done.images.values()}
    assert note == 'tdmrep.json: {"location": "/ok", "tdm-reservation": 1}'


@pytest.mark.parametrize(
    ("tdm", "status", "outcome"),
    [
        (FREE, "200 OK", "200"),
        ("no", "404 Not Found", "200"),
        ("no", "410 Gone", "200"),
        ("<Error>AccessDenied</Error>", "403 Forbidden", "200"),
        ("", "204 No Content", "200"),
        ("", "200 OK", "opted_out"),
        ("{not json", "200 OK", "opted_out"),
        ("<p>a page that does not say that it is one", "200 OK", "opted_out"),
        ("[]" + " " * 600_000, "200 OK", "opted_out"),
        ("no", "500 No", "http_5xx"),
        ("no", "503 No", "http_5xx"),
        ("no", "429 No", "http_429"),
    ],
)
def test_what_a_host_may_answer(web, crawl, says, tdm, status, outcome):
    says(tdm=tdm, status=status)
    done = crawl(images(web, 2), RETRY_TIMES=0)
    assert done.outcomes == [outcome] * 2
    assert bool(web.paths()) is (outcome == "200")
    if outcome != "200":
        assert {entry[1].partition(":")[0] for entry in done.images.values()} == {"tdmrep.json"}


@pytest.mark.parametrize(
    ("kind", "tdm", "outcome"),
    [
        ("text/html; charset=utf-8", "\n<!DOCTYPE html><title>Home</title>", "200"),
        ("image/png", "\x89PNG picture of a sad dog", "200"),
        ("text/html", RESERVED, "opted_out"),
        ("image/jpeg", RESERVED, "opted_out"),
        ("text/html", "Not Found", "opted_out"),
        ("application/json", "<!DOCTYPE html><title>Home</title>", "opted_out"),
        ("", "<!DOCTYPE html><title>Home</title>", "opted_out"),
    ],
)
def test_what_stands_in_for_a_missing_file_is_no_file(web, crawl, says, kind, tdm, outcome):
    says(tdm=tdm)
    web.tdm_type = kind
    assert crawl(images(web, 1)).outcomes == [outcome]


def test_a_host_that_is_silent_for_its_tdm_file_is_for_a_later_run(web, crawl, says):
    says(tdm=FREE)
    web.tdm_delay = 3
    done = crawl(images(web, 2), DOWNLOAD_TIMEOUT=0.5, RETRY_TIMES=0)
    assert done.outcomes == ["timeout"] * 2
    assert web.paths() == []


@pytest.mark.parametrize(
    "settings",
    [RESEARCH, {"RESERVATION_POLICY": "custom", "RESERVATION_SIGNALS": ["x-robots-tag"]}],
)
@pytest.mark.parametrize("status", ["200 OK", "503 No"])
def test_where_it_does_not_count_it_is_asked_all_the_same(web, crawl, says, settings, status):
    says(tdm=RESERVED, status=status)
    done = crawl(images(web, 2), RETRY_TIMES=0, **settings)
    assert done.outcomes == ["200"] * 2
    assert TDM in web.paths(robots=True)


def test_a_host_that_robots_txt_shuts_is_not_even_asked(web, crawl, says):
    says("User-agent: *\nDisallow: /\n", RESERVED)
    assert crawl(images(web)).outcomes == ["robots_denied"] * 8
    assert TDM not in web.paths(robots=True)


def test_every_hop_of_a_redirect_is_asked_about(web, crawl, says):
    says(tdm=RESERVED)
    url = web.url("redirect/1")
    done = crawl([url])
    assert done.outcome(url) == "opted_out"
    assert web.paths() == ["/redirect/1"]


def test_it_passes_the_gate_like_every_request(web, crawl, hostile, says):
    """An address that may not be reached is not reached for the TDM file either."""
    done = crawl(["http://10.0.0.1/ok"], process="guarded")
    assert done.outcomes == ["address_forbidden"]
    assert "tdmrep/request_count" not in done.report["stats"]


# --- The user's own list ----------------------------------------------------------------------


def test_a_host_of_the_list_is_not_asked_for_anything(web, crawl, tmp_path):
    path = tmp_path / "denied.csv"
    path.write_text("host,reason,date\n127.0.0.1,its terms of use,2026-10-01\n")
    done = crawl(images(web), RESERVATION_DENIED_HOSTS=str(path))
    assert done.outcomes == ["opted_out"] * 8
    assert web.hits == []
    [note] = {entry[1] for entry in done.images.values()}
    assert note == "denied-host: 127.0.0.1: its terms of use (2026-10-01)"


# --- Each of these fails when the check is taken away -----------------------------------------


@pytest.mark.parametrize(
    ("middleware", "robots", "tdm"),
    [
        ("carsets.net.opt_outs.TdmFileMiddleware", None, RESERVED),
        ("carsets.net.robots_txt.RobotsTxt", NO_AI, None),
    ],
)
def test_without_the_middleware_it_would_be_fetched(web, crawl, says, middleware, robots, tdm):
    import carsets.settings

    says(robots, tdm)
    assert middleware in carsets.settings.DOWNLOADER_MIDDLEWARES
    others = {**carsets.settings.DOWNLOADER_MIDDLEWARES, middleware: None}
    assert crawl(images(web, 2), DOWNLOADER_MIDDLEWARES=others).outcomes == ["200"] * 2
