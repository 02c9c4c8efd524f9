"""Curation of whole catalogs: what is written, what people said, and what a second run does."""

import csv

import numpy as np
import pytest
from sqlalchemy import select

from carsets.catalog.reviews import Decision, PairVerdict
from carsets.catalog.schema import images
from carsets.curation.curate import Curation
from carsets.curation.local_features import Look
from carsets.curation.options import CurateOptions
from carsets.vision.inspection import Limits, inspect
from tests.curation.conftest import WHEN, Silent, flipped
from tests.postgres_server import postgres_server  # noqa: F401 - a fixture

FORD = {"make": "Ford", "model": "Focus"}
OPEL = {"make": "Opel", "model": "Astra"}
FIAT = {"make": "Fiat", "model": "Panda"}


def some_of_everything(stock, order=None):
    """Fill a catalog with a copy, a placeholder, a wrong label and images that are good."""
    rng = np.random.default_rng(3)
    base = int(rng.integers(0, 2**64, dtype=np.uint64))
    facts = [
        ("large", {"phash": base, "dhash": base, "width": 900, "height": 700}),
        ("small", {"phash": flipped(base, 5, rng), "dhash": flipped(base, 9, rng)}),
        (
            "missing",
            {"seen": [{"labels": (FORD, OPEL, FIAT)[number % 3]} for number in range(12)]},
        ),
        ("swapped", {"title": "My Opel Astra", "seen": [{"labels": OPEL}]}),
        *((f"good {number}", {"title": f"Ford Focus {number}"}) for number in range(4)),
    ]
    for at in order if order is not None else range(len(facts)):
        name, more = facts[at]
        stock.add(name, **dict(more))


def test_each_fault_is_found_and_said_in_words(stock):
    some_of_everything(stock)
    curation = stock.curate()
    assert stock.groups() == {frozenset({"large", "small"})}
    assert stock.scores("near_duplicate").keys() == {"small"}
    assert 0.55 < stock.scores("near_duplicate")["small"] < 0.95
    assert stock.scores("placeholder").keys() == {"missing"}
    assert "13 unrelated owners" in stock.reasons("placeholder")["missing"]
    assert stock.scores("label_noise")["swapped"] >= 0.5
    assert "Opel" in stock.reasons("label_noise")["swapped"]
    assert stock.scores("engine_disagreement")["swapped"] == 0.5
    review = {name for name, verdict in stock.verdicts().items() if verdict == "review"}
    assert review == {"small", "missing", "swapped"} == set(stock.scores("review_mark"))
    assert curation.report.marked == 3
    assert curation.report.images == 8


def test_nothing_is_deleted_and_a_second_run_writes_the_same(stock):
    some_of_everything(stock)
    everything_but_verdicts = [column for column in images.c if column.name != "verdict"]
    with stock.catalog._read() as connection:
        before = connection.execute(select(*everything_but_verdicts)).all()
    stock.curate()
    first = stock.everything()
    assert stock.curate().report.returned == 0
    assert stock.everything() == first
    with stock.catalog._read() as connection:
        assert connection.execute(select(*everything_but_verdicts)).all() == before


@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_which_images_came_says_nothing(make_stock, tmp_path, seed):
    found = []
    for number, order in enumerate((None, np.random.default_rng(seed).permutation(8))):
        stock = make_stock(f"sqlite:///{tmp_path / str(number)}.sqlite")
        some_of_everything(stock, order)
        stock.curate()
        found.append((stock.groups(), stock.everything()))
    assert found[0] == found[1]


def test_a_run_that_is_stopped_half_way_and_repeated_ends_the_same(make_stock, tmp_path):
    whole = make_stock(f"sqlite:///{tmp_path / 'whole.sqlite'}")
    some_of_everything(whole)
    whole.curate()
    for stage in ("placeholders", "outliers", "caps", "doubt"):
        stock = make_stock(f"sqlite:///{tmp_path / stage}.sqlite")
        some_of_everything(stock)

        class Dying(Silent):
            def begin(self, at, total, stage=stage):
                if at == stage:
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Curation(stock.catalog, CurateOptions(), Dying(), WHEN).run()
        assert stock.everything() != whole.everything()
        stock.curate()
        assert stock.everything() == whole.everything()


def test_an_image_comes_back_when_the_reason_is_gone(stock):
    some_of_everything(stock)
    stock.curate()
    curation = stock.curate(near_distance=2, near_dhash_distance=2)
    assert curation.report.returned == 1
    assert stock.verdicts()["small"] == "keep"
    assert "small" not in stock.scores("review_mark")


def test_what_the_crawl_sent_to_review_stays_there(stock):
    some_of_everything(stock)
    stock.add("unsure", verdict="review", car_score=0.3)
    stock.curate()
    assert "unsure" not in stock.scores("review_mark")
    stock.curate(review=1.5)
    assert {n for n, verdict in stock.verdicts().items() if verdict == "review"} == {"unsure"}


def decide(stock, name, decision, labels=None):
    [image_id] = [one for one, known in stock.names.items() if known == name]
    said = Decision(key=f"{name}{decision}", image_id=image_id, decision=decision, labels=labels)
    stock.catalog.record_reviews("ann", [said], WHEN)


def test_what_people_have_kept_is_not_sent_to_review_again(stock):
    some_of_everything(stock)
    stock.curate()
    decide(stock, "small", "keep")
    stock.curate()
    assert stock.verdicts()["small"] == "keep"
    assert "small" not in stock.scores("review_mark")
    assert "small" in stock.scores("near_duplicate")  # the score says what it says


def test_a_label_that_people_confirmed_is_not_doubted(stock):
    some_of_everything(stock)
    decide(stock, "swapped", "relabel", FORD)
    stock.curate()
    assert "swapped" not in stock.scores("label_noise")
    assert stock.verdicts()["swapped"] == "keep"


def judge(stock, one, two, *, same):
    a, b = sorted(image_id for image_id, name in stock.names.items() if name in (one, two))
    assert stock.catalog.judge_pair(PairVerdict(a, b, same, "ann", WHEN))


def test_peoples_word_on_pairs_survives_every_run(stock):
    some_of_everything(stock)
    stock.curate()
    judge(stock, "large", "small", same=False)
    judge(stock, "good 1", "good 2", same=True)
    for _ in range(2):
        stock.curate()
        assert stock.groups() == {frozenset({"good 1", "good 2"})}
        assert "small" not in stock.scores("near_duplicate")
        assert stock.verdicts()["small"] == "keep"
    reason = next(iter(stock.reasons("near_duplicate").values()))
    assert reason.startswith("people call it the same picture")


def test_500_pictures_of_one_host_in_one_class_are_capped_and_reported(stock):
    for number in range(500):
        stock.add(
            f"flood {number}", author="", page_url=f"https://cars.test/{number}", width=600 + number
        )
    for number in range(100):
        stock.add(f"other {number}", author="", page_url=f"https://h{number}.test/")
    curation = stock.curate()
    over = stock.scores("host_cap")
    assert len(over) == 470  # a twentieth of 600 may stay
    assert all(name.startswith("flood") for name in over)
    assert "flood 499" not in over  # the best ones stay
    assert curation.report.worst_hosts == [("cars.test", 470)]
    assert "cars.test gives 500 images of Ford Focus" in stock.reasons("host_cap")["flood 3"]
    assert stock.verdicts()["flood 3"] == "review"


def test_a_page_full_of_made_up_names_is_capped_as_well(stock):
    for number in range(40):
        stock.add(f"flood {number}", page_url="https://cars.test/all")
    stock.curate()
    assert len(stock.scores("host_cap")) == 30
    assert "one page of cars.test" in next(iter(stock.reasons("host_cap").values()))


def test_one_author_is_capped_whatever_the_pages(stock):
    for number in range(40):
        stock.add(f"flood {number}", author="Eve", page_url=f"https://p.test/{number}")
    stock.curate()
    assert len(stock.scores("author_cap")) == 30
    assert not stock.scores("host_cap")


def test_the_rules_of_bots(stock):
    for number in range(60):
        stock.add(f"bot {number}", author="Eve", title="Buy cheap cars here now today best offer")
    stock.add("spam", title="ford opel fiat toyota honda mazda", author="Ann")
    stock.add("short", title="Car", author="Bob")
    stock.add("person", title="My old Focus on the ferry", author="Joe")
    stock.add("silent", author="Sue")
    stock.curate()
    scores, reasons = stock.scores("bot"), stock.reasons("bot")
    assert scores["bot 1"] == pytest.approx(1 - 0.8 * 0.6 * 0.7, abs=1e-3)
    for words in ("more than 50 images", "same caption 60 times", "60 images have the same"):
        assert words in reasons["bot 1"]
    assert "5 other makes" in reasons["spam"]
    assert "fewer than 3 words" in reasons["short"]
    assert not {"person", "silent"} & scores.keys()


def test_reposts_below_the_limit_are_no_placeholders(stock):
    stock.add("liked", seen=[{} for _ in range(18)])
    stock.add("shown", seen=[{"labels": (FORD, OPEL, FIAT)[n % 3]} for n in range(6)])
    stock.add("one page", seen=[{"labels": OPEL, "host": "same.test"} for _ in range(30)])
    stock.curate()
    assert not stock.scores("placeholder")
    stock.curate(placeholder_owners=7)
    assert stock.scores("placeholder").keys() == {"shown"}


def counts(*labels):
    return [{"engine": f"e{number}", "label": label} for number, label in enumerate(labels)]


def test_result_counts_contradict_a_body_but_not_an_el_camino(stock):
    said = {
        "truck": counts("pickup", "pickup", "pickup"),
        "el camino": counts("car", "pickup", "", ""),
        "torn": counts("car", "pickup"),
        "unknown": [],
        "agreed": counts("sedan", "sedan"),
    }
    for name, vector in said.items():
        labels = {"make": "Chevrolet", "model": name, "body": "sedan"}
        image_id = stock.add(name, labels=labels)
        with stock.catalog._write() as connection:
            connection.execute(
                images.update().where(images.c.image_id == image_id).values(body_counts=vector)
            )
    stock.curate()
    assert stock.scores("count_contradiction") == {"truck": 0.35}
    assert "something else than sedan" in stock.reasons("count_contradiction")["truck"]


def test_old_models_go_to_review(stock):
    passat = {"make": "Volkswagen", "model": "Passat", "year": "2014"}
    stock.add("old", labels=passat, title="1998 VW Passat at the lake")
    stock.add("early", labels=passat, title="VW Passat", uploaded="2009-02-03T00:00:00")
    stock.add("right", labels=passat, title="2014 VW Passat", uploaded="2015-01-01T00:00:00")
    stock.add("silent", labels=passat, title="VW Passat")
    stock.curate()
    review = {name for name, verdict in stock.verdicts().items() if verdict == "review"}
    assert review == {"old", "early"}
    assert stock.reasons("doubt")["old"] == "year 2014: caption or tags say 1998"
    assert stock.reasons("doubt")["early"] == "year 2014: it was published before that year"


def test_size_and_weight_join_what_differs_and_miss_what_was_encoded_anew(stock):
    stock.add("picture", phash=77, dhash=77, width=900, height=600, bytes=9_000)
    stock.add("encoded anew", phash=77, dhash=76, width=900, height=600, bytes=5_000)
    stock.add("moved", phash=76, dhash=77, width=900, height=600, bytes=9_000)
    stock.add("another", width=640, height=480, bytes=1_234)
    stock.add("its like", width=640, height=480, bytes=1_234)
    unique = stock.curate().report.uniqueness
    assert (unique.images, unique.copies) == (5, 2)
    assert unique.share == pytest.approx(0.6)
    assert (unique.by_size_and_weight, unique.wrongly, unique.missed) == (2, 1, 1)


def test_an_empty_catalog_is_curated_to_nothing(stock):
    report = stock.curate().report
    assert report.images == 0
    assert report.uniqueness.share == 1


def test_features_of_all_zeros_or_of_no_numbers_do_no_harm(stock, rng):
    for number in range(30):
        stock.add(f"good {number}", features=rng.normal(size=16))
    stock.add("zeros", features=np.zeros(16))
    stock.add("nothing", features=np.full(16, np.nan))
    stock.add("other network", features=rng.normal(size=8))
    report = stock.curate().report
    assert 30 <= report.graph.images <= 32
    assert report.images == 33


def test_features_alone_call_copies_and_files_may_say_no(stock, rng):
    for number in range(40):
        stock.add(f"good {number}", features=rng.normal(size=16))
    vector = rng.normal(size=16)
    stock.add("picture", features=vector, width=900)
    stock.add("crop", features=vector + 0.01 * rng.normal(size=16))
    stock.curate()
    assert stock.groups() == {frozenset({"picture", "crop"})}
    asked = []

    def none_is(corpus, edges, advance):
        asked.append(len(edges))
        return np.full(len(edges), Look.DIFFERENT)

    curation = stock.curate(none_is)
    assert not stock.groups()
    assert curation.report.looked_at.pairs == asked[0] >= 1
    assert curation.report.looked_at.confirmed == 0
    assert curation.report.looked_at.refuted == asked[0]


def test_the_likeliest_copies_are_looked_at_first(stock, rng):
    for number in range(60):
        stock.add(f"good {number}", features=rng.normal(size=16))
    vector = rng.normal(size=16)
    stock.add("picture", features=vector, width=900)
    stock.add("crop", features=vector + 0.2 * rng.normal(size=16))  # of a cosine below all limits

    def each_is(corpus, edges, advance):
        return np.full(len(edges), Look.SAME)

    assert stock.curate(each_is, local_pairs=1).report.looked_at.pairs == 1
    assert stock.groups() == {frozenset({"picture", "crop"})}
    assert stock.scores("near_duplicate")["crop"] == 0.9


def test_planted_outliers_go_to_review(stock, rng):
    center = 3 * rng.normal(size=24)
    for number in range(80):
        stock.add(f"good {number}", features=center + 0.6 * rng.normal(size=24))
    for number in range(4):
        stock.add(f"strange {number}", features=6 * rng.normal(size=24))
    stock.curate()
    found = {name for name, score in stock.scores("outlier").items() if score >= 0.5}
    assert {name for name in found if name.startswith("strange")} == {
        f"strange {n}" for n in range(4)
    }
    assert len([name for name in found if name.startswith("good")]) <= 1
    assert all(stock.verdicts()[f"strange {number}"] == "review" for number in range(4))


def test_real_copies_are_grouped_and_real_look_alikes_are_not(stock, shared):
    folder = shared / "data" / "near_duplicates"
    with (folder / "files.csv").open(encoding="utf-8", newline="") as file:
        files = {row["file"]: row["sha256"] for row in csv.DictReader(file)}
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file))
    wanted = [row for row in pairs if row["expected"] in ("duplicate", "different")]
    wanted = [row for row in wanted if files[row["a"]] != files[row["b"]]]
    names = sorted({name for row in wanted for name in (row["a"], row["b"])})
    known = {}
    for name in names:
        if files[name] not in known:
            seen = inspect((folder / name).read_bytes(), Limits(small=False))
            stock.add(
                name, phash=seen.phash, dhash=seen.dhash, width=seen.width, height=seen.height
            )
            known[files[name]] = name
    stock.curate()
    group_of = {name: number for number, group in enumerate(stock.groups()) for name in group}

    def together(row):
        one, other = known[files[row["a"]]], known[files[row["b"]]]
        return one in group_of and group_of[one] == group_of.get(other)

    copies = [together(row) for row in wanted if row["expected"] == "duplicate"]
    assert len(copies) > 100
    assert np.mean(copies) >= 0.97
    assert not any(together(row) for row in wanted if row["expected"] == "different")


def test_a_catalog_in_postgresql_is_curated_the_same(make_stock, tmp_path, postgres_server):  # noqa: F811
    found = []
    for url in (
        f"sqlite:///{tmp_path / 'one.sqlite'}",
        f"postgresql+psycopg://postgres@/{postgres_server.database()}?host={postgres_server.socket}",
    ):
        stock = make_stock(url)
        some_of_everything(stock)
        stock.curate()
        judge(stock, "large", "small", same=False)
        stock.curate()
        found.append((stock.groups(), stock.everything()))
    assert found[0] == found[1]
