"""A catalog in PostgreSQL gives the same releases as one in SQLite."""

import pytest

from tests.postgres_server import postgres_server  # noqa: F401 - a fixture

psycopg = pytest.importorskip("psycopg")


# What tells the second in which a tombstone was set, and the hashes of these files.
TIMED = {"TOMBSTONES.csv", "release.json", "croissant.json", "SHA256SUMS"}


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in TIMED
    }


def fill(dataset):
    for number in range(30):
        make = ("Ford", "Citroën", "=1+1")[number % 3]
        labels = {"make": make, "model": "Focus", "year": str(2000 + number)}
        verdict = "review" if number % 7 == 0 else "keep"
        dataset.add(labels=labels, verdict=verdict, seen={"tags": ["a", "ß"], "extra": {"n": 1.5}})
    dataset.review(dataset.add(), "relabel", {"make": "Opel"})
    dataset.catalog.bury(author="Eve 5", reason="asked")


def test_the_same_bytes(dataset, make_dataset, tmp_path, postgres_server):  # noqa: F811
    url = (
        f"postgresql+psycopg://postgres@/{postgres_server.database()}?host={postgres_server.socket}"
    )
    other = make_dataset(tmp_path / "other", url)
    fill(dataset)
    fill(other)
    given = {"where": "CAST(year AS INTEGER) > 2003 OR make = 'Opel'", "split": "80/20"}
    for name in ("jsonl", "imagefolder"):
        one = dataset.release(name, f"{name}/cars", **given)
        two = other.release(name, f"{name}/cars", **given)
        assert one.left_out == two.left_out
        assert tree(one.path) == tree(two.path)
    with pytest.raises(Exception, match="no such column"):
        other.release("csv", where="images.path = ''")
    [_, row] = other.catalog.releases()
    left_out = {5, 8, 15, 22, 29}  # removed, or waiting for review
    assert row.numbers.tolist() == [n for n in range(5, 32) if n not in left_out]
