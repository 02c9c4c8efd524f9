"""`scrapy plan`, run as a user runs it."""

import socket
from typing import ClassVar

import pytest
from scrapy import Spider, cmdline
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

from carsets.commands import plan as plan_command
from carsets.queries import PLAN_ARGUMENTS


class PagedSpider(Spider):
    """A source as the estimate sees it."""

    name = "paged"
    arguments = frozenset({*PLAN_ARGUMENTS, "safe"})
    page_size = 35
    max_results = 70
    requests_per_minute = 20
    key_name = "CARSETS_TEST_KEY"
    needs_contact = True


class QuickSpider(PagedSpider):
    name = "quick"
    custom_settings: ClassVar = {"DOWNLOAD_DELAY": 4.0}
    requests_per_minute = 600
    max_results = 0
    key_name = ""
    needs_contact = False


class UnaskedSpider(Spider):
    name = "unasked"


class Loader:
    """A spider loader with the sources of this test."""

    spiders: ClassVar = {
        spider.name: spider for spider in (PagedSpider, QuickSpider, UnaskedSpider)
    }

    @classmethod
    def from_settings(cls, settings):
        return cls()

    def list(self):
        return list(self.spiders)

    def load(self, name):
        return self.spiders[name]


@pytest.fixture
def no_network(monkeypatch):
    opened = []

    def refuse(*args, **kwargs):
        opened.append(args)
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert opened == []


@pytest.fixture
def run(monkeypatch, capsys, no_network):
    """Run `scrapy plan` inside this process; return the exit code, stdout and stderr."""
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "carsets.settings")
    monkeypatch.delenv("CARSETS_TEST_KEY", raising=False)

    def run(*words, **values):
        settings = get_project_settings()
        settings.set("SPIDER_LOADER_CLASS", Loader)
        settings.setdict(values)
        with pytest.raises(SystemExit) as ended:
            cmdline.execute(["scrapy", "plan", *words], settings)
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_a_plan_is_printed_and_nothing_is_sent(run):
    code, out, err = run("quick", "-a", "vehicles=all", "-a", "colors=all", "-a", "per_query=70")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].endswith(" queries, up to 70 images each")
    assert lines[1].strip().startswith("white ")
    assert "Nothing was sent." in lines
    for stage in ("make the list", "download", "check", "detect cars", "together"):
        assert any(line.strip().startswith(stage) for line in lines)


def test_requests_hours_images_and_bytes_are_added_up(run):
    _, out, _ = run("quick", "-a", "vehicles=VW Golf", "-a", "colors=all", "-a", "per_query=70")
    assert "10 queries, up to 70 images each" in out
    assert "quick: 20 requests, one every 4 s: 80 s" in out
    facts = dict(line.strip().rsplit("  ", 1) for line in out.splitlines() if "asked for" in line)
    assert {key.strip(): value.strip() for key, value in facts.items()} == {"asked for": "700"}
    assert "636   90.8%" in out  # 700 * 950 / 1046
    assert "562   88.4%" in out
    assert "552   98.3%" in out
    assert "82.8 MB" in out  # stored: 552 * 150 kB


def test_several_sources_are_planned_side_by_side(run):
    code, out, _ = run("paged,quick", "-a", "query=red car", "-a", "per_query=100")
    assert code == 0
    assert "paged: 2 requests, one every 3 s: 6 s" in out
    assert "quick: 3 requests, one every 4 s: 12 s" in out
    assert "a query reaches 70 results at most" in out
    assert "          170" in out  # asked for, of both


def test_what_a_source_needs_is_told(run, monkeypatch):
    _, out, _ = run("paged", "-a", "query=red car")
    assert "needs CARSETS_TEST_KEY in the environment" in out
    assert "needs CONTACT" in out
    monkeypatch.setenv("CARSETS_TEST_KEY", "secret-value")
    _, out, _ = run("paged", "-a", "query=red car", CONTACT="me@example.org")
    assert "needs" not in out
    assert "secret-value" not in out


def test_a_limit_is_told_and_shortens_the_plan(run):
    _, out, _ = run("quick", "-a", "vehicles=all", "-a", "limit=1000")
    assert "each source stops when 1,000 images are kept" in out
    assert "1,000   98.3%" in out


def test_first_and_last_queries_are_shown(run):
    _, out, _ = run("quick", "-a", "words=" + ",".join("abcdefgh"))
    assert [line.strip() for line in out.splitlines()[1:8]] == ["a", "b", "c", "...", "f", "g", "h"]
    _, out, _ = run("quick", "-a", "words=a,b,c,d")
    assert [line.strip() for line in out.splitlines()[1:5]] == ["a", "b", "c", "d"]


def test_assumptions_are_settings(run):
    _, out, _ = run("quick", "-a", "query=red car", "-s", "PLAN_IMAGE_BYTES=20000")
    assert "at 20 kB an image" in out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nosuch", "-a", "query=x"], "nosuch: no such source; there are paged, quick, unasked"),
        (["unasked"], "unasked asks no queries"),
        ([","], "no source given"),
        ([], "no source given: scrapy plan bing"),
        (["quick", "paged"], "scrapy plan quick,paged"),
        (["quick"], "nothing to ask"),
        (["quick", "-a", "vehicels=all"], "unknown argument vehicels"),
        (["quick", "-a", "vehicles"], "-a vehicles: expected NAME=VALUE"),
        (["quick", "-a", "vehicles=missing.csv"], "missing.csv: no such file"),
        (["quick", "-a", "query=x", "-a", "per_query=0"], "per_query=0: expected a whole number"),
        (["quick", "-a", "query=x", "-s", "PLAN_IMAGE_BYTES=many"], "PLAN_IMAGE_BYTES=many"),
        (["quick", "-a", "query=x", "-s", "PLAN_CAR_SHARE=0"], "expected a number above 0"),
    ],
)
def test_bad_use_is_one_line_and_exit_code_2(run, words, problem):
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert problem in err
    assert err.startswith("plan: ")
    assert err.count("\n") == 1


def test_arguments_of_the_source_are_not_taken_for_mistakes(run):
    code, out, _ = run("quick", "-a", "query=red car", "-a", "safe=off")
    assert code == 0
    assert out.startswith("1 query, up to 100 images each\n")


def test_every_query_source_of_the_project_can_be_planned(no_network):
    settings = Settings({"SPIDER_MODULES": ["carsets.spiders"], "DOWNLOAD_DELAY": 1})
    spiders = plan_command.load_sources("bing", settings)
    facts = plan_command.source_facts(spiders[0], settings)
    assert facts.page_size > 0
    assert facts.seconds_per_request >= 1
