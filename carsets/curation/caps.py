"""Hosts and authors that give too much of a class, and captions that look automatic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from carsets.curation.corpus import Corpus

    Keys = NDArray[np.uint64]

LEAST = 10  # images of a class that one owner may give, however small the class is

# The rules of InstaCities1M, and what each says alone of an image being automatic.
MOST_POSTS = 50  # of one author
MOST_REPEATS = 5  # of one caption by one author
MOST_SHARED_CAPTIONS = 20  # of one caption by anybody
LEAST_WORDS = 3  # of a caption
MOST_MAKES = 3  # other makes that caption and tags name
RULES = {
    "its author has more than {most_posts} images here": 0.2,
    "its author wrote the same caption {repeats} times": 0.4,
    "{shared} images have the same caption": 0.3,
    "its caption has fewer than {least_words} words": 0.1,
    "caption and tags name {makes} other makes": 0.5,
}


def over_cap(
    owner: Keys, classes: NDArray[np.int32], rank: NDArray[np.int64], share: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return a score for the images beyond an owner's cap, and how many the owner has there.

    An owner may give ``share`` of a class, and LEAST images in any case: the best ones stay. The
    score is the part of the owner's images that is too much. Owner 0 and negative classes are
    nobody's.
    """
    score = np.zeros(len(owner), np.float32)
    count = np.zeros(len(owner), np.int64)
    known = np.flatnonzero((owner != 0) & (classes >= 0))
    if not len(known):
        return score, count
    sizes = np.bincount(classes[classes >= 0])  # of unknown owners too
    order = known[np.lexsort((rank[known], owner[known], classes[known]))]
    first = np.ones(len(order), np.bool_)
    first[1:] = (owner[order][1:] != owner[order][:-1]) | (
        classes[order][1:] != classes[order][:-1]
    )
    starts = np.flatnonzero(first)
    lengths = np.diff(np.append(starts, len(order)))
    inside = np.arange(len(order)) - np.repeat(starts, lengths)
    has = np.repeat(lengths, lengths)
    cap = np.maximum(LEAST, np.ceil(share * sizes[classes[order]]))
    over = inside >= cap
    score[order[over]] = (1 - cap[over] / has[over]).astype(np.float32)
    count[order] = has
    return score, count


def posts_of(keys: Keys) -> NDArray[np.int64]:
    """Return how many images have the same key as each; 0 where it has none."""
    _, at, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.where(keys != 0, counts[at], 0)


class BotRules:
    """What the rules say of each image."""

    def __init__(self, corpus: Corpus) -> None:
        both = corpus.author * np.uint64(0x9E3779B97F4A7C15) ^ corpus.caption
        both[(corpus.author == 0) | (corpus.caption == 0)] = 0
        self.posts = posts_of(corpus.author)
        self.repeats = posts_of(both)
        self.shared = posts_of(corpus.caption)
        self.words = corpus.caption_words
        self.makes = corpus.makes_named
        said = corpus.caption_words > 0  # sources that give no captions are not bots
        self.broken = np.stack(
            (
                self.posts > MOST_POSTS,
                self.repeats >= MOST_REPEATS,
                # A short title such as "Ford Focus" is nobody's invention.
                (self.shared >= MOST_SHARED_CAPTIONS) & (self.words > 2 * LEAST_WORDS),
                said & (self.words < LEAST_WORDS),
                self.makes >= MOST_MAKES,
            )
        )

    def scores(self) -> NDArray[np.float32]:
        """Return how automatic each image looks: each rule that it breaks adds to it."""
        innocent = np.ones(self.broken.shape[1], np.float32)
        for broken, weight in zip(self.broken, RULES.values(), strict=True):
            innocent[broken] *= 1 - weight
        return 1 - innocent

    def reason(self, place: int) -> str:
        """Return which rules an image breaks, in words."""
        facts = {
            "most_posts": MOST_POSTS,
            "repeats": self.repeats[place],
            "shared": self.shared[place],
            "least_words": LEAST_WORDS,
            "makes": self.makes[place],
        }
        rules = [rule for rule, broken in zip(RULES, self.broken[:, place], strict=True) if broken]
        return "; ".join(rules).format(**facts)
