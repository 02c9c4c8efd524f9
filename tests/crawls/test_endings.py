"""How runs end that cannot do all that they were asked: code, line, and what is left."""

import signal
import time
from pathlib import Path

import pytest

from carsets.fakeweb.hostile import ROUTES
from carsets.fakeweb.names import FLICKR_IMAGES
from carsets.fakeweb.process import FakeWebProcess

PLAN = {"vehicles": "Honda Civic,Fiat 500", "colors": "red,blue", "per_query": 4}
HOST = "https://hostile.carsets.test"
KEPT = {"stored", "duplicate_bytes", "near_duplicate"}  # cars from the same brush
# Path -> the outcomes that are right.
HOSTILE = {
    "/ok.jpg": KEPT,
    "/slow?seconds=60": {"timeout"},
    "/drip?interval=0.3": {"too_slow"},
    "/huge": {"too_large"},
    "/huge?announce=1": {"too_large"},
    "/lying-length": {"incomplete"},
    "/gzip-bomb": {"too_large"},
    "/redirect/3": KEPT,
    "/redirect/9": {"redirect_limit"},
    "/redirect-to?u=https://127.0.0.1/a.jpg": {"address_forbidden"},
    "/redirect-to?u=http://127.0.0.1/a.jpg": {"url_forbidden"},  # from https to http
    "/redirect-to?u=https://metadata.carpix.test/a.jpg": {"address_forbidden"},
    "/redirect-to?u=file:///etc/passwd": {"scheme_forbidden"},
    "/redirect-to?u=data:image/png;base64,AAAA": {"scheme_forbidden"},
    "/loop": {"redirect_limit"},
    "/302-placeholder": {"placeholder"},
    "/photo_unavailable.png": {"placeholder"},
    "/flood.png": {"too_many_pixels"},
    "/svg-as-jpg": {"svg"},
    "/html-as-jpg": {"html"},
    "/truncated.jpg": {"truncated"},
    "/cmyk.jpg": KEPT,
    "/16bit.png": KEPT,
    "/anim.gif": {"animated"},
    "/polyglot": KEPT,
    "/429?retry-after=1": KEPT,
    "/429?always=1&retry-after=1": {"http_429"},
    "/503-then-ok": KEPT,
    "/reset": {"connection_lost"},
    "/half-headers": {"connection_lost", "incomplete", "http_other"},
    "/endless-headers": {"too_large"},
    "/swap": KEPT,
    "/noai": {"opted_out"},
    "/tdm": {"opted_out"},
    "/robots-denied/a.jpg": {"robots_denied"},
    "/iptc-prohibited.jpg": {"opted_out"},
    "/gps.jpg": KEPT,
    "/evil-title": KEPT,
    "/empty": {"empty"},
    "/tarpit/a": {"redirect_limit"},
}


def assert_told(run, code, line):
    """Check the code and that the last line says it."""
    assert run.returncode == code, run.stderr[-3000:]
    assert "Traceback" not in run.stderr
    assert run.last_line.startswith("carsets: ")
    assert line in run.last_line
    assert run.last_line.endswith(f"(exit code {code})")


def test_nothing_kept_is_3(crawls, dataset, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("".join(f"https://photos-00.carpix.test/gone-{n}.jpg\n" for n in range(3)))
    run = crawls.run("urls", dataset.folder, {"file": path})
    assert_told(run, 3, "nothing kept: 3 http_404")
    assert dataset.receipts[0]["kept"] == 0
    dataset.assert_whole()


@pytest.mark.parametrize("source", ["bing", "openverse", "flickr"])
def test_no_results_is_3(source, crawls, dataset):
    run = crawls.run(source, dataset.folder, {"query": "zeppelin"})
    assert_told(run, 3, "nothing kept: no image was found")
    [query] = dataset.receipts[0]["queries"]
    assert query["outcome"] == "no_results"


@pytest.mark.parametrize(
    ("source", "host", "mode", "outcome"),
    [
        ("bing", "www.bing.com", "captcha", "captcha"),
        ("bing", "www.bing.com", "consent", "consent"),
        ("openverse", "api.openverse.org", "429", "quota"),
        ("flickr", "api.flickr.com", "bad_key", "blocked"),
    ],
)
def test_a_source_that_refuses_is_benched_and_what_it_gave_is_kept(
    source, host, mode, outcome, crawls, dataset, web
):
    web.mode(host, mode, after=1)
    run = crawls.run(source, dataset.folder, PLAN, QUERIES_AT_ONCE=1)
    assert_told(run, 4, f"queries without an answer: 1 {outcome}")
    first, *others = dataset.receipts[0]["queries"]
    assert first["outcome"] == "results"
    assert [query["outcome"] for query in others] == [outcome], "no more questions to it"
    assert dataset.kept()
    assert [path for path in (dataset.folder / "pages").iterdir() if path.stat().st_size]
    dataset.assert_whole()
    if mode != "captcha":
        return
    web.reset()
    again = crawls.run(source, dataset.folder, PLAN)
    assert again.returncode == 0, again.stderr
    assert len(dataset.receipts[-1]["queries"]) == 3
    assert dataset.rows("SELECT count(*) FROM queries WHERE outcome = 'results'") == [4]


@pytest.mark.parametrize(
    ("source", "host", "mode", "outcome"),
    [
        ("bing", "www.bing.com", "changed", "format_changed"),
        ("openverse", "api.openverse.org", "changed", "format_changed"),
        ("bing", "www.bing.com", "500", "http_error"),
    ],
)
def test_one_answer_that_cannot_be_used_leaves_the_other_queries_alone(
    source, host, mode, outcome, crawls, dataset, web
):
    web.mode(host, mode, after=1, times=1)
    run = crawls.run(source, dataset.folder, PLAN, QUERIES_AT_ONCE=1, RETRY_TIMES=0)
    assert_told(run, 4, f"queries without an answer: 1 {outcome}")
    ends = [query["outcome"] for query in dataset.receipts[0]["queries"]]
    assert sorted(ends) == sorted([outcome, "results", "results", "results"])
    [page] = (dataset.folder / "pages").iterdir()
    assert outcome in page.name
    assert str(page) in run.stderr
    dataset.assert_whole()


def test_sigterm_stops_cleanly_and_the_same_command_goes_on(crawls, dataset):
    plan = {"vehicles": "Honda Civic,Fiat 500", "colors": "red", "per_query": 35}
    started = crawls.start("bing", dataset.folder, plan, IMAGES_IN_FLIGHT=4)
    while not started.over and len(dataset.files()) < 8:
        time.sleep(0.02)
    started.kill(signal.SIGTERM)
    started.wait()
    assert_told(started, 4, "the run was stopped early: shutdown")
    [receipt] = dataset.receipts
    assert receipt["exit_code"] == 4
    dataset.assert_whole()
    assert receipt["outcomes"]["cancelled"] > 0, "what had not begun was not begun any more"
    assert 8 <= len(dataset.kept()) < 30
    again = crawls.run("bing", dataset.folder, plan)
    assert again.returncode == 0, again.stderr
    assert dataset.rows("SELECT count(*) FROM queries WHERE outcome = 'results'") == [2]
    assert dataset.rows("SELECT count(*) FROM sightings") == [70]
    assert not dataset.rows("SELECT 1 FROM sightings WHERE outcome IN ('cancelled', 'error')")
    dataset.assert_whole()


@pytest.fixture(scope="module")
def no_web():
    """Return the port on which a web was, and is no more."""
    process = FakeWebProcess().start()
    process.stop()
    return process.port


@pytest.mark.parametrize("source", ["bing", "flickr"])
def test_without_a_network_a_search_is_partial(source, crawls, dataset, no_web):
    run = crawls.run(source, dataset.folder, PLAN, FAKEWEB_PORT=no_web)
    assert_told(run, 4, "4 http_error")
    assert not dataset.kept()
    again = crawls.run(source, dataset.folder, PLAN)
    assert again.returncode == 0, again.stderr
    assert dataset.kept()


def test_an_image_that_is_tried_again_knows_its_smaller_copies(crawls, dataset, web):
    """In the second run every original is gone: what is stored is the next copy, as it was served.

    That evidence is its own: address, size and bytes.
    """
    plan = {"query": "honda civic red", "per_query": 12}
    web.mode(FLICKR_IMAGES, "503")
    crawls.run("flickr", dataset.folder, plan, RETRY_TIMES=0)
    assert not dataset.kept()
    waiting = dict(dataset.rows("SELECT url, alternates FROM sightings WHERE alternates != ''"))
    assert len(waiting) > 5
    web.mode(FLICKR_IMAGES, "originals_gone")
    again = crawls.run("flickr", dataset.folder, plan)
    assert again.returncode == 0, again.stderr
    rows = dataset.rows(
        "SELECT s.url, s.width, i.served_url, i.width, i.sha256 FROM sightings s"
        " JOIN images i USING (image_id) WHERE s.outcome = 'stored' AND s.alternates = ''"
    )
    assert len(rows) > 3
    for original, said, served, width, _ in rows:
        assert served in waiting[original].splitlines()
        assert width < said
    dataset.assert_whole()
    asked = web.stats()["hosts"]["api.flickr.com"]["requests"]
    assert asked == 1, "the page was read once"


def test_without_a_network_a_list_keeps_nothing_and_is_tried_again(
    crawls, dataset, tmp_path, no_web
):
    path = tmp_path / "list.txt"
    path.write_text("".join(f"https://bulk-00.carpix.test/{32 * n}.jpg\n" for n in range(4)))
    run = crawls.run("urls", dataset.folder, {"file": path}, FAKEWEB_PORT=no_web)
    assert_told(run, 3, "nothing kept: ")
    again = crawls.run("urls", dataset.folder, {"file": path})
    assert again.returncode == 0, again.stderr
    assert len(dataset.kept()) == 4


def test_every_hostile_route_has_one_outcome_in_bounded_time_and_memory(
    crawls, dataset, tmp_path, web
):
    assert {f"/{path.split('?')[0].split('/')[1]}" for path in HOSTILE} == ROUTES.keys()
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{HOST}{route}\n" for route in HOSTILE))
    began, most = time.monotonic(), 0
    run = crawls.start(
        "urls",
        dataset.folder,
        {"file": path},
        DOWNLOAD_TIMEOUT=8,
        DOWNLOAD_DEADLINE=12,
        CONCURRENT_REQUESTS_PER_DOMAIN=8,
        HOST_MAX_FAILURES=0,  # one host stands for many here
    )
    while not run.over:
        most = max(most, peak_memory(run.pid))
        time.sleep(0.05)
    assert run.returncode == 0, run.stderr[-3000:]
    ends = dataset.outcomes()
    wrong = {
        route: ends.get(f"{HOST}{route}")
        for route, right in HOSTILE.items()
        if len(ends.get(f"{HOST}{route}", ())) != 1 or not ends[f"{HOST}{route}"] <= right
    }
    assert not wrong
    assert len(ends) == len(HOSTILE)
    assert time.monotonic() - began < 120
    assert most < 400 * 1024, "KiB"
    dataset.assert_whole()
    assert {entry.name for entry in tmp_path.iterdir()} == {"data", "list.txt"}


def peak_memory(pid):
    """Return the most memory that a process had so far, in KiB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) if lines else 0


def test_a_run_that_is_stopped_before_it_began_says_so(crawls, dataset):
    run = crawls.start("bing", dataset.folder, {"query": "ford"}, CAR_DETECTION_ENABLED=True,
                       CAR_DETECTION_MODEL="builtin")  # fmt: skip
    # What follows that line is the loading of the network.
    while not (run.over or (run.stderr_path.exists() and "Spider opened" in run.stderr)):
        time.sleep(0.02)
    run.kill(signal.SIGINT)
    assert run.wait().returncode == 4
    assert "stopped before it began, and nothing was asked" in run.last_line
    assert dataset.receipts == []
    again = crawls.run("bing", dataset.folder, {"query": "ford", "per_query": 3})
    assert again.returncode == 0
