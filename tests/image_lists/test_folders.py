import os
import sys
from pathlib import Path

import pytest

from carsets.image_lists.folders import ImageFolder, PassedOver
from carsets.image_lists.path_labels import ParentLabel, PathLabels
from carsets.problems import UserError


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "photos"
    for name in ("b/2.jpg", "b/10.jpg", "a.png", "c/d/notes.txt", ".hidden.jpg", ".git/config"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def names(folder, passed_over=None):
    return [file.name for file in folder.files(passed_over or PassedOver())]


def test_every_file_is_named_once_in_a_stable_order(folder):
    assert names(ImageFolder.open(folder)) == ["a.png", "b/10.jpg", "b/2.jpg", "c/d/notes.txt"]


def test_hidden_files_are_counted_and_named(folder):
    passed_over = PassedOver()
    names(ImageFolder(folder), passed_over)
    assert list(passed_over.lines()) == [
        "passed over 2 hidden files and folders: .git, .hidden.jpg"
    ]


def test_links_may_not_leave_the_folder(folder, tmp_path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"private")
    (tmp_path / "photos2").mkdir()
    (tmp_path / "photos2/other.jpg").write_bytes(b"x")
    (folder / "out.jpg").symlink_to(secret)
    (folder / "neighbor").symlink_to(tmp_path / "photos2")
    (folder / "up").symlink_to("..")
    (folder / "within.jpg").symlink_to("b/2.jpg")
    (folder / "loop").symlink_to(".")
    (folder / "nowhere").symlink_to("none.jpg")
    passed_over = PassedOver()
    files = {file.name: file.path for file in ImageFolder(folder).files(passed_over)}
    assert set(files) == {"a.png", "b/10.jpg", "b/2.jpg", "c/d/notes.txt", "within.jpg"}
    assert files["within.jpg"] == str(folder / "b/2.jpg")
    assert passed_over.counts["links that leave the folder"] == 3
    assert passed_over.counts["links to folders, or to nothing"] == 2


def test_a_folder_reached_through_a_link_is_read(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert names(ImageFolder.open(tmp_path / "link")) == names(ImageFolder.open(folder))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_never_opened(folder):
    os.mkfifo(folder / "pipe.jpg")
    passed_over = PassedOver()
    assert "pipe.jpg" not in names(ImageFolder(folder), passed_over)
    assert passed_over.examples["things that are not files"] == ["pipe.jpg"]


def test_the_dataset_does_not_read_what_it_writes(folder):
    data = folder / "data"
    (data / "images").mkdir(parents=True)
    (data / "images/x.jpg").write_bytes(b"ours")
    passed_over = PassedOver()
    assert "data/images/x.jpg" not in names(ImageFolder(folder, apart=[data]), passed_over)
    assert passed_over.examples["folders of the dataset itself"] == ["data"]
    assert names(ImageFolder.open(data, apart=[data])) == ["images/x.jpg"]  # when it is asked for


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_can_be_shown_and_opened(folder):
    odd = os.fsdecode(b"caf\xe9\n.jpg")
    (folder / odd).write_bytes(b"x")
    [file] = [file for file in ImageFolder(folder).files(PassedOver()) if "caf" in file.name]
    assert file.name == "caf\\xe9\n.jpg"
    assert Path(file.path).exists()


def test_another_state_of_the_folder_has_another_digest(folder):
    before = ImageFolder(folder).digest()
    assert ImageFolder(folder).digest() == before
    (folder / "new.jpg").write_bytes(b"x")
    after = ImageFolder(folder).digest()
    os.utime(folder / "new.jpg", ns=(1, 1))
    assert len({before, after, ImageFolder(folder).digest()}) == 3


def test_a_folder_without_anything_to_read_ends_in_one_line(folder, tmp_path):
    (tmp_path / "empty/.hidden").mkdir(parents=True)
    for path, words in [
        (tmp_path / "none", "no such folder"),
        (folder / "a.png", "cannot be read"),
        (tmp_path / "empty", "no file to read in this folder"),
    ]:
        with pytest.raises(UserError, match=words):
            ImageFolder.open(path)


@pytest.mark.parametrize(
    ("pattern", "name", "labels"),
    [
        ("{make}/{model}", "Ford/Focus/1.jpg", {"make": "Ford", "model": "Focus"}),
        ("{make}/{model}/", "Ford/Focus/deep/er/1.jpg", {"make": "Ford", "model": "Focus"}),
        ("{make}_{model}", "VW_Passat B3/1.jpg", {"make": "VW", "model": "Passat B3"}),
        ("train/{year}-{color}", "train/1998-red/1.jpg", {"year": "1998", "color": "red"}),
        ("*/{body}", "x/sedan/1.jpg", {"body": "sedan"}),
        ("{make}/{model}", "Ford/1.jpg", {}),
        ("{make}/{model}", "1.jpg", {}),
        ("a.c/{label}", "abc/x/1.jpg", {}),
    ],
)
def test_a_pattern_reads_labels_off_the_path(pattern, name, labels):
    assert PathLabels(pattern).read(name) == labels


@pytest.mark.parametrize("pattern", ["{maker}", "{make}/{make}", "cars", "{make", "make}", "{}"])
def test_a_pattern_that_says_nothing_is_refused(pattern):
    with pytest.raises(UserError, match="pattern"):
        PathLabels(pattern)


def test_the_parent_folder_can_be_the_label():
    assert ParentLabel().read("train/pickup/1.jpg") == {"label": "pickup"}
    assert ParentLabel().read("1.jpg") == {}
