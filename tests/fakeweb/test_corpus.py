"""What the corpus says about an image is what its bytes are."""

from io import BytesIO
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from carsets.fakeweb import corpus, names
from carsets.fakeweb.facts import COPIES, FATES, copies_of, facts
from carsets.fakeweb.fleet import COMBINATIONS, matching
from carsets.fakeweb.pictures import bulk_picture, picture
from carsets.licenses import license_table
from carsets.outcomes import Outcome


def opened(number):
    return Image.open(BytesIO(picture(number)))


def array(number):
    return np.asarray(opened(number).convert("RGB"), np.int16)


def numbers(test, count):
    return list(islice((n for n in range(200_000) if test(facts(n))), count))


@pytest.mark.parametrize("how", COPIES)
def test_copies_are_copies_of_their_original(how):
    for number in numbers(lambda image: image.copy_how == how, 3):
        base = facts(number).copy_of
        assert number in copies_of(base)
        assert facts(base).copy_of is None
        assert (picture(number) == picture(base)) is (how == "bytes")
        one, other = array(number), array(base)
        if how in {"bytes", "metadata"}:
            assert np.array_equal(one, other)
        elif how == "reencoded":
            assert one.shape == other.shape
            assert 0 < np.abs(one - other).mean() < 8
        elif how == "resized":
            assert one.shape[0] == other.shape[0] * 3 // 4
            small = np.asarray(opened(base).convert("RGB").resize(opened(number).size), np.int16)
            assert np.abs(one - small).mean() < 8
        else:
            top, left = other.shape[0] // 50, other.shape[1] // 50
            inside = other[top:-top, left:-left]
            assert one.shape == inside.shape
            assert np.abs(one - inside).mean() < 5


def test_the_best_copy_of_a_cluster_is_the_best_by_license_pixels_and_bytes():
    bases = numbers(lambda image: len(corpus.cluster(image.number)) > 1, 25)
    for base in bases:
        members = corpus.cluster(base)
        truths = {member: corpus.truth(corpus.image_url(facts(member))) for member in members}
        ranks = {
            member: (
                license_table()[facts(member).license].openness,
                opened(member).width * opened(member).height,
                len(picture(member)),
            )
            for member in members
        }
        top = picture(max(ranks, key=lambda member: ranks[member]))
        assert {m for m in members if truths[m].best} == {m for m in members if picture(m) == top}
        for member, truth in truths.items():
            assert truth.cluster == members[0]
            assert (Outcome.STORED in truth.outcomes) or not truth.best
            assert truth.size == opened(member).size


def test_truth_of_a_crawl_counts_only_the_copies_that_it_found():
    [number] = numbers(lambda image: image.copy_how == "reencoded", 1)
    [copy, original] = [corpus.image_url(facts(n)) for n in (number, facts(number).copy_of)]
    alone = corpus.truths([copy])[copy]
    assert (alone.outcomes, alone.best, alone.cluster) == ({Outcome.STORED}, True, None)
    both = corpus.truths([copy, original])
    assert both[copy].cluster == both[original].cluster is not None
    assert sum(truth.best for truth in both.values()) == 1


def test_every_fate_is_in_the_corpus_with_its_own_url_and_outcome():
    for fate in FATES:
        [number] = numbers(lambda image, fate=fate: image.fate == fate, 1)
        truth = corpus.truth(corpus.image_url(facts(number)))
        assert (truth.number, truth.fate) == (number, fate)
        good = {"slow", "503_then_ok", "redirect_ok"}
        kept = {Outcome.STORED, Outcome.NOT_A_CAR}
        assert bool(truth.alone - kept) is (fate not in good)


def test_files_that_are_broken_on_purpose_are_broken():
    def first(fate):
        return numbers(lambda image: image.fate == fate, 1)[0]

    with pytest.raises(OSError, match="truncated"):
        opened(first("truncated")).load()
    assert b"DMI-PROHIBITED-AIMLTRAINING" in picture(first("xmp"))
    assert opened(first("xmp")).format == "JPEG"
    assert opened(first("too_small")).size == (100, 75)
    assert opened(first("animated")).n_frames == 2
    assert picture(first("html")).startswith(b"<!DOCTYPE html")
    assert b"<svg" in picture(first("svg"))
    both = numbers(lambda image: image.fate == "placeholder", 2)
    assert picture(both[0]) == picture(both[1])


def test_originals_differ_from_each_other():
    originals = numbers(lambda image: image.copy_of is None and image.fate == "ok", 40)
    assert len({picture(number) for number in originals}) == 40


def test_urls_lead_back_to_their_numbers():
    listed = list(corpus.urls(600, first=1000))
    assert [corpus.truth(url).number for url in listed] == list(range(1000, 1600))
    assert len(set(listed)) == 600


@pytest.mark.parametrize(
    "url",
    [
        "https://photos-00.carpix.test/1999/ford-focus-red-999999999999.jpg",
        "https://elsewhere.test/a-1.jpg",
        "https://live.staticflickr.com/65535/53000000001_0000000000_b.jpg",
        "not a url",
        "https://[broken",
    ],
)
def test_truth_of_a_url_that_no_source_gives_out_is_an_error(url):
    with pytest.raises(KeyError):
        corpus.truth(url)


def test_labels_are_those_of_the_drawing():
    for url in corpus.urls(50):
        truth = corpus.truth(url)
        scene = facts(truth.number).scene
        assert truth.kind == scene.kind
        assert bool(truth.label) is (truth.kind == "vehicle")
        if truth.label:
            assert (truth.label["body"], truth.label["color"]) == (scene.body, scene.color)


def test_search_finds_what_the_words_mean():
    results = corpus.Results("bing", "red Ford Mustang car", per_combination=7)
    assert len(results) == len(list(results)) == 7
    for number in results:
        image = facts(number)
        assert (image.source, image.asked.model, image.asked_color) == ("bing", "Mustang", "red")
    assert len(corpus.Results("flickr", "rouge Citroën Berlingo")) == corpus.PER_COMBINATION
    assert len(matching("car")) == COMBINATIONS
    assert len(corpus.Results("openverse", "qwertyuiop asdfgh")) == 0


def test_sources_never_find_the_same_image():
    found = [set(corpus.Results(source, "blue van")) for source in corpus.SOURCES]
    assert not (found[0] & found[1]) | (found[0] & found[2]) | (found[1] & found[2])
    assert all(found)


def test_bulk_images_are_distinct_in_bytes_and_in_coarse_structure():
    files = [bulk_picture(number) for number in range(60)]
    assert len(set(files)) == 60
    coarse = []
    for file in files:
        gray = np.asarray(Image.open(BytesIO(file)).convert("L").resize((9, 8)), np.int16)
        coarse.append((gray[:, 1:] > gray[:, :-1]).ravel())
    distances = [
        np.count_nonzero(one != other) for n, one in enumerate(coarse) for other in coarse[:n]
    ]
    assert min(distances) > 4
    assert corpus.truth(corpus.bulk_url(17)).number == 17


def test_good_hosts_have_public_addresses_and_hostile_ones_do_not():
    from carsets.net.address_guard import AddressForbidden, AddressPolicy

    policy = AddressPolicy()
    for host in (*names.IMAGE_HOSTS, *names.COPY_HOSTS, names.BING, names.FLICKR_IMAGES):
        for address in names.resolve(host):
            policy.check(address, host)
        assert names.resolve(host)
    for host in (*names.PRIVATE_NAMES, "127.1", "2130706433", "[::1]", "localhost"):
        [address] = names.resolve(host)
        with pytest.raises(AddressForbidden):
            policy.check(address, host)
    for host in (*names.GONE_HOSTS, "unknown.test"):
        assert names.resolve(host) == []
