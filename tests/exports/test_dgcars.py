"""The lists of Pelops, read the way its ``DGCarsDataset`` reads them.

Pelops itself is of 2017 and needs a TensorFlow of that time to be installed. What its reader does
is told by its source (see ``dgcars.py``) and done again here: JSON line by line from the file that
a set is in, the file name joined with the folder and made plain, one image for each path.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from carsets.exports.dgcars import DgCarsFormat
from tests.exports.hostile_texts import TITLES
from tests.exports.image_releases import LABELS, files_of, hand_out, picture

SETS = {"all": "allFiles", "train": "training", "test": "testing"}


def chips(folder, set_type):
    """Return path -> facts of the images of a set."""
    found = {}
    # In the encoding of a machine that knows no other: Pelops names none.
    with (Path(folder) / SETS[set_type]).open(encoding="ascii") as lines:
        for line in lines:
            facts = json.loads(line)
            found[os.path.normpath(Path(folder) / facts["filename"])] = facts
    return found


@pytest.fixture
def pairs(make_record):
    splits = ("train", "train", "train", "validation", "test")
    return [
        (
            make_record(
                n,
                split=splits[n % 5],
                title=TITLES[n % len(TITLES)],
                labels={"make": label, "model": "Käfer", "color": "red"} if n % 7 else {},
            ),
            picture(n, ("JPEG", "PNG", "WEBP", "GIF")[n % 4]),
        )
        for n, label in enumerate(LABELS)
    ]


@pytest.fixture
def facts(make_facts):
    return make_facts(splits={"train": 17, "validation": 5, "test": 5}, total=len(LABELS))


def test_every_image_is_in_the_list_of_its_split_and_in_that_of_all(folder, facts, pairs):
    hand_out(DgCarsFormat(folder, facts), pairs)

    everything = chips(folder.path, "all")

    assert len(everything) == len(pairs)
    for (record, image), (path, told) in zip(pairs, everything.items(), strict=True):
        assert Path(path).read_bytes() == image.data
        assert set(told) == {"make", "model", "color", "hash", "filename", "url"}
        assert all(isinstance(value, str) for value in told.values())
        assert told["make"] == record.labels.get("make", "")
        assert (told["hash"], told["url"]) == (image.sha256, record.url)
    testing = {record.image_id for record, _ in pairs if record.split == "test"}
    assert {Path(path).stem for path in chips(folder.path, "test")} == testing
    assert {Path(path).stem for path in chips(folder.path, "train")} == {
        record.image_id for record, _ in pairs
    } - testing


def test_the_lists_hold_wherever_the_folder_is_moved(folder, facts, pairs, tmp_path):
    hand_out(DgCarsFormat(folder, facts), pairs)
    shutil.copytree(folder.path, tmp_path / "elsewhere")
    assert all(Path(path).is_file() for path in chips(tmp_path / "elsewhere", "all"))


def test_names_of_files_differ_without_their_folders(folder, facts, pairs):
    # Notebooks of Pelops link all of them into one folder.
    hand_out(DgCarsFormat(folder, facts), pairs)
    names = {Path(path).name for path in chips(folder.path, "all")}
    assert len(names) == len(pairs)


def test_without_image_files_it_says_where_they_would_be(folder, make_facts, make_record):
    records = [make_record(1, format="PNG"), make_record(2, url="file:///home/eve/2.jpg")]
    format = DgCarsFormat(folder, make_facts(mode="urls", splits={"": 2}))

    hand_out(format, [(record, None) for record in records])

    first, second = chips(folder.path, "all").values()
    assert first["filename"] == format.image_path(records[0], "png")
    assert first["hash"] == records[0].sha256
    assert (first["url"], second["url"]) == ("https://live.flickr.test/1_o.jpg", "")
    assert len(chips(folder.path, "train")) == 2
    assert chips(folder.path, "test") == {}


def test_a_killed_pass_goes_on_and_gives_the_same_bytes(open_folder, facts, pairs):
    first = open_folder()
    half = DgCarsFormat(first, facts)
    for record, image in pairs[:10]:
        first.put(half.image_path(record, image.extension), image.data)
        half.add(record, image)
    del half
    first.close()

    again = open_folder()
    assert again.files == 10
    hand_out(DgCarsFormat(again, facts), pairs)

    whole = open_folder("whole")
    hand_out(DgCarsFormat(whole, facts), pairs)
    assert files_of(again.path) == files_of(whole.path)
