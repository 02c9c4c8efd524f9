"""``scrapy counts`` prints what was counted, and joins it to the images."""

import argparse
import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import Batch, CountRow, ImageRow
from carsets.commands.counts import Command, join
from carsets.counting.body_counts import weigh_all
from carsets.counting.count_tables import reference_rows

WORDS = ("car", "suv", "truck", "van")
MUSTANG = (8_100_000, 500_000, 900_000, 200_000)
EL_CAMINO = (512_000, 64_000, 498_000, 51_000)


@pytest.fixture
def catalog(tmp_path):
    catalog = Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    yield catalog
    catalog.close()


@pytest.fixture
def counts(tmp_path, capsys):
    """Return a function that runs the command, and gives the exit code, output and errors."""

    def run(*args, join=False, as_csv=False, **settings):
        command = Command()
        command.settings = Settings({"DATA_DIR": str(tmp_path), **settings})
        command.run(list(args), argparse.Namespace(join=join, csv=as_csv))
        out, err = capsys.readouterr()
        return command.exitcode, out, err

    return run


def row(text, total, engine="bing", word="", at="2026-11-22T10:00:00+00:00", **labels):
    return CountRow(
        source=engine,
        query_id=text,
        text=text,
        total=total,
        counted_at=at,
        word=word,
        labels=labels,
    )


def count(catalog, make, model, totals, engine="bing", **more):
    rows = [
        row(f"{make} {model} {word}", total, engine, word, make=make, model=model, **more)
        for word, total in zip(WORDS, totals, strict=True)
    ]
    catalog.write(Batch(counts=rows))


def test_the_table_has_the_article_s_layout_with_engine_and_date(catalog, counts):
    count(catalog, "Ford", "Mustang", MUSTANG)
    count(catalog, "Chevrolet", "El Camino", EL_CAMINO)
    count(catalog, "Ford", "Transit", (10, None, 5, 70))
    code, out, err = counts()
    assert (code, err) == (0, "")
    assert out.splitlines()[:5] == [
        "Vehicle                    car      suv    truck      van  label       margin",
        "Ford Mustang         8,100,000  500,000  900,000  200,000  car           0.74",
        "Chevrolet El Camino    512,000   64,000  498,000   51,000  ambiguous     0.01",
        "Ford Transit                10        -        5       70  incomplete       -",
        "Results for proposed body style labels, bing, 2026-11-22",
    ]


def test_the_reference_of_2017_stands_beside_what_was_counted(catalog, counts):
    catalog.write(Batch(counts=[row("vw passat", 61_234, "flickr"), row("VW Passat", 9)]))
    _, out, _ = counts()
    assert "vw passat         61,234  flickr  2026-11-22" in out
    assert "VW Passat                 57,702  flickr  2017-01   61,234  2026-11-22" in out
    assert "Mitsubishi Lancer        126,242  flickr  2017-01" in out
    assert [int(known["count"]) for known in reference_rows()] == [57_702, 187_344, 81_529, 126_242]


def test_engines_that_agree_are_named_and_one_can_be_chosen(catalog, counts):
    for engine in ("bing", "flickr"):
        count(catalog, "Ford", "Mustang", MUSTANG, engine)
    count(catalog, "Chevrolet", "El Camino", EL_CAMINO)
    count(catalog, "Chevrolet", "El Camino", (9, 0, 1, 0), "flickr")
    lines = [line.split() for line in counts()[1].splitlines()]
    assert ["Ford", "Mustang", "2", "car", "100%"] in lines
    assert ["Chevrolet", "El", "Camino", "2", "car", "50%"] in lines
    _, out, _ = counts("flickr")
    assert "bing" not in out
    with pytest.raises(UsageError, match="yandex: not counted; there are bing, flickr"):
        counts("yandex")


def test_the_margin_is_a_setting(catalog, counts):
    count(catalog, "Chevrolet", "El Camino", EL_CAMINO)
    assert "ambiguous" not in counts(COUNTS_MIN_MARGIN=0.001)[1]
    code, _, err = counts(COUNTS_MIN_MARGIN="much")
    assert (code, err) == (2, "carsets: COUNTS_MIN_MARGIN=much: expected a share between 0 and 1\n")


def test_vectors_come_as_csv(catalog, counts):
    count(catalog, "Chevrolet", "El Camino", EL_CAMINO)
    _, out, _ = counts(as_csv=True)
    [line] = csv.DictReader(io.StringIO(out))
    assert line["words"] == "car|suv|truck|van"
    assert line["totals"] == "512000|64000|498000|51000"
    assert (line["label"], line["ambiguous"]) == ("", "True")
    assert sum(map(float, line["shares"].split("|"))) == pytest.approx(1, abs=1e-5)


def image(name, **labels):
    digest = (name * 64)[:64]
    return ImageRow(
        sha256=digest,
        md5=digest[:32],
        pixel_hash=digest[:16],
        phash=1,
        dhash=1,
        verdict="keep",
        labels=labels,
    )


def test_every_image_of_the_model_gets_label_and_vector(catalog, counts, tmp_path):
    count(catalog, "Volkswagen", "Golf", MUSTANG)
    count(catalog, "Chevrolet", "El Camino", EL_CAMINO)
    for name, labels in {
        "a": {"make": "VW", "model": "golf", "color": "red"},
        "b": {"make": "Volkswagen", "model": "Golf"},
        "c": {"make": "Chevrolet", "model": "El Camino"},
        "d": {"make": "Ford", "model": "Ka"},
        "e": {"color": "red"},
    }.items():
        catalog.admit(image(name, **labels))
    code, out, _ = counts(join=True)
    assert (code, out.splitlines()[-1]) == (0, "body_counts of 3 of 5 images")
    golf, other, camino, ka, red = joined(tmp_path)
    assert golf == other
    assert (golf[0]["label"], golf[0]["engine"], golf[0]["words"]) == ("car", "bing", [*WORDS])
    assert (camino[0]["label"], camino[0]["ambiguous"]) == ("", True)
    assert camino[0]["shares"][0] == pytest.approx(512 / 1125, abs=1e-5)
    assert (ka, red) == (None, None)


def test_a_second_join_takes_the_newer_counts_and_forgets_what_is_gone(catalog, tmp_path):
    catalog.admit(image("a", make="Ford", model="Ka"))
    count(catalog, "Ford", "Ka", MUSTANG)
    join(catalog, weigh_all(catalog.latest_counts()))
    assert joined(tmp_path)[0][0]["label"] == "car"
    assert join(catalog, []) == "body_counts of 0 of 1 images"
    assert joined(tmp_path) == [None]


def joined(folder):
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as plain:
        rows = plain.execute("SELECT body_counts FROM images ORDER BY seq").fetchall()
    return [json.loads(found) if found else None for (found,) in rows]


def test_an_empty_catalog_says_how_to_count(catalog, counts):
    code, out, err = counts()
    assert (code, out) == (2, "")
    assert err == (
        "carsets: nothing was counted yet: scrapy crawl counts -a vehicles=all -a engine=flickr\n"
    )


def test_no_catalog_is_one_line(counts):
    code, _, err = counts()
    assert code == 5
    assert err.count("\n") == 1


def test_a_formula_in_a_list_is_printed_as_text(catalog, counts):
    count(catalog, "=HYPERLINK(1)", "x", MUSTANG)
    _, out, _ = counts(as_csv=True)
    assert "'=HYPERLINK(1)" in out
