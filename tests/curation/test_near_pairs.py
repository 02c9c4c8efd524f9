"""Copies by two hashes, mirrored ones too, of pictures that somebody has changed."""

import io

import numpy as np
from PIL import ImageOps

from carsets.curation.mirrored import mirrored_dhash, mirrored_phash
from carsets.curation.near_groups import Edges, Level, find_groups
from carsets.curation.near_pairs import hash_edges, sureness, twins_of
from carsets.fakeweb.drawing import draw_scene
from carsets.vision.inspection import Limits, inspect


def hashes(picture):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    seen = inspect(file.getvalue(), Limits(small=False))
    return seen.phash, seen.dhash


def both(pictures):
    table = np.array([hashes(picture) for picture in pictures], np.uint64)
    return table[:, 0], table[:, 1]


def test_the_hashes_of_a_mirrored_picture_are_foretold_from_its_own():
    pictures = [draw_scene(number, kind="vehicle", size=(320, 240)) for number in range(8)]
    phash, dhash = both(pictures)
    mirrored = both([ImageOps.mirror(picture) for picture in pictures])
    assert np.median(np.bitwise_count(mirrored_phash(phash) ^ mirrored[0])) <= 4
    assert np.median(np.bitwise_count(mirrored_dhash(dhash) ^ mirrored[1])) <= 12
    assert (mirrored_dhash(mirrored_dhash(dhash)) == dhash).all()


def test_copies_and_mirrored_copies_are_paired_and_told_apart():
    picture = draw_scene(3, kind="vehicle", size=(320, 240))
    phash, dhash = both([picture, picture.resize((200, 150)), ImageOps.mirror(picture)])
    rank = np.arange(3)
    edges = hash_edges(phash, dhash, rank, twins_of(phash, dhash, rank), 8, 14)
    groups = find_groups(edges, rank)
    assert dict(zip(groups.place.tolist(), groups.level.tolist(), strict=True)) == {
        0: Level.REPRESENTATIVE,
        1: Level.HASH,
        2: Level.MIRROR,
    }
    sure = sureness(groups.edges(), phash, dhash)
    assert sure[groups.place == 0] == 0
    assert sure[groups.place == 1] > 0.7


def test_the_further_the_hashes_the_less_sure_is_a_copy():
    phash = np.array([0, 0, 0b11111, 0xFF], np.uint64)
    dhash = np.array([0, 1, 0xFF, 0x3FFF], np.uint64)
    edges = Edges.of(np.zeros(3, np.int64), np.array([1, 2, 3]), Level.HASH, np.zeros(3, np.uint8))
    groups = find_groups(edges, np.arange(4))
    sure = dict(
        zip(groups.place.tolist(), sureness(groups.edges(), phash, dhash).tolist(), strict=True)
    )
    assert sure[1] > sure[2] > sure[3] > 0


def test_what_only_one_of_the_hashes_calls_a_copy_is_none():
    rank = np.arange(2)
    phash, dhash = np.array([0, 1], np.uint64), np.array([0, 0xFFFF], np.uint64)
    assert not len(hash_edges(phash, dhash, rank, rank, 8, 14))
    assert len(hash_edges(phash, dhash, rank, rank, 8, 16)) == 1
