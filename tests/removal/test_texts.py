"""Names of removed images leave receipts; pages and reports that hold one go."""

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.removal.texts import REMOVED, Naming, delete_naming, scrub_receipt

URL = "https://photos.test/a.jpg?x=1&y=ü"


@pytest.mark.parametrize(
    "body",
    [
        f"see {URL} there".encode(),
        html.escape(URL).encode(),
        json.dumps({"url": URL}).encode(),
        json.dumps({"url": URL}).replace("/", "\\/").encode(),
        b"?imgurl=https%3A%2F%2Fphotos.test%2Fa.jpg%3Fx%3D1%26y%3D%C3%BC",
    ],
)
def test_an_address_is_found_in_every_spelling(body):
    assert Naming([URL]).is_in(body)
    assert not Naming(["https://photos.test/b.jpg"]).is_in(body)
    assert not Naming([]).is_in(body)


def test_short_names_go_only_where_they_stand_for_themselves():
    naming = Naming([], ["Li", "Jane Doe"])
    facts = {"author": "Li", "note": "Licensed by Li", "title": "by Jane Doe, Jane Doerr"}
    assert naming.without(facts) == {
        "author": REMOVED,
        "note": "Licensed by Li",
        "title": f"by {REMOVED}, Jane Doerr",
    }
    assert not naming.is_in(b"Licensed by Li")
    assert naming.is_in(b"by Jane Doe")


def test_hosts_go_with_those_below_them():
    naming = Naming([], hosts=["example.org"])
    hosts = {"img.example.org": 3, "example.org": 1, "notexample.org": 2}
    assert naming.without(hosts) == {REMOVED: 1, "notexample.org": 2}


@given(
    st.recursive(
        st.integers() | st.text(max_size=9),
        lambda x: st.lists(x) | st.dictionaries(st.text(max_size=5), x),
    )
)
def test_what_does_not_name_it_stays(value):
    naming = Naming([URL], ["Jane Doe"], ["example.org"])
    assert naming.without(value) == value


def test_a_receipt_keeps_its_numbers(tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"found": 3, "outcomes": {"stored": 3}, "command": f"x {URL}"}))
    assert scrub_receipt(path, Naming([URL]))
    facts = json.loads(path.read_text())
    assert facts == {"found": 3, "outcomes": {"stored": 3}, "command": f"x {REMOVED}"}
    before = path.stat().st_mtime_ns
    assert not scrub_receipt(path, Naming([URL]))
    assert path.stat().st_mtime_ns == before


def test_files_go_by_name_and_by_content(tmp_path):
    (tmp_path / "thumbs").mkdir()
    (tmp_path / "thumbs" / "0123456789abcdef.jpg").write_bytes(b"x")
    (tmp_path / "page.html").write_text(f"<img src={URL}>")
    (tmp_path / "kept.html").write_text("nothing")
    (tmp_path / "needed.txt").write_text(URL)
    deleted = delete_naming(tmp_path, Naming([URL, "0123456789abcdef"]), {tmp_path / "needed.txt"})
    assert sorted(path.name for path in deleted) == ["0123456789abcdef.jpg", "page.html"]
    assert (tmp_path / "kept.html").exists()
    assert (tmp_path / "needed.txt").exists()
    assert delete_naming(tmp_path / "missing", Naming([URL])) == []
