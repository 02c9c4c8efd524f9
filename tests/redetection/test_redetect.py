"""A job over all images: stopped at any moment it goes on, and nothing is done twice."""

from collections import Counter
from hashlib import sha256

import numpy as np
import pytest

from carsets.catalog.catalog import Catalog
from carsets.catalog.detection_rows import Choice, Policy
from carsets.catalog.rows import ImageRow, RunRow
from carsets.problems import UserError
from carsets.redetection import redetect
from carsets.redetection.redetect import Redetection, Task
from carsets.release.progress import ExportProgress
from carsets.vision.detection import Rule
from carsets.vision.labels import DEFAULT_LABELS, builtin_table
from carsets.vision.model_files import ModelSpec

IMAGES = 23
AUTOMOBILE = 1  # label of the built-in network


class FakeEngine:
    """Says of each image what its number asks for; stops after some batches if told to."""

    name = "fake"

    def __init__(self, stop_after=None, fault=lambda seq: ""):
        self.stop_after = stop_after
        self.fault = fault
        self.batches = []

    def run(self, batches):
        for count, batch in enumerate(batches):
            if count == self.stop_after:
                raise KeyboardInterrupt
            self.batches.append(batch["seq"])
            yield self.answer(batch)

    def answer(self, batch):
        numbers = batch["seq"]
        return {
            "seq": numbers,
            "probabilities": [chances(seq).tobytes() for seq in numbers],
            "features": [np.float16(seq).tobytes() for seq in numbers],
            "model": ["fake"] * len(numbers),
            "way": ["none"] * len(numbers),
            "fault": [self.fault(seq) for seq in numbers],
        }


def chances(seq):
    """Return probabilities of the built-in labels: keep, review and drop by turns."""
    car = (0.9, 0.3, 0.05)[seq % 3]
    found = np.full(12, (1 - car) / 11, "<f4")
    found[AUTOMOBILE] = car
    return found


@pytest.fixture
def make_catalog(tmp_path):
    made = []

    def make(name):
        catalog = Catalog.open(f"sqlite:///{tmp_path / name}.sqlite")
        catalog.start_run(RunRow(run_id="r", source="bing", started_at="2026-01-01"))
        for number in range(IMAGES):
            digest = sha256(b"%d" % number).hexdigest()
            catalog.admit(
                ImageRow(
                    sha256=digest, md5=digest[:32], pixel_hash=digest[16:32], phash=number,
                    dhash=number, verdict="keep", path=f"{digest}.jpg", run_id="r",
                )
            )  # fmt: skip
        made.append(catalog)
        return catalog

    yield make
    for catalog in made:
        catalog.close()


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    """A window of the catalog ends within a batch, as one of five thousand images does."""
    monkeypatch.setattr(redetect, "WINDOW", 5)


def make_task(**policy):
    return Task(
        choice=Choice(pending=True), policy=Policy(**policy), spec=ModelSpec(model="builtin"),
        rule=Rule(), table=builtin_table(DEFAULT_LABELS), batch_size=4,
    )  # fmt: skip


def work(catalog, engine, task=None, delete=lambda path: True, **how):
    run = Redetection(catalog, task or make_task(drop=True), delete, ExportProgress(0))
    return run.run(engine, **how)


def rows(catalog):
    with catalog._read() as connection:
        sql = "SELECT seq, verdict, path, car_score, features, model FROM images ORDER BY seq"
        return connection.exec_driver_sql(sql).all()


@pytest.mark.parametrize("stops", [(0,), (3,), (1, 0, 2), (5,)])
def test_a_job_that_was_stopped_ends_as_one_that_was_not(stops, make_catalog):
    whole, stopped = make_catalog("whole"), make_catalog("stopped")
    expected = FakeEngine()
    report = work(whole, expected)
    batches = []
    for stop_after in stops:
        engine = FakeEngine(stop_after)
        with pytest.raises(KeyboardInterrupt):
            work(stopped, engine)
        batches += engine.batches
    last = FakeEngine()
    resumed = work(stopped, last)
    assert [*batches, *last.batches] == expected.batches  # the same ones, and none twice
    assert [len(batch) for batch in expected.batches] == [4, 4, 4, 4, 4, 3]
    assert rows(stopped) == rows(whole)
    assert resumed.tally == report.tally == Counter(keep=7, review=8, dropped=8)
    assert resumed.before + resumed.looked_at == report.looked_at == IMAGES


def test_what_is_done_is_not_done_again_unless_anew(make_catalog):
    catalog = make_catalog("c")
    work(catalog, FakeEngine())
    again = FakeEngine()
    assert work(catalog, again).tally == Counter()
    assert again.batches == []
    task = Task(**{name: getattr(make_task(), name) for name in Task.__slots__} | {
        "choice": Choice()})  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        work(catalog, FakeEngine(2), task)
    goes_on, anew = FakeEngine(1), FakeEngine()
    with pytest.raises(KeyboardInterrupt):
        work(catalog, goes_on, task)
    assert work(catalog, anew, task, anew=True).before == 0
    assert anew.batches[0] != goes_on.batches[0]


def test_a_file_goes_after_the_decision_and_a_killed_deletion_is_finished(make_catalog):
    catalog, deleted = make_catalog("c"), []

    def delete(path):
        verdict = {row.path: row.verdict for row in rows(catalog)}
        assert verdict[path] == "dropped"
        if len(deleted) == 3 and "killed" not in deleted:
            deleted.append("killed")
            raise KeyboardInterrupt
        deleted.append(path)
        return True

    with pytest.raises(KeyboardInterrupt):
        work(catalog, FakeEngine(), delete=delete)
    report = work(catalog, FakeEngine(), delete=delete)
    assert report.tally["dropped"] == 8
    assert not [row for row in rows(catalog) if row.verdict == "dropped" and row.path]
    assert len({*deleted} - {"killed"}) == 8


def test_without_drop_no_file_goes(make_catalog):
    catalog = make_catalog("c")

    def delete(path):
        raise AssertionError(path)

    for policy in ({"decide": False}, {}):
        report = work(catalog, FakeEngine(), make_task(**policy), delete)
        assert report.files_deleted == 0
    assert all(row.path for row in rows(catalog))


def test_images_that_cannot_be_read_are_counted_and_named(make_catalog):
    catalog = make_catalog("c")
    lost = {2: "unreadable: 2.jpg was changed", 9: "failed: the network died"}
    report = work(catalog, FakeEngine(fault=lambda seq: lost.get(seq, "")))
    assert (report.tally["unreadable"], report.tally["failed"], report.lost) == (1, 1, 2)
    assert report.named == [*lost.values()]
    assert report.tally.total() == IMAGES
    assert [row.seq for row in rows(catalog) if not row.model] == [2, 9]
    again = FakeEngine()
    work(catalog, again)
    assert again.batches == [[2, 9]]


def test_a_store_that_is_gone_stops_the_job_before_it_calls_all_images_unreadable(
    make_catalog, monkeypatch
):
    catalog = make_catalog("c")
    monkeypatch.setattr(redetect, "LOST_IN_A_ROW", 6)
    broken = FakeEngine(fault=lambda seq: "unreadable: gone" if seq > 4 else "")
    with pytest.raises(UserError, match=r"6 images in a row.*gone") as caught:
        work(catalog, broken)
    assert caught.value.exit_code == 5
    healed = FakeEngine()
    assert work(catalog, healed).tally.total() == IMAGES
    assert healed.batches[0] == [9, 10, 11, 12]  # one whole batch was lost by then, and counted


@pytest.mark.parametrize(
    "lose",
    [
        lambda answers: [answers[0], *answers[2:]],
        lambda answers: answers[:-1],
        lambda answers: [answers[0], answers[0], *answers[2:]],
    ],
    ids=["one in the middle", "the last one", "one is another"],
)
def test_an_engine_that_loses_a_batch_is_found_out(lose, make_catalog):
    class Losing(FakeEngine):
        def run(self, batches):
            yield from lose([self.answer(batch) for batch in batches])

    with pytest.raises(UserError) as caught:
        work(make_catalog("c"), Losing())
    assert caught.value.exit_code == 6


def test_another_threshold_is_another_job_and_says_what_it_changed(make_catalog):
    catalog = make_catalog("c")
    work(catalog, FakeEngine(), make_task())
    facts = {name: getattr(make_task(), name) for name in Task.__slots__}
    strict = Task(**facts | {"choice": Choice(), "rule": Rule(keep=0.95)})
    report = work(catalog, FakeEngine(), strict)
    assert report.changed == {("keep", "review"): 7}
