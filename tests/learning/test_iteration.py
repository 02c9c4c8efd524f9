"""Rounds: what is wrong is asked about first, answers are used, and nothing happens by itself."""

import numpy as np
import pytest

from carsets.catalog.catalog import Catalog
from carsets.catalog.lessons import ROUND
from carsets.catalog.schema import images, scores
from carsets.curation.kinds import Kind
from carsets.learning.iteration import run_round
from carsets.learning.measures import macro_f1
from carsets.learning.questions import choose, worth_of
from carsets.learning.verdict_head import DROP, KEEP, UNSAID, learn_verdicts
from carsets.problems import UserError
from carsets.release.people import words_by_image
from tests.learning.featured import WIDTH, Image, blobs, fill, image_id, say
from tests.postgres_server import postgres_server  # noqa: F401 - a fixture
from tests.release.conftest import Told

WHEN = "2026-01-01T00:00:00+00:00"


def iterate(catalog, questions=40, when=WHEN, **given):
    return run_round(catalog, Told(), when, questions=questions, **given)


def questions_of(catalog):
    """Return the numbers of the images that are asked about, in the order of ``scrapy review``."""
    asked = len(rows_of(catalog, Kind.ASKED))
    arrays = catalog.review_queue(Kind.DOUBT, Kind.ASKED)
    order = np.argsort(-np.nan_to_num(arrays.doubt), kind="stable")[:asked]
    assert (arrays.doubt[order] > 1).all()
    return arrays.seq[order].tolist()


def rows_of(catalog, kind):
    with catalog._read() as connection:
        rows = connection.execute(
            scores.select().where(scores.c.kind == kind).order_by(scores.c.score.desc())
        ).all()
    return {row.image_id: row for row in rows}


def with_noise(count=600, share=0.06, spread=0.9):
    """Return images of four makes, and what each really is: some labels are another make's."""
    made, rng = blobs(count, spread=spread), np.random.default_rng(5)
    truth = [image.labels["make"] for image in made]
    for number in rng.choice(count, round(share * count), replace=False):
        made[number].labels = {"make": f"class {(int(truth[number][-1]) + 1 + number % 3) % 4}"}
    return made, truth


def f1(catalog, truth):
    """Return the macro-F1 of the labels that a release would have today."""
    with catalog.curation_state() as rows:
        words = words_by_image(rows.reviews(0, rows.newest()))
        labels = {row.seq: row.labels_json for chunk in rows.images() for row in chunk}
    today = [int(labels[number].split("class ")[1][0]) for number in range(1, len(truth) + 1)]
    for number, word in words.items():
        today[number - 1] = int(word.labels["make"][-1])
    really = np.array([int(name[-1]) for name in truth], np.int32)
    return macro_f1(really, np.array(today, np.int32))


def answer(catalog, numbers, truth):
    for number in numbers:
        say(catalog, number, "keep", {"make": truth[number - 1]})


def test_an_oracle_that_answers_the_first_questions_makes_the_labels_better(catalog):
    made, truth = with_noise(spread=1.3)
    fill(catalog, made)
    wrong = {n for n, image in enumerate(made, 1) if image.labels["make"] != truth[n - 1]}
    before = f1(catalog, truth)
    first = iterate(catalog, questions=20)
    asked = questions_of(catalog)
    assert len(asked) == first.asked == 20
    assert len(wrong & set(asked)) > 10  # of all images 6 % are wrong
    assert len(wrong & set(asked[:10])) >= len(wrong & set(asked[10:]))  # the surest first
    answer(catalog, asked, truth)
    after = f1(catalog, truth)
    assert after == pytest.approx(before + len(wrong & set(asked)) / 600, abs=0.003)

    second = iterate(catalog, questions=20)
    assert (second.number, second.answered, second.still_asked) == (2, 20, 0)
    assert second.spoken_of == 20
    [make] = second.labels
    assert make.confirmed == 20
    assert make.agreement.share > 0.5
    again = questions_of(catalog)
    assert not set(again) & set(asked)
    answer(catalog, again, truth)
    assert f1(catalog, truth) > after + 0.005


def test_the_questions_are_better_than_chance_by_far(catalog):
    made, truth = with_noise()
    fill(catalog, made)
    iterate(catalog)
    wrong = [image.labels["make"] != truth[n] for n, image in enumerate(made)]
    asked = [number - 1 for number in questions_of(catalog)]
    assert np.mean(np.array(wrong)[asked]) > 8 * np.mean(wrong)


def test_a_second_run_changes_nothing_until_somebody_has_spoken(catalog):
    made, truth = with_noise(300)
    fill(catalog, made)
    one = iterate(catalog, questions=10)
    written = [rows_of(catalog, kind) for kind in Kind]
    two = iterate(catalog, questions=10, when="2027-01-01T00:00:00+00:00")
    assert one.new
    assert not two.new
    assert two.as_json() == one.as_json() | {"new": False}
    assert [rows_of(catalog, kind) for kind in Kind] == written
    say(catalog, questions_of(catalog)[0], "skip")
    assert not iterate(catalog, questions=10).new
    answer(catalog, questions_of(catalog)[:4], truth)
    three = iterate(catalog, questions=10)
    assert (three.number, three.new, three.answered) == (2, True, 4)
    assert three.still_asked + three.let_go == 6
    assert three.newly_asked == three.asked - three.still_asked


def test_peoples_word_is_never_doubted_and_nothing_is_hidden(catalog):
    made, _ = with_noise(300)
    fill(catalog, made)
    iterate(catalog)
    [stubborn, dropped, *_] = questions_of(catalog)
    say(catalog, stubborn, "keep", made[stubborn - 1].labels)  # the wrong label is confirmed
    say(catalog, dropped, "drop")
    iterate(catalog)
    for number in (stubborn, dropped):
        for kind in (Kind.HEAD_LABEL, Kind.HEAD_VERDICT, Kind.ASKED):
            assert image_id(number) not in rows_of(catalog, kind)
    with catalog._read() as connection:
        rows = connection.execute(images.select()).all()
    assert {row.verdict for row in rows} == {"keep"}
    assert [row.labels for row in rows] == [image.labels for image in made]


def test_reasons_name_both_labels(catalog):
    made, truth = with_noise(300)
    fill(catalog, made)
    iterate(catalog)
    first = questions_of(catalog)[0]
    reason = rows_of(catalog, Kind.ASKED)[image_id(first)].reason
    own, looks = made[first - 1].labels["make"], truth[first - 1]
    assert reason.startswith(f"make {own}: it looks like {looks}; wrong with ")
    assert rows_of(catalog, Kind.HEAD_LABEL)[image_id(first)].score >= 0.5


def test_of_related_images_one_is_asked_about(catalog):
    made, truth = with_noise(400)
    for number, image in enumerate(made):
        if image.labels["make"] != truth[number]:
            image.author = "a careless one"
    fill(catalog, made)
    iterate(catalog)
    asked = [made[number - 1].author for number in questions_of(catalog)]
    assert asked.count("a careless one") == 1


def by_photographer(seed=6):
    """Return images whose look tells who took them; each takes one make, one of them wrongly."""
    rng = np.random.default_rng(seed)
    made = []
    for author in range(40):
        look = rng.normal(size=WIDTH) * 2
        for _ in range(10):
            vector = look + rng.normal(size=WIDTH) * 0.2
            made.append(Image(vector, {"make": f"class {author % 2}"}, author=f"author {author}"))
    return made


def test_no_image_is_judged_by_those_of_its_own_group(catalog):
    """If it were, the looks of a photographer would tell the make: they are always the same."""
    fill(catalog, by_photographer())
    [make] = iterate(catalog).labels
    assert make.told_by_features == 0
    made = by_photographer()
    for image in made:
        image.author = ""
    other = Catalog.open("sqlite://")
    fill(other, made)
    [careless] = run_round(other, Told(), WHEN, questions=5).labels
    other.close()
    assert careless.told_by_features > 0.3


def not_cars():
    """Return 300 images, of which the last 60 show something else."""
    rng = np.random.default_rng(7)
    made = blobs(240, classes=2, spread=0.8)
    strange = rng.normal(size=WIDTH)
    for number in range(60):
        vector = strange * 0.3 + rng.normal(size=WIDTH) * 0.1
        verdict = "review" if number % 2 else "keep"
        made.append(Image(vector, {"make": f"class {number % 2}"}, verdict=verdict))
    return made


def test_what_people_dropped_teaches_what_does_not_belong(catalog):
    fill(catalog, not_cars())
    for number in range(1, 31):
        say(catalog, number, "keep", {"make": f"class {(number - 1) % 2}"})
    assert iterate(catalog).verdicts.used is False
    for number in range(241, 266):
        say(catalog, number, "drop")
    made = iterate(catalog)
    assert made.verdicts.used
    assert (made.verdicts.kept, made.verdicts.dropped) == (30, 25)
    assert made.verdicts.agreement.share > 0.9
    doubted = {image_id(number) for number in range(266, 301)}
    found = rows_of(catalog, Kind.HEAD_VERDICT)
    likely = {one for one, row in found.items() if row.score >= 0.4}
    assert likely <= doubted
    assert len(likely) > 0.8 * len(doubted)
    asked = questions_of(catalog)
    kept = {number for number in range(266, 301) if number % 2 == 1}
    assert len(kept & set(asked)) > 0.8 * len(kept)
    assert set(asked) <= set(range(266, 301))
    reason = rows_of(catalog, Kind.ASKED)[image_id(asked[0])].reason
    assert reason.startswith("people have dropped ")


def test_verdicts_that_nothing_tells_are_not_used():
    rng = np.random.default_rng(8)
    vectors = rng.normal(size=(400, 16)).astype(np.float32) / 4
    owner = rng.integers(0, 2**63, 400, dtype=np.uint64)
    said = rng.choice([UNSAID, KEEP, DROP], 400).astype(np.int8)
    waiting = np.zeros(400, np.bool_)
    assert not learn_verdicts(vectors, said, owner, waiting).better
    kept_alone = np.where(said == DROP, UNSAID, said)
    assert learn_verdicts(vectors, kept_alone, owner, waiting) is None
    one_owner = np.zeros(400, np.uint64)
    assert learn_verdicts(vectors, said, one_owner, waiting) is None


def test_no_question_is_worth_less_than_the_one_after_it():
    wrong = np.array([0.9, 0.1, 0.0, 0.5, 0.95], np.float32)
    drop = np.array([0.0, 0.8, 0.9, 0.5, 0.99], np.float32)
    waiting = np.array([False, False, True, True, False])
    settled = np.array([False, False, False, False, True])
    worth = worth_of(wrong, drop, waiting, settled)
    assert worth == pytest.approx([0.9, 0.8, 0.1, 0.5, 0.0])
    key = np.arange(5, dtype=np.uint64)
    assert choose(worth, key, key, 10).tolist() == [0, 1, 3]
    assert choose(worth, key, key, 1).tolist() == [0]
    assert choose(worth, np.array([1, 1, 2, 3, 4], np.uint64), key, 10).tolist() == [0, 3]


def test_two_networks_are_not_mixed_and_none_is_told(catalog):
    with pytest.raises(UserError, match="no image of the dataset has features"):
        iterate(catalog)
    made, _ = with_noise(200)
    for image in made[::2]:
        image.model = "VGG16"
    fill(catalog, made)
    with pytest.raises(UserError, match="choose one"):
        iterate(catalog)
    assert iterate(catalog, features="VGG16").with_features == 100
    assert rows_of(catalog, Kind.HEAD_LABEL).keys() <= {image_id(n) for n in range(1, 201, 2)}


def test_a_dataset_of_one_class_has_no_questions(catalog):
    fill(catalog, blobs(60, classes=1))
    made = iterate(catalog)
    assert made.asked == 0
    assert made.labels[0].agreement is None


def test_a_round_that_fails_leaves_the_last_one(catalog, monkeypatch):
    made, truth = with_noise(300)
    fill(catalog, made)
    iterate(catalog)
    before = rows_of(catalog, Kind.ASKED)
    answer(catalog, questions_of(catalog)[:5], truth)

    def fail(*_):
        raise RuntimeError("killed")

    monkeypatch.setattr("carsets.catalog.lessons.record", fail)
    with pytest.raises(RuntimeError, match="killed"):
        iterate(catalog)
    assert rows_of(catalog, Kind.ASKED) == before
    assert [lesson.result["number"] for lesson in catalog.newest_lessons(ROUND)] == [1]


def test_a_catalog_in_postgresql_asks_the_same(catalog, postgres_server):  # noqa: F811
    pytest.importorskip("psycopg")
    url = (
        f"postgresql+psycopg://postgres@/{postgres_server.database()}?host={postgres_server.socket}"
    )
    other = Catalog.open(url)
    try:
        made, truth = with_noise(200)
        for one in (catalog, other):
            fill(one, made)
            iterate(one, questions=10)
            answer(one, questions_of(one)[:5], truth)
        assert iterate(catalog) == iterate(other)
        assert questions_of(catalog) == questions_of(other)
    finally:
        other.close()
