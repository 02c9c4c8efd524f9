"""The first pass: which images are in a release, and why each other one is not.

Reads few columns of every image of the catalog, and keeps numbers alone: about 60 bytes an image.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.release.caps import within_cap
from carsets.release.draw import Draw
from carsets.release.first_pass import FirstPass
from carsets.release.groups import read_keys
from carsets.release.leaks import refuse_leaks
from carsets.release.left_out import CODE, IN, REASONS, LeftOut
from carsets.release.splits import BRIDGE, assign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from carsets.catalog.release_rows import ReleaseRows
    from carsets.release.options import ReleaseOptions
    from carsets.release.quotas import ClassQuota

NO_SPLIT = -1


@dataclass(slots=True)
class Selection:
    """Which images are in. One place in every array for each image of the catalog, oldest first."""

    seq: NDArray[np.int64]
    image_id: NDArray[np.uint64]
    codes: NDArray[np.int8]  # IN, or why not
    classes: NDArray[np.int32]  # index into ``names``; -1 = no label
    splits: NDArray[np.int8]  # index into ``split_names``; NO_SPLIT
    bytes: NDArray[np.int64]
    fetched: NDArray[np.bytes_]
    licenses: NDArray[np.int32]  # index into ``license_codes``
    sources: NDArray[np.int32]  # index into ``source_names``
    names: tuple[str, ...]
    license_codes: tuple[str, ...]
    source_names: tuple[str, ...]
    split_names: tuple[str, ...] = ()
    quotas: Sequence[ClassQuota] = ()
    # What the mode forbids: (why, license): images. Not empty: no release can be made.
    violations: Counter[tuple[str, str]] = field(default_factory=Counter)
    # What was left out for its license, by the same key.
    forbidden: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown_values: Mapping[str, Counter[str]] = field(default_factory=dict)
    digest: str = ""  # of everything that the pass has read

    @property
    def chosen(self) -> NDArray[np.bool_]:
        """Which images are in."""
        chosen: NDArray[np.bool_] = self.codes == IN
        return chosen

    @property
    def considered(self) -> int:
        """How many images the catalog has."""
        return len(self.seq)

    @property
    def exported(self) -> int:
        """How many are in."""
        return int(np.count_nonzero(self.chosen))

    def left_out(self) -> dict[LeftOut, int]:
        """Return how many images are left out for each reason that holds for any."""
        counts = np.bincount(self.codes, minlength=len(REASONS) + 1).tolist()
        return {reason: counts[CODE[reason]] for reason in REASONS if counts[CODE[reason]]}

    def class_counts(self) -> dict[str, int]:
        """Return how many images each value of the label has in the release, sorted by value."""
        return _counted(self.classes[self.chosen], self.names)

    def license_counts(self) -> dict[str, int]:
        """Return how many images of the release are under each license."""
        return _counted(self.licenses[self.chosen], self.license_codes)

    def source_counts(self) -> dict[str, int]:
        """Return how many images of the release came from each source."""
        return _counted(self.sources[self.chosen], self.source_names)

    def split_counts(self) -> dict[str, int]:
        """Return how many images each split has; {"": n} when the release is not split."""
        if not self.split_names:
            return {"": self.exported}
        counts = np.bincount(self.splits[self.chosen], minlength=len(self.split_names)).tolist()
        return dict(zip(self.split_names, counts, strict=True))

    def total_bytes(self) -> int:
        """Return how many bytes the originals of the release have."""
        return int(self.bytes[self.chosen].sum())

    def newest(self) -> str:
        """Return when the newest image of the release was fetched; "" when there is none."""
        fetched = np.sort(self.fetched[self.chosen])
        return str(fetched[-1].decode("ascii", "replace")) if len(fetched) else ""

    def places(self, *, shuffled: bool) -> NDArray[np.int64]:
        """Return the places of the images that are in, by age, or by id: which is by chance."""
        places = np.flatnonzero(self.chosen)
        if shuffled:
            places = places[np.argsort(self.image_id[places], kind="stable")]
        return places


def select(
    rows: ReleaseRows,
    options: ReleaseOptions,
    *,
    near_bits: int = 0,
    progress: Callable[[int], None] = lambda count: None,
) -> Selection:
    """Decide about every image. ``near_bits``: pictures so near to a removed one are too."""
    first_pass = FirstPass(rows, options, near_bits)
    for chunk in rows.light():
        first_pass.take(chunk)
        progress(len(chunk))
    first_pass.close()
    arrays = first_pass.arrays()
    selection = _selection(first_pass, arrays)
    if not selection.violations:
        _split(selection, rows, options, arrays["split_classes"])
        _cap(selection, options, arrays["hosts"])
    return selection


def _selection(first_pass: FirstPass, arrays: Mapping[str, NDArray[Any]]) -> Selection:
    names, classes = _sorted_names(first_pass.names, arrays["classes"])
    return Selection(
        seq=arrays["seq"],
        image_id=arrays["image_id"],
        codes=arrays["codes"],
        classes=classes,
        splits=np.full(len(classes), NO_SPLIT, np.int8),
        bytes=arrays["bytes"],
        fetched=arrays["fetched"],
        licenses=arrays["licenses"],
        sources=arrays["sources"],
        names=names,
        license_codes=tuple(first_pass.license_codes),
        source_names=tuple(first_pass.source_names),
        violations=first_pass.violations,
        forbidden=first_pass.forbidden,
        unknown_values=first_pass.unknown_values(),
        digest=first_pass.hash.hexdigest(),
    )


def _split(
    selection: Selection, rows: ReleaseRows, options: ReleaseOptions, classes: NDArray[np.int32]
) -> None:
    """Part the release, and leave out what would be in two splits or is too much."""
    shares = options.shares
    if shares is None:
        return
    keys = read_keys(rows.grouping(), rows.near_groups())
    # What a filter leaves out of this one release has its split all the same.
    filtered = (CODE[LeftOut.WHERE], CODE[LeftOut.NO_LABEL])
    if not (shares.exact and shares.labels):
        classes = selection.classes
    assignment = assign(
        keys,
        shares,
        options.salt,
        chosen=selection.chosen | np.isin(selection.codes, filtered),
        classes=classes if (classes >= 0).any() else None,
        per_class=options.max_per_class or None,
    )
    selection.split_names, selection.quotas = assignment.names, assignment.quotas
    chosen = selection.chosen
    bridge = chosen & (assignment.codes == BRIDGE)
    surplus = chosen & (assignment.codes < 0) & ~bridge
    selection.codes[bridge] = CODE[LeftOut.SPLIT_BRIDGE]
    selection.codes[surplus] = CODE[LeftOut.SPLIT_SURPLUS]
    selection.splits = np.where(assignment.codes < 0, NO_SPLIT, assignment.codes).astype(np.int8)
    refuse_leaks(keys, np.where(selection.chosen, selection.splits, NO_SPLIT), assignment.names)


def _cap(selection: Selection, options: ReleaseOptions, hosts: NDArray[np.uint64]) -> None:
    """Leave out what is beyond the limits; the salted hash of an image's id says which goes."""
    limits = (
        (options.max_per_host, hosts.astype(np.int64), LeftOut.HOST_CAP),
        (options.max_per_class, selection.classes, LeftOut.CLASS_CAP),
    )
    draw = Draw(f"cap {options.salt}")
    for most, groups, reason in limits:
        if most:
            places = np.flatnonzero(selection.chosen & (groups != -1))
            drawn = draw.numbers(selection.image_id[places])
            kept = within_cap(groups[places], drawn, most)
            selection.codes[places[~kept]] = CODE[reason]


def _sorted_names(
    codes: Mapping[str, int], classes: NDArray[np.int32]
) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Number the names in their order: numbers then do not depend on which came first."""
    names = tuple(sorted(codes))
    renumbered = np.full(len(names) + 1, -1, np.int32)  # the last one is for -1
    for number, name in enumerate(names):
        renumbered[codes[name]] = number
    return names, renumbered[classes]


def _counted(codes: NDArray[np.int32], names: Sequence[str]) -> dict[str, int]:
    counts = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    return {name: count for name, count in sorted(zip(names, counts, strict=True)) if count}
