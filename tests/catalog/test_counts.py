"""Counts keep their dates, and reach the images of their model."""

import pytest
from sqlalchemy import create_engine, func, inspect, select

from carsets.catalog import catalog as module
from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import Batch, CountRow
from carsets.catalog.schema import VERSION, counts, images, metadata

MUSTANG = {"make": "Ford", "model": "Mustang"}


def count(total=5, at="2026-01-01T00:00:00+00:00", **more):
    facts = {"source": "flickr", "query_id": "q1", "text": "Ford Mustang car", "run_id": "run1"}
    return CountRow(total=total, counted_at=at, **(facts | more))


def test_a_count_comes_back_as_it_was_written(catalog):
    row = count(None, word="car", raw="", language="de", labels=MUSTANG)
    catalog.write(Batch(counts=[row]))
    assert catalog.latest_counts() == [row]


def test_the_newest_count_of_each_query_and_engine_counts(catalog):
    old = count(1, "2025-01-01T00:00:00+00:00")
    new = count(2, "2026-01-01T00:00:00+00:00")
    other = count(3, source="bing")
    catalog.write(Batch(counts=[old, other]))
    catalog.write(Batch(counts=[new, new]))
    assert [row.total for row in catalog.latest_counts()] == [3, 2]
    with catalog._read() as connection:
        assert connection.scalar(select(func.count()).select_from(counts)) == 3


def test_what_was_counted_lately_is_known(catalog):
    catalog.write(Batch(counts=[count(at="2026-01-01T00:00:00+00:00"), count(query_id="q2")]))
    assert catalog.counted_since("flickr", "2026-01-01T00:00:00+00:00") == {"q1", "q2"}
    assert catalog.counted_since("flickr", "2026-01-01T00:00:01+00:00") == set()
    assert catalog.counted_since("bing", "") == set()


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_counts_are_joined_to_every_kept_image_of_the_model(catalog, image, monkeypatch, chunk):
    monkeypatch.setattr(module, "CHUNK", chunk)
    for name in "abc":
        catalog.admit(image(name, labels=MUSTANG))
    catalog.admit(image("d", labels={"make": "Ford", "model": "Ka"}))
    catalog.admit(image("e", labels={}, verdict="dropped"))
    known = {"label": "car"}

    def of(labels):
        return known if labels.get("model") == "Mustang" else None

    assert catalog.join_counts(of) == (4, 3)
    with catalog._read() as connection:
        joined = connection.scalars(select(images.c.body_counts).order_by(images.c.seq)).all()
    assert joined == [known] * 3 + [None, None]


def test_a_catalog_of_version_1_is_led_to_the_same_tables(tmp_path, image):
    """The tables of version 1 are today's without the columns that later versions have added."""
    url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    engine = create_engine(url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        for name in ("word", "raw", "language"):
            connection.exec_driver_sql(f"ALTER TABLE counts DROP COLUMN {name}")
        connection.exec_driver_sql("ALTER TABLE images DROP COLUMN body_counts")
        connection.exec_driver_sql("ALTER TABLE sightings DROP COLUMN alternates")
        connection.exec_driver_sql("INSERT INTO schema_version VALUES (1, '')")
        connection.exec_driver_sql(
            "INSERT INTO counts (source, query_id, text, total, counted_at) "
            "VALUES ('flickr', 'q1', 'VW Passat', 57702, '2017-01-01')"
        )
    engine.dispose()
    catalog = Catalog.open(url)
    [row] = catalog.latest_counts()
    assert (row.total, row.word, row.raw, row.labels) == (57_702, "", "", {})
    catalog.close()
    Catalog.open(url).close()
    engine = create_engine(url)
    for table in metadata.tables.values():
        there = {column["name"] for column in inspect(engine).get_columns(table.name)}
        assert there == {column.name for column in table.columns}
    with engine.connect() as connection:
        versions = connection.exec_driver_sql("SELECT version FROM schema_version").scalars()
        assert max(versions) == VERSION
    engine.dispose()
