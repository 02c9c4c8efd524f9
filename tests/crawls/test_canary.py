"""``scrapy canary`` says which sources work today, and leaves nothing behind but bad pages."""

import re

import pytest

SETTINGS = {"RETRY_BACKOFF": 0.05, "RETRY_TIMES": 1, "CONTACT": "me@example.org"}


@pytest.fixture
def canary(scrapy, web, dataset):
    """Return a function that runs the command: the run, and its table as columns by source."""

    def run(*sources, **environment):
        settings = {**SETTINGS, "DATA_DIR": dataset.folder, "FAKEWEB_PORT": web.port}
        done = scrapy.run("canary", *sources, settings=settings, environment=environment)
        rows = [re.split(r"\s{2,}", line, maxsplit=4) for line in done.stdout.splitlines()]
        return done, {row[0]: row[1:] for row in rows}

    return run


def test_sources_that_work_are_told_and_leave_nothing(canary, dataset, web):
    done, table = canary("bing", "flickr", "openverse")
    assert done.returncode == 0, done.stderr
    assert table["bing"][:2] == ["results", "35"]
    assert table["flickr"][:2] == ["results", "100"]
    assert table["openverse"][:2] == ["results", "20"]
    assert all(int(table[source][2]) > 0 for source in ("bing", "flickr", "openverse"))
    assert done.stderr == ""
    assert not dataset.folder.exists()
    asked = {
        host: sum(number for path, number in seen["paths"].items() if path != "/robots.txt")
        for host, seen in web.stats()["hosts"].items()
    }
    assert {host: number for host, number in asked.items() if number} == {
        "www.bing.com": 1,
        "api.flickr.com": 1,
        "api.openverse.org": 1,
    }


def test_one_blocked_and_one_changed_source_are_named_and_their_pages_saved(canary, dataset, web):
    web.mode("www.bing.com", "captcha")
    web.mode("api.openverse.org", "changed")
    done, table = canary("bing", "flickr", "openverse")
    assert done.returncode == 4, done.stderr
    assert table["bing"][0] == "captcha"
    assert table["openverse"][0] == "format_changed"
    assert table["flickr"][0] == "results"
    saved = sorted(path.name for path in (dataset.folder / "pages").iterdir())
    kinds = sorted(re.sub(r"^[0-9T]+-[0-9a-f]+-", "", name) for name in saved)
    assert kinds == ["bing-captcha-1.html", "openverse-format_changed-1.html"]
    for name in saved:
        assert name in done.stdout
    assert {path.name for path in dataset.folder.iterdir()} == {"pages"}


def test_a_known_question_without_results_is_a_fault_and_is_saved(canary, dataset, web):
    web.mode("www.bing.com", "no_results")
    done, table = canary("bing")
    assert done.returncode == 4
    assert table["bing"][:2] == ["no_results", "0"]
    [saved] = (dataset.folder / "pages").iterdir()
    assert "canary-bing-no_results" in saved.name


def test_a_source_that_is_down_is_told(canary, web):
    web.mode("www.bing.com", "503")
    done, table = canary("bing")
    assert done.returncode == 4
    assert table["bing"][0] == "http_error"
    assert "503" in done.stdout


def test_a_source_without_its_key_is_skipped_and_no_fault(canary):
    done, table = canary("bing", "flickr", FLICKR_API_KEY="")
    assert done.returncode == 0, done.stdout
    assert table["flickr"][0] == "skipped"
    assert "needs FLICKR_API_KEY" in done.stdout
    done, _ = canary("flickr", FLICKR_API_KEY="")
    assert done.returncode == 2, "nothing could be asked"


@pytest.mark.parametrize("name", ["altavista", "urls", "counts"])
def test_what_is_no_source_of_answers_is_bad_use(canary, name):
    done, _ = canary(name)
    assert done.returncode == 2
    assert f"{name}: no source that answers questions; there are " in done.stderr
    assert "Traceback" not in done.stderr


def test_without_names_every_source_is_asked(canary, scrapy):
    done, table = canary()
    listed = set(table) - {"source"} - {name for name in table if name.startswith("-")}
    assert {"bing", "flickr", "openverse"} <= listed
    assert "urls" not in listed
    for source in listed:
        assert table[source][0] in {"results", "skipped"}, (source, done.stdout)
    assert done.returncode == 0
