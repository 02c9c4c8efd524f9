"""Which copy of a picture stands for it, decided by the catalog alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from carsets.catalog.rows import Batch, ImageRow
from carsets.outcomes import Outcome

FIRST = "https://a.test/first.jpg"
SECOND = "https://a.test/second.jpg"


def outcomes(catalog):
    with catalog._read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT url, outcome, image_id FROM sightings ORDER BY sighting_id"
        )
        return {url: (outcome, image_id) for url, outcome, image_id in rows}


def verdicts(catalog):
    with catalog._read() as connection:
        rows = connection.exec_driver_sql("SELECT image_id, verdict, superseded_by FROM images")
        return {image_id: (verdict, by) for image_id, verdict, by in rows}


def everything(batch):
    return [int(seq) for seq in batch.seq]


def test_a_new_picture_is_stored_together_with_its_sighting(catalog, image, sighting):
    admission = catalog.admit(image("a"), sighting=sighting(FIRST))
    assert admission.kind == "stored"
    assert admission.keeps_file
    assert admission.image_id == image("a").sha256[:16]
    assert outcomes(catalog) == {FIRST: ("stored", admission.image_id)}


def test_the_same_bytes_are_never_stored_twice(catalog, image, sighting):
    first = catalog.admit(image("a"), sighting=sighting(FIRST))
    again = catalog.admit(image("a", openness=9), sighting=sighting(SECOND))
    assert (again.kind, again.image_id, again.seq) == ("duplicate_bytes", first.image_id, 0)
    assert again.keeps_file  # the file of these bytes is the first one's
    assert SECOND not in outcomes(catalog)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"openness": 60, "width": 200}, {"openness": 40, "width": 800}),
        ({"width": 401, "bytes": 1}, {"width": 400, "bytes": 9_999}),
        ({"bytes": 1_001}, {"bytes": 1_000}),
    ],
    ids=["license", "pixels", "bytes"],
)
def test_the_better_copy_stands_for_the_picture_in_either_order(
    catalog, image, sighting, better, worse
):
    a, b = image("a", **better), image("b", **worse)
    first = catalog.admit(a, sighting=sighting(FIRST), match=everything)
    second = catalog.admit(b, sighting=sighting(SECOND), match=everything)
    assert (second.kind, second.image_id) == ("near_duplicate", first.image_id)
    assert not second.keeps_file

    c, d = image("c", pixel_hash="1" * 16, **worse), image("d", pixel_hash="1" * 16, **better)
    third = catalog.admit(c)
    fourth = catalog.admit(d)
    assert fourth.kind == "stored"
    assert [old.image_id for old in fourth.replaced] == [third.image_id]
    assert fourth.replaced[0].path == c.path
    assert verdicts(catalog)[third.image_id] == ("superseded", fourth.image_id)


def test_of_equal_copies_the_first_stays(catalog, image):
    first = catalog.admit(image("a"), match=everything)
    second = catalog.admit(image("b"), match=everything)
    assert (second.kind, second.image_id) == ("near_duplicate", first.image_id)


def test_urls_of_a_replaced_copy_point_to_the_better_one(catalog, image, sighting):
    first = catalog.admit(image("a"), sighting=sighting(FIRST))
    same_bytes = "https://a.test/same-bytes.jpg"
    row = sighting(same_bytes, Outcome.DUPLICATE_BYTES, image_id=first.image_id)
    known = sighting(FIRST, Outcome.KNOWN_URL, query_id="q2")
    catalog.write(Batch(sightings=[row, known]))
    better = catalog.admit(
        image("b", width=999), sighting=sighting(SECOND), near=[first.seq], newer_than=99
    )
    assert outcomes(catalog) == {
        FIRST: ("known_url", better.image_id),  # its row for q2
        same_bytes: ("near_duplicate", better.image_id),
        SECOND: ("stored", better.image_id),
    }
    assert catalog.lookup_url(FIRST) == (Outcome.NEAR_DUPLICATE, better.image_id)


def test_same_pixels_stay_same_pixels_when_replaced(catalog, image, sighting):
    pixels = {"pixel_hash": "2" * 16}
    catalog.admit(image("a", **pixels), sighting=sighting(FIRST))
    better = catalog.admit(image("b", bytes=5_000, **pixels), sighting=sighting(SECOND))
    assert outcomes(catalog)[FIRST] == ("duplicate_pixels", better.image_id)


def test_a_late_word_about_a_replaced_image_does_not_bring_it_back(catalog, image, sighting):
    first = catalog.admit(image("a"), sighting=sighting(FIRST))
    better = catalog.admit(image("b", width=999), match=everything)
    late = [
        sighting(FIRST, image_id=first.image_id),
        sighting(SECOND, Outcome.DUPLICATE_BYTES, image_id=first.image_id),
    ]
    catalog.write(Batch(sightings=late))
    assert outcomes(catalog) == {
        FIRST: ("near_duplicate", better.image_id),
        SECOND: ("near_duplicate", better.image_id),
    }


def test_a_copy_of_a_replaced_image_is_a_copy_of_its_heir(catalog, image):
    first = catalog.admit(image("a"))
    second = catalog.admit(image("b", width=500), match=everything)
    third = catalog.admit(image("c", width=600), match=everything)
    assert {old.image_id for old in third.replaced} == {second.image_id}
    again = catalog.admit(image("a"))
    assert (again.kind, again.image_id) == ("duplicate_bytes", third.image_id)
    assert not again.keeps_file  # its file went when it was replaced
    near = catalog.admit(image("d"), near=[first.seq])
    assert (near.kind, near.image_id) == ("near_duplicate", third.image_id)


def test_one_copy_may_replace_several(catalog, image, sighting):
    one = catalog.admit(image("a"), sighting=sighting(FIRST))
    two = catalog.admit(image("b"), sighting=sighting(SECOND))
    both = catalog.admit(image("c", width=999), match=everything)
    assert {old.seq for old in both.replaced} == {one.seq, two.seq}
    assert {image_id for _, image_id in outcomes(catalog).values()} == {both.image_id}


def test_dropped_images_are_known_by_their_bytes_and_nothing_else(catalog, image):
    dropped = image("a", verdict="dropped", path="", pixel_hash="3" * 16)
    catalog.write(Batch(refused=[dropped, dropped]))
    same = catalog.admit(image("a"))
    assert (same.kind, same.image_id) == ("duplicate_bytes", dropped.sha256[:16])
    assert not same.keeps_file
    assert catalog.admit(image("b", pixel_hash="3" * 16), match=everything).kind == "stored"


def test_a_removed_file_does_not_come_back(catalog, image):
    catalog.bury(sha256=image("a").sha256, reason="asked by its owner")
    admission = catalog.admit(image("a"))
    assert (admission.kind, admission.outcome) == ("removed", Outcome.REMOVED)
    assert not admission.keeps_file


def test_two_images_with_the_same_first_digits_get_different_ids(catalog, image):
    start = "0123456789abcdef"
    shas = [start + "0" * 48, start + "1" + "0" * 47, start + "1" + "0" * 46 + "1"]
    ids = [catalog.admit(image(str(n), sha256=sha)).image_id for n, sha in enumerate(shas)]
    assert ids == [start, start + "1", start + "10"]
    assert catalog.admit(image("0", sha256=shas[1])).image_id == start + "1"
    row = image("9", sha256=start + "2" * 48, verdict="dropped")
    catalog.write(Batch(refused=[row]))
    assert start + "2" in verdicts(catalog)


def test_only_what_is_newer_than_the_caller_s_index_is_matched(catalog, image):
    old = catalog.admit(image("a"))
    new = catalog.admit(image("b"))
    seen = []

    def match(batch):
        seen.extend(everything(batch))
        return []

    catalog.admit(image("c"), newer_than=old.seq, match=match)
    assert seen == [new.seq]


def test_fingerprints_come_in_chunks_and_complete(catalog, image, monkeypatch):
    from carsets.catalog import catalog as module

    monkeypatch.setattr(module, "CHUNK", 4)
    rows: list[ImageRow] = [image(str(n), width=n + 1) for n in range(10)]
    for row in rows:
        catalog.admit(row)
    catalog.write(Batch(refused=[image("x", verdict="dropped")]))
    batches = list(catalog.fingerprints_after(2))
    assert [len(batch) for batch in batches] == [4, 4, 1]
    assert [int(seq) for batch in batches for seq in batch.seq] == list(range(3, 12))
    assert int(batches[0].phash[0]) == rows[2].phash
    assert int(batches[0].sha[0]) == int(rows[2].sha256[:16], 16)
    assert batches[0].rank(0) == rows[2].rank
    assert [bool(kept) for kept in batches[2].kept] == [False]


def test_run_images_tell_what_was_replaced_since(catalog, image):
    catalog.admit(image("a", bytes=10, run_id="run1"))
    catalog.admit(image("b", pixel_hash="5" * 16, bytes=20, run_id="run1"))
    catalog.admit(image("c", pixel_hash="5" * 16, bytes=30, run_id="run2"))
    assert catalog.run_images("run1").replaced == {Outcome.DUPLICATE_PIXELS: 1}
    assert (catalog.run_images("run1").kept, catalog.run_images("run1").bytes) == (1, 10)
    assert catalog.kept_images() == 2


def test_processes_that_race_with_copies_keep_exactly_one_of_each(catalog, url):
    processes, clusters, copies = 3, 8, 4
    script = Path(__file__).with_name("hammer.py")
    command = [sys.executable, str(script), url]
    running = [
        subprocess.Popen(
            [*command, str(n), str(clusters), str(copies)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for n in range(processes)
    ]
    told = [process.communicate(timeout=180) for process in running]
    assert [errors for _, errors in told] == [""] * processes
    kinds = [kind for out, _ in told for kind in json.loads(out).values()]
    assert len(kinds) == processes * clusters * copies
    kept = [by for verdict, by in verdicts(catalog).values() if verdict == "keep"]
    assert len(kept) == clusters
    rows = outcomes(catalog)
    assert len(rows) == len(kinds)
    assert sum(outcome == "stored" for outcome, _ in rows.values()) == clusters
    current = {name for name, (verdict, _) in verdicts(catalog).items() if verdict == "keep"}
    assert {image_id for _, image_id in rows.values()} == current
    # The largest copy of each cluster is the one that stays.
    with catalog._read() as connection:
        widths = connection.exec_driver_sql("SELECT width FROM images WHERE verdict = 'keep'")
        assert {width for (width,) in widths} == {100 + 10 * (copies - 1) + processes - 1}
