"""What a baseline says is true: of sets that can be learnt, that cannot, and that would leak."""

import json
from dataclasses import replace

import numpy as np
import pytest

from carsets.catalog.catalog import Catalog
from carsets.catalog.lessons import BASELINE
from carsets.learning import examples as examples_module
from carsets.learning.baseline import measure, run_baseline, shuffled_between_groups
from carsets.learning.examples import BaselineOptions, read_examples
from carsets.learning.features import read_whitened
from carsets.problems import UserError
from tests.learning.featured import WIDTH, Image, blobs, fill, say
from tests.postgres_server import postgres_server  # noqa: F401 - a fixture
from tests.release.conftest import Told

WHEN = "2026-01-01T00:00:00+00:00"


def options(**given):
    return BaselineOptions(**{"salt": "1"} | given)


def learn(catalog, **given):
    return run_baseline(catalog, options(**given), Told(), WHEN)


def test_what_can_be_told_apart_is_and_shuffled_labels_teach_nothing(catalog):
    fill(catalog, blobs(600))
    found = learn(catalog)
    assert found.test.accuracy.share >= 0.95
    assert found.test.macro_f1 >= 0.95
    assert found.shuffled.accuracy.low <= 0.25 <= found.shuffled.accuracy.high
    assert found.sound
    assert found.classes == 4
    assert sum(part.images for part in found.parts.values()) + found.learnt == 600
    assert list(found.parts) == ["validation", "test"]


def test_labels_drawn_at_random_cannot_be_learnt(catalog):
    made = blobs(600, classes=1)
    rng = np.random.default_rng(2)
    for image in made:
        image.labels = {"make": f"class {rng.integers(3)}"}
    fill(catalog, made)
    found = learn(catalog, split="60/20/20")
    assert found.test.accuracy.low <= found.test.majority + 0.05
    assert found.sound


def by_photographers(count=60, each=10):
    """Return images that show who took them, and nothing of their make."""
    rng = np.random.default_rng(3)
    made = []
    for author in range(count):
        look = rng.normal(size=WIDTH)
        for _ in range(each):
            vector = look + rng.normal(size=WIDTH) * 0.1
            made.append(Image(vector, {"make": f"class {author % 3}"}, author=f"author {author}"))
    return made


def test_groups_are_on_one_side_and_without_that_the_numbers_lie(catalog):
    fill(catalog, by_photographers())
    asked = options(split="60/20/20")
    honest = learn(catalog, split="60/20/20")
    assert honest.test.accuracy.low < 0.45
    assert honest.sound
    with catalog.curation_state() as rows:
        featured = rows.with_features("builtin", WIDTH)
        examples = read_examples(rows, asked, featured)
        vectors = read_whitened(rows, ("builtin", WIDTH), examples.seq, examples.parts == 0)
    assert len(np.unique(examples.groups)) == 60
    for group in np.unique(examples.groups):
        assert len(set(examples.parts[examples.groups == group])) == 1
    # The same images, each in a part of its own choice.
    parts = np.random.default_rng(4).choice(3, len(examples.seq), p=(0.6, 0.2, 0.2))
    careless = measure(
        vectors, replace(examples, parts=parts.astype(np.int8)), asked, "builtin", Told()
    )
    assert careless.test.accuracy.share > 0.9  # of three classes that do not show
    assert careless.shuffled.accuracy.share > 0.9
    assert not careless.sound


def test_margins_are_those_of_groups_and_not_of_images(catalog):
    fill(catalog, by_photographers())
    found = learn(catalog, split="60/20/20")
    test = found.test
    assert test.groups == test.images // 10
    margin = test.accuracy.high - test.accuracy.low
    share = test.accuracy.share
    assert margin > 2 * 1.9 * np.sqrt(share * (1 - share) / (2 * test.groups))


def test_peoples_word_is_what_is_learnt(catalog):
    made = blobs(400, classes=2)
    for number, image in enumerate(made):
        image.labels = {"make": f"class {number % 2}" if number >= 40 else "Opel"}
    fill(catalog, made)
    for number in range(40):
        say(catalog, number + 1, "relabel", {"make": f"class {number % 2}"})
    say(catalog, 50, "drop")
    found = learn(catalog)
    assert found.classes == 2
    assert found.test.accuracy.share >= 0.95
    assert found.learnt + sum(part.images for part in found.parts.values()) == 399


def test_the_same_seed_says_the_same_and_another_one_parts_otherwise(catalog):
    fill(catalog, blobs(300, spread=1.5))
    one, same, other = learn(catalog), learn(catalog), learn(catalog, salt="2")
    assert one == same
    assert one.test.images != other.test.images or one.test.accuracy != other.test.accuracy


def test_what_was_learnt_is_in_the_catalog_the_newest_of_each_label(catalog):
    made = blobs(300)
    for image in made:
        image.labels["body"] = "suv" if image.labels["make"] == "class 0" else "van"
    fill(catalog, made)
    learn(catalog)
    learn(catalog, label="body")
    last = learn(catalog, salt="2")
    body, make = catalog.newest_lessons(BASELINE)
    assert (body.subject, make.subject) == ("body", "make")
    assert make.options["salt"] == "2"
    assert make.result == json.loads(json.dumps(last.as_json()))


def test_small_classes_and_images_without_features_are_left_out_and_counted(catalog):
    made = blobs(300, classes=2)
    for image in made[:7]:
        image.labels = {"make": "rare"}
    for image in made[7:20]:
        image.vector = np.zeros(0)
    made[20].labels = {}
    one_author = [Image(image.vector, {"make": "Eve's"}, author="Eve") for image in made[100:150]]
    fill(catalog, made + one_author)
    found = learn(catalog)
    assert found.classes == 2
    assert found.left_out == {
        "have no such label": 1,
        "have no features of the network": 13,
        "are of classes that are too small to learn": 57,
    }


def test_of_many_images_enough_are_drawn(catalog, monkeypatch):
    monkeypatch.setattr(examples_module, "MOST_LEARNT", 100)
    monkeypatch.setattr(examples_module, "MOST_TESTED", 30)
    fill(catalog, blobs(400))
    found = learn(catalog)
    assert found.learnt == 100
    assert found.test.images == 30
    assert found.left_out["are more than needed"] > 200


def test_features_of_two_networks_are_never_mixed(catalog):
    made = blobs(400)
    for image in made[::2]:
        image.model = "ResNet50 imagenet"
    fill(catalog, made)
    with pytest.raises(UserError, match=r"choose one: --features .*ResNet50 imagenet \(200\)"):
        learn(catalog)
    found = learn(catalog, features="builtin")
    assert found.network == "builtin"
    assert found.left_out["have no features of the network"] == 200
    with pytest.raises(UserError, match="--features 'VGG16'"):
        learn(catalog, features="VGG16")


@pytest.mark.parametrize(
    ("made", "given", "says"),
    [
        ([], {}, "no image of the dataset has features"),
        (blobs(50, classes=1), {}, "all images have the one value 'class 0'"),
        (blobs(50), {"label": "body"}, "no image has it"),
        (blobs(50), {"label": "colr"}, "use one or several of make, model"),
        (blobs(50), {"where": "make = 'Fiat'"}, "no image of the dataset fits"),
        (blobs(50), {"where": "planet = 'Mars'"}, "no such column: planet"),
        (blobs(50), {"split": "100"}, "nothing would be left to test with"),
        (blobs(50), {"split": "80/30"}, "make 100"),
        (blobs(16), {}, "10 images of 5 unrelated groups"),
        (
            [Image(i.vector, i.labels, author=i.labels["make"]) for i in blobs(80)],
            {},
            "10 images of 5 unrelated groups",
        ),
        (blobs(40, classes=2), {"split": "98/1/1"}, "too few groups"),
        ([Image(np.zeros(0), {"make": str(n % 2)}) for n in range(50)], {}, "has features"),
    ],
)
def test_what_cannot_be_learnt_is_told_in_one_line(catalog, made, given, says):
    if made:
        fill(catalog, made)
    with pytest.raises(UserError, match=says) as told:
        learn(catalog, **given)
    assert "\n" not in str(told.value)
    assert told.value.exit_code == 2
    assert catalog.newest_lessons(BASELINE) == []


def test_groups_keep_one_label_when_labels_are_shuffled():
    groups = np.array([5, 5, 5, 1, 1, 9, 2, 3], np.int64)
    codes = np.array([0, 0, 0, 1, 1, 2, 3, 4], np.int32)
    drawn = shuffled_between_groups(codes, groups, "salt")
    assert len(set(drawn[:3])) == len(set(drawn[3:5])) == 1
    assert sorted({drawn[0], drawn[3], *drawn[5:]}) == [0, 1, 2, 3, 4]
    assert (drawn == shuffled_between_groups(codes, groups, "salt")).all()


def test_features_that_are_no_numbers_do_no_harm(catalog):
    made = blobs(300)
    made[0].vector = np.full(WIDTH, np.nan)
    made[1].vector = np.full(WIDTH, np.inf)
    for image in made:
        image.vector[5] = 0.0  # a number that says nothing
    fill(catalog, made)
    assert learn(catalog).test.accuracy.share > 0.9


def test_a_catalog_in_postgresql_says_the_same(catalog, postgres_server):  # noqa: F811
    pytest.importorskip("psycopg")
    url = (
        f"postgresql+psycopg://postgres@/{postgres_server.database()}?host={postgres_server.socket}"
    )
    other = Catalog.open(url)
    try:
        for one in (catalog, other):
            fill(one, blobs(200))
            say(one, 7, "relabel", {"make": "class 0"})
        assert learn(catalog) == learn(other)
        assert catalog.newest_lessons(BASELINE) == other.newest_lessons(BASELINE)
    finally:
        other.close()
