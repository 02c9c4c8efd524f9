"""Every image of the catalog is in a release, or out of it for one reason."""

import numpy as np
import pytest

from carsets.catalog.rows import ImageRow
from carsets.problems import UserError
from carsets.release.left_out import LeftOut
from carsets.release.records import read_records
from carsets.release.selection import select


@pytest.fixture
def chosen(dataset):
    """Return a function that selects, and checks that nothing is lost."""

    def run(format_="csv", /, **given):
        options = dataset.options(format_, **given)
        with dataset.catalog.one_state() as rows:
            selection = select(rows, options)
            records = [r for some in read_records(rows, selection, options.label) for r in some]
        left_out = sum(selection.left_out().values())
        assert selection.considered == selection.exported + left_out
        assert len(records) == selection.exported
        return selection, records

    return run


def reasons(selection):
    return {str(reason): count for reason, count in selection.left_out().items()}


def test_an_empty_catalog_has_nothing_to_choose_from(chosen):
    selection, records = chosen()
    assert (selection.considered, records) == (0, [])


def test_verdicts_decide_and_people_stand_above_them(dataset, chosen):
    dataset.add()
    waiting, refused, fine = (dataset.add(verdict=v) for v in ("review", "dropped", "keep"))
    assert reasons(chosen()[0]) == {"dropped": 1, "verdict_review": 1}
    assert reasons(chosen(with_review=True)[0]) == {"dropped": 1}
    dataset.review(waiting, "keep")
    dataset.review(refused, "keep")
    dataset.review(fine, "drop")
    dataset.review(fine, "skip", {"make": "Opel"})
    selection, records = chosen()
    assert reasons(selection) == {"dropped_by_people": 1}
    assert [record.verdict for record in records] == ["keep"] * 3


def test_the_newest_decision_that_was_not_undone_counts(dataset, chosen):
    image = dataset.add()
    dataset.review(image, "drop")
    dataset.review(image, "keep")
    dataset.review(image, "drop", undone=True)
    assert chosen()[0].exported == 1


def test_people_correct_confirm_and_deny_labels(dataset, chosen):
    image = dataset.add(labels={"make": "Ford", "model": "Focus", "color": "red"}, view="")
    dataset.review(image, "relabel", {"make": "Opel", "body": "sedan", "color": None})
    dataset.review(image, "keep", {"model": "Focus"})
    dataset.review(image, "view", {"view": "interior"})
    _, [record] = chosen()
    assert record.labels == {"make": "Opel", "model": "Focus", "body": "sedan"}
    assert record.human_labels == {"make", "model", "body"}
    assert record.denied == (("color", "red"), ("make", "Ford"))
    assert record.view == "interior"
    assert chosen(where="make = 'Opel' AND view = 'interior'")[0].exported == 1
    assert chosen(where="make = 'Ford'")[0].exported == 0


def test_a_superseded_copy_is_out_whatever_people_said(dataset, chosen):
    worse = dataset.add(pixel_hash="a" * 16, openness=0)
    dataset.add(pixel_hash="a" * 16, openness=9)
    dataset.review(worse, "keep")
    assert reasons(chosen()[0]) == {"superseded": 1}


def test_what_was_removed_or_reserved_is_in_no_list_of_addresses(dataset, chosen):
    dataset.add()
    by_bytes, _ = dataset.add(), dataset.add(seen={"url": "https://gone.test/1.jpg"})
    dataset.add(phash=0xFF)
    dataset.add(seen={"author": "Mallory"})
    dataset.add(seen={"url": "https://cdn.evil.test/1.jpg"})
    dataset.add(reservation="reserved")
    dataset.catalog.bury(sha256=by_bytes, phash=0xFF, url="https://gone.test/1.jpg")
    dataset.catalog.bury(author="Mallory", host="evil.test")
    assert reasons(chosen(mode="urls")[0]) == {"removed": 5, "reserved": 1}
    # Article 3 of the directive: research may look at what is reserved, never at what was removed.
    assert reasons(chosen(mode="internal")[0]) == {"removed": 5}
    assert reasons(chosen(mode="internal", purpose="commercial")[0])["reserved"] == 1


def test_an_image_without_the_label_has_no_folder(dataset, chosen):
    dataset.add()
    dataset.add(labels={"make": "", "color": "red"})
    assert reasons(chosen("imagefolder")[0]) == {"no_label": 1}
    assert reasons(chosen("imagefolder", label="color")[0]) == {}
    selection, records = chosen("csv", label="make model")
    assert selection.class_counts() == {"Ford Focus": 1}
    assert sorted(record.label for record in records) == ["", "Ford Focus"]


def test_where_and_the_limits_are_counted(dataset, chosen):
    for number in range(6):
        host = "a" if number < 4 else "b"
        dataset.add(seen={"url": f"https://{host}.test/{number}.jpg"})
    dataset.add(labels={"make": "Opel"})
    assert reasons(chosen(where="make = 'Opel'")[0]) == {"where": 6}
    assert reasons(chosen(max_per_host="3")[0]) == {"host_cap": 1}
    assert reasons(chosen(label="make", max_per_class="2")[0]) == {"class_cap": 4}
    both = chosen(label="make", max_per_class="4", max_per_host="2")[0]
    assert reasons(both) == {"host_cap": 2}


def test_limits_are_drawn_and_not_by_age(dataset, chosen):
    for _ in range(60):
        dataset.add()
    drawn = [chosen(label="make", max_per_class="20", salt=salt)[0].codes for salt in "aab"]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert np.flatnonzero(drawn[0] == 0).mean() > 12  # the oldest 20 would have 9.5


def test_values_outside_the_vocabulary_are_counted_and_not_lost(dataset, chosen):
    dataset.add(labels={"make": "Frod", "color": "rouge", "year": "2010"})
    dataset.add()
    selection, records = chosen()
    assert selection.unknown_values == {"make": {"Frod": 1}, "color": {"rouge": 1}}
    assert records[0].labels["make"] == "Frod"


def test_images_without_a_sighting_are_chosen_too(dataset, chosen):
    admission = dataset.catalog.admit(
        ImageRow(
            sha256="ab" * 32, md5="0" * 32, pixel_hash="1" * 16, phash=1, dhash=1, verdict="keep"
        )
    )
    assert admission.kind == "stored"
    _, [record] = chosen()
    assert (record.url, record.source, record.title) == ("", "", "")


def test_one_image_that_two_sightings_brought_is_one_record(dataset, chosen):
    image = dataset.add()
    with dataset.catalog._write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO sightings (source, query_id, url, url_hash, outcome, finality, image_id,"
            " title) VALUES ('bing', 'q2', 'https://b.test/1', 5, 'stored', 3, ?, 'later')",
            (image[:16],),
        )
    _, [record] = chosen()
    assert record.title == "Car 1"


def test_any_order_gives_the_same_records(dataset):
    for _ in range(30):
        dataset.add()
    options = dataset.options("csv")
    with dataset.catalog.one_state() as rows:
        selection = select(rows, options)
        by_age = [r for some in read_records(rows, selection, ()) for r in some]
        by_id = [r for some in read_records(rows, selection, (), shuffled=True) for r in some]
    assert [r.url for r in by_age] == [f"https://live.flickr.test/{n}.jpg" for n in range(1, 31)]
    assert [r.image_id for r in by_id] == sorted(r.image_id for r in by_age)


def test_splits_keep_related_images_together_and_every_image_has_one(dataset, chosen):
    for number in range(200):
        dataset.add(seen={"author_url": f"https://flickr.test/people/{number // 4}"})
    selection, records = chosen(split="80/5/15")
    counts = selection.split_counts()
    assert list(counts) == ["train", "validation", "test"]
    assert sum(counts.values()) == selection.exported == len(records)
    of_author = {}
    for record in records:
        of_author.setdefault(record.author_url, set()).add(record.split)
    assert all(len(splits) == 1 for splits in of_author.values())


def test_a_subset_has_the_splits_of_the_whole(dataset, chosen):
    for number in range(100):
        dataset.add(labels={"make": "Ford" if number % 3 else "Opel"})
    whole = {r.image_id: r.split for r in chosen(split="80/5/15")[1]}
    part = {r.image_id: r.split for r in chosen(split="80/5/15", where="make = 'Opel'")[1]}
    assert len(part) == 34
    assert part.items() <= whole.items()


def test_exact_shares_come_out_exactly(dataset, chosen):
    for number in range(200):
        dataset.add(labels={"make": "Ford" if number < 100 else "Opel"})
    selection, _ = chosen("csv", label="make", split="instacities")
    assert selection.split_counts() == {"train": 160, "validation": 10, "test": 30}


def test_a_mode_that_forbids_something_chooses_nothing_more(dataset, chosen):
    dataset.add(license="arr")
    with dataset.catalog.one_state() as rows:
        selection = select(rows, dataset.options("csv", mode="cc"))
    assert selection.violations.total() == 1


def test_the_digest_tells_states_apart(dataset, chosen):
    dataset.add()
    first = chosen()[0].digest
    assert chosen()[0].digest == first
    dataset.review(dataset.add(), "relabel", {"make": "Opel"})
    assert chosen()[0].digest != first


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("mode", "free", "--mode 'free': use one of urls, cc, cc-commercial, internal"),
        ("purpose", "fun", "--purpose 'fun': use one of research, commercial"),
        ("accept_evidence", "list,hearsay", "--accept-evidence 'hearsay': use one of list, file"),
        ("nd", "maybe", "--nd 'maybe'"),
        ("split", "80/5/16", "--split"),
        ("size", "300", "--size: csv holds no images|WIDTHxHEIGHT"),
        ("fit", "pad", "--fit: needs --size"),
        ("label", "make make", "named twice"),
        ("label", "weather", "--label 'weather': use one or several of make, model"),
        ("where", "mkae = 1", "no such column: mkae"),
        ("max_per_class", "-1", "--max-per-class '-1': expected a number"),
        ("max_per_class", "0", "--max-per-class '0': expected a number"),
        ("max_per_host", "many", "--max-per-host 'many': expected a number"),
        ("name", "../x", "--name"),
        ("retain_until", "2027-01-01", "--retain-until: only --mode internal"),
    ],
)
def test_options_that_cannot_be_are_one_clear_line(dataset, option, value, words):
    with pytest.raises(UserError, match=words) as caught:
        dataset.options("csv", **{option: value})
    assert "\n" not in str(caught.value)


def test_formats_with_images_have_other_defaults(dataset):
    assert dataset.options("csv").mode == "urls"
    options = dataset.options("imagefolder", size="300x300", fit="pad")
    assert (options.mode, options.label, str(options.size)) == ("cc", ("make",), "300x300 pad")
    with pytest.raises(UserError, match="leave out --size"):
        dataset.options("imagefolder", size="30x30", thumb_300k=True)
    with pytest.raises(UserError, match="unknown format 'jpeg'"):
        dataset.options("jpeg")


def test_reasons_have_words():
    assert all(reason.meaning for reason in LeftOut)
