"""WebDataset: tar files of images, each with its caption (``.txt``) and its facts (``.json``).

The images of a shard are a sample of their split by chance, as they come in the order of their
ids; that is what makes reading shard after shard as good as shuffling. A pass that was cut short
goes on behind the shards that were finished.

Layout: https://webdataset.github.io/webdataset/
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import whole
from carsets.exports.image_facts import (
    UNSPLIT,
    ascii_json,
    facts_of,
    refuse_without_images,
    split_of,
)
from carsets.exports.tar_shard import TarShard, count_samples

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

MOST_SAMPLES = 1000  # of one shard
MOST_BYTES = 256 << 20  # of one shard; a single image may be larger
_ODD = re.compile("[^A-Za-z0-9._-]")  # braces, above all: loaders take {0..9} for ten shards
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class WebDatasetFormat(ExportFormat):
    """``NAME-train-000000.tar`` and so on, and for each split the list of its shards."""

    name = "webdataset"
    summary = "tar shards of images, captions and facts (.jpg, .txt, .json)"
    carries_images = True
    shuffled = True
    note = (
        "A caption is the title, and in the lines below it the description, as the source gave "
        "them; where it gave neither, it is empty. NAME-SPLIT.json lists the shards of a split "
        "with their sizes."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        refuse_without_images(self.name, facts.mode)
        super().__init__(folder, facts)
        name = _ODD.sub("_", facts.name[:100]).lstrip("-.") or "images"
        self._splits = {
            split or UNSPLIT: _Shards(folder, f"{name}-{split or UNSPLIT}")
            for split in facts.splits
        }

    def needs_bytes(self, record: Record) -> bool:
        """Whether the image lies behind the shards that an earlier pass has finished."""
        return self._splits[split_of(record)].wants_next()

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Pack an image, unless it is packed."""
        shards = self._splits[split_of(record)]
        if shards.has_next():
            return
        assert image is not None
        assert image.data is not None
        members = {
            image.extension: image.data,
            "txt": caption(record).encode(),
            "json": ascii_json(facts_of(record, image)).encode(),
        }
        shards.add(record.image_id, members)

    def finish(self) -> None:
        """Finish the last shards, and list all of them."""
        for shards in self._splits.values():
            shards.finish()


def caption(record: Record) -> str:
    """Return what the source says in words of an image."""
    text = "\n".join(filter(None, (record.title.strip(), record.description.strip())))
    return _CONTROL.sub(" ", whole(text))


class _Shards:
    """The shards of one split; those of an earlier pass are passed over."""

    def __init__(self, folder: ReleaseFolder, stem: str) -> None:
        self._folder = folder
        self._stem = stem
        self._counts: list[int] = []  # samples of the shards that are finished
        self._left = 0  # samples of the last of these that are still to come
        self._shard: TarShard | None = None  # the one that is being written
        self._file = ExitStack()
        self._asked = 0
        self._packed = self._packed_before()

    def wants_next(self) -> bool:
        """Say whether the next sample that is asked for is not packed yet."""
        self._asked += 1
        return self._asked > self._packed

    def has_next(self) -> bool:
        """Pass over the next sample if it is in a finished shard."""
        if self._shard is None and not self._left and self._folder.has(self._next):
            self._left = count_samples(self._folder.path / self._next)
            self._counts.append(self._left)
        if not self._left:
            return False
        self._left -= 1
        return True

    def add(self, key: str, members: dict[str, bytes]) -> None:
        """Pack a sample, into a new shard if it does not fit into the one that is open."""
        if self._shard is not None and not self._fits(TarShard.size_of(members)):
            self._close()
            if self.has_next():  # the next shard outlived the one that was just written anew
                return
        if self._shard is None:
            self._shard = TarShard(self._file.enter_context(self._folder.write(self._next)))
        self._shard.add(key, members)

    def finish(self) -> None:
        """Finish the last shard, and write the list."""
        self._close()
        listed = f"{self._stem}.json"
        if not self._folder.has(listed):
            with self._folder.text(listed) as file:
                file.write('{"wids_version":1,"shardlist":[\n')
                file.write(",\n".join(map(self._told, range(len(self._counts)))))
                file.write("\n]}\n")

    @property
    def _next(self) -> str:
        return self._name(len(self._counts))

    def _name(self, number: int) -> str:
        return f"{self._stem}-{number:06}.tar"

    def _told(self, number: int) -> str:
        name = self._name(number)
        size = self._folder.entry(name).size
        return ascii_json({"url": name, "nsamples": self._counts[number], "filesize": size})

    def _fits(self, size: int) -> bool:
        assert self._shard is not None
        return self._shard.samples < MOST_SAMPLES and self._shard.size + size <= MOST_BYTES

    def _close(self) -> None:
        if self._shard is not None:
            self._shard.end()
            self._file.close()
            self._counts.append(self._shard.samples)
            self._shard = None

    def _packed_before(self) -> int:
        """Return how many samples are in the finished shards before the first that is not."""
        packed = number = 0
        while self._folder.has(self._name(number)):
            packed += count_samples(self._folder.path / self._name(number))
            number += 1
        return packed
