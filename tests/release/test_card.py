"""The card: its numbers are those of the tables, and what strangers wrote in it is only text."""

import csv
import json
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.catalog.rows import Batch, SightingRow
from carsets.catalog.schema import spot_checks, tombstones, verifications
from carsets.exports.base import ReleaseFacts
from carsets.licenses import license_table
from carsets.outcomes import Outcome
from carsets.problems import UserError
from carsets.release.card import (
    CardReport,
    card_text,
    header,
    inert,
    read_about,
    stages,
    top,
    yaml_value,
)
from carsets.release.composition import Composition
from carsets.release.receipts import read_receipts
from carsets.release.record import Record
from carsets.steps import STEP_OF, Step
from tests.exports.hostile_texts import TITLES
from tests.exports.image_releases import LABELS, ask


def sections(text):
    """Return the tables of a card by their headings: rows of cells, without the head."""
    found, name = {}, ""
    for line in text.split("\n---\n", 1)[1].splitlines():
        if line.startswith("#"):
            name = line.lstrip("# ")
        elif line.startswith("| ") and not line.startswith("|---"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            found.setdefault(name, []).append(cells)
    return found


def counts(rows):
    """Return a table of names and numbers, without its head."""
    return {row[0].replace("\\", ""): int(row[-1].replace(",", "")) for row in rows[1:]}


@pytest.fixture
def release(dataset):
    """Return a release of all kinds of rows, as a table and as a card."""
    for number in range(40):
        code = ("by-2.0", "by-sa-4.0", "cc0-1.0", "by-nc-nd-4.0")[number % 4]
        sha256 = dataset.add(
            license=code,
            labels={
                "make": ("Ford", "ŠKODA|x", "<b>VW</b>")[number % 3],
                "year": str(1990 + number % 5),
            },
            verdict="review" if number % 10 == 0 else "keep",
            width=(64, 800, 5000)[number % 3],
            height=(48, 600, 4000)[number % 3],
            reservation="free" if number % 2 else "",
            seen={
                "title": "" if number % 7 == 0 else f"Car {number}",
                "taken": f"20{10 + number % 4}-05-06" if number % 3 else "",
                "source": ("flickr", "openverse")[number % 2],
            },
        )
        if number < 3:
            dataset.review(sha256, "keep", {"make": "Ford"})
    ends = {
        Outcome.HTTP_404: 7,
        Outcome.OPTED_OUT: 2,
        Outcome.NOT_A_CAR: 5,
        Outcome.ROBOTS_DENIED: 1,
    }
    number = 0
    for outcome, times in ends.items():
        for _ in range(times):
            number += 1
            dataset.catalog.write(Batch(sightings=[sighting(number, outcome)]))
    with dataset.catalog._write() as connection:
        connection.execute(
            tombstones.insert(), [{"kind": "url", "value": f"{n:016x}"} for n in range(3)]
        )
        connection.execute(
            verifications.insert(),
            [
                {
                    "run_id": run,
                    "image_id": "x",
                    "verdict": verdict,
                    "verified_at": f"2026-0{month}-01T00:00:00+00:00",
                }
                for run, month, verdicts in (
                    ("v1", 1, ["gone"] * 9),
                    ("v2", 2, ["gone"] * 2 + ["same_bytes"] * 4),
                )
                for verdict in verdicts
            ],
        )
    done = dataset.release("csv", label="make", split="80/10/10", with_review=True)
    with (done.path / "images.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return done.path, rows, (done.path / "README.md").read_text(encoding="utf-8")


def sighting(number, outcome):
    return SightingRow(
        source="bing",
        query_id="q9",
        run_id="run1",
        url=f"https://elsewhere.test/{number}.jpg",
        outcome=outcome,
    )


def plain(name):
    return re.sub(r"&lt;", "<", re.sub(r"&gt;", ">", name))


# --- The numbers ------------------------------------------------------------------------------


def test_every_count_of_the_release_is_that_of_its_table(release):
    _, rows, text = release
    tables = sections(text)
    assert f"{len(rows)} images of cars, labelled by make (3 classes)" in text
    assert f"{len(rows)} records, no image files" in text

    def counted(column, missing="unknown", cut=None):
        return Counter((row[column][:cut] or missing) for row in rows)

    makes = {plain(name): n for name, n in counts(tables["By make"]).items()}
    assert makes == counted("label")
    assert counts(tables["By split"]) == counted("split")
    assert counts(tables["By source"]) == counted("source")
    assert counts(tables["By model year"]) == counted("year")
    assert counts(tables["By year in which it was taken"]) == counted("taken", cut=4)
    assert counts(tables["By year in which it was fetched"]) == counted("fetched_at", cut=4)
    assert counts(tables["By verdict"]) == counted("verdict")
    by_license = Counter()
    by_evidence = Counter()
    for cells in tables["By license"]:
        if len(cells) == 3 and cells[0] != "license":
            by_license[re.search(r"\(([a-z0-9.-]+)\)\]", cells[0])[1]] = int(cells[2])
        elif len(cells) == 2 and cells[0] != "evidence":
            by_evidence[cells[0]] = int(cells[1])
    assert by_license == counted("license")
    assert by_evidence == counted("license_evidence")
    pixels = [int(row["width"]) * int(row["height"]) for row in rows]
    assert counts(tables["By size"]) == {
        "up to 0.1 megapixels": sum(p <= 100_000 for p in pixels),
        "up to 1 megapixel": sum(300_000 < p <= 1_000_000 for p in pixels),
        "more than 12 megapixels": sum(p > 12_000_000 for p in pixels),
    }
    untitled = sum(not row["title"] for row in rows)
    human = sum(bool(row["human_labels"]) for row in rows)
    assert (
        f"{human} records have a label that people have confirmed or given; {untitled} have" in text
    )
    assert human == 3


def test_every_count_of_the_catalog_is_that_of_its_rows(release):
    path, rows, text = release
    tables = sections(text)
    asked = {row[0]: row for row in tables["Collection process"][1:]}
    assert {name: int(row[-1]) for name, row in asked.items()} == {
        "bing": 15,
        "flickr": 20,
        "openverse": 20,
    }
    funnel = [
        row
        for row in tables["Preprocessing"]
        if row[0].startswith(("not asked", "network", "rights", "detector"))
    ]
    assert [(row[0], int(row[1]), int(row[2])) for row in funnel] == [
        ("not asked for", 55, 54),
        ("network", 54, 47),
        ("rights", 47, 45),
        ("detector", 45, 40),
    ]
    three = [row for row in tables["Preprocessing"] if len(row) == 3 and row[2].isdigit()]
    ends = {row[0].replace("\\", ""): int(row[2]) for row in three}
    assert {name: ends[name] for name in ("http_404", "opted_out", "not_a_car")} == {
        "http_404": 7,
        "opted_out": 2,
        "not_a_car": 5,
    }
    made = json.loads((path / "release.json").read_text())
    [considered] = [row for row in tables["Preprocessing"] if row[0].startswith("the catalog's")]
    assert [int(cell) for cell in considered[1:]] == [40, len(rows)]
    assert len(rows) + sum(made.get("left_out", {}).values()) == 40
    assert "Tombstones in the catalog: 3." in text
    assert counts(tables["Decay"]) == {"gone": 2, "same_bytes": 4}
    assert "6 in all" in text
    honored = [
        row for row in tables["Opt-outs honored"] if row[0].startswith(("a machine", "the host"))
    ]
    assert [int(row[1]) for row in honored] == [2, 1]
    assert "3 images of the catalog were looked at by 1 people" in text
    assert "The share of wrong labels was not measured." in text
    assert "Faces and number plates are not blurred." in text


def test_a_finished_spot_check_is_told(dataset):
    dataset.add()
    with dataset.catalog._write() as connection:
        connection.execute(
            spot_checks.insert(),
            [
                {
                    "check_id": "1",
                    "result": {"wrong share": 0.25, "checked": 80},
                    "finished_at": "2026-01-01",
                },
                {"check_id": "2", "result": None, "finished_at": ""},
            ],
        )
    text = (dataset.release().path / "README.md").read_text(encoding="utf-8")
    assert "| wrong share | 0.25 |" in text
    assert "not measured" not in text.partition("## Known noise")[2].partition("## Decay")[0]


def test_the_release_names_all_its_files_for_programs(release):
    path, _, _ = release
    described = json.loads((path / "croissant.json").read_text(encoding="utf-8"))
    named = {d["@id"] for d in described["distribution"]}
    assert {"README.md", "images.csv", "splits.csv", "TOMBSTONES.csv"} <= named
    sums = (path / "SHA256SUMS").read_text().splitlines()
    sums = {line[66:]: line[:64] for line in sums}
    assert all(sums[d["@id"]] == d["sha256"] for d in described["distribution"])


@given(st.dictionaries(st.sampled_from(list(Outcome)), st.integers(1, 10**6)))
def test_the_funnel_balances(ends):
    found = list(stages({outcome.value: number for outcome, number in ends.items()}))
    came = sum(ends.values())
    for stage in found:
        assert stage.came == came
        assert stage.came - stage.went_on == sum(stage.reasons.values()) > 0
        came = stage.went_on
    assert came == ends.get(Outcome.STORED, 0)


def test_the_stages_are_those_of_the_report():
    found = list(stages({outcome.value: 1 for outcome in Outcome}))
    assert [stage.name for stage in found] == [step for step in Step if step is not Step.KEPT]
    assert found[2].reasons.keys() == {o.value for o in Outcome if STEP_OF[o] is Step.CONTENT}


@given(st.dictionaries(st.text(), st.integers(1, 1000)))
def test_long_tables_are_cut_and_still_add_up(numbers):
    shown = list(top(numbers, 5))
    assert len(shown) <= 6
    assert sum(number for _, number in shown) == sum(numbers.values())


# --- The header -------------------------------------------------------------------------------


def card(labels=("Ford",), codes=("by-4.0",), **changes):
    made = Composition()
    for number, label in enumerate(labels):
        for code in codes:
            terms = license_table()[code]
            made.add(
                Record(
                    image_id=f"{number:016x}",
                    sha256="0" * 64,
                    md5="",
                    path="",
                    width=1,
                    height=1,
                    bytes=1,
                    format="JPEG",
                    mime="image/jpeg",
                    label=label,
                    source=label,
                    license=terms_of(terms),
                )
            )
    facts = ReleaseFacts(
        name=changes.pop("name", "cars"),
        mode=changes.pop("mode", "cc"),
        label="make",
        classes=tuple(labels),
        splits={"": made.total},
        total=made.total,
    )
    report = CardReport(
        **({"composition": made, "format": "webdataset", "carries_images": True} | changes)
    )
    return facts, report


def terms_of(terms):
    from carsets.licenses import DeclaredLicense, Evidence

    return DeclaredLicense(terms.key, Evidence.API, terms.url, "")


def test_one_license_is_named_as_the_hub_names_it_and_several_are_not_mixed():
    assert header(*card(codes=("by-4.0",)))["license"] == "cc-by-4.0"
    assert header(*card(codes=("cc0-1.0",)))["license"] == "cc0-1.0"
    for codes in (("by-4.0", "by-sa-4.0"), ("by-sa-2.0",), ("arr",)):
        found = header(*card(codes=codes))
        assert (found["license"], found["license_link"]) == ("other", "ATTRIBUTION.csv")
    urls = header(*card(codes=("by-4.0",), carries_images=False, mode="urls"))
    assert (urls["license"], urls["license_link"]) == ("other", "LICENSE-annotations")


LOAD = """
import json, sys, warnings
warnings.simplefilter("ignore")
from huggingface_hub import DatasetCard
card = DatasetCard.load(sys.argv[1], ignore_metadata_errors=False)
print(json.dumps(card.data.to_dict()))
"""


@pytest.mark.parametrize("name", ["cars", 'a"b: [x]\n---\nlicense: mit', *LABELS[-6:]])
def test_the_hubs_own_reader_finds_the_header(tmp_path, name):
    path = tmp_path / "README.md"
    path.write_text(card_text(*card(name=name)), encoding="utf-8")
    found = json.loads(ask(LOAD, path))
    assert found["license"] == "cc-by-4.0"
    assert found["task_categories"] == ["image-classification"]
    assert found["size_categories"] == ["n<1K"]
    assert found["pretty_name"]


@given(st.text())
def test_any_text_is_one_line_of_yaml(text):
    yaml = pytest.importorskip("yaml")
    line = yaml_value(text)
    assert len(line.splitlines()) == 1
    assert yaml.safe_load(line) == text.encode(errors="replace").decode() or not text.isprintable()


# --- What strangers wrote ---------------------------------------------------------------------


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found.append(tag)


@pytest.mark.parametrize(
    "label", [*LABELS, *TITLES, "![x](https://evil.test/x.png)", "https://evil.test/ www.evil.test"]
)
def test_labels_and_sources_stay_text(label):
    text = card_text(*card(labels=(label, "Ford")))
    assert len(text) < 40_000
    plain_lines = card_text(*card(labels=("VW", "Ford"))).splitlines()
    assert len(text.splitlines()) == len(plain_lines)
    parser = Elements()
    parser.feed(text)
    assert parser.found == []
    body = text.split("\n---\n", 1)[1]
    assert not re.search(r"(?<!\\)!\[", body)
    assert "https://evil" not in body
    assert "www.evil" not in body


@given(st.text())
def test_inert_text_is_one_short_line_without_cells(text):
    line = inert(text)
    assert len(line.splitlines()) <= 1
    assert not re.search(r"(?<!\\)(\\\\)*\|", line)
    assert "<" not in line


def test_the_makers_own_words_stand_in_it_without_html(tmp_path):
    path = tmp_path / "about.md"
    path.write_text("# Why\n\nFor *science*. <script>x</script>", encoding="utf-8")
    text = card_text(*card(about=read_about(path)))
    assert "### Why\n\nFor *science*. &lt;script>x" in text


def test_a_text_that_cannot_be_read_is_an_error_in_one_line(tmp_path):
    (tmp_path / "latin").write_bytes(b"Citro\xebn")
    (tmp_path / "long").write_text("x" * 20_001)
    for name in ("latin", "long", "missing", "."):
        with pytest.raises(UserError, match="--about") as caught:
            read_about(tmp_path / name)
        assert "\n" not in str(caught.value)


# --- Receipts ---------------------------------------------------------------------------------


def test_receipts_are_added_up_and_broken_ones_passed_over(tmp_path):
    one = {"hosts": {"a.test": 3, "b.test": 1}, "versions": {"scrapy": "2.19.0"}}
    two = {"hosts": {"a.test": 4}, "versions": {"scrapy": "2.20.0"}}
    for name, text in {
        "1": json.dumps(one),
        "2": json.dumps(two),
        "3": "{",
        "4": "[]",
        "5": '{"hosts": 1}',
    }.items():
        (tmp_path / f"{name}.json").write_text(text)
    found = read_receipts(tmp_path)
    assert (found.runs, found.unreadable, found.requests) == (2, 3, 8)
    assert found.hosts == {"a.test": 7, "b.test": 1}
    assert found.software == "scrapy 2.19.0, scrapy 2.20.0"
    text = card_text(*card(receipts=found))
    assert "2 runs left a receipt. They sent 8 requests to 2 hosts" in text
    assert "| a.test | 7 |" in text


def test_the_thresholds_are_those_of_the_runs_and_not_of_the_export(tmp_path):
    for run, model in (("1", "builtin"), ("2", "ResNet50")):
        receipt = {"hosts": {}, "versions": {}, "settings": {"CAR_DETECTION_MODEL": model}}
        (tmp_path / f"{run}.json").write_text(json.dumps(receipt))
    assert read_receipts(tmp_path).thresholds == {"CAR_DETECTION_MODEL": "ResNet50, builtin"}
