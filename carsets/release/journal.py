"""Which files of a release are written: one line a file, so that a killed export goes on.

A line is ``{"name": ..., "size": ..., "sha256": ...}``; the first one names the plan, which is the
catalog's state and all options. What is kept in memory is 16 bytes a file.
"""

from __future__ import annotations

import heapq
import json
import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTLE_EVERY = 50_000  # files; so many stand in a dict, which costs ten times an array's memory
SORT_AT_ONCE = 100_000  # lines


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """One finished file of a release."""

    size: int  # bytes
    sha256: str  # hex


class Journal:
    """The finished files of one plan, in the order in which they were finished."""

    def __init__(self, path: Path, plan: str) -> None:
        """Begin a journal; one that stands there is overwritten."""
        self.path = path
        self.plan = plan
        self._file = path.open("wb+", buffering=0)
        self._index = _Index()
        self._end = 0
        self.count = 0
        self.bytes = 0
        self._append({"plan": plan})

    @classmethod
    def resume(cls, path: Path, plan: str, root: Path) -> Self | None:
        """Go on with a journal, or return None when it is of another plan.

        A file that is not in ``root`` with its size any more counts as never written.
        """
        if plan_of(path) != plan:
            return None
        journal = cls.__new__(cls)
        journal.path, journal.plan = path, plan
        journal._file = path.open("rb+", buffering=0)
        journal._index = _Index()
        journal._end = journal.count = journal.bytes = 0
        with path.open("rb") as lines:
            for number, line in enumerate(lines):
                if not line.endswith(b"\n"):
                    break  # the process died while it wrote this line
                if number:
                    journal._take_up(json.loads(line), root)
                journal._end += len(line)
        os.ftruncate(journal._file.fileno(), journal._end)
        return journal

    def _take_up(self, facts: dict[str, Any], root: Path) -> None:
        try:
            size = (root / facts["name"]).stat().st_size
        except OSError:
            size = -1
        if size == facts["size"]:
            self._index.put(facts["name"], self._end)
            self.count += 1
            self.bytes += size

    def add(self, name: str, entry: FolderEntry) -> None:
        """Write that a file is finished."""
        self._index.put(name, self._end)
        self._append({"name": name, "size": entry.size, "sha256": entry.sha256})
        self.count += 1
        self.bytes += entry.size

    def get(self, name: str) -> FolderEntry | None:
        """Return what is known of a finished file, None when there is none of this name."""
        place = self._index.get(name)
        if place is None:
            return None
        facts = self._read(place)
        if facts["name"] != name:  # two names of one hash: the later one hides the earlier
            return None
        return FolderEntry(facts["size"], facts["sha256"])

    def sums(self) -> Iterator[bytes]:
        """Yield the lines of SHA256SUMS, sorted by name. Sorts on disk: files may be a million."""
        # The names come first while lines are sorted; no name holds a zero byte.
        lines = (
            facts["name"].encode() + b"\0" + facts["sha256"].encode() + b"\n"
            for facts in self._all()
        )
        with ExitStack() as stack:
            runs = []
            while some := sorted(islice(lines, SORT_AT_ONCE)):
                run = stack.enter_context(tempfile.TemporaryFile(dir=self.path.parent))
                run.writelines(some)
                run.seek(0)
                runs.append(run)
            for line in heapq.merge(*runs):
                name, _, digest = line.rstrip(b"\n").partition(b"\0")
                yield digest + b"  " + name + b"\n"

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _all(self) -> Iterator[dict[str, Any]]:
        """Yield the lines that still hold, each file once."""
        place = 0
        with self.path.open("rb") as lines:
            for line in lines:
                facts = json.loads(line)
                if "name" in facts and self._index.get(facts["name"]) == place:
                    yield facts
                place += len(line)

    def _append(self, facts: dict[str, Any]) -> None:
        line = json.dumps(facts, ensure_ascii=False).encode() + b"\n"
        written = os.pwrite(self._file.fileno(), line, self._end)
        if written != len(line):  # a full disk takes what still fits
            raise OSError(28, "No space left on device")
        self._end += len(line)

    def _read(self, place: int) -> dict[str, Any]:
        length = 512
        while True:
            line, newline, _ = os.pread(self._file.fileno(), length, place).partition(b"\n")
            if newline:
                facts: dict[str, Any] = json.loads(line)
                return facts
            length *= 8


def plan_of(path: Path) -> str | None:
    """Return the plan that a journal is of; None when there is no journal, or it never began."""
    try:
        with path.open("rb") as file:
            line = file.readline()
        plan = json.loads(line)["plan"] if line.endswith(b"\n") else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return plan if isinstance(plan, str) else None


class _Index:
    """Where in the journal the line of a name begins: sorted arrays, and a dict of the newest."""

    def __init__(self) -> None:
        self._names = np.empty(0, np.uint64)
        self._places = np.empty(0, np.int64)
        self._newest: dict[int, int] = {}

    def put(self, name: str, place: int) -> None:
        self._newest[_hash(name)] = place
        if len(self._newest) >= SETTLE_EVERY:
            self._settle()

    def get(self, name: str) -> int | None:
        key = _hash(name)
        if key in self._newest:
            return self._newest[key]
        at = int(np.searchsorted(self._names, np.uint64(key)))
        if at < len(self._names) and self._names[at] == key:
            return int(self._places[at])
        return None

    def _settle(self) -> None:
        names = np.fromiter(self._newest.keys(), np.uint64, len(self._newest))
        places = np.fromiter(self._newest.values(), np.int64, len(self._newest))
        old = ~np.isin(self._names, names)
        names = np.concatenate([self._names[old], names])
        places = np.concatenate([self._places[old], places])
        order = np.argsort(names, kind="stable")
        self._names, self._places = names[order], places[order]
        self._newest.clear()


def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest())
