"""The files of Open Images: as published, byte by byte, and read back by three readers."""

import csv

import pyarrow.csv
import pytest

from carsets.exports.open_images_labels import ids_of, labels_of
from carsets.exports.openimages import OpenImagesFormat, binary_md5
from carsets.licenses import Evidence, read_license
from carsets.open_images.annotations import Annotations
from carsets.open_images.classes import MID, choose_classes, read_descriptions
from carsets.open_images.files import OpenImagesFiles
from carsets.open_images.joining import read_images
from carsets.queries.vocabulary import bodies
from tests.exports.hostile_texts import NUL, TITLES
from tests.exports.writing import export

HEADER = (
    "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,"
    "OriginalSize,OriginalMD5,Thumbnail300KURL\n"
)
CAR = "/m/0k4j"


@pytest.fixture
def written(folder, make_facts):
    """Export records and return the folder."""
    return lambda *records, **facts: export(OpenImagesFormat, folder, make_facts, records, **facts)


@pytest.fixture
def published(make_record):
    """Return the image that the dataset's own announcement shows as an example."""
    return make_record(
        image_id="000060e3121c7305",
        split="train",
        url="https://c1.staticflickr.com/5/4129/5215831864_46f356962f_o.jpg",
        page_url="https://www.flickr.com/photos/brokentaco/5215831864",
        license=read_license("https://creativecommons.org/licenses/by/2.0/", Evidence.LIST),
        author_url="https://www.flickr.com/people/brokentaco/",
        author="David",
        title="28 Nov 2010 Our new house.",
        bytes=211079,
        md5="d1269dfb1323dadb5733553c99e109d0",
        thumbnail_url="https://c1.staticflickr.com/5/4129/5215831864_ee4e8c6535_z.jpg",
    )


def rows(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


# --- images.csv -------------------------------------------------------------------------------


def test_the_example_of_the_announcement_comes_out_as_it_stands_there(written, published):
    assert (written(published) / "train/images.csv").read_bytes().decode() == HEADER + (
        "000060e3121c7305,train,https://c1.staticflickr.com/5/4129/5215831864_46f356962f_o.jpg,"
        "https://www.flickr.com/photos/brokentaco/5215831864,"
        "https://creativecommons.org/licenses/by/2.0/,https://www.flickr.com/people/brokentaco/,"
        "David,28 Nov 2010 Our new house.,211079,0Sad+xMj2ttXM1U8meEJ0A==,"
        "https://c1.staticflickr.com/5/4129/5215831864_ee4e8c6535_z.jpg\n"
    )


def test_the_md5_is_that_of_the_published_example():
    assert binary_md5("d1269dfb1323dadb5733553c99e109d0") == "0Sad+xMj2ttXM1U8meEJ0A=="


def test_each_subset_has_a_folder(written, make_record):
    splits = ["train", "train", "validation"]
    path = written(*(make_record(n, split=split) for n, split in enumerate(splits)))
    assert [row["Subset"] for row in rows(path / "train/images.csv")] == ["train", "train"]
    assert [row["Subset"] for row in rows(path / "validation/images.csv")] == ["validation"]
    assert sorted(file.name for file in path.iterdir() if file.suffix == ".csv") == ["dict.csv"]


def test_what_is_not_split_is_all_training(written, make_record):
    [row] = rows(written(make_record()) / "train/images.csv")
    assert row["Subset"] == "train"


def test_titles_stay_exactly_as_they_are_even_formulas(written, make_record):
    path = written(*(make_record(n, title=title) for n, title in enumerate((*TITLES, NUL))))
    assert [row["Title"] for row in rows(path / "train/images.csv")] == [*TITLES, NUL]


def test_another_program_reads_it_without_options_but_one(written, make_record):
    path = written(*(make_record(n, title=title) for n, title in enumerate(TITLES)))
    table = pyarrow.csv.read_csv(
        path / "train/images.csv",
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=False),
    )
    assert table["Title"].to_pylist() == list(TITLES)
    assert table["OriginalSize"].to_pylist() == [len(f"image {n}") for n in range(len(TITLES))]


# --- labels.csv and dict.csv ------------------------------------------------------------------


def said(record):
    return {(source, label.mid): sure for source, label, sure in labels_of(record)}


def test_machines_below_a_half_are_left_out(make_record):
    record = make_record(
        labels={}, car_score=0.4999, top_labels=(("minivan", 0.5), ("convertible", 0.496))
    )
    assert said(record) == {("machine", bodies()["minivan"].mid): 0.5}


def test_what_people_say_is_one_or_nothing(make_record):
    record = make_record(
        labels={"body": "sedan", "color": "red"},
        human_labels=frozenset({"body"}),
        denied=(("body", "hatchback"), ("color", "blue")),
        top_labels=(("minivan", 0.75),),
        car_score=None,
    )
    assert said(record) == {
        ("human", bodies()["sedan"].mid): 1.0,
        ("human", bodies()["hatchback"].mid): 0.0,
        ("human", "/carsets/color/blue"): 0.0,
        ("machine", "/carsets/color/red"): 0.5,
        ("machine", bodies()["minivan"].mid): 0.75,
    }


def test_the_detector_speaks_of_a_car_or_of_what_else_it_is(make_record):
    plain = make_record(labels={}, top_labels=(), car_score=0.93)
    assert said(plain) == {("machine", CAR): 0.93}
    pickup = make_record(labels={"body": "pickup"}, top_labels=(), car_score=0.93)
    assert said(pickup) == {
        ("machine", bodies()["truck"].mid): 0.93, ("machine", bodies()["pickup"].mid): 0.5
    }  # fmt: skip


def test_what_open_images_said_itself_is_handed_on(make_record):
    record = make_record(
        source="openimages",
        labels={},
        car_score=None,
        top_labels=(),
        extra={
            "classes": [
                {"mid": CAR, "name": "car", "by": "box", "confidence": 1.0},
                {"mid": "/m/0h2r6", "name": "van", "by": "machine", "confidence": 0.7},
                {"mid": "/m/0pg52", "name": "taxi", "by": "machine", "confidence": 0.3},
                {"mid": "=1+1", "name": "van", "by": "machine", "confidence": 0.9},
                "damaged",
            ],
            "not_shown": ["limousine", "Snowplow", 3],
        },
    )
    assert said(record) == {
        ("human", CAR): 1.0,
        ("human", bodies()["limousine"].mid): 0.0,
        ("human", "/carsets/class/Snowplow"): 0.0,
        ("machine", "/m/0h2r6"): 0.7,
    }


def test_the_files_are_as_published(written, make_record):
    record = make_record(
        labels={"body": "wagon", "make": 'Citroën "C"'},
        human_labels=frozenset({"make"}),
        car_score=0.87654,
        top_labels=(),
    )
    path = written(record)
    assert (path / "train/labels.csv").read_text() == (
        "ImageID,Source,LabelName,Confidence\n"
        f"{record.image_id},human,/carsets/make/Citro%C3%ABn%20%22C%22,1.0\n"
        f"{record.image_id},machine,/m/0k4j,0.88\n"
        f"{record.image_id},machine,/carsets/body/wagon,0.5\n"
    )
    assert (path / "dict.csv").read_text(encoding="utf-8") == (
        '"/m/0k4j","car"\n'
        '"/carsets/body/wagon","wagon"\n'
        '"/carsets/make/Citro%C3%ABn%20%22C%22","Citroën ""C"""\n'
    )


@pytest.mark.parametrize("value", ["Citroën", "ŠKODA/Fabia", "..", "CON", "/m/0k4j", "a" * 999])
@pytest.mark.parametrize("name", ["make", "model", "color", "year", "label", "odd name"])
def test_ids_of_ours_are_nobody_elses_and_can_be_read(name, value):
    for make in ("", "Alfa Romeo", "/m/"):
        for label in ids_of(name, value, make):
            assert label.mid.startswith("/carsets/")
            assert MID.fullmatch(label.mid)


def test_every_known_id_stands_in_the_published_dictionary(shared):
    names = read_descriptions([shared / "captures/openimages/dict_v1_mid_names.csv"])
    assert len(names) > 7_000
    for body in bodies():
        for label in ids_of("body", body):
            assert label.mid in names or label.mid == f"/carsets/body/{body}"
        assert any(label.mid in names for label in ids_of("body", body))


# --- Read back --------------------------------------------------------------------------------


def test_carsets_reads_back_what_it_wrote(written, make_record):
    facts = (
        {"labels": {"body": "sedan"}, "title": "two\nlines, =1+1"},
        {"labels": {"body": "van"}, "human_labels": frozenset({"body"}), "split": "validation"},
        {"labels": {"body": "sedan"}, "denied": (("body", "taxi"),)},
        {"labels": {"make": "Ford"}, "car_score": 0.2},
    )
    records = [
        make_record(n, **({"split": "train", "top_labels": ()} | more))
        for n, more in enumerate(facts)
    ]
    path = written(*records)
    files = OpenImagesFiles.find(path)
    assert (len(files.images), len(files.labels), len(files.descriptions)) == (2, 2, 1)
    annotations = Annotations(choose_classes("", read_descriptions(files.descriptions)), 0.5)
    for labels in files.labels:
        annotations.read_labels(labels)
    annotations.settle()
    assert annotations.damaged.count == 0
    found = [row for name in files.images for row in read_images(name, annotations, (), "original")]
    by_id = {row.found.source_id: row for row in found}
    assert set(by_id) == {record.image_id for record in records[:3]}  # a make alone is no vehicle
    first = by_id[records[0].image_id]
    assert (first.found.title, first.found.md5) == ("two\nlines, =1+1", records[0].md5)
    assert (first.found.license.code, first.problem) == ("by-2.0", "")
    assert by_id[records[1].image_id].labels["body"] == "van"
    assert by_id[records[2].image_id].found.extra["not_shown"] == ["taxi"]


def test_classes_of_ours_can_be_asked_for_by_name(written, make_record):
    path = written(make_record(1, labels={"make": "Ford"}), make_record(2, labels={"make": "BMW"}))
    names = read_descriptions([path / "dict.csv"])
    [ford] = choose_classes("ford", names)
    annotations = Annotations([ford], 0.5)
    annotations.read_labels(path / "train/labels.csv")
    annotations.settle()
    [row] = read_images(path / "train/images.csv", annotations, (), "original")
    assert row.found.source_id == make_record(1).image_id
    assert row.labels["label"] == "Ford"
