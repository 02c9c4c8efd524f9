"""The gallery, opened from the disk in a real Chromium: it counts as plain SQL does."""

import json
import re
import sqlite3
from contextlib import closing

import pytest

from tests.report.planted import HOSTILE, LICENSES


@pytest.fixture
def count(planted):
    with closing(sqlite3.connect(planted.catalog)) as database:
        yield lambda where, *values: database.execute(
            "SELECT count(*) FROM images WHERE verdict IN ('keep', 'review') AND " + where, values
        ).fetchone()[0]


@pytest.fixture
def gallery(tab, made):
    tab.goto((made / "gallery.html").as_uri())
    tab.wait_for_selector("html[data-ready-ms]")
    yield tab
    missing = "Failed to load resource: net::ERR_FILE_NOT_FOUND"  # one picture is not there
    assert set(tab.said) <= {missing}


def shown(gallery):
    """Return how many images the gallery says it shows, once it has filtered."""
    gallery.wait_for_selector("html[data-filter-ms]")
    return int(gallery.inner_text("#count").split(" ")[0])


def choose(gallery, name, value):
    gallery.evaluate("delete document.documentElement.dataset.filterMs")
    gallery.select_option(f"#by-{name}", value)
    return shown(gallery)


def test_filters_show_what_the_catalog_counts(gallery, count):
    assert shown(gallery) == count("1") == 316
    model = "json_extract(labels, '$.model') = ?"
    for license in LICENSES:  # the hostile one too
        assert choose(gallery, "license", license) == count("license = ?", license) > 50
    both = count(f"{model} AND license = ?", "M3", LICENSES[3])
    assert choose(gallery, "model", "M3") == both > 0
    assert choose(gallery, "license", "") == count(model, "M3")
    gallery.click("#clear")
    gallery.locator("#count", has_text=re.compile("^316 images$")).wait_for()
    assert choose(gallery, "verdict", "dropped (people)") == 2
    assert "not shown" in gallery.inner_text(".tile .frame")
    unread = (
        "verdict = 'review' AND image_id NOT IN (SELECT image_id FROM reviews WHERE NOT undone)"
    )
    assert choose(gallery, "verdict", "review") == count(unread) > 10


def test_words_and_addresses_filter_too(gallery, made, count):
    gallery.evaluate("delete document.documentElement.dataset.filterMs")
    gallery.fill("#q", "ONERROR opel")
    assert shown(gallery) == 0
    assert "no image is like this" in gallery.inner_text("#count")
    gallery.goto((made / "gallery.html").as_uri() + "#model=M3&color=red")
    gallery.reload()
    where = "json_extract(labels, '$.model') = 'M3' AND json_extract(labels, '$.color') = 'red'"
    assert shown(gallery) == count(where) > 0
    assert gallery.input_value("#by-color") == "red"


def test_only_what_is_in_view_is_drawn_and_the_keyboard_reaches_the_rest(gallery):
    shown(gallery)
    assert 0 < gallery.locator(".tile").count() < 60
    gallery.focus(".tile[tabindex='0']")
    gallery.keyboard.press("End")
    last = gallery.locator(".tile[tabindex='0']")
    assert last.get_attribute("data-place") == "315"
    gallery.keyboard.press("Enter")
    gallery.wait_for_selector("dialog[open] dl")
    assert "316 of 316" in gallery.inner_text("dialog")
    gallery.keyboard.press("ArrowLeft")
    gallery.locator("dialog", has_text="315 of 316").wait_for()
    gallery.keyboard.press("Escape")
    assert not gallery.is_visible("dialog")


def test_pictures_are_shown_and_a_missing_file_is_named(gallery, planted):
    gallery.evaluate("delete document.documentElement.dataset.filterMs")
    gallery.fill("#q", planted.ids[5])
    assert shown(gallery) == 1
    gallery.locator(".tile .frame", has_text="the file is missing").wait_for()
    gallery.evaluate("delete document.documentElement.dataset.filterMs")
    gallery.fill("#q", planted.ids[6])
    assert shown(gallery) == 1
    gallery.locator(".tile img").wait_for()
    gallery.evaluate("document.querySelector('.tile img').decode()")
    assert gallery.evaluate("document.querySelector('.tile img').naturalWidth") == 40


def test_the_most_doubted_come_first_and_the_rest_is_said_to_be_left_out(copied, report, tab):
    assert not report(copied.data, "--gallery-most=50", copied.data / "r")
    page = copied.data / "r" / "gallery.html"
    assert "The 50 most doubted of 316 images" in page.read_text()
    tab.goto(page.as_uri())
    assert shown(tab) == 50
    assert "doubt 0.60" in tab.inner_text(".tile")
    files = sorted(path.name for path in (copied.data / "r" / "data").iterdir())
    assert files == ["facts.js", "images-0000.js", "words-000.js"]
    told = (copied.data / "r" / "data" / "images-0000.js").read_text()
    rows = json.loads(told[told.index("[") : told.rindex(")")])
    assert len(rows) == 50
    assert HOSTILE[5] in {row[6].rsplit(" ", 1)[0] for row in rows}  # as it was, and only as text
