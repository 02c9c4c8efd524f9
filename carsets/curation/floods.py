"""Who gives too much of a class: hosts, pages, authors; and who gives most beyond the cap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.caps import over_cap
from carsets.curation.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from carsets.curation.corpus import Corpus

    Scores = NDArray[np.float32]
    Keys = NDArray[np.uint64]

WORST = 20  # hosts that are told


class Floods:
    """Holds each owner against its share of every class; ``rank`` says whose images stay."""

    def __init__(self, corpus: Corpus, rank: NDArray[np.int64]) -> None:
        self.corpus, self.rank = corpus, rank

    def scores(
        self, host_share: float, author_share: float
    ) -> Iterator[tuple[Kind, Scores, Callable[[int], str]]]:
        """Yield kind, score and reason of what hosts, and what authors, give too much."""
        corpus = self.corpus
        # A host of many authors is a host of nobody in particular: their own cap holds, and that
        # of each page, which anybody may write full of names.
        host = np.where(corpus.author == 0, corpus.host, corpus.page)
        yield self._over(Kind.HOST_CAP, host, host_share, self._host_name)
        yield self._over(Kind.AUTHOR_CAP, corpus.author, author_share, lambda _: "one author")

    def _over(
        self, kind: Kind, owner: Keys, share: float, name_of: Callable[[int], str]
    ) -> tuple[Kind, Scores, Callable[[int], str]]:
        classes = self.corpus.classes
        score, has = over_cap(owner, classes.codes, self.rank, share)

        def reason(place: int) -> str:
            return (
                f"{name_of(place)} gives {has[place]} images of "
                f"{classes.names[classes.codes[place]]}, more than {share:.0%} of them"
            )

        return kind, score, reason

    def _host_name(self, place: int) -> str:
        host = self.corpus.hosts.get(int(self.corpus.host[place]), "one host")
        return host if self.corpus.author[place] == 0 else f"one page of {host}"

    def worst_hosts(self, over: NDArray[np.bool_]) -> list[tuple[str, int]]:
        """Return the hosts of most of the images that are too much, with their number."""
        keys, counts = np.unique(self.corpus.host[over], return_counts=True)
        worst = sorted(
            (-int(count), self.corpus.hosts[int(key)])
            for key, count in zip(keys, counts, strict=True)
            if key
        )
        return [(name, -count) for count, name in worst[:WORST]]
