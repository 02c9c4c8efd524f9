"""What a detector says after the crawl, as the catalog takes it: SQLite and PostgreSQL."""

from collections import Counter
from itertools import chain

import pytest
from sqlalchemy import select, text

from carsets.catalog.batch_jobs import JobTaken
from carsets.catalog.catalog import Catalog
from carsets.catalog.curation_rows import ScoreRow
from carsets.catalog.detection_rows import Choice, Policy, Step, StoredFile
from carsets.catalog.entries import detection_columns
from carsets.catalog.removal import Target
from carsets.catalog.reviews import Decision
from carsets.catalog.rows import Batch, RunRow
from carsets.catalog.schema import images, past_detections, sightings
from carsets.outcomes import Outcome
from carsets.vision.detection import Detection
from tests.postgres_server import postgres_server  # noqa: F401 - a fixture

ALL, PENDING = Choice(), Choice(pending=True)
KEEP_ALL, REVIEW, DROP = Policy(decide=False), Policy(), Policy(drop=True, mark="review_mark")
WHEN = "2026-02-02T00:00:00+00:00"


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'catalog.sqlite'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        url = f"postgresql+psycopg://postgres@/{server.database()}?host={server.socket}"
    catalog = Catalog.open(url)
    for run_id in ("run1", "run2"):
        catalog.start_run(RunRow(run_id=run_id, source="bing", started_at="2026-01-01T00:00:00"))
    yield catalog
    catalog.close()


@pytest.fixture
def add(catalog, image, sighting):
    def add(name, near=(), **more):
        url = f"https://a.test/{name}.jpg"
        return catalog.admit(image(name, **more), sighting=sighting(url), near=near)

    return add


@pytest.fixture
def seen_again(catalog, sighting):
    """Return what writes that a URL led to a copy of an image."""

    def see(name, outcome, image_id):
        row = sighting(f"https://b.test/{name}.jpg", outcome, image_id=image_id)
        catalog.write(Batch(sightings=[row]))

    return see


def said(verdict, score=0.5, model="new"):
    return Detection(
        top=(("convertible", 0.5), ("minivan", 0.25)), car_score=score, part_score=0.0,
        view="exterior", verdict=verdict, features=b"\0\1\0\0", model=model,
    )  # fmt: skip


def rows(catalog, table, *columns):
    with catalog._read() as connection:
        chosen = [table.c[name] for name in columns]
        return [tuple(row) for row in connection.execute(select(*chosen).order_by(chosen[0]))]


def job(catalog, **options):
    return catalog.open_job("detection", options, WHEN)


def record(catalog, found=(), lost=(), choice=PENDING, policy=DROP, of=None):
    of = of or job(catalog)
    found, lost = dict(found), dict(lost)
    step = Step(after=of.done_to, done_to=max([*found, *lost]), found=found, lost=lost)
    return catalog.record_step(of.job_id, step, choice, policy)


def test_what_is_said_stands_in_the_row_as_if_a_crawl_had_written_it(catalog, add):
    one = add("a")
    found = said("keep", 0.7)
    assert record(catalog, {one.seq: found}).tally == Counter(keep=1)
    [row] = rows(catalog, images, "verdict", *detection_columns(found))
    assert row == ("keep", *detection_columns(found).values())


def test_a_dropped_image_ends_its_addresses_and_keeps_its_path_until_the_file_is_gone(
    catalog, add, seen_again, image
):
    one, other = add("a"), add("b")
    seen_again("near", Outcome.NEAR_DUPLICATE, one.image_id)
    seen_again("pixels", Outcome.DUPLICATE_PIXELS, one.image_id)
    seen_again("bytes", Outcome.DUPLICATE_BYTES, one.image_id)
    seen_again("everywhere", Outcome.PLACEHOLDER, one.image_id)
    seen_again("other", Outcome.NEAR_DUPLICATE, other.image_id)
    recorded = record(catalog, {one.seq: said("drop", 0.1), other.seq: said("keep")})
    assert recorded.tally == Counter(keep=1, dropped=1)
    path = image("a").path
    assert recorded.doomed == [StoredFile(one.seq, image("a").sha256, path)]
    ends = dict(rows(catalog, sightings, "url", "outcome"))
    assert ends == {
        "https://a.test/a.jpg": "not_a_car",
        "https://a.test/b.jpg": "stored",
        "https://b.test/near.jpg": "not_a_car",
        "https://b.test/pixels.jpg": "not_a_car",
        "https://b.test/bytes.jpg": "duplicate_bytes",  # as in a crawl: the bytes are known
        "https://b.test/everywhere.jpg": "placeholder",
        "https://b.test/other.jpg": "near_duplicate",
    }
    assert catalog.dropped_files() == recorded.doomed
    catalog.forget_files([one.seq])
    assert catalog.dropped_files() == []
    assert catalog.kept_images() == 1
    assert rows(catalog, images, "seq", "path") == [(1, ""), (2, image("b").path)]


def test_without_drop_people_decide(catalog, add):
    one = add("a")
    recorded = record(catalog, {one.seq: said("drop", 0.1)}, policy=REVIEW)
    assert (recorded.tally, recorded.doomed) == (Counter(review=1), [])
    assert rows(catalog, images, "seq", "verdict", "car_score") == [(1, "review", 0.1)]
    assert rows(catalog, sightings, "url", "outcome") == [("https://a.test/a.jpg", "stored")]


def test_verdicts_stay_where_only_scores_are_asked_for(catalog, add):
    one = add("a")
    assert record(catalog, {one.seq: said("drop", 0.1)}, policy=KEEP_ALL).tally == Counter(keep=1)
    assert rows(catalog, images, "seq", "verdict", "car_score", "features") == [
        (1, "keep", 0.1, b"\0\1\0\0")
    ]


def test_what_was_said_before_is_remembered(catalog, add):
    first = said("keep", 0.9, "old")
    one = add("a", **detection_columns(first))
    new = add("b")
    of = job(catalog)
    record(
        catalog, {one.seq: said("review", 0.3), new.seq: said("keep")}, choice=ALL, policy=REVIEW,
        of=of,
    )  # fmt: skip
    assert rows(catalog, past_detections, "job_id", "model", "car_score", "verdict") == [
        (of.job_id, "old", 0.9, "keep")
    ]
    assert catalog.changed_verdicts(of.job_id) == {("keep", "review"): 1}


@pytest.mark.parametrize("decision", ["keep", "drop"])
def test_what_people_decided_stands_above_the_detector(decision, catalog, add):
    one, undecided = add("a"), add("b")
    word = Decision(key="k1", image_id=one.image_id, decision=decision)
    catalog.record_reviews("eve", [word], WHEN)
    recorded = record(catalog, {n.seq: said("drop", 0.1) for n in (one, undecided)})
    assert recorded.tally == Counter(keep=1, dropped=1)
    assert [file.seq for file in recorded.doomed] == [undecided.seq]


@pytest.mark.parametrize(
    ("verdict", "then", "marked"),
    [("keep", "review", True), ("review", "review", False), ("drop", "dropped", True)],
)
def test_what_curation_doubts_stays_in_review_unless_it_is_no_car(
    verdict, then, marked, catalog, add
):
    one = add("a")
    marks = [ScoreRow(one.seq, 0.9, "an outlier")]
    catalog.write_doubts(("doubt", "review_mark"), [], marks, set(), WHEN)
    record(catalog, {one.seq: said(verdict)})
    assert rows(catalog, images, "seq", "verdict") == [(1, then)]
    # Where the detector itself asks for people, curation may not send the image back any more.
    _, returned = catalog.write_doubts(("doubt", "review_mark"), [], [], set(), WHEN)
    assert returned == (1 if verdict == "keep" else 0)
    assert marked or rows(catalog, images, "seq", "verdict") == [(1, "review")]


def test_pending_are_those_that_nothing_was_said_of(catalog, add, image):
    add("old", **detection_columns(said("keep")))
    new, gone = add("new"), add("gone")
    add("better", near=[gone.seq], openness=9)
    add("expired", path="")
    choice = catalog.files_between(0, 99, PENDING)
    assert [file.sha256 for file in choice] == [image(n).sha256 for n in ("new", "better")]
    assert catalog.files_between(new.seq, 99, PENDING)[0].sha256 == image("better").sha256
    assert (catalog.count_files(0, 99, PENDING), catalog.count_files(0, 99, ALL)) == (2, 3)


def test_shares_are_every_image_once(catalog, add):
    for number in range(7):
        add(str(number))
    shares = [
        [file.seq for file in catalog.files_between(0, 99, Choice(share=one, shares=3))]
        for one in (1, 2, 3)
    ]
    assert sorted(chain(*shares)) == list(range(1, 8))
    assert [catalog.count_files(0, 99, Choice(share=n, shares=3)) for n in (1, 2, 3)] == [
        len(share) for share in shares
    ]


def test_what_left_the_dataset_or_was_looked_at_meanwhile_is_passed_over(catalog, add):
    one, gone, done, lost = add("a"), add("b"), add("c"), add("d")
    of = job(catalog)
    add("better", near=[gone.seq, lost.seq], openness=9)
    record(catalog, {done.seq: said("keep", 0.9)}, of=job(catalog, other=True))
    recorded = record(
        catalog,
        {n.seq: said("drop", 0.1) for n in (one, gone, done)},
        {lost.seq: "unreadable"},
        of=of,
    )
    assert recorded.tally == Counter({"dropped": 1, "passed over": 3})
    assert rows(catalog, images, "seq", "verdict")[:4] == [
        (1, "dropped"), (2, "superseded"), (3, "keep"), (4, "superseded")
    ]  # fmt: skip


def test_what_cannot_be_looked_at_is_counted_and_still_pending(catalog, add):
    one, two, three = add("a"), add("b"), add("c")
    of = job(catalog)
    lost = {one.seq: "unreadable", three.seq: "failed"}
    recorded = record(catalog, {two.seq: said("keep")}, lost, of=of)
    assert recorded.lost == [one.seq, three.seq]
    assert recorded.tally == Counter(unreadable=1, failed=1, keep=1)
    assert catalog.finish_job(of.job_id, WHEN) == recorded.tally
    assert [file.seq for file in catalog.files_between(0, 99, PENDING)] == [one.seq, three.seq]


def test_a_job_goes_on_with_the_same_options_alone(catalog, add):
    one, two = add("a"), add("b")
    record(catalog, {one.seq: said("keep")}, of=job(catalog, model="x"))
    assert job(catalog, model="y").done_to == 0
    again = job(catalog, model="x")
    assert (again.done_to, again.last_seq, again.tally) == (one.seq, two.seq, Counter(keep=1))
    add("c")
    assert job(catalog, model="x").last_seq == 3  # what has come since is looked at too
    anew = catalog.open_job("detection", {"model": "x"}, WHEN, anew=True)
    assert (anew.done_to, anew.job_id != again.job_id) == (0, True)
    catalog.finish_job(anew.job_id, WHEN)
    assert job(catalog, model="x").done_to == 0


def test_of_two_processes_on_one_job_one_writes_each_step(catalog, add):
    one = add("a")
    first, second = job(catalog), job(catalog)
    assert first == second
    record(catalog, {one.seq: said("keep", 0.9)}, of=first, choice=ALL)
    with pytest.raises(JobTaken, match="--share"):
        record(catalog, {one.seq: said("drop", 0.1)}, of=second, choice=ALL)
    assert rows(catalog, images, "seq", "verdict", "car_score") == [(1, "keep", 0.9)]
    assert rows(catalog, past_detections, "job_id") == []
    catalog.open_job("detection", {}, WHEN, anew=True)  # gives the first one up
    with pytest.raises(JobTaken):
        record(catalog, {one.seq: said("keep")}, of=first, choice=ALL)


def test_copies_that_a_crawl_found_after_the_drop_end_with_the_image(catalog, add, seen_again):
    one, kept = add("a"), add("b")
    record(catalog, {one.seq: said("drop", 0.1), kept.seq: said("keep")})
    for name, outcome in (("late", Outcome.NEAR_DUPLICATE), ("bytes", Outcome.DUPLICATE_BYTES)):
        seen_again(name, outcome, one.image_id)
    seen_again("other", Outcome.NEAR_DUPLICATE, kept.image_id)
    catalog.end_late_copies()
    ends = dict(rows(catalog, sightings, "url", "outcome"))
    assert ends["https://b.test/late.jpg"] == "not_a_car"
    assert ends["https://b.test/bytes.jpg"] == "duplicate_bytes"
    assert ends["https://b.test/other.jpg"] == "near_duplicate"
    [note] = [n for n in rows(catalog, sightings, "note") if one.image_id in n[0]]
    assert note == (f"the same picture as {one.image_id}",)


def test_removal_on_request_takes_what_was_said_before_too(catalog, add):
    one = add("a", **detection_columns(said("keep", 0.9, "old")))
    record(catalog, {one.seq: said("keep")}, choice=ALL)
    batch = catalog.read_removal([one.seq], [], by_looks=True)
    catalog.bury_target(Target("image", one.image_id, 0), "asked by its owner")
    catalog.forget(batch)
    assert rows(catalog, past_detections, "image_id") == []


def test_images_are_found_by_their_number_and_never_by_their_verdict(tmp_path, image):
    """Sorting all images of a verdict for each window would read a million rows, 200 times."""
    catalog = Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    with catalog._read() as connection:
        plan = connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT seq, sha256, path FROM images WHERE seq > 5 AND "
                "seq <= 5005 AND verdict IN ('keep', 'review') AND path != '' ORDER BY seq"
            )
        ).all()
    catalog.close()
    steps = [row[-1] for row in plan]
    assert all("rowid>" in step or "TEMP B-TREE" in step for step in steps), steps
