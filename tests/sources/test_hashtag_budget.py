"""Thirty hashtags in seven days: the file that remembers them."""

import json

import pytest

from carsets.sources.hashtag_budget import DAYS, MOST, HashtagBudget

DAY = 24 * 3600.0
NOW = 1_800_000_000.0


@pytest.fixture
def budget(tmp_path):
    return HashtagBudget(tmp_path / "data" / "hashtags.json", "17841405309211844")


def test_thirty_different_hashtags_may_be_asked_for(budget):
    assert [budget.spend(f"tag{n}", NOW + n) for n in range(MOST)] == [0.0] * MOST
    assert budget.spend("one more", NOW + 100) == NOW + DAYS * DAY  # when the first is forgotten
    assert budget.spend("tag7", NOW + 100) == 0.0  # asked for again, it costs nothing


def test_the_oldest_one_makes_room_after_seven_days(budget):
    for number in range(MOST):
        budget.spend(f"tag{number}", NOW + number * 60)
    assert budget.spend("later", NOW + DAYS * DAY - 1) == NOW + DAYS * DAY
    assert budget.spend("later", NOW + DAYS * DAY) == 0.0
    assert budget.spend("later still", NOW + DAYS * DAY) == NOW + 60 + DAYS * DAY


def test_a_later_run_remembers_and_another_account_has_its_own(budget):
    for number in range(MOST):
        budget.spend(f"tag{number}", NOW)
    again = HashtagBudget(budget.path, "17841405309211844")
    assert again.spend("new", NOW) > 0
    assert HashtagBudget(budget.path, "5").spend("new", NOW) == 0.0
    assert again.spend("new", NOW) > 0  # the other account has not overwritten this one
    assert "17841405309211844" not in budget.path.read_text()


def test_a_file_that_was_cut_counts_as_empty_and_is_written_whole(budget):
    budget.path.parent.mkdir()
    for broken in ("", "{", "[]", '{"a": 5}', '{"a": {"b": "c"}}'):
        budget.path.write_text(broken)
        assert budget.spend("tag", NOW) == 0.0
        assert json.loads(budget.path.read_text())
        assert [path.name for path in budget.path.parent.iterdir()] == [budget.path.name]
