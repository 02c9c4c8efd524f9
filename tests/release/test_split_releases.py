"""Splits of whole releases: what a filter leaves out, and what later joins, moves nothing."""

import csv
from hashlib import md5, sha256

import numpy as np
import pytest

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import Candidate, ImageRow, RunRow, SightingRow
from carsets.outcomes import Outcome
from carsets.problems import UserError
from carsets.release import selection as selection_module
from carsets.release.options import read_options
from carsets.release.release import Surroundings, make_release
from carsets.release.selection import select
from carsets.release.splits import Assignment

MAKES = ("Ford", "Kia", "Opel")


@pytest.fixture
def catalog(tmp_path):
    catalog = Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    catalog.start_run(RunRow(run_id="run1", source="flickr", started_at="2026-01-01T00:00:00"))
    yield catalog
    catalog.close()


def grow(catalog, numbers):
    """Add images: authors have up to nine each, of all makes; two of three pages show two."""
    found = []
    for number in numbers:
        digest = sha256(str(number).encode()).hexdigest()
        image = ImageRow(
            sha256=digest,
            md5=md5(digest.encode()).hexdigest(),
            pixel_hash=digest[16:32],
            phash=number,
            dhash=number,
            verdict="keep",
            labels={"make": MAKES[number % 3]},
            license="by-2.0",
            license_evidence=5,
            path=f"{digest}.jpg",
            run_id="run1",
        )
        author = number * number % 97 if number % 2 else f"alone {number}"
        sighting = SightingRow(
            url=f"https://a.test/{number}.jpg",
            outcome=Outcome.STORED,
            source="flickr",
            query_id="q",
            run_id="run1",
            author=f"Author {author}",
            page_url=f"https://a.test/page/{author}/{number // 4}",
        )
        found.append(Candidate(image=image, sighting=sighting))
    catalog.admit_all(found)


def release(catalog, tmp_path, **given):
    """Return the split of each image of a release by its id."""
    options = read_options("csv", tmp_path / "dest", {"label": "make", **given})
    with catalog.one_state() as rows:
        selection = select(rows, options)
    places = np.flatnonzero(selection.chosen)
    names = [selection.split_names[code] for code in selection.splits[places]]
    ids = [f"{number:016x}" for number in selection.image_id[places].tolist()]
    return dict(zip(ids, names, strict=True))


@pytest.mark.parametrize("split", ["80/5/15", "80/20", "instacities", "dgcars"])
def test_a_subset_has_the_ids_and_splits_of_the_whole(catalog, tmp_path, split):
    """InstaNY100K is the New York of InstaCities1M: the same images, in the same splits."""
    grow(catalog, range(600))
    whole = release(catalog, tmp_path, split=split)
    subset = release(catalog, tmp_path, split=split, where="make = 'Ford'")
    assert 100 < len(subset) < len(whole) / 2
    assert subset.items() <= whole.items()
    fords = {sha256(str(number).encode()).hexdigest()[:16] for number in range(0, 600, 3)}
    assert subset.keys() == whole.keys() & fords


def test_a_later_release_moves_no_image_of_the_earlier(catalog, tmp_path):
    grow(catalog, range(300))
    early = release(catalog, tmp_path, split="80/5/15")
    grow(catalog, range(300, 600))
    late = release(catalog, tmp_path, split="80/5/15")
    assert len(late) > 1.5 * len(early)
    assert early.items() <= late.items()


def test_exact_splits_of_a_release(catalog, tmp_path):
    grow(catalog, range(600))
    whole = release(catalog, tmp_path, split="instacities", max_per_class=160)
    for make in range(3):
        ids = [sha256(str(n).encode()).hexdigest()[:16] for n in range(make, 600, 3)]
        splits = [whole[image_id] for image_id in ids if image_id in whole]
        counts = [splits.count(name) for name in ("train", "validation", "test")]
        assert counts == [128, 8, 24]


class Silent:
    """Nobody is told how it is getting on."""

    def begin(self, stage, total):
        pass

    def advance(self, count=1):
        pass


@pytest.mark.parametrize("split", ["50/20/30", "instacities"])
def test_the_files_of_an_export_show_no_author_or_page_in_two_splits(catalog, tmp_path, split):
    """Read back from the release alone, by a rule that shares nothing with the groups."""
    grow(catalog, range(600))
    dest = tmp_path / "dest"
    options = read_options("csv", dest, {"label": "make", "split": split})
    make_release(catalog, options, Surroundings(images_store=str(tmp_path)), Silent())
    with (dest / "splits.csv").open(newline="", encoding="utf-8") as file:
        splits = {row["image_id"]: row["split"] for row in csv.DictReader(file)}
    assert set(splits.values()) == {"train", "validation", "test"}
    [table] = dest.glob("images*.csv")
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["image_id"] for row in rows} == splits.keys()
    for field in ("author", "page_url"):
        held = {}
        for row in rows:
            held.setdefault(row[field], set()).add(splits[row["image_id"]])
        assert 10 < len(held) < len(rows)
        assert all(len(names) == 1 for names in held.values())


def test_a_release_that_leaks_is_refused(catalog, tmp_path, monkeypatch):
    """Were the splits ever wrong, the check that knows nothing of them would say so."""
    grow(catalog, range(300))

    def wrong(keys, shares, salt, **more):
        return Assignment(shares, (np.arange(len(keys)) // 5 % 2).astype(np.int8))

    monkeypatch.setattr(selection_module, "assign", wrong)
    with pytest.raises(
        UserError, match=r"the splits leak.* train and validation share \d+ of author"
    ):
        release(catalog, tmp_path, split="80/5/15")
