"""Hash lists: what names a file or a picture, and what is said of lines that name nothing."""

import pytest

from carsets.image_lists.hash_lists import HashLists
from carsets.problems import UserError

SHA, MD5, PICTURE = "ab" * 32, "cd" * 16, 0x0123456789ABCDEF
OTHER = ("0" * 64, "0" * 32, 0xFEDCBA9876543210)


@pytest.fixture
def lists(tmp_path):
    """Return a function that reads a list of these lines."""

    def read(*lines, distance=0):
        path = tmp_path / "secret-list.txt"
        path.write_text("\n".join(lines), encoding="utf-8")
        return HashLists.load([str(path)], distance)

    return read


def test_a_file_is_named_by_either_hash_in_any_case(lists):
    known = lists("# from the hotline", "", SHA.upper(), f"{MD5},severe")
    assert known.naming(SHA, OTHER[1], OTHER[2]) == "secret-list.txt"
    assert known.naming(OTHER[0], MD5, OTHER[2]) == "secret-list.txt"
    assert known.naming(*OTHER) == ""


def test_a_picture_is_named_within_the_distance_and_not_beyond(lists):
    known = lists(f"{PICTURE:016x}", distance=2)
    assert known.naming(*OTHER[:2], PICTURE ^ 0b101)
    assert not known.naming(*OTHER[:2], PICTURE ^ 0b10101)
    assert not lists(SHA, distance=16).naming(*OTHER)


@pytest.mark.parametrize("line", ["xyz", "ab" * 20, f"{SHA}0", "é", f"{SHA};x"])
def test_a_line_that_is_no_hash_names_its_place_and_ends_the_run(lists, line):
    with pytest.raises(UserError, match="line 2: a SHA-256, MD5") as caught:
        lists(SHA, line)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_list_that_cannot_be_read_ends_the_run(tmp_path, lists):
    with pytest.raises(UserError, match="cannot be read"):
        HashLists.load([str(tmp_path / "missing")], 0)
    with pytest.raises(UserError, match="HASH_LIST_DISTANCE"):
        lists(SHA, distance=17)
