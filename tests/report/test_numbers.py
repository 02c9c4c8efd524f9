"""What a report says is what the catalog holds, counted again in plain SQL."""

import json
import sqlite3
from contextlib import closing

import pytest

from carsets.report.numbers import MOST_QUERIES

IN = """(verdict IN ('keep', 'review') AND image_id NOT IN
        (SELECT image_id FROM reviews WHERE decision = 'drop' AND NOT undone))"""


@pytest.fixture
def told(made):
    return json.loads((made / "report.json").read_text())


@pytest.fixture
def sql(planted):
    with closing(sqlite3.connect(planted.catalog)) as database:
        yield lambda query: database.execute(query).fetchall()


def test_the_funnel_balances(told, sql):
    [(found,)] = sql("SELECT count(*) FROM sightings")
    assert told["balance"] == {"balances": True, "problems": []}
    assert told["found"] == found == 440
    assert told["outcomes"] == {
        source: dict(
            sql(f"SELECT outcome, count(*) FROM sightings WHERE source = '{source}' GROUP BY 1")
        )
        for source in ("bing", "flickr")
    }
    assert told["funnel"] == {
        "found": 440,
        "asked for": 420,
        "fetched": 360,
        "whole images": 360,
        "free to use": 350,
        "not there yet": 349,
        "with a car": 319,
        "kept": 319,
    }
    for source, steps in told["steps"].items():
        assert sum(steps.values()) == sum(told["outcomes"][source].values())


def test_the_images_are_counted_as_people_say(told, sql):
    [(images, size)] = sql(f"SELECT count(*), sum(bytes) FROM images WHERE {IN}")
    assert told["dataset"]["images"] == images == 314
    assert told["images"]["bytes"] == size
    assert told["images"]["verdicts"] == dict(
        sql("SELECT verdict, count(*) FROM images GROUP BY 1")
    )
    assert told["dataset"]["by"]["license"] == dict(
        sql(f"SELECT license, count(*) FROM images WHERE {IN} GROUP BY 1")
    )
    hosts = sql(
        f"""SELECT substr(url, 9, 10), count(*) FROM sightings JOIN images USING (image_id)
            WHERE {IN} AND outcome = 'stored' GROUP BY 1"""
    )
    assert told["dataset"]["by"]["host"] == dict(hosts)
    days = sql(f"SELECT substr(fetched_at, 1, 10), count(*) FROM images WHERE {IN} GROUP BY 1")
    assert told["images"]["days"] == dict(days)
    assert sum(told["images"]["megapixels"]) == sum(told["images"]["kilobytes"]) == images
    assert told["images"]["megapixels"][:3] == [0, images, 0]  # 400 x 300 to 720 x 300
    [(light,)] = sql(
        f"SELECT count(*) FROM images WHERE {IN} AND bytes >= 100000 AND bytes < 250000"
    )
    assert told["images"]["kilobytes"][4] == light > 100
    [(unscored,)] = sql(f"SELECT count(*) FROM images WHERE {IN} AND car_score IS NULL")
    assert told["images"]["unscored"] == unscored
    assert sum(told["images"]["car_scores"]) == images - unscored


@pytest.mark.parametrize("kind", ["make", "model", "color", "body"])
def test_every_kind_of_label_is_counted(told, sql, kind):
    rows = sql(
        f"""SELECT coalesce((SELECT json_extract(labels, '$.make') FROM reviews r
                             WHERE r.image_id = i.image_id AND decision = 'relabel'
                             AND '{kind}' = 'make'), json_extract(labels, '$.{kind}')) AS value,
                   count(*) FROM images i WHERE {IN} GROUP BY 1"""
    )
    counts = dict(rows)
    without = counts.pop(None, 0)
    labels = told["dataset"]["labels"][kind]
    assert {value: facts["images"] for value, facts in labels["labels"].items()} == counts
    assert labels["without"] == without
    for facts in labels["labels"].values():
        assert sum(facts["splits"].values()) == facts["images"]


def test_queries_are_ranked_by_what_they_brought(told, sql):
    rows = sql(
        """SELECT source, text, count(*), sum(s.outcome = 'stored'), coalesce(q.outcome, '')
           FROM sightings s LEFT JOIN queries q USING (source, query_id)
           GROUP BY source, query_id"""
    )
    assert len(rows) <= MOST_QUERIES
    names = ("source", "text", "found", "kept", "outcome")
    best = [tuple(line[name] for name in names) for line in told["queries"]["best"]]
    assert sorted(best) == sorted(rows)
    assert [line[3] for line in best] == sorted((row[3] for row in rows), reverse=True)
    worst = [line["kept"] / line["found"] for line in told["queries"]["worst"]]
    assert worst == sorted(worst)
    assert told["queries"]["ends"] == dict(
        sql("SELECT coalesce(outcome, ''), count(*) FROM queries GROUP BY 1")
    )


def test_hosts_are_told_what_receipts_and_the_catalog_know_of_them(told, sql):
    hosts = {host["name"]: host for host in told["hosts"]["most_asked"]}
    assert (hosts["host1.test"]["requests"], hosts["host1.test"]["peak"]) == (78, 3)
    assert hosts["host1.test"]["received"] == 2_000_000
    assert hosts["browsed.test"]["received"] is None
    assert "unreached.test" not in hosts  # no connection: nobody's load
    assert told["hosts"]["requests"] == 88
    where = "FROM sightings WHERE url LIKE 'https://host1.test/%'"
    [row] = sql(
        f"""SELECT count(*), sum(outcome = 'stored'), sum(outcome LIKE 'http%'),
                   sum(outcome = 'robots_denied'), sum(outcome = 'opted_out') {where}"""
    )
    names = ("addresses", "kept", "failures", "robots", "opted_out")
    assert tuple(hosts["host1.test"][name] for name in names) == row
    assert told["waits"] == {"images": 25.0}


def test_the_share_of_right_labels_is_people_s(told):
    correct = told["correctness"]
    assert (correct["images"], correct["dropped"]) == (29, 2)
    makes = correct["labels"]["make"]
    assert sum(share["of"] for share in makes.values()) == 29
    assert sum(share["part"] for share in makes.values()) == 24
    for share in makes.values():
        assert 0 <= share["low"] <= share["share"] <= share["high"] <= 1


@pytest.mark.usefixtures("one_plot")
def test_a_catalog_that_does_not_balance_is_said_so(copied, report, capsys):
    with closing(sqlite3.connect(copied.catalog)) as database, database:
        database.execute("UPDATE runs SET found = found + 1 WHERE run_id = 'run1'")
    receipt = copied.data / "receipts" / "run2.json"
    facts = json.loads(receipt.read_text())
    receipt.write_text(json.dumps(facts | {"found": 7}))
    folder = copied.data / "r"
    assert report(copied.data, folder) == 6
    assert "do not balance" in capsys.readouterr().err
    told = json.loads((folder / "report.json").read_text())["balance"]
    assert not told["balances"]
    assert [problem.split(":")[0] for problem in told["problems"]] == [
        "receipt run2 of flickr",
        "run run1 of flickr",
    ]
    assert 'role="alert"' in (folder / "index.html").read_text()


@pytest.mark.usefixtures("one_plot")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sightings SET outcome = 'lost' WHERE sighting_id = 1",
        "DELETE FROM sightings WHERE outcome = 'stored'",
    ],
    ids=["an outcome that is none", "images that nobody brought"],
)
def test_addresses_and_images_must_fit(copied, report, change):
    with closing(sqlite3.connect(copied.catalog)) as database, database:
        database.execute(change)
    assert report(copied.data, copied.data / "r") == 6
