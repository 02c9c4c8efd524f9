"""``scrapy stats`` counts a planted catalog, and says what its labels are worth."""

import argparse
import json
import sqlite3
from contextlib import closing
from hashlib import md5, sha256

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import Batch, Candidate, ImageRow, RunRow, SightingRow
from carsets.commands.stats import Command
from carsets.outcomes import Outcome

HOSTILE = "Citroën [bold]\x1b[31m\u202e\nŠKODA/Fabia .. =1+1 " + "x" * 10_000


@pytest.fixture
def stats(tmp_path, capsys):
    """Return a function that runs the command, and gives the exit code, output and errors."""

    def run(*args, **options):
        command = Command()
        command.settings = Settings({"DATA_DIR": str(tmp_path)})
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        words = [word.replace("_", "-") if word.startswith("--") else word for word in words]
        command.run(list(args), parser.parse_args([word for word in words if word != "yes"]))
        out, err = capsys.readouterr()
        return command.exitcode, out, err

    return run


@pytest.fixture
def add(tmp_path):
    """Return a function that adds so many images, each of another author."""
    catalog = Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    catalog.start_run(RunRow(run_id="run1", source="bing", started_at="2026-01-01T00:00:00"))
    number = 0

    def images(count, labels, *, verdict="keep", source="bing", host="a.test", **rights):
        nonlocal number
        found = []
        for _ in range(count):
            number += 1
            digest = sha256(str(number).encode()).hexdigest()
            row = ImageRow(
                sha256=digest,
                md5=md5(digest.encode()).hexdigest(),
                pixel_hash=digest[:16],
                phash=number,
                dhash=number,
                verdict=verdict,
                labels=labels,
                run_id="run1",
                **rights,
            )
            seen = SightingRow(
                url=f"https://{host}/{number}.jpg",
                outcome=Outcome.STORED,
                source=source,
                query_id="q",
                run_id="run1",
            )
            found.append(Candidate(image=row, sighting=seen))
        catalog.admit_all(found)

    yield images
    catalog.close()


def test_trainable_labels_by_the_thresholds_of_open_images(add, stats):
    add(700, {"make": "Ford", "color": "red"})
    add(600, {"make": "Kia", "color": "red"})
    add(30, {"make": "VW"})
    code, out, _ = stats(json="yes", split="80/10/10")
    told = json.loads(out)
    assert code == 0
    assert told["images"] == sum(told["splits"].values()) == 1_330
    makes = told["labels"]["make"]
    for value in makes["labels"].values():
        splits = value["splits"]
        enough = splits["train"] >= 20 and splits.get("validation", 0) >= 50
        assert value["trainable"] is enough
    assert makes["labels"]["Ford"]["trainable"]
    assert not makes["labels"]["VW"]["trainable"]
    assert told["labels"]["color"]["without"] == 30
    assert makes["imbalance"]["ratio"] == pytest.approx(700 / 30, abs=1e-3)

    _, out, _ = stats(json="yes", split="80/20", min_train="1", min_validation="1")
    assert json.loads(out)["labels"]["make"]["trainable"] == 3
    _, out, _ = stats(json="yes", min_train="561")
    assert json.loads(out)["labels"]["make"]["trainable"] == 0


def test_what_is_not_in_the_dataset_is_not_counted(add, stats, tmp_path):
    add(3, {"make": "Ford"}, source="flickr", host="b.test", license="by-2.0", license_evidence=5)
    add(2, {"make": "Kia"}, verdict="review")
    add(4, {"make": "Seat"}, verdict="dropped")
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as database, database:
        ids = [row[0] for row in database.execute("SELECT image_id FROM images ORDER BY seq")]
        decide = "INSERT INTO reviews (image_id, decision, labels, undone) VALUES (?, ?, ?, ?)"
        database.execute(decide, (ids[0], "drop", "{}", 0))
        database.execute(decide, (ids[1], "relabel", '{"make": "Opel"}', 0))
        database.execute(decide, (ids[2], "drop", "{}", 1))  # undone
    told = json.loads(stats(json="yes")[1])
    assert told["images"] == 4
    makes = {value: facts["images"] for value, facts in told["labels"]["make"]["labels"].items()}
    assert makes == {"Ford": 1, "Opel": 1, "Kia": 2}
    assert told["by"] == {
        "source": {"flickr": 2, "bing": 2},
        "host": {"b.test": 2, "a.test": 2},
        "license": {"by-2.0": 2, "unknown": 2},
        "evidence": {"api": 2, "none": 2},
    }


def test_unique_in_the_words_of_its_source(add, stats, tmp_path):
    add(59, {"make": "Ford"})
    catalog = Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    copy = SightingRow(
        url="https://c.test/1.jpg",
        outcome=Outcome.NEAR_DUPLICATE,
        source="bing",
        query_id="q",
        run_id="run1",
    )
    catalog.write(Batch(sightings=[copy]))
    catalog.close()
    _, out, _ = stats()
    assert "59 images, 98.3 % unique: 1 near duplicate" in out


def test_exact_splits_are_counted_out(add, stats):
    for make in ("Ford", "Kia"):
        add(100, {"make": make})
    told = json.loads(stats(json="yes", split="instacities", label="make")[1])
    expected = {"train": 80, "validation": 5, "test": 15}
    for make in ("Ford", "Kia"):
        assert told["labels"]["make"]["labels"][make]["splits"] == expected


def test_strangers_words_stay_words(add, stats):
    add(2, {"make": HOSTILE, "[red]kind": "x"}, host="[link=x]y")
    code, out, err = stats(top="5")
    assert (code, err) == (0, "")
    assert "Citroën [bold]\\x1b[31m\\x202e ŠKODA/Fabia .. =1+1" in out
    assert "[red]kind" in out
    assert "\x1b" not in out
    assert "x" * 100 not in out


def test_long_tables_are_cut_and_their_sums_are_not(add, stats):
    for number in range(7):
        add(1, {"make": f"Make {number}"})
    _, out, _ = stats(top="3")
    assert "make: 7 values, 0 trainable" in out
    assert "(4 more)" in out
    assert "Make 3" not in out


def test_the_same_catalog_tells_the_same(add, stats):
    add(5, {"make": "Ford", "color": "red"})
    assert stats(json="yes") == stats(json="yes")
    assert stats() == stats()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"split": "80/10"}, "make 100"),
        ({"split": "instacities"}, "--label make"),
        ({"min_train": "many"}, "--min-train 'many'"),
        ({"min_validation": "1.5"}, "whole number"),
        ({"top": "x1"}, "--top"),
    ],
)
def test_wrong_options_are_one_clear_line(add, stats, options, complaint):
    code, out, err = stats(**options)
    assert (code, out) == (2, "")
    assert err.startswith("carsets: ")
    assert complaint in err
    assert err.count("\n") == 1


def test_there_has_to_be_a_catalog(stats):
    code, _, err = stats()
    assert code == 5
    assert "there is no catalog" in err


def test_arguments_are_refused(add, stats):
    with pytest.raises(UsageError):
        stats("flickr")
