"""ImageFolder, read back by Hugging Face's ``datasets`` and by Keras."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from carsets.exports.imagefolder import ImageFolderFormat
from carsets.problems import UserError
from carsets.release.labels import original_name, safe_name
from tests.exports.hostile_texts import TITLES
from tests.exports.image_releases import LABELS, ask, files_of, hand_out, picture

DATASETS = """
import json, sys
import datasets
datasets.disable_progress_bars()
found = datasets.load_dataset("imagefolder", data_dir=sys.argv[1], cache_dir=sys.argv[2])
rows = {
    split: [{**row, "image": [row["image"].format, *row["image"].size]} for row in rows]
    for split, rows in found.items()
}
print(json.dumps(rows))
"""
KERAS = """
import json, sys
import keras
read = {}
for split in sys.argv[2:]:
    found = keras.utils.image_dataset_from_directory(
        f"{sys.argv[1]}/{split}", batch_size=None, image_size=(16, 16), shuffle=False, verbose=False
    )
    read[split] = [found.class_names, [int(label) for _, label in found]]
print(json.dumps(read))
"""


@pytest.fixture
def release(folder, make_record, make_facts):
    """Return a function that writes a release of records and images, and where it lies."""

    def write(pairs, splits=None):
        classes = tuple(sorted({record.label for record, _ in pairs}))
        facts = make_facts(classes=classes, splits=splits or {"": len(pairs)}, total=len(pairs))
        hand_out(ImageFolderFormat(folder, facts), pairs)
        return folder.path

    return write


def lines_of(path):
    return pq.read_table(path).to_pylist()


def test_hugging_face_reads_every_split_with_all_facts(release, make_record, tmp_path):
    splits = ("train", "train", "validation", "test")
    pairs = [
        # The first split knows little: it cannot be what tells the types of the columns.
        (
            make_record(
                n,
                label=("Ford", "BMW")[n % 2],
                split=split,
                tags=("car", "🚗") if split == "test" else (),
                car_score=None if split == "train" else 0.75,
                description="" if split == "train" else "red",
                title="1970-01-01",
            ),
            picture(n),
        )
        for n, split in enumerate(splits)
    ]
    path = release(pairs, {"train": 2, "validation": 1, "test": 1})

    read = json.loads(ask(DATASETS, path, tmp_path / "cache", HF_HOME=str(tmp_path / "home")))

    assert {split: len(rows) for split, rows in read.items()} == {
        "train": 2,
        "validation": 1,
        "test": 1,
    }
    for record, image in pairs:
        [row] = [row for row in read[record.split] if row["image_id"] == record.image_id]
        assert row["image"] == ["JPEG", 16, 12]
        assert row["title"] == "1970-01-01"
        assert (row["label"], row["license"], row["author"]) == (record.label, "by-2.0", "Eve")
        assert (row["tags"], row["car_score"]) == (list(record.tags), record.car_score)
        assert (row["sha256"], row["original_sha256"]) == (image.sha256, record.sha256)


def test_hugging_face_reads_hostile_labels_and_titles(release, make_record, tmp_path):
    pairs = [
        (make_record(n, label=label, title=TITLES[n % len(TITLES)], tags=("a",)), picture(n))
        for n, label in enumerate(LABELS)
    ]
    pairs += [
        (make_record(100 + n, label="Ford", title=title), picture(n))
        for n, title in enumerate(TITLES)
    ]

    read = json.loads(
        ask(DATASETS, release(pairs), tmp_path / "cache", HF_HOME=str(tmp_path / "home"))
    )

    found = {row["image_id"]: (row["label"], row["title"]) for row in read["train"]}
    assert found == {r.image_id: (r.label, r.title or None) for r, _ in pairs}


@pytest.mark.slow
def test_keras_numbers_the_classes_alike_in_every_split(release, make_record):
    # "Fiat" is missing from the test split: without its folder "Ford" would be class 1 there.
    labels = [
        ("train", "BMW"),
        ("train", "Fiat"),
        ("train", "Ford"),
        ("test", "BMW"),
        ("test", "Ford"),
    ]
    pairs = [
        (make_record(n, label=label, split=split), picture(n, ("PNG", "GIF", "JPEG")[n % 3]))
        for n, (split, label) in enumerate(labels)
    ]
    path = release(pairs, {"train": 3, "test": 2})

    read = json.loads(ask(KERAS, path, "train", "test"))

    assert read["train"] == [["BMW", "Fiat", "Ford"], [0, 1, 2]]
    assert read["test"] == [["BMW", "Fiat", "Ford"], [0, 2]]


@pytest.mark.slow
def test_keras_reads_hostile_labels(release, make_record):
    pairs = [(make_record(n, label=label), picture(n)) for n, label in enumerate(LABELS)]
    path = release(pairs)

    [names, numbers] = json.loads(ask(KERAS, path, "train"))["train"]

    assert len(names) == len(LABELS) == len(set(numbers))
    told = json.loads((path / "classes.json").read_text("ascii"))
    assert list(told) == names
    assert [told[name] for name in names] == [
        original_name(name) if "~~" not in name else told[name] for name in names
    ]
    assert set(told.values()) == set(LABELS)


def test_labels_that_differ_in_case_alone_get_folders_that_differ_in_more():
    names = [safe_name(label).casefold() for label in LABELS]
    assert len(set(names)) == len(LABELS)


def test_every_image_lies_where_its_line_says(release, make_record):
    formats = ("JPEG", "PNG", "GIF", "WEBP")
    pairs = [(make_record(n, label="Ford"), picture(n, f)) for n, f in enumerate(formats)]

    path = release(pairs)

    for (_, image), line in zip(pairs, lines_of(path / "train/metadata.parquet"), strict=True):
        assert next(iter(line)) == "file_name"
        assert (path / "train" / line["file_name"]).read_bytes() == image.data
        assert line["file_name"].endswith(image.extension)


def test_the_same_records_give_the_same_bytes(open_folder, make_record, make_facts):
    def written(name):
        folder = open_folder(name)
        pairs = [(make_record(n, label=label), picture(n)) for n, label in enumerate(LABELS)]
        hand_out(ImageFolderFormat(folder, make_facts(classes=LABELS)), pairs)
        return files_of(folder.path)

    assert written("one") == written("two")


def test_a_killed_pass_goes_on(open_folder, make_record, make_facts):
    pairs = [(make_record(n, label=label), picture(n)) for n, label in enumerate(LABELS)]
    facts = make_facts(classes=LABELS)
    first = open_folder()
    half = ImageFolderFormat(first, facts)
    for record, image in pairs[:10]:
        first.put(half.image_path(record, image.extension), image.data)
        half.add(record, image)
    del half
    first.close()

    again = open_folder()
    assert again.files == 10
    hand_out(ImageFolderFormat(again, facts), pairs)

    whole = open_folder("whole")
    hand_out(ImageFolderFormat(whole, facts), pairs)
    assert files_of(again.path) == files_of(whole.path)


def test_a_changed_copy_tells_of_its_original(release, make_record):
    image = picture(1, size=(30, 30), changed=True)
    path = release([(make_record(1, label="Ford"), image)])

    [line] = lines_of(path / "train/metadata.parquet")

    assert (line["changed"], line["width"], line["height"]) == (True, 30, 30)
    assert (line["original_width"], line["original_height"]) == (400, 300)
    assert line["sha256"] == image.sha256 != line["original_sha256"]


def test_files_on_the_machine_of_the_crawl_are_not_named(release, make_record):
    record = make_record(1, label="Ford", url="file:///home/eve/cars/1.jpg", page_url="")
    path = release([(record, picture(1))])
    [line] = lines_of(path / "train/metadata.parquet")
    assert "/home/eve" not in str(line)


def test_it_is_refused_without_image_files(folder, make_facts):
    with pytest.raises(UserError, match="imagefolder is made of image files"):
        ImageFolderFormat(folder, replace(make_facts(), mode="urls"))
