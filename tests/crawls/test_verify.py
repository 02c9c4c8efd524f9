"""What ``scrapy verify`` says of addresses whose fates are known: not one wrong verdict."""

from __future__ import annotations

import json
import shlex
import time
from collections import Counter

import pytest

from carsets.fakeweb.decaying import fate_of, url_of
from carsets.fakeweb.names import DECAYING

ROWS = 200
EXPECTED = {
    "same": "same_bytes",
    "reencoded": "same_picture",
    "metadata": "same_picture",
    "replaced": "replaced",
    "placeholder": "placeholder",
    "http_404": "gone",
    "http_410": "gone",
    "html": "gone",
    "http_403": "blocked",
    "http_451": "blocked",
    "closed": "blocked",
    "opted_out": "blocked",
    "http_503": "unreachable",
}
HASTE = {"RETRY_TIMES": 0, "PROGRESS_INTERVAL": 0}


@pytest.fixture(scope="module")
def kept(whole_web, make_crawls, make_dataset):
    """Return a dataset of the decaying host, made before its decay."""
    whole_web.reset()
    dataset = make_dataset("decaying")
    dataset.folder.mkdir(parents=True)
    listed = dataset.folder / "list.csv"
    listed.write_text("url\n" + "".join(f"{url_of(number)}\n" for number in range(ROWS)))
    run = make_crawls(whole_web).run("urls", dataset.folder, {"file": listed})
    assert run.returncode == 0, run.stderr
    assert len(dataset.kept()) == ROWS
    return dataset


def verify(crawls, dataset, *words, **settings):
    given = {"DATA_DIR": dataset.folder, "FAKEWEB_PORT": crawls.web.port, **HASTE, **settings}
    given |= {"INSPECTION_WORKERS": 1, "CONTACT": "test@example.org"}
    return crawls.scrapy.run("verify", *words, settings=given)


def truth(web_number):
    return EXPECTED[fate_of(web_number)]


def number_of(url):
    return int(url.rpartition("/")[2].removesuffix(".jpg"))


def verdicts(dataset, run_id):
    return {
        number_of(url): verdict
        for url, verdict in dataset.rows(
            "SELECT url, verdict FROM verifications WHERE run_id = ?", run_id
        )
    }


def test_nothing_has_changed(kept, crawls):
    before = {name: path.read_bytes() for name, path in kept.files().items()}
    run = verify(crawls, kept, "--json", "--new")
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["verdicts"] == {"same_bytes": ROWS}
    assert report["decay"]["part"] == 0
    assert {name: path.read_bytes() for name, path in kept.files().items()} == before


def test_every_fate_gets_its_verdict(kept, crawls, web):
    images = kept.rows("SELECT * FROM images")
    sightings = kept.rows("SELECT * FROM sightings")
    web.mode(DECAYING, "decayed")
    run = verify(crawls, kept, "--json", "--new")
    assert run.returncode == 7, run.stderr
    report = json.loads(run.stdout)
    found = verdicts(kept, report["run"])
    assert found == {number: truth(number) for number in range(ROWS)}
    assert report["verdicts"] == Counter(truth(number) for number in range(ROWS))
    lost = sum(truth(n) in {"gone", "replaced", "placeholder", "blocked"} for n in range(ROWS))
    unreachable = sum(truth(number) == "unreachable" for number in range(ROWS))
    decay = report["decay"]
    assert (decay["part"], decay["of"]) == (lost, ROWS - unreachable)
    assert decay["low"] < decay["share"] < decay["high"]
    assert report["hosts"][DECAYING]["decay"]["part"] == lost
    assert report["sources"]["urls"]["rows"] == ROWS
    # Nothing kept has changed, and robots.txt was obeyed.
    assert kept.rows("SELECT * FROM images") == images
    assert kept.rows("SELECT * FROM sightings") == sightings
    asked = web.stats()["hosts"][DECAYING]["paths"]
    assert not [path for path in asked if path.startswith("/closed/")]


def test_the_trend_shows_both_runs(kept, crawls, web):
    web.mode(DECAYING, "decayed")
    verify(crawls, kept, "--new")
    run = verify(crawls, kept, "--new", "--sample", "30")
    assert run.returncode == 7
    assert "Trend:" in run.stdout
    report = json.loads(verify(crawls, kept, "--json", "--new", "--sample", "30").stdout)
    assert report["rows"] == 30
    assert [one["rows"] for one in report["trend"]][-2:] == [30, 30]
    found = verdicts(kept, report["run"])
    # A sample is too small to see a file three times: then "replaced" is all that can be said.
    assert all(
        verdict == truth(number) or (verdict, truth(number)) == ("replaced", "placeholder")
        for number, verdict in found.items()
    )


def test_a_killed_run_goes_on_where_it_was(kept, crawls, web):
    web.mode(DECAYING, "decayed")
    given = {
        "DATA_DIR": kept.folder,
        "FAKEWEB_PORT": web.port,
        "INSPECTION_WORKERS": 1,
        "DOWNLOAD_DELAY": 0.05,
        "IMAGES_IN_FLIGHT": 2,
        **HASTE,
    }
    command = crawls.scrapy.start("verify", "--new", settings=given)
    runs = set(kept.rows("SELECT DISTINCT run_id FROM verifications"))
    until = time.monotonic() + 100
    ours: set[str] = set()
    while not ours and time.monotonic() < until and not command.over:
        ours = set(kept.rows("SELECT DISTINCT run_id FROM verifications")) - runs
        time.sleep(0.05)
    assert ours
    assert not command.over
    command.kill()
    [run_id] = ours
    had = verdicts(kept, run_id)
    assert 0 < len(had) < ROWS
    asked = web.stats()["hosts"][DECAYING]["requests"]
    report = json.loads(verify(crawls, kept, "--json").stdout)
    assert report["run"] == run_id
    assert verdicts(kept, run_id) == {number: truth(number) for number in range(ROWS)}
    assert web.stats()["hosts"][DECAYING]["requests"] - asked < ROWS
    # It is whole now: the same command begins anew.
    assert json.loads(verify(crawls, kept, "--json", "--sample", "3").stdout)["run"] != run_id


def test_hosts_that_have_reserved_since_are_listed(kept, crawls, web):
    assert verify(crawls, kept, "--policy").returncode == 0
    web.mode(DECAYING, "decayed")
    web.stats()
    run = verify(crawls, kept, "--policy", "--json")
    assert run.returncode == 7
    report = json.loads(run.stdout)
    ids = dict(kept.rows("SELECT image_id, url FROM sightings WHERE outcome = 'stored'"))
    found = {number_of(ids[one["image_id"]]) for one in report["reserved"]}
    closed = {number for number in range(ROWS) if fate_of(number) == "closed"}
    assert closed <= found
    assert found <= closed | {n for n in range(ROWS) if fate_of(n) == "opted_out"}
    assert report["command"].startswith("scrapy remove --image @")


def test_what_is_reserved_since_can_be_removed_by_the_printed_command(crawls, dataset, web):
    numbers = [n for n in range(ROWS) if fate_of(n) in {"closed", "opted_out"}][:4]
    numbers += [n for n in range(ROWS) if fate_of(n) == "same"][:4]
    dataset.folder.mkdir(parents=True)
    listed = dataset.folder.parent / "list.csv"
    listed.write_text("url\n" + "".join(f"{url_of(number)}\n" for number in numbers))
    assert crawls.run("urls", dataset.folder, {"file": listed}).returncode == 0
    web.mode(DECAYING, "decayed")
    report = json.loads(verify(crawls, dataset, "--policy", "--json").stdout)
    assert report["reserved"]
    words = shlex.split(report["command"])[1:]
    run = crawls.scrapy.run(*words, "--yes", settings={"DATA_DIR": dataset.folder})
    assert run.returncode == 0, run.stderr
    assert len(dataset.kept()) == 8 - len(report["reserved"])
    assert not [path for path in (dataset.folder / "reports").iterdir() if "reserved" in path.name]
    assert json.loads(verify(crawls, dataset, "--policy", "--json").stdout)["reserved"] == []


def test_the_store_is_checked_without_a_network(kept, crawls):
    run = verify(crawls, kept, "--local")
    assert (run.returncode, f"{ROWS}" in run.stdout) == (0, True), run.stderr
    missing, short, changed = sorted(kept.files())[:3]
    store = kept.folder / "images"
    bodies = {name: (store / name).read_bytes() for name in (missing, short, changed)}
    (store / missing).unlink()
    (store / short).write_bytes(bodies[short][:-1])
    (store / changed).write_bytes(bodies[changed][:-1] + b"!")
    (store / "00").mkdir(exist_ok=True)
    (store / "00" / "stray.jpg").write_bytes(b"stray")
    try:
        run = verify(crawls, kept, "--local", "--json")
        assert run.returncode == 7
        report = json.loads(run.stdout)
        assert {one["path"]: one["verdict"] for one in report["named"]} == {
            missing: "missing",
            short: "wrong_length",
            changed: "changed",
            "00/stray.jpg": "orphaned",
        }
        assert report["verdicts"]["whole"] == ROWS - 3
    finally:
        (store / "00" / "stray.jpg").unlink()
        for name, body in bodies.items():
            (store / name).write_bytes(body)


@pytest.mark.parametrize(
    ("source", "host"),
    [("commons", "commons.wikimedia.org"), ("openverse", "api.openverse.org"),
     ("flickr", "api.flickr.com")],
)  # fmt: skip
def test_a_license_that_has_changed_is_told(source, host, crawls, web, dataset):
    plan = {"query": "blue toyota rav4", "per_query": 12}
    crawls.run(source, dataset.folder, plan)
    web.mode(host, "relicensed")
    run = verify(crawls, dataset, "--json")
    assert run.returncode == 7, run.stderr
    report = json.loads(run.stdout)
    assert report["licenses_asked"] == report["rows"] > 0
    rows = dataset.rows(
        "SELECT v.verdict, v.license, s.license, s.source_id FROM verifications v "
        "JOIN sightings s ON s.image_id = v.image_id AND s.outcome = 'stored'"
    )
    for verdict, today, then, _ in rows:
        if verdict in {"same_bytes", "same_picture"}:
            assert today == then
        if verdict == "relicensed":
            assert today != then
    changed = [verdict for verdict, today, then, _ in rows if today != then]
    assert set(changed) == {"relicensed"}
    # What the catalog holds is the license of the day on which it was taken.
    assert not dataset.rows("SELECT license FROM sightings WHERE license = ''")


def test_what_is_asked_wrongly_is_said_in_one_line(kept, crawls, tmp_path):
    for words in (["--sample", "many"], ["--local", "--sample", "3"], ["everything"]):
        run = verify(crawls, kept, *words)
        assert run.returncode == 2, words
        assert "Traceback" not in run.stderr
    empty = type(kept)(tmp_path / "nothing")
    run = verify(crawls, empty)
    assert (run.returncode, "there is no catalog" in run.stderr) == (5, True)
