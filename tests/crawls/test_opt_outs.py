"""A crawl of hosts that opt out, one for each way of saying so: nothing of them is kept."""

import json

import pytest

from carsets.fakeweb.opt_outs import SITES, TDM_FILE, photo_url
from carsets.reservations import SIGNALS

EACH = 2  # pictures of a host
OUTCOMES = {"rules": "robots_denied", "tdm-fails": "http_5xx"}
# Where the answer itself, or the file in it, has to be seen before anybody knows.
ON_THE_IMAGE = {
    *("x-robots-tag", "tdm-reservation", "content-usage", "content-signal"),
    *("plus:DataMining", "tdm:reservation", "c2pa.training-mining"),
}
FREE = [name for name, site in SITES.items() if not site.signal]


def write_inputs(folder):
    """Write the list of all addresses, and the user's own list of hosts."""
    urls = [photo_url(name, number) for name in SITES for number in range(EACH)]
    pages = f"{photo_url('silent', 77)},https://www.terms.example/cars/77\n"
    (folder / "list.csv").write_text("url\n" + "".join(f"{url}\n" for url in urls))
    (folder / "pages.csv").write_text(f"url,page_url\n{pages}")
    (folder / "denied.csv").write_text(
        "host,reason,date\nshut.opt-outs.any.carsets.test,prose,2026-10-01\nterms.example,prose,\n"
    )


@pytest.fixture(scope="module")
def crawled(scrapy, whole_web, make_crawls, make_dataset, tmp_path_factory):
    """Crawl all of them under ``strict``, with one host on the user's own list."""
    whole_web.reset()
    folder = tmp_path_factory.mktemp("opt-outs")
    write_inputs(folder)
    dataset = make_dataset("opt-outs")
    run = make_crawls(whole_web).run(
        "urls",
        dataset.folder,
        {"file": folder / "list.csv"},
        DOWNLOAD_DELAY=0,
        RESERVATION_DENIED_HOSTS=folder / "denied.csv",
    )
    traffic = whole_web.stats()["hosts"]
    whole_web.reset()
    return dataset, run, traffic


def asked(traffic, name):
    return set(traffic.get(f"{name}.opt-outs.any.carsets.test", {"paths": {}})["paths"])


def sightings(dataset, name):
    return dataset.rows(
        "SELECT outcome, note FROM sightings WHERE url LIKE ?", f"https://{name}.opt-outs.%"
    )


def test_the_hosts_say_everything_that_can_be_said_before_a_page_is_read():
    said = {site.signal for site in SITES.values()}
    pages = {"page:robots", "page:tdm-reservation"}
    assert said >= SIGNALS.keys() - pages - {"denied-host", "cawg.training-mining"}


def test_the_crawl_ends_well(crawled):
    dataset, run, _ = crawled
    assert run.returncode == 0, run.stderr[-3000:]
    assert "Traceback" not in run.stderr
    dataset.assert_whole()


@pytest.mark.parametrize("name", [name for name, site in SITES.items() if site.signal])
def test_nothing_of_a_host_that_opts_out_is_kept(crawled, name):
    dataset, _, traffic = crawled
    found = sightings(dataset, name)
    assert [outcome for outcome, _ in found] == [OUTCOMES.get(name, "opted_out")] * EACH
    assert all(note.startswith(SITES[name].signal) for _, note in found), found
    assert not dataset.rows(
        "SELECT path FROM images WHERE served_url LIKE ?", f"https://{name}.opt-outs.%"
    )
    fetched = {path for path in asked(traffic, name) if path.startswith("/photos/")}
    assert bool(fetched) is (SITES[name].signal in ON_THE_IMAGE)


@pytest.mark.parametrize("name", [name for name in FREE if name != "shut"])
def test_a_host_that_allows_is_kept(crawled, name):
    dataset, _, _ = crawled
    assert sightings(dataset, name) == [("stored", "")] * EACH


def test_a_host_of_the_users_list_is_never_asked(crawled):
    dataset, _, traffic = crawled
    assert (
        sightings(dataset, "shut")
        == [("opted_out", "denied-host: shut.opt-outs.any.carsets.test: prose (2026-10-01)")] * EACH
    )
    assert asked(traffic, "shut") == set()


def test_the_evidence_stays_with_the_image(crawled, scrapy):
    dataset, _, _ = crawled
    rows = dataset.rows(
        "SELECT image_id, reservation, reservation_signals, reservation_checked_at FROM images "
        "WHERE served_url = ?",
        photo_url("friendly"),
    )
    [(image_id, verdict, signals, checked_at)] = rows
    assert verdict == "free"
    assert checked_at
    assert {signal["name"] for signal in json.loads(signals)} == {
        *("robots.txt:content-signal", "robots.txt:content-usage", "tdmrep.json"),
        *("x-robots-tag", "tdm-reservation", "content-usage", "plus:DataMining"),
    }
    told = scrapy.run("explain", image_id, settings={"DATA_DIR": dataset.folder})
    assert "robots.txt:content-signal: Content-Signal: ai-train=yes" in told.stdout
    why = scrapy.run("explain", photo_url("tdm-file"), settings={"DATA_DIR": dataset.folder})
    assert 'opted_out: a machine-readable reservation of rights (tdmrep.json: {"location": "/' in (
        why.stdout
    )


def test_each_host_is_asked_once_for_its_tdm_file_and_the_receipt_counts_it(crawled):
    dataset, _, traffic = crawled
    for name in SITES:
        host = f"{name}.opt-outs.any.carsets.test"
        paths = traffic.get(host, {"paths": {}})["paths"]
        before = {"rules", "shut"} | {n for n in SITES if SITES[n].signal.startswith("robots")}
        tries = 2 if name == "tdm-fails" else 1
        assert paths.get(TDM_FILE, 0) == (0 if name in before else tries), name
    [receipt] = dataset.receipts
    assert receipt["found"] == len(SITES) * EACH
    # robots.txt, tdmrep.json, and the images.
    assert receipt["hosts"]["silent.opt-outs.any.carsets.test"] == 2 + EACH


def test_research_records_and_keeps_what_is_no_rule_for_us(crawls, dataset, tmp_path):
    write_inputs(tmp_path)
    run = crawls.run(
        "urls",
        dataset.folder,
        {"file": tmp_path / "list.csv"},
        DOWNLOAD_DELAY=0,
        RESERVATION_POLICY="research",
        ORGANIZATION="Institute of Cars",
    )
    assert run.returncode == 0, run.stderr[-3000:]
    for name, site in SITES.items():
        found = [outcome for outcome, _ in sightings(dataset, name)]
        assert found == ["robots_denied" if name == "rules" else "stored"] * EACH, name
        rows = dataset.rows(
            "SELECT reservation_signals FROM images WHERE served_url = ?", photo_url(name)
        )
        said = {s["name"]: s["reserved"] for row in rows for s in json.loads(row)}
        if site.signal and name != "rules":
            assert said[site.signal] is True, "what was said is known, whatever is made of it"
    dataset.assert_whole()


def test_research_is_for_organizations_that_say_who_they_are(crawls, dataset, tmp_path):
    write_inputs(tmp_path)
    run = crawls.run(
        "urls", dataset.folder, {"file": tmp_path / "list.csv"}, RESERVATION_POLICY="research"
    )
    assert run.returncode == 2
    assert "RESERVATION_POLICY=research is for research organizations" in run.last_line
    assert "Traceback" not in run.stderr


def test_the_terms_of_the_page_count_wherever_the_image_lies(crawls, dataset, web, tmp_path):
    write_inputs(tmp_path)
    crawls.run(
        "urls",
        dataset.folder,
        {"file": tmp_path / "pages.csv"},
        RESERVATION_DENIED_HOSTS=tmp_path / "denied.csv",
    )
    assert sightings(dataset, "silent") == [
        ("opted_out", "denied-host: terms.example: prose (no date)")
    ]
    assert web.stats()["hosts"] == {}
