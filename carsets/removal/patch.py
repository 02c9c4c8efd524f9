"""A copy of a release without what was removed: written beside it, and put in its place.

Works on the folder alone, so that those who hold a copy need neither the catalog nor us. Files
without removed images are linked, not copied. A run that was killed is finished, or forgotten, by
the next one: until the last rename the old folder is whole.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carsets.catalog.tombstones import gather
from carsets.problems import UserError
from carsets.removal.matching import ID_DIGITS, Doomed
from carsets.removal.row_files import STRIP, Unreadable, strip_json_lines, strip_lines
from carsets.removal.tombstone_file import NAME as TOMBSTONES
from carsets.removal.tombstone_file import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carsets.catalog.tombstones import Tombstone
    from carsets.removal.row_files import Strip

SUMS, FACTS, CARD, CROISSANT = "SHA256SUMS", "release.json", "README.md", "croissant.json"
NEW, OLD = ".patched", ".unpatched"  # ends of the names of the folders beside the release
# Read as a whole and never row by row: what they say is brought up to date.
OWN = {SUMS, FACTS, CARD, CROISSANT, TOMBSTONES}
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif"}
MOST_TEXT = 64 << 20  # bytes of a file of an unknown kind that is searched


@dataclass(slots=True)
class Patch:
    """What a patch changes in one release."""

    folder: Path
    files: list[str] = field(default_factory=list)  # go as a whole
    rows: dict[str, int] = field(default_factory=dict)  # rows that go, by file
    images: set[str] = field(default_factory=set)  # ids, 16 hex digits
    version: int = 0  # of the release from now on
    digest: str = ""  # sha256 of the new SHA256SUMS
    bytes: int = 0

    def __bool__(self) -> bool:
        return bool(self.files or self.rows)


def patch(folder: Path, stones: Sequence[Tombstone], *, dry_run: bool = False) -> Patch:
    """Take the removed images out of a release. Raises UserError, and then nothing has changed.

    A dry run says what would go. Where nothing goes the folder stays as it is.
    """
    finish(folder)
    sums = read_sums(folder)
    try:
        doomed = Doomed(gather(stones))
    except ValueError as error:
        raise UserError(f"a tombstone is no hash: {error}") from None
    new = folder.with_name(folder.name + NEW)
    shutil.rmtree(new, ignore_errors=True)
    try:
        new.mkdir()
        found = _Patching(folder, new, sums, doomed).run()
        if found and not dry_run:
            _seal(found, new, stones, doomed)
            _swap(folder, new)
        return found
    except OSError as error:
        raise UserError(f"{folder} cannot be patched: {error.strerror or error}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def finish(folder: Path) -> None:
    """Settle what a killed patch has left: the new folder if it is whole, or else the old one."""
    new, old = folder.with_name(folder.name + NEW), folder.with_name(folder.name + OLD)
    if old.is_dir() and not folder.exists():
        whole = (new / SUMS).is_file()  # written last
        (new if whole else old).rename(folder)
    if old.is_dir() and folder.exists():
        shutil.rmtree(old)


def read_sums(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file by its name. Raises UserError for what is no release."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder")
    try:
        text = (folder / SUMS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UserError(f"{folder} is no release of ours: {SUMS} is missing") from None
    sums = {}
    for line in text.splitlines():
        digest, two_spaces, name = line.partition("  ")
        path = Path(name)
        if not two_spaces or len(digest) != 64 or path.is_absolute() or ".." in path.parts:
            raise UserError(f"{folder / SUMS} has a line that is no checksum: {line[:80]!r}")
        sums[name] = digest
    return sums


class _Patching:
    """One pass over a release, from its folder into a new one."""

    def __init__(self, folder: Path, new: Path, sums: dict[str, str], doomed: Doomed) -> None:
        self.folder = folder
        self.new = new
        self.sums = sums
        self.doomed = doomed
        self.patch = Patch(folder)
        self.fewer: dict[str, int] = {}  # samples that tar files have lost

    def run(self) -> Patch:
        """Write the new folder; anew when a row has told of an image that earlier files name."""
        self._refuse_strangers()
        known = -1
        while known != len(self.doomed.ids):
            known = len(self.doomed.ids)
            shutil.rmtree(self.new)
            self.new.mkdir()
            shutil.copymode(self.folder, self.new)
            self.patch = Patch(self.folder)
            self.fewer.clear()
            self._pass()
        self.patch.images = set(self.doomed.found)
        return self.patch

    def _pass(self) -> None:
        pictures = [name for name in self.sums if self._is_picture(name)]
        kept = {name for name in pictures if not self._goes(name)}
        self.patch.files = sorted(set(pictures) - kept)
        self.doomed.files = {
            name.rpartition("/")[2] for name in self.patch.files if not self.doomed.names(name)
        }
        # Tar files come first: the lists that count their samples are corrected after them.
        others = sorted(
            (name for name in self.sums if not self._is_picture(name) and name not in OWN),
            key=lambda name: (not name.endswith(".tar"), name),
        )
        for name in others:
            self._take(name)
        for name in [*kept, *(name for name in OWN if name in self.sums)]:
            self._link(name)

    def _refuse_strangers(self) -> None:
        """Raise UserError when a file is gone: a release that is not whole is not patched."""
        for name in self.sums:
            if not (self.folder / name).is_file():
                raise UserError(f"{self.folder / name} is missing: the release is not whole")

    @staticmethod
    def _is_picture(name: str) -> bool:
        return Path(name).suffix.lower() in PICTURES

    def _goes(self, name: str) -> bool:
        if self.sums[name] in self.doomed.stones.sha256s:
            self.doomed.found.add(self.sums[name][:ID_DIGITS])
            return True
        return self.doomed.names(name)

    def _take(self, name: str) -> None:
        if self.doomed.names(name):  # a text of one image: a caption, a box
            self.patch.files.append(name)
            return
        gone = self._strip(name)
        written = self.new / name
        if gone:
            self.patch.rows[name] = gone
            if name.endswith(".tar"):
                self.fewer[name.rpartition("/")[2]] = gone
        elif not (written.is_file() and name.endswith(".json")):  # its numbers were corrected
            written.unlink(missing_ok=True)
            self._link(name)

    def _strip(self, name: str) -> int:
        path, target = self.folder / name, self.new / name
        target.parent.mkdir(parents=True, exist_ok=True)
        strip = self._reader(name)
        if strip is None:
            self._search(path)
            return 0
        try:
            return strip(path, target, self.doomed, self.fewer)
        except Unreadable as problem:
            raise UserError(f"{path} cannot be patched: {problem}") from None

    def _reader(self, name: str) -> Strip | None:
        path = Path(name)
        if path.suffix.lower() in STRIP:
            return STRIP[path.suffix.lower()]
        if path.suffix:
            return None
        with (self.folder / name).open("rb") as file:  # dgCars' lists have no extension
            return strip_json_lines if file.read(1) == b"{" else strip_lines

    def _search(self, path: Path) -> None:
        """Raise UserError when a file that we cannot patch names a removed image."""
        if path.stat().st_size > MOST_TEXT:
            raise UserError(f"{path} cannot be patched: a kind of file that carsets does not know")
        text = path.read_text(encoding="utf-8", errors="replace")
        if self.doomed.names(text):
            raise UserError(f"{path} names a removed image, and carsets cannot patch such a file")

    def _link(self, name: str) -> None:
        old, new = self.folder / name, self.new / name
        new.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(old, new)
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}:
                raise
            shutil.copy2(old, new)


# --- What a release says of itself ------------------------------------------------------------


def _seal(found: Patch, new: Path, stones: Sequence[Tombstone], doomed: Doomed) -> None:
    """Bring the release's own files up to date; the checksums come last."""
    old = read_sums(found.folder)
    sums = {}
    for name in sorted(_files(new)):
        if name in {TOMBSTONES, SUMS}:
            continue
        before = found.folder / name
        linked = before.is_file() and before.samefile(new / name)
        sums[name] = old[name] if linked and name in old else _digest(new / name)
    _write(new / TOMBSTONES, text_of(stones))
    _say_in_card(new / CARD, found, stones)
    _say_in_facts(new / FACTS, found, stones)
    _say_in_croissant(new / CROISSANT, sums, set(old) - set(sums))
    for name in (TOMBSTONES, CARD, FACTS, CROISSANT):
        if (new / name).is_file():
            sums[name] = _digest(new / name)
    _refuse_leftovers(new, doomed)
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    _write(new / SUMS, text)
    found.digest = sha256(text.encode()).hexdigest()
    found.bytes = sum((new / name).stat().st_size for name in sums)


def _say_in_card(path: Path, found: Patch, stones: Sequence[Tombstone]) -> None:
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8")
    begin = "\n## Removed since\n"
    before = text.partition(begin)[0].rstrip("\n")
    note = (
        f"{len(found.images)} images were removed on request (state of the requests: "
        f"{_newest(stones)}; see {TOMBSTONES}). The numbers above are those of the release before."
    )
    _write(path, f"{before}\n{begin}\n{note}\n")


def _say_in_facts(path: Path, found: Patch, stones: Sequence[Tombstone]) -> None:
    facts = _read_json(path)
    if facts is None:
        return
    version = facts.get("version", 1)
    found.version = facts["version"] = version + 1 if type(version) is int else 2
    if type(facts.get("exported")) is int:
        facts["exported"] -= len(found.images)
    earlier = facts.get("removed")
    facts["removed"] = [
        *(earlier if isinstance(earlier, list) else []),
        {"images": len(found.images), "requests_until": _newest(stones)},
    ]
    _write(path, json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=True) + "\n")


def _say_in_croissant(path: Path, sums: dict[str, str], gone: set[str]) -> None:
    facts = _read_json(path)
    files = facts.get("distribution") if facts else None
    if facts is None or not isinstance(files, list):
        return
    kept = []
    for file in files:
        name = file.get("contentUrl") if isinstance(file, dict) else None
        if name in gone:
            continue
        if name in sums and "sha256" in file:
            file["sha256"] = sums[name]
            size = (path.parent / str(name)).stat().st_size
            if "contentSize" in file:
                file["contentSize"] = f"{size} B"
        kept.append(file)
    facts["distribution"] = kept
    _write(path, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise UserError(f"{path.name} cannot be patched: not JSON") from None
    return value if isinstance(value, dict) else None


def _refuse_leftovers(new: Path, doomed: Doomed) -> None:
    """Raise UserError when one of the release's own texts still names a removed image."""
    for name in (CARD, FACTS, CROISSANT):
        path = new / name
        if path.is_file() and doomed.names(path.read_text(encoding="utf-8", errors="replace")):
            raise UserError(f"{name} names a removed image, and carsets cannot patch it there")


def _newest(stones: Sequence[Tombstone]) -> str:
    return max((stone.removed_at for stone in stones), default="")


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    """Write a text in the place of one that may be a link to the old release's."""
    path.unlink(missing_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _swap(folder: Path, new: Path) -> None:
    """Give the new folder its name; ``finish`` knows each state in between."""
    os.sync()  # linked and copied files are on the disk before a name stands for them
    old = folder.with_name(folder.name + OLD)
    folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old)
