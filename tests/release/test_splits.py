"""Splits by chance: related images stay together, and what was assigned stays for ever."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.problems import UserError
from carsets.release.shares import PRESETS
from carsets.release.splits import BRIDGE, assign, parse_shares
from tests.release.grouped_images import crossings, keys_of

SHARES = parse_shares("50/20/30")

some_key = st.none() | st.integers(0, 6)
images = st.lists(
    st.fixed_dictionaries(
        {"name": st.integers(0, 10**6), "author": some_key, "page": some_key, "burst": some_key}
    ),
    max_size=40,
    unique_by=lambda image: image["name"],
)


@st.composite
def catalogs(draw):
    """Images with keys, near-duplicate groups, and better copies that came later."""
    found = draw(images)
    for place, image in enumerate(found[:-1]):
        better = draw(st.none() | st.integers(place + 1, len(found) - 1))
        if better is not None:
            image["better"] = better
    places = st.integers(0, max(len(found) - 1, 0))
    near = draw(st.lists(st.tuples(places, st.integers(0, 5)), max_size=20)) if found else []
    return found, near


def part_of(found, near, count):
    """Return what the catalog was when it had so many images."""
    early = [{**image} for image in found[:count]]
    for image in early:
        if image.get("better", 0) >= count:
            del image["better"]
    return keys_of(early, [(place, group) for place, group in near if place < count])


@settings(deadline=None)
@given(catalogs(), st.text(max_size=5))
def test_related_images_never_part(catalog, salt):
    keys = keys_of(*catalog)
    codes = assign(keys, SHARES, salt).codes
    assert not crossings(keys, codes)


@settings(deadline=None)
@given(catalogs(), st.data())
def test_growth_moves_nothing(catalog, data):
    found, near = catalog
    whole = assign(keys_of(found, near), SHARES, "salt").codes
    count = data.draw(st.integers(0, len(found)))
    before = assign(part_of(found, near, count), SHARES, "salt").codes
    assert before.tolist() == whole[:count].tolist()


@settings(deadline=None)
@given(catalogs(), st.randoms())
def test_the_order_of_what_comes_later_moves_nothing(catalog, random):
    found, _ = catalog
    for image in found:
        image.pop("better", None)
    half = len(found) // 2
    later = found[half:]
    random.shuffle(later)
    before = assign(keys_of(found), SHARES, "salt").codes[:half]
    after = assign(keys_of(found[:half] + later), SHARES, "salt").codes[:half]
    assert before.tolist() == after.tolist()


@settings(deadline=None)
@given(catalogs())
def test_only_what_would_join_two_splits_is_left_out(catalog):
    """The rule once more, written the plain way: groups as sets, one image after the other."""
    keys = keys_of(*catalog)
    codes = assign(keys, SHARES, "salt").codes
    split_of_key = {}
    for place in range(len(keys)):
        mine = {
            (kind, key)
            for kind, places, all_keys in keys.kinds()
            for at, key in zip(places.tolist(), all_keys.tolist(), strict=True)
            if at == place
        }
        known = {split_of_key[key] for key in mine if key in split_of_key}
        if len(known) > 1:
            assert codes[place] == BRIDGE
            continue
        assert codes[place] >= 0
        assert known <= {codes[place]}
        split_of_key |= dict.fromkeys(mine, codes[place])


def one_in(code, kind, **more):
    """Return an image with the key that chance puts into a split."""
    found = [{kind: name, **more} for name in range(100)]
    codes = assign(keys_of(found), SHARES, "salt").codes
    return found[int(np.flatnonzero(codes == code)[0])]


def test_a_bridge_is_left_out_and_joins_nothing():
    ann, page = one_in(0, "author"), one_in(2, "page")
    found = [
        ann,
        page,
        {"name": "bridge", **ann, **page, "burst": "only here"},
        {"name": "later", **ann},
        {"name": "later on", **page},
        {**one_in(1, "author", burst="only here")},
    ]
    assignment = assign(keys_of(found), SHARES, "salt")
    assert assignment.codes.tolist() == [0, 2, BRIDGE, 0, 2, 1]
    assert assignment.bridges() == 1
    assert sum(assignment.counts().values()) == 5


def test_two_groups_of_one_split_become_one():
    ann, page = one_in(0, "author"), one_in(0, "page")
    assert assign(keys_of([ann, page, {**ann, **page}]), SHARES, "salt").codes.tolist() == [0, 0, 0]


@settings(deadline=None)
@given(st.lists(st.integers(0, 10), max_size=40), st.data())
def test_what_is_removed_moves_nothing_of_its_author(authors, data):
    found = [{"name": place, "author": author} for place, author in enumerate(authors)]
    stays = data.draw(st.lists(st.booleans(), min_size=len(found), max_size=len(found)))
    before = assign(keys_of(found), SHARES, "salt").codes[np.array(stays, bool)]
    after = assign(
        keys_of([image for image, there in zip(found, stays, strict=True) if there]), SHARES, "salt"
    )
    assert before.tolist() == after.codes.tolist()


@pytest.mark.parametrize("text", ["80/5/15", "80/20", "openimages", "33.3/33.3/33.4"])
def test_many_single_images_come_near_the_shares(text):
    shares, count = parse_shares(text), 20_000
    assignment = assign(keys_of([{}] * count), shares, "any")
    for weight, have in zip(shares.weights, assignment.counts().values(), strict=True):
        share = weight / sum(shares.weights)
        # Five standard deviations: once in two million catalogs.
        assert abs(have - share * count) <= 5 * sqrt(count * share * (1 - share))


def test_another_salt_is_another_assignment():
    keys = keys_of([{}] * 1000)
    one, other = (assign(keys, SHARES, salt).codes for salt in ("one", "two"))
    differing = np.mean(one != other)
    assert 0.5 < differing < 0.75  # 1 - (0.5^2 + 0.2^2 + 0.3^2) = 0.62
    assert np.array_equal(one, assign(keys, SHARES, "one").codes)


def test_the_assignment_is_the_same_for_ever():
    codes = assign(keys_of([{}] * 12), SHARES, "carsets").codes
    assert codes.tolist() == [0, 2, 2, 0, 0, 2, 1, 2, 1, 1, 1, 0]


def test_no_images_make_no_splits():
    assert assign(keys_of([]), SHARES, "salt").counts() == {"train": 0, "validation": 0, "test": 0}


@pytest.mark.parametrize(
    ("text", "names", "weights"),
    [
        ("80/5/15", ("train", "validation", "test"), (80, 5, 15)),
        (" 80/20", ("train", "test"), (80, 20)),
        ("99.5/0.5", ("train", "test"), (199, 1)),
        ("100", ("train",), (100,)),
    ],
)
def test_shares_are_read(text, names, weights):
    shares = parse_shares(text)
    assert shares.names == names
    assert [weight * sum(weights) for weight in shares.weights] == [
        weight * sum(shares.weights) for weight in weights
    ]
    assert not shares.exact


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_names(name):
    assert parse_shares(name.upper()) is PRESETS[name]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "80",
        "80/10",
        "100/0",
        "80/-5/25",
        "80:20",
        "40/30/20/10",
        "nan/1",
        "1e9/1",
        "80/20/",
        "x",
    ],
)
def test_bad_shares_are_refused_in_one_line(text):
    with pytest.raises(
        UserError, match=r"--split .*expected 80/5/15, 80/20 or one of dgcars"
    ) as no:
        parse_shares(text)
    assert "\n" not in str(no.value)
