"""COCO, read back by ``pycocotools`` and by our own reader of lists."""

import gc
import json
import tracemalloc
from itertools import chain

import pytest
from pycocotools.coco import COCO

from carsets.exports.coco import CocoFormat
from carsets.exports.frames import Frame, boxes_of
from carsets.image_lists.coco import read_coco
from carsets.licenses import Evidence, read_license
from tests.exports.hostile_texts import TITLES
from tests.exports.image_releases import LABELS, files_of, hand_out, picture

ND = "https://creativecommons.org/licenses/by-nd/4.0/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
BOXES = {
    "boxes": [
        {
            "class": "Car",
            "x_min": 0.25,
            "x_max": 0.75,
            "y_min": 0.5,
            "y_max": 1.0,
            "mid": "/m/0k4j",
        },
        {"class": "Van", "x_min": 0.0, "x_max": 0.125, "y_min": 0.0, "y_max": 0.25},
    ]
}


@pytest.fixture
def pairs(make_record):
    licenses = [read_license(url, Evidence.API) for url in (ND, CC0)]
    return [
        (
            make_record(
                n,
                label=label,
                split=("train", "validation")[n % 4 == 0],
                title=TITLES[n % len(TITLES)],
                license=licenses[n % 2],
                taken="2008-05-01T12:00:00",
                extra=BOXES if n == 1 else {},
                url=f"https://live.staticflickr.com/{n}_o.jpg",
            ),
            picture(n, ("JPEG", "PNG", "WEBP", "GIF")[n % 4]),
        )
        for n, label in enumerate(LABELS)
    ]


@pytest.fixture
def facts(make_facts):
    return make_facts(
        classes=tuple(sorted(LABELS)),
        splits={"train": 20, "validation": 7},
        total=27,
        licenses={"cc0-1.0": 13, "by-nd-4.0": 14},
    )


def test_pycocotools_finds_every_image_by_its_class(folder, facts, pairs):
    hand_out(CocoFormat(folder, facts), pairs)

    for split in facts.splits:
        coco = COCO(folder.path / f"annotations/labels_{split}.json")
        wanted = [(record, image) for record, image in pairs if record.split == split]
        assert len(coco.getImgIds()) == len(coco.getAnnIds()) == len(wanted)
        assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == sorted(LABELS)
        for record, image in wanted:
            [category] = coco.getCatIds(catNms=[record.label])
            [number] = coco.getImgIds(catIds=[category])
            [told] = coco.loadImgs(number)
            assert (folder.path / told["file_name"]).read_bytes() == image.data
            assert (told["width"], told["height"], told["title"]) == (16, 12, record.title)
            assert told["coco_url"] == told["flickr_url"] == record.url
            assert told["image_id"] == record.image_id
            [note] = coco.loadAnns(coco.getAnnIds(imgIds=[number]))
            assert "bbox" not in note


def test_every_image_has_a_license_of_the_table(folder, facts, pairs):
    hand_out(CocoFormat(folder, facts), pairs)

    told = json.loads((folder.path / "annotations/labels_train.json").read_text("ascii"))

    table = {row["id"]: row for row in told["licenses"]}
    assert {(row["code"], row["url"]) for row in table.values()} == {
        ("by-nd-4.0", ND),
        ("cc0-1.0", CC0),
    }
    assert {row["name"] for row in table.values()} == {"CC BY-ND 4.0", "CC0 1.0"}
    licenses = {record.image_id: record.license.code for record, _ in pairs}
    for image in told["images"]:
        assert table[image["license"]]["code"] == licenses[image["image_id"]]


def test_our_own_reader_of_lists_reads_it_back(folder, facts, pairs):
    hand_out(CocoFormat(folder, facts), pairs)

    rows = list(
        chain.from_iterable(
            read_coco("x", folder.path / f"annotations/labels_{split}.json")
            for split in facts.splits
        )
    )

    assert not [row.problem for row in rows if row.problem]
    read = {row.found.image_url: row.found for row in rows}
    for record, image in pairs:
        found = read[record.url]
        assert (found.author, found.page_url) == (record.author, record.page_url)
        assert (found.license.code, found.sha256) == (record.license.code, image.sha256)


def test_boxes_stand_in_a_file_of_their_own_with_the_images_that_have_them(folder, facts, pairs):
    hand_out(CocoFormat(folder, facts), pairs)

    coco = COCO(folder.path / "annotations/boxes_train.json")

    assert not (folder.path / "annotations/boxes_validation.json").exists()
    [told] = coco.loadImgs(coco.getImgIds())
    assert told["image_id"] == pairs[1][0].image_id
    notes = coco.loadAnns(coco.getAnnIds())
    names = {category["id"]: category["name"] for category in coco.dataset["categories"]}
    assert [(names[note["category_id"]], note["bbox"], note["area"]) for note in notes] == [
        ("Car", [4, 6, 8, 6], 48),
        ("Van", [0, 0, 2, 3], 6),
    ]
    assert {note["image_id"] for note in notes} == {told["id"]}
    assert {note["iscrowd"] for note in notes} == {0}


@pytest.mark.parametrize(
    ("size", "changed", "shape", "box"),
    [
        ("", False, (400, 200), [100, 100, 200, 100]),
        ("100x100 stretch", True, (100, 100), [25, 50, 50, 50]),
        ("100x100 keep", True, (100, 50), [25, 25, 50, 25]),
        ("thumb-300k", True, (200, 100), [50, 50, 100, 50]),
        # Twice as wide as high: 25 black rows above and below.
        ("100x100 pad", True, (100, 100), [25, 50, 50, 25]),
        # The middle half of the width is left, which the box is as wide as.
        ("100x100 crop", True, (100, 100), [0, 50, 100, 50]),
        # Unchanged files in a release of copies.
        ("100x100 pad", False, (400, 200), [100, 100, 200, 100]),
    ],
)
def test_boxes_follow_the_image_into_its_copy(make_record, size, changed, shape, box):
    record = make_record(1, width=400, height=200, extra={"boxes": BOXES["boxes"][:1]})
    image = picture(1, size=shape, changed=changed)
    [(name, found)] = boxes_of(record, image, Frame(size))
    assert (name, list(found)) == ("Car", box)


def test_a_box_that_was_cut_away_is_gone(make_record):
    record = make_record(1, width=400, height=200, extra=BOXES)
    image = picture(1, size=(100, 100), changed=True)
    assert [name for name, _ in boxes_of(record, image, Frame("100x100 crop"))] == ["Car"]


@pytest.mark.parametrize(
    "boxes",
    [
        None,
        "boxes",
        [None, 3, []],
        [{"class": "Car"}],
        [{"category": "Car", "box": [1, 2, 3, 4]}],  # pixels of nobody knows which size
        [{"class": "Car", "x_min": "0", "x_max": 1, "y_min": 0, "y_max": 1}],
        [{"class": "Car", "x_min": float("nan"), "x_max": 1, "y_min": 0, "y_max": 1}],
        [{"class": 7, "x_min": 0, "x_max": 1, "y_min": 0, "y_max": 1}],
        [{"class": "Car", "x_min": 1, "x_max": 0, "y_min": 0, "y_max": 1}],
    ],
)
def test_what_is_no_box_is_passed_over(make_record, boxes):
    record = make_record(1, extra={"boxes": boxes})
    assert boxes_of(record, picture(1), Frame("")) == []


def test_images_without_a_class_have_no_annotation(folder, make_record, make_facts):
    facts = make_facts(label="", classes=())
    hand_out(CocoFormat(folder, facts), [(make_record(1), picture(1))])
    coco = COCO(folder.path / "annotations/labels_train.json")
    assert (len(coco.getImgIds()), coco.getAnnIds(), coco.getCatIds()) == (1, [], [])


def test_without_image_files_the_addresses_stay(folder, make_record, make_facts):
    record = make_record(1, label="Ford", format="PNG", extra=BOXES)
    hand_out(CocoFormat(folder, make_facts(mode="urls")), [(record, None)])
    [told] = COCO(folder.path / "annotations/boxes_train.json").loadImgs(1)
    assert told["file_name"] == f"images/{record.image_id[:2]}/{record.image_id}.png"
    assert (told["coco_url"], told["sha256"]) == (record.url, record.sha256)
    assert (told["width"], told["height"]) == (400, 300)


def test_files_on_the_machine_of_the_crawl_are_not_named(folder, make_record, make_facts):
    record = make_record(1, label="Ford", url="file:///home/eve/1.jpg")
    hand_out(CocoFormat(folder, make_facts()), [(record, picture(1))])
    assert b"/home/eve" not in (folder.path / "annotations/labels_train.json").read_bytes()


def test_a_killed_pass_goes_on_and_gives_the_same_bytes(open_folder, facts, pairs):
    first = open_folder()
    hand_out(CocoFormat(first, facts), pairs)
    wanted = files_of(first.path)
    first.close()
    (first.path / "annotations/labels_validation.json").unlink()
    (first.path / "annotations/boxes_train.json").unlink()

    again = open_folder()
    hand_out(CocoFormat(again, facts), pairs)

    assert files_of(again.path) == wanted


def test_memory_does_not_grow_with_the_images(folder, make_facts, make_record):
    format = CocoFormat(folder, make_facts(mode="urls"))
    record = make_record(1, label="Ford")
    format.add(record, None)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(20_000):
            format.add(record, None)
        format.finish()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = (folder.path / "annotations/labels_train.json").stat().st_size
    assert size > 9_000_000
    assert most < 4_000_000
