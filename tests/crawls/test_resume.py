"""Killed at any moment and started again, a crawl ends as one that was left alone."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from carsets.fakeweb.corpus import truth, urls
from carsets.fakeweb.process import FakeWebProcess

KILLS = 10  # of each of the two crawls
# In the dataset, by itself or by another copy: of two equal files whichever comes first is stored.
SHOWN = {"stored", "duplicate_bytes", "duplicate_pixels", "near_duplicate"}


def final_ends(dataset):
    """Return URL -> the image that stands for it, or its outcome, if no later run changes that."""
    return {
        url: image_id if outcome in SHOWN else outcome
        for url, outcome, image_id in dataset.rows(
            "SELECT url, outcome, image_id FROM sightings WHERE finality = 3"
        )
    }


def asked_for(web):
    """Return the addresses, without their scheme, that the built-in web was asked for."""
    return {
        f"//{host}{path}"
        for host, seen in web.stats()["hosts"].items()
        for path in seen["paths"]
        if path != "/robots.txt"
    }


def address(url):
    """Return a URL as ``asked_for`` shows it."""
    return f"//{urlsplit(url).hostname}{urlsplit(url).path}"


def kill_somewhere(command, web, dice):
    """Kill a crawl, at a point that depends on how far it has come; False when it was quicker."""
    until = time.monotonic() + 200
    if dice.random() < 0.2:  # while it starts: Python, catalog, workers
        time.sleep(dice.uniform(0, 1.5))
    else:
        wanted = dice.randint(1, 12)
        while not command.over and web.stats()["requests"] < wanted and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.4))
    if command.over:
        return False
    command.kill()
    return command.returncode == -9


def crawl_with_kills(make_crawls, arguments, dataset, seed):
    """Return how often the crawl was killed before it came to its end, and the last attempt."""
    source, given = arguments
    dice = random.Random(seed)
    kills = 0
    with FakeWebProcess() as web:
        crawls = make_crawls(web)
        while True:
            before = final_ends(dataset) if dataset.catalog.exists() else {}
            web.reset()
            command = crawls.start(source, dataset.folder, given, LEDGER_MAX_WAIT=0.1)
            if kills < KILLS and kill_somewhere(command, web, dice):
                kills += 1
            else:
                command.wait()
            again = {address(url) for url in before} & asked_for(web)
            assert not again, f"asked for again after kill {kills}"
            if command.returncode != -9:
                return kills, command


@pytest.fixture(scope="module")
def list_file(tmp_path_factory):
    """Return a list of good and bad URLs, copies among them."""
    path = tmp_path_factory.mktemp("resume") / "list.csv"
    found = [url for url in urls(170, first=80) if truth(url).fate not in {"drip", "slow"}]
    path.write_text("url\n" + "".join(f"{url}\n" for url in found))
    return path


@pytest.fixture(scope="module")
def plans(list_file):
    """Return the crawls that are killed: one that asks in pages, one that reads a list."""
    return {
        "bing": ("bing", {"vehicles": "Honda Civic,Fiat 500", "colors": "red", "per_query": 65}),
        "urls": ("urls", {"file": list_file}),
    }


@pytest.fixture(scope="module")
def killed(make_crawls, plans, make_dataset):
    """Crawl both, with kills, at the same time; return (kills, last attempt, dataset) of each."""
    datasets = {name: make_dataset(f"killed-{name}") for name in plans}
    with ThreadPoolExecutor(2) as pool:
        running = {
            name: pool.submit(crawl_with_kills, make_crawls, plan, datasets[name], seed)
            for seed, (name, plan) in enumerate(plans.items())
        }
        return {name: (*future.result(), datasets[name]) for name, future in running.items()}


@pytest.fixture(scope="module")
def left_alone(make_crawls, plans, make_dataset, whole_web):
    """Crawl both without any trouble; return their datasets."""
    whole_web.reset()
    datasets = {name: make_dataset(f"alone-{name}") for name in plans}
    crawls = make_crawls(whole_web)
    started = [
        crawls.start(source, datasets[name].folder, given)
        for name, (source, given) in plans.items()
    ]
    for command in started:
        assert command.wait().returncode == 0, command.stderr
    return datasets


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bing", "urls"])
def test_the_dataset_is_that_of_an_undisturbed_crawl(name, killed, left_alone):
    kills, last, dataset = killed[name]
    assert kills == KILLS
    assert last.returncode == 0, last.stderr
    alone = left_alone[name]
    assert set(dataset.kept().values()) == set(alone.kept().values())
    assert len(dataset.kept()) > 60
    assert final_ends(dataset) == final_ends(alone)
    stored = dataset.rows("SELECT count(*) FROM sightings WHERE outcome = 'stored'")
    assert stored == [len(dataset.kept())]
    assert dataset.outcomes().keys() == alone.outcomes().keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bing", "urls"])
def test_labels_and_places_in_the_answers_are_the_same(name, killed, left_alone):
    sql = (
        "SELECT url, query_id, page, rank, labels, license FROM sightings "
        "WHERE finality = 3 ORDER BY url, query_id"
    )
    assert killed[name][2].rows(sql) == left_alone[name].rows(sql)
    ends = "SELECT query_id, text, next_page, found, outcome FROM queries ORDER BY query_id"
    assert killed[name][2].rows(ends) == left_alone[name].rows(ends)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bing", "urls"])
def test_no_kill_leaves_a_file_that_no_row_knows(name, killed):
    dataset = killed[name][2]
    dataset.assert_whole()
    assert not list(dataset.folder.rglob(".*"))
    assert dataset.rows("SELECT count(*) FROM runs WHERE exit_code IS NULL")[0] >= 1
