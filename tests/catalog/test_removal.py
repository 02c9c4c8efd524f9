"""Who is meant by a request, and what is left in the catalog afterwards."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from carsets.catalog.catalog import Catalog
from carsets.catalog.releases import ReleaseRow, pack
from carsets.catalog.removal import Target, is_of_family
from carsets.catalog.rows import Batch, PageRow
from carsets.catalog.schema import sightings
from carsets.outcomes import Outcome, QueryOutcome
from tests.catalog.conftest import ON_SQLITE

REASON = "asked by its owner"


@pytest.fixture
def fill(catalog, image, sighting):
    def add(name, url="", near=(), **more):
        facts = {
            key: more.pop(key)
            for key in ("phash", "license", "served_url", "openness")
            if key in more
        }
        return catalog.admit(
            image(name, **facts),
            sighting=sighting(url or f"https://a.test/{name}.jpg", **more),
            near=near,
        )

    return add


def meant(catalog, kind, value, radius=0):
    found = catalog.find_meant(Target(kind, value, radius))
    return found.images.tolist(), found.sightings.tolist()


def remove(catalog, kind, value, radius=0):
    target = Target(kind, value, radius)
    catalog.bury_target(target, REASON)
    found = catalog.find_meant(target)
    batch = catalog.read_removal(
        found.images.tolist(), found.sightings.tolist(), by_looks=kind != "license"
    )
    catalog.bury_batch(batch, REASON)
    catalog.forget(batch)
    return batch


@pytest.mark.parametrize(
    ("kind", "value", "numbers"),
    [
        ("url", "https://a.test/1.jpg", [1]),
        ("url", "https://pages.test/2", [2]),  # the page that shows it
        ("url", "https://cdn.test/3.jpg", [3]),  # where it was served
        ("author", "  JANE   Doe ", [1, 2]),
        ("author", "https://people.test/j", [2]),
        ("host", "a.test", [1, 2, 3]),
        ("host", "cdn.test", [3]),
        ("host", "test", []),
        ("host", "est", []),
        ("host", "x.a.test", [3]),
        ("phash", "00000000000000f0", [1]),
        ("license", "by", [1, 3]),
        ("license", "by-4.0", [1]),
        ("license", "by-nc", [2]),
        ("author", "Doe", []),
        ("image", "0" * 16, []),
    ],
)
def test_who_is_meant(kind, value, numbers, fill, catalog):
    fill("1", phash=0xFF, author="Jane Doe", license="by-4.0")
    fill("2", author="jane doe", author_url="https://people.test/j",
         page_url="https://pages.test/2", license="by-nc-4.0")  # fmt: skip
    fill("3", url="https://x.a.test/3.jpg", served_url="https://cdn.test/3.jpg", license="by-2.0")
    assert meant(catalog, kind, value, 4)[0] == numbers


def test_a_host_in_the_path_of_another_is_not_meant(fill, catalog):
    fill("1", url="https://b.test/?from=https://a.test/1.jpg")
    assert meant(catalog, "host", "a.test") == ([], [])


@pytest.mark.parametrize(
    ("kind", "value"), [("url", "https://cdn.test/1_s.jpg"), ("host", "cdn.test")]
)
def test_a_smaller_copy_that_waits_to_be_tried_is_forgotten_too(kind, value, catalog, sighting):
    copies = ("https://a.test/1_b.jpg", "https://cdn.test/1_s.jpg")
    waiting = sighting("https://a.test/1.jpg", Outcome.TIMEOUT, alternates=copies)
    longer = sighting("https://a.test/2.jpg", alternates=("https://cdn.test.org/1_s.jpg.bak",))
    catalog.write(Batch(sightings=[waiting, replace(longer, outcome=Outcome.TIMEOUT)]))
    batch = remove(catalog, kind, value)
    assert len(batch.sighting_ids) == 1
    assert set(copies) <= batch.texts
    [left] = catalog.unfinished("bing")
    assert left.url == "https://a.test/2.jpg"
    with catalog._read() as connection:
        kept = connection.exec_driver_sql("SELECT alternates FROM sightings").scalars().all()
    assert not any("https://cdn.test/" in text for text in kept)


def test_copies_go_with_the_picture_in_both_directions(fill, catalog):
    worst = fill("worst", openness=1)
    better = fill("better", near=[worst.seq], openness=2)
    best = fill("best", near=[better.seq], openness=3)
    alone = fill("alone")
    everything = [worst.seq, better.seq, best.seq]
    for name in (worst, better, best):
        assert meant(catalog, "image", name.image_id)[0] == everything
    remove(catalog, "image", worst.image_id)
    assert next(iter(catalog.fingerprints_after(0))).seq.tolist() == [alone.seq]


def test_what_is_left_is_an_empty_sighting_and_tombstones(fill, catalog, url, sighting):
    one = fill("1", author="Jane", title="Red car", description="d", tags=["x"], extra={"a": 1})
    again = sighting("https://b.test/1.jpg", Outcome.DUPLICATE_BYTES, image_id=one.image_id)
    lost = sighting("https://c.test/1.jpg", Outcome.HTTP_404, author="Jane")
    catalog.write(Batch(sightings=[again, lost]))
    batch = remove(catalog, "author", "Jane")
    assert len(batch.images) == 1
    assert len(batch.sighting_ids) == 3
    stones = catalog.tombstones()
    for address in ("https://a.test/1.jpg", "https://b.test/1.jpg", "https://c.test/1.jpg"):
        assert stones.forbid_url(address)
        assert catalog.lookup_url(address) is None
    assert stones.forbid_source([], ["  jane "])
    assert len(catalog.known_url_hashes()) == 3  # and they are never asked again
    assert catalog.kept_images() == 0
    with closing(Catalog.open(url)) as again, again._read() as connection:
        rows = connection.execute(select(sightings)).mappings().all()
        for row in rows:
            assert (row["outcome"], row["image_id"], row["finality"]) == ("removed", None, 3)
            texts = {name: value for name, value in row.items() if isinstance(value, str)}
            assert not {"Jane", "Red car", "d"} & set(texts.values())
            assert (row["tags"], row["extra"]) == ([], {})
        assert len(rows) == 3
        assert not connection.exec_driver_sql("SELECT * FROM images").all()


def test_everything_that_refers_to_an_image_goes_with_it(fill, catalog):
    one, other = fill("1"), fill("2")
    with catalog._write() as connection:
        for image_id in (one.image_id, other.image_id):
            connection.exec_driver_sql(
                "INSERT INTO reviews (image_id, decision, undone) "
                f"VALUES ('{image_id}', 'keep', FALSE)"
            )
            connection.exec_driver_sql(
                "INSERT INTO duplicate_groups (group_id, image_id, level) "
                f"VALUES ('{image_id}', '{image_id}', 'near')"
            )
            connection.exec_driver_sql(
                "INSERT INTO verifications (run_id, image_id, url, verdict) "
                f"VALUES ('v', '{image_id}', 'https://a.test/', 'gone')"
            )
    remove(catalog, "image", one.image_id)
    with catalog._read() as connection:
        for table in ("reviews", "duplicate_groups", "images"):
            ids = connection.exec_driver_sql(f"SELECT image_id FROM {table}").scalars().all()
            assert ids == [other.image_id], table
        kept = connection.exec_driver_sql("SELECT image_id, url, verdict FROM verifications").all()
        assert sorted(kept) == [("", "", "gone"), (other.image_id, "https://a.test/", "gone")]


def test_a_removal_by_license_does_not_forbid_the_picture(fill, catalog, image):
    fill("1", license="by-nc-4.0", phash=0xABC)
    remove(catalog, "license", "by-nc")
    stones = catalog.tombstones()
    assert stones.sha256s == {image("1").sha256}
    assert stones.phashes == ()


def test_the_same_bytes_are_not_admitted_again(fill, catalog):
    one = fill("1")
    remove(catalog, "image", one.image_id)
    assert fill("1", url="https://elsewhere.test/").kind == "removed"


def test_a_release_that_holds_what_is_gone_is_damaged(fill, catalog):
    numbers = [fill(name).seq for name in "123"]
    for name, held in (("whole", numbers[1:]), ("hit", numbers[:2])):
        catalog.record_release(
            ReleaseRow(
                release_id=name, format="csv", mode="urls", destination=f"/{name}", options={},
                image_numbers=pack(np.array(held)), image_count=2, bytes=1, digest="",
                made_at="2026-01-01T00:00:00+00:00",
            )
        )  # fmt: skip
    assert catalog.damaged_releases() == []
    remove(catalog, "url", "https://a.test/1.jpg")
    [(row, gone)] = catalog.damaged_releases()
    assert (row.release_id, gone.tolist()) == ("hit", numbers[:1])
    catalog.withdraw_release("hit", "2026-01-02T00:00:00+00:00")
    assert catalog.damaged_releases() == []


@ON_SQLITE
def test_shredding_leaves_no_word_in_the_files(fill, catalog, tmp_path):
    for number in range(50):
        fill(str(number), title=f"Needle {number} " * 20)
    fill("kept", title="Haystack")
    for number in range(50):
        remove(catalog, "url", f"https://a.test/{number}.jpg")
    assert catalog.shred()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Needle" not in left
    assert b"Haystack" in left


def test_words_leave_queries_pages_and_runs(catalog, query):
    asked = replace(query, text="photos by Jane Doe, Janet Doerr")
    page = PageRow(
        source="bing", query=asked, page=1, outcome=QueryOutcome.RESULTS, found=0, run_id="run1",
        url="https://x.test/?q=Jane Doe", note="Jane Doe",
    )  # fmt: skip
    catalog.write(Batch(pages=[page]))
    catalog.clean_words(Target("author", "Jane Doe"))
    catalog.clean_words(Target("author", "by"))  # too short to be looked for inside of words
    with catalog._read() as connection:
        [text] = connection.exec_driver_sql("SELECT text FROM queries").scalars()
        [url] = connection.exec_driver_sql("SELECT url FROM pages").scalars()
    assert text == "photos by [removed], Janet Doerr"
    assert url == "https://x.test/?q=[removed]"


@pytest.mark.parametrize(
    ("code", "wanted", "is_it"),
    [
        ("by-4.0", "by", True),
        ("by-nc-4.0", "by", False),
        ("by-sa-3.0-es", "by-sa", True),
        ("by-sa-3.0-es", "by-sa-3.0", False),
        ("arr", "ARR", True),
        ("unknown", "unknown", True),
        ("by-4.0", "b", False),
    ],
)
def test_families_of_licenses(code, wanted, is_it):
    assert is_of_family(code, wanted) is is_it
