"""The project as Scrapyd runs it: deployed as it stands, with arguments and settings."""

import json
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing

import pytest

from carsets.commands.doctor import Health
from carsets.doctor.scrapyd import look_at_configuration, look_at_daemon, read_configuration
from carsets.fakeweb.corpus import urls
from carsets.fakeweb.open_images_files import photographs, write_files
from carsets.fakeweb.pictures import bulk_picture
from tests.scrapyd.daemon import PATIENCE, PROJECT, Scrapyd

QUERY = {"query": "red ford mustang", "per_query": "6"}
# Every source, and what it is asked; folders and files are made by the fixture.
SOURCES = {
    "baidu": QUERY,
    "bing": QUERY,
    "brave": QUERY | {"mode": "page"},
    "commons": QUERY,
    "counts": {"vehicles": "Ford Mustang", "words": "car", "engine": "openverse"},
    "duckduckgo": QUERY,
    "ecosia": QUERY,
    "flickr": QUERY,
    "folder": {"path": "{place}/folder"},
    "google": QUERY,
    "instagram": QUERY,
    "openimages": {"folder": "{place}/openimages", "limit": "3"},
    "openverse": QUERY,
    "urls": {"file": "{place}/list.txt"},
    "verify": {},
    "vpic": {"file": "{place}/vehicles.csv", "makes": "Kia"},
    "yandex": QUERY,
}


def settings(folder, web, **more):
    given = {
        "DATA_DIR": folder,
        "FAKEWEB_PORT": web.port,
        "CAR_DETECTION_ENABLED": False,
        "CONTACT": "test@example.org",
        "DOWNLOAD_DELAY": 0.05,
        "INSPECTION_WORKERS": 1,
        "SAFE_SEARCH_OFF_ALLOWED": True,  # baidu has none
    }
    return {**given, **more}


def dataset(folder):
    """Return what must be the same: the kept images with their labels, and every URL's end."""
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog:
        kept = catalog.execute(
            "SELECT sha256, path, labels FROM images WHERE verdict IN ('keep', 'review')"
        ).fetchall()
        ends = catalog.execute("SELECT url, outcome FROM sightings").fetchall()
    for _, path, _ in kept:
        assert (folder / "images" / path).is_file()
    return sorted(kept), sorted(ends)


def receipts(folder):
    """Return the receipts, oldest first."""
    return [json.loads(path.read_text()) for path in sorted((folder / "receipts").glob("*.json"))]


# --- Every source -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ran(deployed, web, tmp_path_factory):
    """Schedule every source, each with a dataset of its own: the jobs, and their folders."""
    place = tmp_path_factory.mktemp("every-source")
    (place / "folder").mkdir()
    for number in range(3):
        (place / "folder" / f"{number}.jpg").write_bytes(bulk_picture(number))
    write_files(place / "openimages", photographs(6))
    (place / "list.txt").write_text("\n".join(urls(8)) + "\n")
    (place / "vehicles.csv").write_text("make,model\nKia,Soul\n")
    jobs = {}
    for source, arguments in SOURCES.items():
        if source != "verify":  # which looks at what there is
            given = {name: value.format(place=place) for name, value in arguments.items()}
            jobs[source] = deployed.schedule(
                source, settings(place / "data" / source, web), **given
            )
    deployed.wait_for_jobs(jobs.values())
    jobs["verify"] = deployed.schedule("verify", settings(place / "data" / "bing", web))
    deployed.wait_for_jobs(jobs.values())
    folders = {source: place / "data" / source for source in SOURCES}
    folders["verify"] = folders["bing"]
    return jobs, folders


def test_every_source_is_listed_and_tried(deployed):
    answer = deployed.ask("listspiders.json?project=carsets")
    assert set(answer["spiders"]) == set(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_runs_and_its_log_is_where_scrapyd_shows_it(deployed, ran, source):
    jobs, folders = ran
    log = deployed.log(source, jobs[source])
    [receipt] = [one for one in receipts(folders[source]) if one["source"] == source]
    assert receipt["exit_code"] == 0, log
    assert receipt["found"] == sum(receipt["outcomes"].values())
    assert receipt["arguments"]["_job"] == jobs[source]
    assert receipt["found"] or "collected" in receipt
    assert f"Receipt: {folders[source]}" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("source", ["bing", "folder", "urls", "counts"])
def test_items_are_where_scrapyd_shows_them(deployed, ran, source):
    jobs, folders = ran
    text = deployed.read(f"items/carsets/{source}/{jobs[source]}.jl").decode()
    items = [json.loads(line) for line in text.splitlines()]
    [receipt] = [one for one in receipts(folders[source]) if one["source"] == source]
    if source == "counts":
        assert len(items) == receipt["collected"]["kept"] == 1
        return
    kept, _ = dataset(folders[source])
    assert {item["path"] for item in items} >= {path for _, path, _ in kept}
    assert len(items) >= receipt["kept"] > 0
    assert all((folders[source] / "images" / path).is_file() for _, path, _ in kept)


def test_the_page_of_jobs_leads_to_logs_and_items(deployed, ran):
    jobs, _ = ran
    page = deployed.read("jobs").decode()
    for source, job in jobs.items():
        assert f"/logs/carsets/{source}/{job}.log" in page
        assert f"/items/carsets/{source}/{job}.jl" in page


def test_no_key_stands_in_a_log(deployed, ran):
    jobs, _ = ran
    for source in ("flickr", "google", "instagram"):
        log = deployed.log(source, jobs[source])
        assert not any(key in log for key in ("0" * 32, "1" * 39, "3" * 40))


# --- The same as without it -------------------------------------------------------------------


def test_a_scheduled_run_gives_the_same_dataset_as_the_command_line(deployed, web, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    network = {"CAR_DETECTION_ENABLED": True, "CAR_DETECTION_MODEL": "builtin"}
    plan = {"query": "red ford mustang", "per_query": "30"}
    deployed.wait_for_jobs([deployed.schedule("bing", settings(there, web, **network), **plan)])
    options = [f"-a{name}={value}" for name, value in plan.items()]
    options += [f"-s{name}={value}" for name, value in settings(here, web, **network).items()]
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "bing", *options],
        cwd=PROJECT,
        timeout=PATIENCE,
        check=True,
        capture_output=True,
    )
    [facts] = receipts(there)
    assert facts["exit_code"] == 0
    assert facts["found"] == sum(facts["outcomes"].values()) == 30
    assert dataset(there) == dataset(here)
    assert dataset(there)[0]


def test_the_egg_holds_every_file_of_the_package(deployed):
    [egg] = (deployed.folder / "eggs" / "carsets").glob("*.egg")
    inside = set(zipfile.ZipFile(egg).namelist())
    kept_by_git = subprocess.run(
        ["git", "ls-files", "carsets"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "carsets/data/builtin_detector.npz" in inside
    assert not set(kept_by_git) - inside


# --- What goes wrong --------------------------------------------------------------------------


def test_a_misspelt_argument_is_named_in_the_job_s_log(deployed, web, tmp_path):
    job = deployed.schedule("bing", settings(tmp_path, web), qeury="red car")
    deployed.wait_for_jobs([job])
    assert "unknown argument qeury" in deployed.log("bing", job)


def test_a_path_that_is_not_absolute_is_refused(deployed, web, tmp_path):
    job = deployed.schedule("bing", settings("data", web), **QUERY)
    deployed.wait_for_jobs([job])
    assert "Scrapyd needs an absolute path" in deployed.log("bing", job)
    assert not (deployed.folder / "data").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_job_stops_cleanly_and_the_same_command_goes_on(deployed, web, tmp_path):
    plan = {"query": "blue toyota rav4", "per_query": "60"}
    slow = settings(tmp_path, web, DOWNLOAD_DELAY=0.5, IMAGES_IN_FLIGHT=2)
    job = deployed.schedule("bing", slow, **plan)
    deployed.wait_for(lambda: list((tmp_path / "images").glob("*/*/*")))
    answer = deployed.ask("cancel.json", project="carsets", job=job)
    assert answer["prevstate"] == "running"
    deployed.wait_for_jobs([job])
    [cut] = receipts(tmp_path)
    assert (cut["exit_code"], cut["exit_reason"]) == (4, "the run was stopped early: shutdown")
    assert cut["found"] == sum(cut["outcomes"].values())
    assert 0 < cut["kept"] < 50
    kept, _ = dataset(tmp_path)
    assert len(kept) == cut["kept"]
    assert "Traceback" not in deployed.log("bing", job)

    deployed.wait_for_jobs([deployed.schedule("bing", settings(tmp_path, web), **plan)])
    assert receipts(tmp_path)[1]["exit_code"] == 0
    again, ends = dataset(tmp_path)
    assert set(kept) <= set(again)
    assert len(ends) == 60
    assert not {outcome for _, outcome in ends} & {"cancelled", "error"}


# --- Who may send it code ---------------------------------------------------------------------


def test_the_doctor_finds_this_daemon_well_kept(deployed):
    path = deployed.folder / "scrapyd.conf"
    exposure = read_configuration([path], deployed.environment)
    findings = [*look_at_configuration(exposure, "scrapyd.conf"), *look_at_daemon(exposure)]
    assert [finding.health for finding in findings] == [Health.OK] * 2
    assert "asks for a password" in findings[1].said


def test_the_container_s_configuration_runs_the_project_without_an_egg(tmp_path, scrapyd_bin, web):
    deploy = PROJECT / "deploy"
    text = (deploy / "scrapyd.container.conf").read_text(encoding="utf-8")
    named = "SCRAPY_SETTINGS_MODULE=carsets.settings"
    assert named in (deploy / "Containerfile").read_text(encoding="utf-8")
    variables = dict([named.split("=")], PYTHONPATH=str(PROJECT))
    daemon = Scrapyd(tmp_path, scrapyd_bin, text, **variables)
    try:
        assert set(daemon.ask("listspiders.json?project=carsets")["spiders"]) == set(SOURCES)
        data = tmp_path / "data"
        daemon.wait_for_jobs([daemon.schedule("bing", settings(data, web), **QUERY)])
        assert receipts(data)[0]["exit_code"] == 0
    finally:
        daemon.stop()
