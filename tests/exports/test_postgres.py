"""PostgreSQL: a real server takes the files with one command, and has every text as it was."""

import json

import pytest

from carsets.exports.postgres import PostgresFormat
from carsets.licenses import read_license
from tests.exports.hostile_texts import HALF, NUL, TITLES
from tests.exports.writing import export


@pytest.fixture
def load(postgres_server, folder, make_facts):
    """Export records, load them as the README of the release says, return a way to ask."""

    def run(*records):
        path = export(PostgresFormat, folder, make_facts, records)
        database = postgres_server.database()
        postgres_server.psql(database, "-f", "load.sql", cwd=path)

        def ask(question):
            text = postgres_server.psql(
                database,
                "-c",
                f"SELECT coalesce(json_agg(found), '[]') FROM ({question}) found",
            )
            return [tuple(row.values()) for row in json.loads(text)]

        return ask

    return run


def test_every_title_survives_the_load(load, make_record):
    titles = (*TITLES, NUL, HALF)
    records = [
        make_record(n, title=t, author=t, tags=(t,), extra={t: [t]}, labels={"make": t or "Ford"})
        for n, t in enumerate(titles)
    ]
    ask = load(*records)
    expected = [t.replace("\0", "").replace("\ud83d", "\ufffd") for t in titles]
    # As hex: nothing that prints the answer can bend it.
    found = ask(
        "SELECT encode(convert_to(coalesce(title, ''), 'UTF8'), 'hex') h FROM images ORDER BY rank"
    )
    assert [bytes.fromhex(row[0]).decode() for row in found] == expected
    assert [row[0][0] for row in ask("SELECT tags FROM images ORDER BY rank")] == expected
    assert [dict(row[0]) for row in ask("SELECT extra FROM images ORDER BY rank")] == [
        {title: [title]} for title in expected
    ]


def test_the_tables_hang_together(load, make_record):
    ask = load(
        make_record(1, human_labels=frozenset({"make"})),
        make_record(2, source="urls", license=read_license("by-sa-3.0-es"), car_score=None),
        make_record(3, split="test", labels={"body": "van"}),
    )
    assert ask(
        "SELECT i.rank, l.spdx, l.share_alike FROM images i JOIN licenses l USING (license) "
        "ORDER BY 1"
    ) == [
        (1, "CC-BY-2.0", False),
        (2, read_license("by-sa-3.0-es").spdx, True),
        (3, "CC-BY-2.0", False),
    ]
    assert ask("SELECT * FROM sources ORDER BY 1") == [("flickr", 2), ("urls", 1)]
    assert ask("SELECT name, value, human FROM labels JOIN images USING (image_id) WHERE rank = 1 "
               "ORDER BY 1") == [
        ("color", "red", False), ("make", "Ford", True), ("model", "Mustang", False)
    ]  # fmt: skip
    assert ask("SELECT car_score, split, width FROM images ORDER BY rank") == [
        (0.93, None, 400), (None, None, 400), (0.93, "test", 400)
    ]  # fmt: skip
    assert ask("SELECT top_labels->0->>'label' AS t FROM images WHERE rank = 1") == [
        ("sports car",)
    ]


def test_keys_and_indexes_are_there(load, make_record):
    ask = load(make_record())
    constraints = ask("SELECT conrelid::regclass::text t, contype c FROM pg_constraint "
                      "WHERE connamespace = 'public'::regnamespace AND contype <> 'n' "
                      "ORDER BY 1, 2")  # fmt: skip
    assert constraints == [
        ("images", "f"), ("images", "f"), ("images", "p"), ("labels", "f"), ("labels", "p"),
        ("licenses", "p"), ("sources", "p"),
    ]  # fmt: skip
    assert ("images_by_make_model",) in ask("SELECT indexname FROM pg_indexes")


def test_a_label_too_long_for_an_index_costs_the_index_alone(load, make_record):
    import random

    long = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789é", k=10_000))
    ask = load(make_record(labels={"make": long}))
    assert ask("SELECT make FROM images") == [(long,)]
    indexes = ask("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")
    assert ("images_by_make_model",) not in indexes
    assert ("images_by_sha256",) in indexes


def test_a_load_that_fails_leaves_nothing(postgres_server, folder, make_facts, make_record):
    path = export(PostgresFormat, folder, make_facts, [make_record()])
    with (path / "labels.tsv").open("a") as file:
        file.write("not-an-image\tmake\tFord\tf\n")
    database = postgres_server.database()
    with pytest.raises(AssertionError, match="foreign key"):
        postgres_server.psql(database, "-f", "load.sql", cwd=path)
    tables = postgres_server.psql(
        database, "-c", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    )
    assert tables.strip() == "0"
