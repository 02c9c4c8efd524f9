"""Looks at every image of the catalog in turn, and decides what can be decided one by one."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.catalog.fingerprints import KEPT
from carsets.catalog.release_rows import hash_of_picture
from carsets.catalog.tombstones import gather
from carsets.licenses import DeclaredLicense, Evidence
from carsets.permissions import Answer, Mode, Permission, Purpose, Why, may
from carsets.release.credit import missing_parts
from carsets.release.groups import hash_of, id_number
from carsets.release.label_texts import read_labels
from carsets.release.labels import LABELS, is_known, label_value
from carsets.release.left_out import CODE, IN, LeftOut
from carsets.release.people import NOBODY, words_by_image
from carsets.release.where import Where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from carsets.catalog.release_rows import LightRow, ReleaseRows
    from carsets.catalog.tombstones import Tombstones
    from carsets.release.options import ReleaseOptions
    from carsets.release.people import Word

NO_CREDIT = "no-credit"  # beside the values of Why: a credit is owed that nobody can give
# The arrays of the pass, in the order in which ``_decide`` returns their values.
ARRAYS: Mapping[str, Any] = {
    "seq": np.int64,
    "image_id": np.uint64,
    "codes": np.int8,  # IN, or why not
    "classes": np.int32,  # number of the label; -1 = none
    "split_classes": np.int32,  # the same for splits that count other labels
    "bytes": np.int64,
    "fetched": "S25",  # 2026-01-02T03:04:05+00:00
    "licenses": np.int32,
    "sources": np.int32,
    "hosts": np.uint64,
}


class FirstPass:
    """Looks at the images in turn, and gathers what is decided about each."""

    def __init__(self, rows: ReleaseRows, options: ReleaseOptions, near_bits: int) -> None:
        self.rows = rows
        self.options = options
        self.pixels = options.carries_images
        self.modified = options.modified
        self.needs_label = bool(options.label) and options.format_class.needs_label
        self.where = Where(options.where) if options.where else None
        stones = rows.tombstones()
        self.removed = gather(stones) if stones else None
        self.near_bits = near_bits
        self.reviewed = rows.has_reviews()
        shares = options.shares
        self.split_labels = shares.labels if shares is not None and shares.exact else ()
        self.judged: dict[tuple[str, int], tuple[int, str]] = {}
        self.names: dict[str, int] = {}
        self.split_names: dict[str, int] = {}
        self.license_codes: dict[str, int] = {}
        self.source_names: dict[str, int] = {}
        self.violations: Counter[tuple[str, str]] = Counter()
        self.forbidden: Counter[tuple[str, str]] = Counter()
        self.values: Counter[tuple[str, str]] = Counter()
        self.hash = blake2b(digest_size=16)
        self.hash.update(repr([tuple(stone) for stone in stones]).encode())
        self.columns: dict[str, list[NDArray[Any]]] = {name: [] for name in ARRAYS}

    def close(self) -> None:
        if self.where is not None:
            self.where.close()

    def take(self, chunk: Sequence[LightRow]) -> None:
        """Decide about some images, as far as this can be done one by one."""
        words = (
            words_by_image(self.rows.reviews(chunk[0].seq, chunk[-1].seq)) if self.reviewed else {}
        )
        meant = self._meant(chunk, words)
        decided = [
            self._decide(row, words.get(row.seq, NOBODY), is_meant)
            for row, is_meant in zip(chunk, meant, strict=True)
        ]
        for (name, kind), values in zip(ARRAYS.items(), zip(*decided, strict=True), strict=True):
            self.columns[name].append(np.array(values, kind))
        text = "\n".join("\x1f".join(map(str, row)) for row in chunk) + repr(sorted(words.items()))
        self.hash.update(text.encode("utf-8", "surrogatepass"))

    def _meant(self, chunk: Sequence[LightRow], words: Mapping[int, Word]) -> Any:
        if self.where is None:
            return repeat(True, len(chunk))
        return self.where([_asked_about(row, words.get(row.seq, NOBODY)) for row in chunk])

    def _decide(self, row: LightRow, word: Word, is_meant: bool) -> tuple[Any, ...]:
        """Return the values of ``ARRAYS`` of one image."""
        labels = read_labels(row.labels)
        if word is not NOBODY:
            labels = word.corrected(labels)
        value = label_value(labels, self.options.label) if self.options.label else ""
        code = self._reason(row, word, value, is_meant)
        if code == IN:
            for item in labels.items():
                self.values[item] += 1
        split_class = -1
        if self.split_labels:
            split_class = _code(self.split_names, label_value(labels, self.split_labels))
        return (
            row.seq,
            id_number(row.image_id),
            code,
            _code(self.names, value),
            split_class,
            row.bytes,
            row.fetched_at.encode("ascii", "replace"),
            _code(self.license_codes, row.license or "unknown"),
            _code(self.source_names, row.source or "unknown"),
            hash_of(host_of(row.url or "")) if self.options.max_per_host else 0,
        )

    def _reason(self, row: LightRow, word: Word, value: str, is_meant: bool) -> int:
        """Return IN, or the code of the first reason against an image."""
        if reason := self._not_in_dataset(row, word):
            return CODE[reason]
        if self.removed is not None and self._is_removed(row, self.removed):
            return CODE[LeftOut.REMOVED]
        research = self.options.mode is Mode.INTERNAL and self.options.purpose is Purpose.RESEARCH
        if row.reservation == "reserved" and not research:
            return CODE[LeftOut.RESERVED]
        if not is_meant:
            return CODE[LeftOut.WHERE]
        if self.needs_label and not value:
            return CODE[LeftOut.NO_LABEL]
        if self.pixels and not row.path:
            return CODE[LeftOut.NOT_STORED]
        return self._license(row)

    def _not_in_dataset(self, row: LightRow, word: Word) -> LeftOut | None:
        if row.verdict == "superseded":
            return LeftOut.SUPERSEDED
        if word.verdict == "drop":
            return LeftOut.DROPPED_BY_PEOPLE
        if word.verdict == "keep":
            return None
        if row.verdict not in KEPT:
            return LeftOut.DROPPED
        if row.verdict == "review" and not self.options.with_review:
            return LeftOut.VERDICT_REVIEW
        return None

    def _is_removed(self, row: LightRow, stones: Tombstones) -> bool:
        """Whether a tombstone names an image by its bytes, looks, addresses or author."""
        picture = hash_of_picture(row)
        if stones.forbid_picture(row.sha256, picture, self.near_bits):
            return True
        urls = (row.url or "", row.page_url or "", row.served_url)
        return stones.forbid_source(urls, (row.author or "", row.author_url or ""))

    def _license(self, row: LightRow) -> int:
        key = (row.license, row.license_evidence)
        if key not in self.judged:
            self.judged[key] = self._judge(*key)
        code, why = self.judged[key]
        if code == IN and self.pixels and self.options.mode is not Mode.INTERNAL:
            license_ = DeclaredLicense(
                row.license, Evidence(row.license_evidence), row.license_url, row.license_raw
            )
            if missing_parts(license_, row.author or "", row.page_url or "", row.url or ""):
                code, why = CODE[LeftOut.ATTRIBUTION], NO_CREDIT
        if code == IN:
            return IN
        if code == CODE[LeftOut.ND]:
            may_be_left_out = self.options.nd == "out"
        else:
            may_be_left_out = self.options.only_allowed
        where = self.forbidden if may_be_left_out else self.violations
        where[why, row.license or "unknown"] += 1
        return code

    def _judge(self, license_code: str, evidence: int) -> tuple[int, str]:
        """Return IN or the code of what a license is against, and the reason."""
        license_ = DeclaredLicense(license_code, Evidence(evidence), "", "")
        answer = permission(license_, self.options, self.options.modified)
        if answer.answer is Answer.YES:
            return IN, answer.why
        if answer.why is Why.NO_CHANGES:
            as_it_is = permission(license_, self.options, modified=False)
            if as_it_is.answer is Answer.YES:
                code = IN if self.options.nd == "unchanged" else CODE[LeftOut.ND]
                return code, answer.why
            answer = as_it_is
        return CODE[LeftOut.LICENSE], answer.why

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was decided: the arrays of ``ARRAYS``. Their parts are let go one by one."""
        return {
            name: np.concatenate(self.columns.pop(name) or [np.empty(0, kind)])
            for name, kind in ARRAYS.items()
        }

    def unknown_values(self) -> dict[str, Counter[str]]:
        """Return what labels hold that no vocabulary has: reported, and never lost."""
        found: dict[str, Counter[str]] = {}
        for (label, value), count in sorted(self.values.items()):
            if not is_known(label, value):
                found.setdefault(label, Counter())[value] = count
        return found


def permission(license_: DeclaredLicense, options: ReleaseOptions, modified: bool) -> Permission:
    """Say whether a release may hold an image, as a changed copy or as it is."""
    return may(license_, options.purpose, options.mode, modified, options.accept)


def host_of(url: str) -> str:
    """Return the host of an address in lower case; "" where there is none."""
    parts = url.split("/", 3)
    return parts[2].rpartition("@")[2].lower() if len(parts) > 2 else ""


def _asked_about(row: LightRow, word: Word) -> tuple[Any, ...]:
    """Return the values of ``where.COLUMNS`` of an image."""
    labels = read_labels(row.labels)
    if word is not NOBODY:
        labels = word.corrected(labels)
    license_ = DeclaredLicense(row.license, Evidence(row.license_evidence), "", "")
    return (
        row.image_id,
        row.sha256,
        *(labels.get(name) for name in LABELS),
        row.license,
        license_.family,
        license_.evidence.name.lower(),
        row.source,
        host_of(row.url or ""),
        row.url,
        row.page_url,
        row.title,
        row.author,
        row.taken,
        row.fetched_at,
        row.format,
        row.width,
        row.height,
        row.bytes,
        row.car_score,
        word.view or row.view,
        word.verdict or row.verdict,
    )


def _code(codes: dict[str, int], name: str) -> int:
    """Return the number of a name, a new one for a new name; -1 for none."""
    if not name:
        return -1
    return codes.setdefault(name, len(codes))
