"""Every source of the built-in web into one dataset, held against the truth about each URL."""

import hashlib
from collections import Counter, defaultdict

import pytest

from carsets.fakeweb.corpus import SOURCES, cluster, truth
from carsets.licenses import license_table
from carsets.outcomes import Outcome

DUPLICATES = {"duplicate_bytes", "duplicate_pixels", "near_duplicate"}


@pytest.fixture(scope="module")
def ends(built):
    """Return each URL of the web with its most telling outcome: another query may know it."""
    return {
        url: (outcomes - {"known_url"} or outcomes)
        for url, outcomes in built.dataset.outcomes().items()
        if url.startswith("http")
    }


@pytest.fixture(scope="module")
def groups(ends):
    """Return the pictures of which more than one copy was found: URLs by cluster."""
    found = defaultdict(list)
    for url in ends:
        about = truth(url)
        if about.cluster is not None:
            found[about.cluster].append(url)
    return {number: members for number, members in found.items() if len(members) > 1}


def test_all_crawls_end_well(built):
    for source, run in built.runs.items():
        assert run.returncode == 0, f"{source}: {run.stderr[-3000:]}"
        assert "Traceback" not in run.stderr
        assert " ERROR: " not in run.stderr


def test_every_url_has_one_end_and_it_is_the_true_one(ends, groups):
    grouped = {url for members in groups.values() for url in members}
    wrong = {}
    for url, outcomes in ends.items():
        about = truth(url)
        allowed = about.outcomes | about.alone if url in grouped else about.alone
        if about.kind != "vehicle" and Outcome.NOT_A_CAR in allowed:
            allowed = allowed | {Outcome.STORED}  # nobody looks for cars here
        if about.fate == "placeholder":
            allowed = allowed | {Outcome.STORED}  # the first one: no step can know
        if len(outcomes) != 1 or not outcomes <= {outcome.value for outcome in allowed}:
            wrong[url] = (outcomes, about.fate, about.copy_how)
    assert not wrong
    assert len(ends) > 150


def test_the_crawl_met_most_of_what_can_happen(ends):
    met = Counter(truth(url).fate for url in ends)
    copies = {truth(url).copy_how for url in ends}
    assert met["ok"] > 100
    assert len(met) >= 15, met
    assert len(copies - {""}) >= 4, copies


def test_receipts_balance_and_agree_with_the_catalog(built):
    receipts = {receipt["source"]: receipt for receipt in built.dataset.receipts}
    assert receipts.keys() == {*SOURCES, "urls", "folder"}
    for source, receipt in receipts.items():
        assert receipt["found"] == sum(receipt["outcomes"].values())
        sightings = built.dataset.rows(
            "SELECT outcome, count(*) FROM sightings WHERE source = ? GROUP BY outcome", source
        )
        assert sum(count for _, count in sightings) == receipt["found"]
    runs = built.dataset.rows("SELECT run_id, found, kept, exit_code FROM runs")
    told = {r["run"]: (r["found"], r["exit_code"]) for r in built.dataset.receipts}
    assert {run: (found, code) for run, found, _, code in runs} == told


def test_what_is_in_the_store_is_what_is_kept(built):
    built.dataset.assert_whole()
    paths = built.dataset.rows(
        "SELECT path FROM images WHERE verdict NOT IN ('keep', 'review') AND path != ''"
    )
    assert not set(paths) & built.dataset.files().keys()


def test_stored_bytes_are_the_served_bytes(built, whole_web, ask):
    served = built.dataset.rows(
        "SELECT served_url, sha256, bytes, md5 FROM images "
        "WHERE verdict IN ('keep', 'review') AND served_url != ''"
    )
    assert len(served) > 80
    for url, sha256, size, md5 in served:
        status, _, body = ask(whole_web, url)
        assert (status, len(body)) == (200, size), url
        assert hashlib.sha256(body).hexdigest() == sha256
        assert hashlib.md5(body).hexdigest() == md5


def test_of_each_picture_the_best_copy_is_kept_and_no_other(built, ends, groups):
    assert len(groups) >= 8
    for members in groups.values():
        kept = [url for url in members if ends[url] == {"stored"}]
        whole = [url for url in members if truth(url).copy_how != "cropped"]
        assert len([url for url in kept if url in whole]) <= 1
        assert kept, members
        images = built.dataset.rows(
            f"SELECT DISTINCT image_id FROM sightings WHERE url IN ({','.join('?' * len(whole))})",
            *whole,
        )
        assert len(images) == 1, "every copy leads to the one that represents it"
        if len(members) == len(cluster(truth(members[0]).number)):
            best = [url for url in members if truth(url).best]
            assert any(ends[url] == {"stored"} for url in best), members


def test_licenses_are_as_declared(built):
    rows = built.dataset.rows(
        "SELECT s.url, s.source, s.license, s.license_evidence, i.license, i.openness "
        "FROM sightings s JOIN images i USING (image_id) WHERE s.outcome = 'stored'"
    )
    asked = [row for row in rows if row[1] in {"flickr", "openverse"}]
    assert len(asked) > 30
    for url, _, declared, evidence, of_image, openness in asked:
        assert declared == of_image == truth(url).license
        assert evidence > 0
        assert openness == license_table()[of_image].openness


def test_nothing_lies_outside_the_dataset(built, scrapy):
    beside = {path.name for path in built.place.iterdir()}
    assert beside == {"data", "list.csv", "own"}
    assert {path.name for path in built.dataset.folder.iterdir()} <= {
        "catalog.sqlite",
        "catalog.sqlite-shm",
        "catalog.sqlite-wal",
        "images",
        "receipts",
    }
    for run in built.runs.values():
        assert not list(run.folder.iterdir())
    home = scrapy.folder / "home"  # libraries that other commands use keep notes of their own there
    left = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert not [name for name in left if not name.startswith((".cache/matplotlib/", ".keras/"))]


def test_the_columns_that_other_programs_rely_on_are_there(built):
    for table, names in {
        "sightings": "url page_url source query_id rank outcome image_id license author title",
        "images": "image_id sha256 md5 path width height bytes format mime license car_score "
        "labels view verdict",
    }.items():
        columns = {row[1] for row in built.dataset.rows(f"PRAGMA table_info({table})")}
        assert set(names.split()) <= columns


def test_the_list_asks_nobody_for_what_is_known(built, ends):
    known = built.dataset.rows(
        "SELECT count(*) FROM sightings WHERE source = 'urls' AND outcome = 'known_url'"
    )
    assert known[0] > 10
    paths = Counter()
    for host, seen in built.traffic["hosts"].items():
        paths.update({f"//{host}{path}": count for path, count in seen["paths"].items()})
    good = [url for url in ends if truth(url).fate == "ok" and ends[url] == {"stored"}]
    assert len(good) > 80
    assert {paths[url.partition(":")[2]] for url in good} == {1}


def test_the_load_on_hosts_is_what_their_servers_counted(built):
    told = Counter()
    received = Counter()
    for receipt in built.dataset.receipts:
        for host, load in receipt["load"].items():
            told[host] += load["requests"]
            received[host] += load["bytes"]
            assert 1 <= load["peak"] <= load["requests"]
    seen = built.traffic["hosts"]
    assert told == {host: of["requests"] for host, of in seen.items()}
    assert len(told) > 20
    for host, of in seen.items():
        # The servers count bodies, and no part of an answer whose length they do not say.
        assert received[host] >= of["bytes_sent"] * 0.5, host
        if not set(of["headers"]) & {"range"} and of["bytes_sent"] > 10_000:
            assert received[host] - of["bytes_sent"] < 2_000 * of["requests"], host
