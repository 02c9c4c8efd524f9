"""``--where`` chooses images, and can do nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.problems import UserError
from carsets.release.where import COLUMNS, Where

TAME = {"make": "Ford", "year": "2001", "car_score": 0.9, "width": 640, "title": "it's; a -- car"}


def tried(expression, *rows):
    where = Where(expression)
    try:
        return where([[row.get(column) for column in COLUMNS] for row in rows])
    finally:
        where.close()


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("make = 'Ford'", True),
        ("make = 'ford'", False),
        ("lower(make) = 'ford' AND car_score > 0.5", True),
        ("make IN ('VW', 'BMW') OR width >= 640", True),
        ("model IS NULL", True),
        ("model = 'Focus'", False),
        ("NOT (model = 'Focus')", False),
        ("title = 'it''s; a -- car'", True),
        ("title LIKE '%;%'", True),
        ("CAST(year AS INTEGER) BETWEEN 2000 AND 2010", True),
        ("CASE WHEN width > 1 THEN 1 ELSE 0 END", True),
        ("1", True),
        ("NULL", False),
    ],
)
def test_expressions_mean_what_they_say(expression, meant):
    assert tried(expression, TAME) == [meant]


def test_each_chunk_is_tried_by_itself():
    where = Where("width > 100")
    rows = [[number if column == "width" else None for column in COLUMNS] for number in (50, 200)]
    assert where(rows) == [False, True]
    assert where(rows[:1]) == [False]
    where.close()


HOSTILE = [
    "mkae = 'Ford'",
    "make = 'Ford' AND",
    'make = "Ford"',
    "make = 'Ford",
    "1; DROP TABLE images",
    "1) OR (1",
    "1) UNION SELECT 1 FROM (sqlite_master",
    "1 -- ",
    "1 /* */",
    "make = ?",
    "make = :a",
    "make = @a",
    "make = $1",
    "`make` = 'Ford'",
    "[make] = 'Ford'",
    "(SELECT count(*) FROM images) > 0",
    "EXISTS (SELECT 1 FROM sqlite_master)",
    "load_extension('/tmp/evil.so')",
    "readfile('/etc/passwd') > ''",
    "writefile('/tmp/x', 'y')",
    "random() > 0",
    "fetched_at < CURRENT_TIMESTAMP",
    "count(*) > 0",
    "ATTACH DATABASE '/tmp/x' AS y",
    "PRAGMA writable_schema",
    "1), evil GENERATED ALWAYS AS ((1)",
    "x" * 20_000,
    "(" * 5_000,
    "",
]


@pytest.mark.parametrize("expression", HOSTILE, ids=lambda text: text[:30])
def test_everything_else_is_one_clear_line_with_the_columns(expression, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        tried(expression, TAME)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert "image_id, sha256, make, model, color" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("expression", ["date('now') > '2026'", "abs(-9223372036854775808) > 0"])
def test_what_fails_later_is_one_line_too(expression):
    with pytest.raises(UserError, match=r"--where failed: .*"):
        tried(expression, TAME)


@given(st.text() | st.text(alphabet="()'\";-/*=make 1\\ORSELECT", max_size=40))
def test_nothing_but_a_clear_answer(expression):
    try:
        answer = tried(expression, TAME)
    except UserError:
        return
    assert answer in ([True], [False])
