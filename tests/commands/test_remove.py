"""``scrapy remove``: what its options name; what it does then is held in tests/crawls."""

from argparse import Namespace

import pytest

from carsets.commands.remove import NAMED, read_targets
from carsets.problems import UserError

ONE, TWO = "a" * 64, "b" * 64


def options(**given):
    rest = {"reason": "asked for", "dry_run": False, "radius": 0}
    return Namespace(**(dict.fromkeys(NAMED, ()) | rest | given))


def test_a_list_names_one_thing_a_line(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(f"{ONE}\n\n  {TWO}  \r\n")
    targets, lists = read_targets(options(sha256=[f"@{path}"]))
    assert [(target.kind, target.value) for target in targets] == [("sha256", ONE), ("sha256", TWO)]
    assert lists == [path]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "say what is to go"),
        ({"sha256": [ONE], "reason": " "}, "give a --reason"),
        ({"sha256": ["@/nowhere/list.txt"]}, "/nowhere/list.txt cannot be read"),
        ({"sha256": ["abc"]}, "abc"),
    ],
    ids=["nothing", "no reason", "no list", "no hash"],
)
def test_what_names_nothing_is_refused_in_one_line(given, words):
    with pytest.raises(UserError, match=words) as refusal:
        read_targets(options(**given))
    assert "\n" not in str(refusal.value)


def test_a_list_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="cannot be read"):
        read_targets(options(sha256=[f"@{path}"]))
