"""TOMBSTONES.csv goes out and comes back, and what is none is refused in one line."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.catalog.tombstones import Tombstone
from carsets.problems import UserError
from carsets.removal.tombstone_file import NAME, read_file, text_of

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(st.lists(st.tuples(HEX, st.text(max_size=30))))
def test_there_and_back(tmp_path_factory, given_stones):
    stones = [Tombstone("sha256", value, reason, "2026-01-01") for value, reason in given_stones]
    path = tmp_path_factory.mktemp("stones") / NAME
    path.write_text(text_of(stones), encoding="utf-8", errors="surrogatepass", newline="")
    if all(reason.isprintable() for _, reason in given_stones):
        found = read_file(path.parent)
        assert [(s.kind, s.value, s.removed_at) for s in found] == [
            (s.kind, s.value, s.removed_at) for s in stones
        ]


def test_reasons_are_no_formulas():
    text = text_of([Tombstone("sha256", "a" * 64, '=HYPERLINK("x")\n+1', "")])
    [_, row] = csv.reader(io.StringIO(text))
    assert row[2] == '\'=HYPERLINK("x") +1'


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"a,b\n1,2\n", "kind and value are missing"),
        (b"", "kind and value are missing"),
        (b"kind,value\nsha256,xyz\n", "line 2: 'xyz' is no hash of a sha256"),
        (b"kind,value\nurl,abc\n", "line 2"),
        (b"kind,value\nsha256\n", "line 2"),
        (b"\xff\xfe\n", "no list of tombstones"),
    ],
)
def test_what_is_none_is_refused(body, problem, tmp_path):
    path = tmp_path / NAME
    path.write_bytes(body)
    with pytest.raises(UserError, match=problem):
        read_file(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_file(tmp_path / "missing.csv")


def test_kinds_of_later_versions_are_passed_over(tmp_path):
    path = tmp_path / NAME
    path.write_text("kind,value,reason,removed_at\nface,zz,,\n")
    assert read_file(path) == [Tombstone("face", "zz", "", "")]
