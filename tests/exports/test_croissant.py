"""Croissant, read back with MLCommons' own library, and what every release says in it."""

import hashlib
import json
from dataclasses import replace

import pytest

from carsets.catalog.collection import Collection, Decay, SourceRuns
from carsets.exports.croissant import CroissantFormat
from carsets.exports.csv_table import CsvFormat
from carsets.exports.json_lines import JsonLinesFormat
from carsets.exports.openimages import OpenImagesFormat
from carsets.exports.parquet import ParquetFormat
from carsets.exports.urls import UrlsFormat
from carsets.problems import UserError
from carsets.release.attribution import AttributionWriter
from carsets.release.card import CardReport, write_card
from carsets.release.composition import Composition
from carsets.release.croissant import write_croissant
from tests.exports.hostile_texts import TITLES
from tests.exports.image_releases import ask, hand_out, picture
from tests.exports.writing import bytes_of

# Loads a description, and prints what its checks find and all records of one record set.
READ = """
import hashlib, json, logging, sys, warnings
warnings.simplefilter("ignore")
import mlcroissant
data = mlcroissant.Dataset(jsonld=sys.argv[1])
issues = data.metadata.ctx.issues
found = {"errors": sorted(issues.errors), "warnings": sorted(issues.warnings)}
found["sets"] = [s.uuid for s in data.metadata.record_sets]
found["rai"] = [data.metadata.data_biases, data.metadata.data_collection]
def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [plain(v) for v in value]
    if hasattr(value, "tobytes") and hasattr(value, "size"):
        return [value.size, value.mode]
    return value if value is None or isinstance(value, (int, float, bool)) else str(value)
records = data.records(sys.argv[2]) if len(sys.argv) > 2 else []
found["records"] = [{k.rpartition("/")[2]: plain(v) for k, v in r.items()} for r in records]
print(json.dumps(found))
"""


def read(folder, name=""):
    """Return what mlcroissant makes of a release: its checks' findings, and one record set."""
    path = folder.path / "croissant.json"
    return json.loads(ask(READ, path, *[name] * bool(name)).splitlines()[-1])


def write(folder, format_, pairs, make_facts, **report):
    """Write a release with all that belongs to one."""
    facts = format_.facts
    composition = Composition()
    credits = AttributionWriter(folder, facts.name)
    for record, image in pairs:
        composition.add(record, image)
        credits.add(record, image)
    hand_out(format_, pairs)
    credits.finish()
    made = CardReport(
        **(
            {
                "composition": composition,
                "format": format_.name,
                "carries_images": format_.carries_images,
            }
            | report
        )
    )
    write_card(folder, facts, made)
    write_croissant(folder, facts, made)


@pytest.fixture
def pairs(make_record):
    """Two classes, a changed copy, originals of two types, and titles that break readers."""
    titles = [title for title in TITLES if "\0" not in title]
    return [
        (
            make_record(
                number,
                title=title,
                label=["Ford", "Citroën"][number % 2],
                tags=("car", "red") if number % 2 else (),
                description="" if number % 3 else "parked",
                format="PNG" if number == 3 else "JPEG",
            ),
            picture(number, "PNG" if number == 3 else "JPEG", changed=number == 1),
        )
        for number, title in enumerate(titles, 1)
    ]


@pytest.fixture
def release(folder, make_facts, pairs):
    facts = make_facts(total=len(pairs), classes=("Citroën", "Ford"))
    write(folder, CroissantFormat(folder, facts), pairs, make_facts)
    return folder


def test_every_image_comes_with_its_facts(release, pairs):
    found = read(release, "images")
    assert found["errors"] == []
    assert found["warnings"] == []
    rows = {row["image_id"]: row for row in found["records"]}
    assert len(found["records"]) == len(rows) == len(pairs)
    for record, image in pairs:
        row = rows[record.image_id]
        assert row["image"] == [[image.width, image.height], "RGB"]
        assert row["file"] == f"images/{record.image_id[:2]}/{record.image_id}.{image.extension}"
        assert row["title"] == (record.title or None)
        assert row["label"] == record.label
        assert row["tags"] == list(record.tags)
        assert row["rank"] == record.rank
        assert row["car_score"] == record.car_score
        assert row["changed"] is image.changed
        assert row["license_url"] == record.license.url
        assert json.loads(row["labels"]) == dict(record.labels)


def test_every_file_that_is_named_has_its_size_and_its_hash(release):
    described = json.loads((release.path / "croissant.json").read_text(encoding="utf-8"))
    objects = [d for d in described["distribution"] if d["@type"] == "cr:FileObject"]
    assert [o["contentUrl"] for o in objects] == [
        "ATTRIBUTION.csv",
        "ATTRIBUTION.html",
        "README.md",
        "images.parquet",
    ]
    for named in objects:
        body = (release.path / named["contentUrl"]).read_bytes()
        assert named["sha256"] == hashlib.sha256(body).hexdigest()
        assert named["contentSize"] == f"{len(body)} B"
    [pictures] = [d for d in described["distribution"] if d["@type"] == "cr:FileSet"]
    assert pictures["encodingFormat"] == ["image/jpeg", "image/png"]


def test_the_reader_notices_a_table_that_was_changed(release):
    path = release.path / "images.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(AssertionError, match="Hash"):
        read(release, "images")


def test_the_same_records_give_the_same_bytes(open_folder, make_facts, pairs):
    facts = make_facts(total=len(pairs))
    made = []
    for name in ("one", "two"):
        folder = open_folder(name)
        write(folder, CroissantFormat(folder, facts), pairs, make_facts)
        made.append(bytes_of(folder.path))
    assert made[0] == made[1]


def test_a_pass_that_was_cut_short_goes_on(open_folder, make_facts, pairs):
    facts = make_facts(total=len(pairs))
    folder = open_folder("whole")
    write(folder, CroissantFormat(folder, facts), pairs, make_facts)
    broken = open_folder("broken")
    begun = CroissantFormat(broken, facts)
    for record, image in pairs[:5]:
        broken.put(begun.image_path(record, image.extension), image.data)
        begun.add(record, image)
    broken.close()
    again = open_folder("broken")
    write(again, CroissantFormat(again, facts), pairs, make_facts)
    assert bytes_of(again.path) == bytes_of(folder.path)


def test_addresses_alone_are_refused_in_one_line(folder, make_facts):
    with pytest.raises(UserError, match="croissant is made of image files"):
        CroissantFormat(folder, make_facts(mode="urls"))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (CsvFormat, "images"),
        (JsonLinesFormat, "images"),
        (UrlsFormat, "urls"),
        (ParquetFormat, "data"),
        (OpenImagesFormat, "train/images"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_tables_of_other_formats_are_record_sets(folder, make_facts, make_record, kind, name):
    pairs = [(make_record(n, split="train", label="Ford"), None) for n in range(1, 8)]
    facts = make_facts(mode="urls", total=7, splits={"train": 7})
    write(folder, kind(folder, facts), pairs, make_facts)
    found = read(folder, name)
    assert found["errors"] == []
    assert len(found["records"]) == 7
    wanted = {record.url for record, _ in pairs}
    assert {row.get("url") or row.get("OriginalURL") for row in found["records"]} == wanted


def test_credits_can_be_read_by_column(release, pairs):
    rows = read(release, "ATTRIBUTION")["records"]
    assert [row["author"] for row in rows] == [record.author for record, _ in pairs]
    assert [row["source"] for row in rows] == [record.page_url for record, _ in pairs]


def test_an_empty_release_is_described_too(folder, make_facts):
    facts = make_facts(total=0, classes=(), splits={}, newest="")
    write(folder, CsvFormat(folder, facts), [], make_facts)
    assert read(folder)["errors"] == []


def test_what_responsible_use_needs_stands_in_it_with_the_same_numbers(
    folder, make_facts, make_record
):
    collection = Collection(
        sources=[
            SourceRuns(
                source="flickr",
                runs=2,
                first="2026-01-01T00:00:00+00:00",
                last="2026-02-01T00:00:00+00:00",
                queries=5,
                answered=4,
                found=1234,
            )
        ],
        outcomes={"stored": 1000, "http_404": 200, "near_duplicate": 34},
        decay=Decay(first="2026-03-01", last="2026-03-02", verdicts={"gone": 3}),
        spot_check={"wrong": 2, "checked": 100},
    )
    pairs = [(make_record(n, title="" if n == 2 else "x"), None) for n in range(1, 5)]
    facts = make_facts(mode="urls", total=4)
    write(
        folder,
        CsvFormat(folder, facts),
        pairs,
        make_facts,
        collection=collection,
        left_out={"mode": 7},
        contact="https://example.org/removal",
    )
    assert read(folder)["errors"] == []
    described = json.loads((folder.path / "croissant.json").read_text(encoding="utf-8"))
    assert "flickr (1,234 addresses) with 5 queries" in described["rai:dataCollection"]
    assert described["rai:dataCollectionTimeFrame"] == [
        "2026-01-01T00:00:00+00:00",
        "2026-02-01T00:00:00+00:00",
    ]
    assert described["rai:dataPreprocessingProtocol"] == [
        "network: 1,234 in, 1,034 out",
        "duplicates: 1,034 in, 1,000 out",
        "left out, mode: 7",
    ]
    assert "1 of 4 records have no title" in described["rai:dataCollectionMissingData"]
    assert described["rai:dataBiases"][0] == "flickr: 4 of 4 records"
    assert '"wrong": 2' in described["rai:dataLimitations"][0]
    assert "not blurred" in described["rai:personalSensitiveInformation"][0]
    assert described["license"] == [
        "https://creativecommons.org/licenses/by/4.0/",
        "https://creativecommons.org/licenses/by/2.0/",
    ]


def test_many_shards_are_named_by_their_kind(folder, make_facts, make_record):
    for number in range(101):
        folder.put(f"train-{number:06d}.tar", b"%d" % number)
    write(folder, CsvFormat(folder, make_facts()), [(make_record(1), None)], make_facts)
    described = json.loads((folder.path / "croissant.json").read_text(encoding="utf-8"))
    [shards] = [d for d in described["distribution"] if d["@type"] == "cr:FileSet"]
    assert shards["includes"] == ["*.tar"]
    assert shards["encodingFormat"] == "application/x-tar"
    assert read(folder, "images")["errors"] == []


def test_names_of_strangers_do_no_harm(folder, make_facts, make_record):
    hostile = 'x"}],"@context":"https://evil.test/" \x07\u202e' + "y" * 10_000
    record = replace(make_record(1), source=hostile, label=hostile)
    facts = make_facts(name="cars", classes=(hostile,))
    write(folder, CsvFormat(folder, facts), [(record, None)], make_facts)
    assert read(folder)["errors"] == []
    described = json.loads((folder.path / "croissant.json").read_text(encoding="utf-8"))
    assert isinstance(described["@context"], dict)
    assert len(described["rai:dataBiases"][0]) <= 5_000
