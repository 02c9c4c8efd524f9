"""What is said of a finished release: to the user, in release.json, and in the small texts."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import PIL

from carsets import __version__
from carsets.exports.comma_separated import row
from carsets.exports.spreadsheet import defused
from carsets.exports.text_file import TextFile
from carsets.permissions import TEXTS, Mode, Why
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from carsets.catalog.tombstones import Tombstone
    from carsets.exports.base import ReleaseFacts
    from carsets.release.folder import ReleaseFolder
    from carsets.release.left_out import LeftOut
    from carsets.release.options import ReleaseOptions
    from carsets.release.selection import Selection

MOST_VALUES = 20  # of a label that are in no vocabulary, by name; the others are counted

LICENSE_TEXT = """\
The annotations of the dataset "{name}" (labels, splits, file lists and descriptions) are licensed
by their maker under the Creative Commons Attribution 4.0 International License (CC BY 4.0):
https://creativecommons.org/licenses/by/4.0/

This license does not cover the images. {images}
"""
WITH_IMAGES = "Each image is under the license that ATTRIBUTION.csv names for it."
WITHOUT_IMAGES = "Each image belongs to its owner and is under the license that stands in its row."
INTERNAL_TEXT = """\
DO NOT PUBLISH

This folder holds images that may not be handed out. It is kept for the research of those who made
it, and readable by its owner alone (mode 0700): give access to no one else, copy it to no place
that others can read, and publish neither the images nor copies made from them.

Keep until: {until}
Delete the folder by then. The hashes in the catalog are enough to verify results later.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReport:
    """A finished release."""

    release_id: str
    path: Path
    options: ReleaseOptions
    facts: ReleaseFacts
    considered: int
    left_out: Mapping[LeftOut, int]
    unknown_values: Mapping[str, int]  # label: images whose value is in no vocabulary
    forbidden: Counter[tuple[str, str]]  # (why, license): images left out for it
    files: int
    bytes: int  # of all files
    digest: str  # sha256 of SHA256SUMS
    resumed: bool = False  # an earlier pass had begun it
    started_anew: bool = False  # what another pass had begun was thrown away

    @property
    def exported(self) -> int:
        """How many images are in."""
        return self.facts.total


def release_json(
    selection: Selection, options: ReleaseOptions, facts: ReleaseFacts, **more: Any
) -> dict[str, Any]:
    """Return what release.json holds; ``more`` is what else is known."""
    return {
        "name": facts.name,
        "format": options.format,
        "mode": facts.mode,
        "options": options.as_json(),
        "considered": selection.considered,
        "exported": selection.exported,
        "left_out": {str(reason): count for reason, count in selection.left_out().items()},
        "left_out_by_license": [
            {"why": why, "license": code, "images": count}
            for (why, code), count in sorted(selection.forbidden.items())
        ],
        "classes": selection.class_counts() if facts.label else {},
        "label": facts.label,
        "licenses": dict(facts.licenses),
        "sources": selection.source_counts(),
        "splits": dict(facts.splits),
        "inexact_splits": [
            {
                "class": selection.names[quota.class_code] if quota.class_code >= 0 else "",
                "counts": list(quota.counts),
                "target": list(quota.target),
            }
            for quota in selection.quotas
            if quota.off
        ],
        "unknown_values": {
            label: {
                "images": values.total(),
                "values": dict(sorted(values.items(), key=_most_first)[:MOST_VALUES]),
                "others": max(0, len(values) - MOST_VALUES),
            }
            for label, values in selection.unknown_values.items()
        },
        "size": facts.size,
        "newest": facts.newest,
        **more,
    }


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def versions(schema: int) -> dict[str, str]:
    """Return the versions of what a release depends on."""
    return {
        "carsets": __version__,
        "catalog schema": str(schema),
        "Pillow": PIL.__version__,
        "Python": platform.python_version(),
    }


def retain_until(options: ReleaseOptions, newest: str, days: int) -> str:
    """Return the date after which an internal release must go; "" for the others.

    It is counted from the newest image, and so stays what it is when the release is made again.
    """
    if options.mode is not Mode.INTERNAL:
        return ""
    if options.retain_until:
        return options.retain_until
    try:
        return (date.fromisoformat(newest[:10]) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        raise UserError(
            "--mode internal: nothing says when the images were fetched; name the date after "
            "which the release must go with --retain-until 2027-12-31"
        ) from None


def write_small_texts(
    folder: ReleaseFolder,
    facts: ReleaseFacts,
    stones: list[Tombstone],
    *,
    images: bool,
    until: str,
) -> None:
    """Write LICENSE-annotations, TOMBSTONES.csv and, for internal releases, INTERNAL.txt."""
    texts = {
        "LICENSE-annotations": LICENSE_TEXT.format(
            name=facts.name, images=WITH_IMAGES if images else WITHOUT_IMAGES
        ),
        "TOMBSTONES.csv": "".join(tombstone_lines(stones)),
    }
    if until:
        texts["INTERNAL.txt"] = INTERNAL_TEXT.format(until=until)
    for name, text in texts.items():
        file = TextFile(folder, name)
        file.write(text)
        file.close()


def tombstone_lines(stones: list[Tombstone]) -> Iterator[str]:
    """Yield the lines of TOMBSTONES.csv: hashes, with which others can clean their copies."""
    yield row(("kind", "value", "reason", "removed_at"))
    for stone in stones:
        yield row([defused(cell) for cell in stone])


def write_json(folder: ReleaseFolder, facts: Mapping[str, Any]) -> None:
    """Write release.json, unless an earlier pass has."""
    file = TextFile(folder, "release.json")
    file.write(json.dumps(facts, indent=1, sort_keys=True) + "\n")
    file.close()


# --- What stands in the way -------------------------------------------------------------------


def refusal(selection: Selection, options: ReleaseOptions) -> UserError:
    """Return the one line about images that the mode forbids, by reason and license."""
    by_reason: dict[str, dict[str, int]] = {}
    for (why, code), count in sorted(selection.violations.items()):
        by_reason.setdefault(why, {})[code] = count
    what = "; ".join(
        f"{sum(codes.values()):,} {why_text(why)} "
        f"({', '.join(f'{code} {count:,}' for code, count in codes.items())})"
        for why, codes in by_reason.items()
    )
    return UserError(
        f"--mode {options.mode} does not allow {selection.violations.total():,} of "
        f"{selection.exported + selection.violations.total():,} images: {what}. "
        f"{'; '.join(_advice(by_reason, options))}"
    )


def why_text(why: str) -> str:
    """Return a reason in words."""
    if why in Why._value2member_map_:
        return TEXTS[Why(why)]
    return "have to be credited, and nobody knows how"


def _advice(reasons: Mapping[str, object], options: ReleaseOptions) -> Iterator[str]:
    if Why.NO_CHANGES in reasons and options.blur:
        yield "--nd out leaves out ND images"
    elif Why.NO_CHANGES in reasons:
        yield "--nd unchanged hands out ND images as they are, --nd out leaves them out"
    if Why.WEAK_EVIDENCE in reasons:
        yield "--accept-evidence list,file believes published lists and the files themselves"
    if set(reasons) - {Why.NO_CHANGES}:
        yield "--only-allowed leaves them out, and says how many"


def nothing_left(selection: Selection) -> str:
    """Return the one line about a release without images."""
    if not selection.considered:
        return "the catalog has no images yet: crawl first"
    why = ", ".join(f"{count:,} {reason.meaning}" for reason, count in selection.left_out().items())
    return f"no image is left of {selection.considered:,}: {why}"
