"""``scrapy explain`` tells the whole way of one image."""

import argparse
from hashlib import md5, sha256

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import Batch, ImageRow, PageRow, QueryEndRow, RunRow, SightingRow
from carsets.commands.explain import Command
from carsets.outcomes import Outcome, QueryOutcome
from carsets.queries import Query

BYTES = b"the bytes of a picture"
URL = "https://a.test/1.jpg"
GONE = "https://a.test/gone.jpg"


@pytest.fixture
def explain(tmp_path, capsys):
    """Return a function that explains, and gives the exit code, the output and the errors."""

    def run(*asked):
        command = Command()
        command.settings = Settings({"DATA_DIR": str(tmp_path / "data")})
        command.run(list(asked), argparse.Namespace())
        out, err = capsys.readouterr()
        return command.exitcode, out, err

    return run


@pytest.fixture
def dataset(tmp_path):
    """A catalog with a kept image, two that it replaced, and a URL that is gone."""
    catalog = Catalog.open(f"sqlite:///{tmp_path / 'data' / 'catalog.sqlite'}")
    catalog.start_run(RunRow(run_id="run1", source="flickr", started_at="2026-01-01T00:00:00"))
    query = Query(text="red Ford Mustang", labels={"make": "Ford"})

    def sighting(url, outcome=Outcome.STORED, **more):
        facts = {"source": "flickr", "query_id": query.query_id, "run_id": "run1"} | more
        return SightingRow(url=url, outcome=outcome, **facts)

    def image(content, **more):
        digest = sha256(content).hexdigest()
        facts = {
            "sha256": digest,
            "md5": md5(content).hexdigest(),
            "pixel_hash": "1" * 16,
            "phash": 0xABC,
            "dhash": 1,
            "verdict": "keep",
            "path": f"{digest[:2]}/{digest[2:4]}/{digest}.jpg",
            "mime": "image/jpeg",
            "mode": "RGB",
            "width": 400,
            "height": 300,
            "bytes": len(content),
            "run_id": "run1",
        }
        return ImageRow(**(facts | more))

    catalog.admit(image(b"smaller", width=100), sighting=sighting("https://a.test/small.jpg"))
    catalog.admit(
        image(
            BYTES,
            license="by-2.0",
            license_evidence=5,
            license_url="https://creativecommons.org/licenses/by/2.0/",
            reservation="free",
            reservation_signals=[{"name": "x-robots-tag", "value": "all", "reserved": False}],
            car_score=0.9312,
            view="exterior",
            labels={"make": "Ford"},
            model="builtin",
            top_labels=[["sports car", 0.91], ["convertible", 0.02]],
            served_url="https://cdn.a.test/1.jpg",
        ),
        sighting=sighting(
            URL, page=2, rank=36, title="My car", author="Eve", page_url="https://a.test/p"
        ),
    )
    gone = sighting(GONE, Outcome.HTTP_404, note="HTTP 404", title="bad \x1b[31m title")
    page = PageRow(
        source="flickr",
        query=query,
        page=1,
        outcome=QueryOutcome.RESULTS,
        found=3,
        run_id="run1",
    )
    end = QueryEndRow(source="flickr", query=query, outcome=QueryOutcome.RESULTS, run_id="run1")
    catalog.write(Batch(sightings=[gone], pages=[page], ends=[end]))
    catalog.close()
    return catalog


WHOLE_WAY = (
    "by-2.0 according to the source's interface https://creativecommons.org/licenses/by/2.0/",
    "free x-robots-tag: all",
    "car 0.931, exterior view, builtin: sports car 0.91, convertible 0.02",
    "image/jpeg, 400 x 300, RGB, 22 bytes",
    "It took the place of",
    "Seen 2 times:",
    "stored: kept: the original bytes are in the store",
    "duplicate_pixels: the same pixels",
    "flickr: 'red Ford Mustang', page 2, rank 36",
    "https://a.test/p",
    "Eve",
    '{"make": "Ford"}',
    "run1.json (not there)",
)


@pytest.mark.parametrize("how", ["id", "sha256", "md5", "path", "url", "file"])
def test_an_image_is_found_by_any_of_its_names(explain, dataset, tmp_path, how):
    digest = sha256(BYTES).hexdigest()
    file = tmp_path / "copy.jpg"
    file.write_bytes(BYTES)
    names = {
        "id": digest[:16],
        "sha256": digest.upper(),
        "md5": md5(BYTES).hexdigest(),
        "path": f"data/images/{digest[:2]}/{digest[2:4]}/{digest}.jpg",
        "url": URL,
        "file": str(file),
    }
    code, out, err = explain(names[how])
    assert (code, err) == (0, "")
    for words in WHOLE_WAY:
        assert words in out
    assert f"Image {digest[:16]}: keep" in out


def test_a_replaced_copy_leads_to_the_one_that_stands_for_it(explain, dataset, tmp_path):
    file = tmp_path / "small.jpg"
    file.write_bytes(b"smaller")
    code, out, _ = explain(str(file))
    assert code == 0
    assert f"Image {sha256(b'smaller').hexdigest()[:16]}: superseded" in out
    assert "A better copy of the picture stands for it today:" in out
    assert f"Image {sha256(BYTES).hexdigest()[:16]}: keep" in out


def test_a_url_that_led_to_nothing_is_explained_too(explain, dataset):
    code, out, _ = explain(GONE)
    assert code == 0
    assert "http_404: not found (HTTP 404)" in out
    assert "Seen once:" in out


def test_titles_cannot_reach_the_terminal_s_controls(explain, dataset):
    _, out, _ = explain(GONE)
    assert "\x1b" not in out
    assert "\\x1b[31m title" in out


@pytest.mark.parametrize("asked", ["0123456789abcdef", "https://a.test/never.jpg", "x" * 5_000, ""])
def test_what_nobody_knows_is_said_in_one_line(explain, dataset, asked):
    code, out, err = explain(asked)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "no such image id, URL or file" in err


def test_a_file_that_is_not_in_the_dataset_is_unknown(explain, dataset, tmp_path):
    (tmp_path / "other.jpg").write_bytes(b"something else")
    assert explain(str(tmp_path / "other.jpg"))[0] == 2


def test_without_a_catalog_it_says_where_it_looked(explain, tmp_path):
    code, _, err = explain(URL)
    assert code == 5
    assert "there is no catalog at" in err
    assert not (tmp_path / "data").exists()


def test_it_wants_one_name(explain):
    with pytest.raises(UsageError, match="one image"):
        explain("a", "b")
