"""People's decisions as JSON lines: out of one catalog, into another, or back after a loss.

A line is a decision (``image_id``, ``rater``, ``decision``, ``labels``, ``note``, ``undone``,
``reviewed_at``, ``key``), or a word on a pair (``pair``, ``same``, ``rater``, ``decided_at``).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

from carsets.catalog.reviews import NO_KEY, PairVerdict, Review
from carsets.problems import UserError
from carsets.review.decisions import IMAGE_ID, KEY, BadRequest, check_note, check_word

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from carsets.catalog.catalog import Catalog

CHUNK = 2_000  # lines at once
LONGEST_RATER = 200  # characters


def write_reviews(catalog: Catalog, path: Path) -> int:
    """Write everything that people decided, what was taken back too; return how many lines.

    The file takes its place when it is whole. Raises UserError when it cannot be written.
    """
    beside = path.with_name(path.name + ".part")
    count = 0
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            for review in catalog.every_review():
                file.write(json.dumps(_line(review), ensure_ascii=False) + "\n")
                count += 1
            for pair in catalog.judged_pairs():
                file.write(json.dumps(_pair_line(pair), ensure_ascii=False) + "\n")
                count += 1
        beside.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None
    return count


def _line(review: Review) -> dict[str, Any]:
    return {
        "image_id": review.image_id,
        "rater": review.rater,
        "decision": review.decision,
        "labels": review.labels or {},
        "note": review.note,
        "undone": review.undone,
        "reviewed_at": review.reviewed_at,
        "key": content_key(review) if review.key.startswith(NO_KEY) else review.key,
    }


def _pair_line(pair: PairVerdict) -> dict[str, Any]:
    return {
        "pair": [pair.image_a, pair.image_b],
        "same": pair.same,
        "rater": pair.rater,
        "decided_at": pair.decided_at,
    }


def content_key(review: Review) -> str:
    """Return a key for a decision that has none: the same for the same decision, anywhere."""
    parts = [review.image_id, review.rater, review.decision, review.note, review.reviewed_at]
    parts.append(json.dumps(review.labels or {}, sort_keys=True))
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:40]


def read_reviews(catalog: Catalog, path: Path) -> Counter[str]:
    """Write the decisions of a file into the catalog, all or nothing.

    Returns how many were ``saved``, ``known`` before, of ``pairs``, and ``lost`` because the
    catalog does not have their images. Raises UserError, with the number of the line, for a file
    that is malformed: then nothing is written.
    """
    for _ in _lines(path):  # the whole file is checked before the catalog is touched
        pass
    return catalog.take_over_reviews(_chunks(path))


def _chunks(path: Path) -> Iterator[tuple[Sequence[Review], Sequence[PairVerdict]]]:
    all_lines = _lines(path)
    while lines := list(islice(all_lines, CHUNK)):
        yield (
            [line for line in lines if isinstance(line, Review)],
            [line for line in lines if isinstance(line, PairVerdict)],
        )


def _lines(path: Path) -> Iterator[Review | PairVerdict]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                if not text.strip():
                    continue
                try:
                    yield read_line(json.loads(text))
                except (ValueError, RecursionError) as error:
                    why = str(error) if isinstance(error, BadRequest) else "not JSON"
                    raise UserError(f"{path}, line {number}: {why}; nothing was taken") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8; nothing was taken") from None


def read_line(sent: Any) -> Review | PairVerdict:
    """Return what one line says. Raises BadRequest for anything else."""
    if not isinstance(sent, dict):
        raise BadRequest("a line must be an object")
    if "pair" in sent:
        return _read_pair(sent)
    image_id = _image_id(sent.get("image_id"))
    labels = check_word(sent.get("decision"), sent.get("labels") or None)
    undone = sent.get("undone", False)
    if not isinstance(undone, bool):
        raise BadRequest('"undone" must be true or false')
    review = Review(
        review_id=0,
        image_id=image_id,
        rater=_rater(sent),
        decision=sent["decision"],
        labels=labels,
        note=check_note(sent.get("note", "")),
        reviewed_at=_time(sent.get("reviewed_at")),
        undone=undone,
        key="",
    )
    key = sent.get("key") or content_key(review)
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise BadRequest('"key" is malformed')
    return review._replace(key=key)


def _read_pair(sent: dict[str, Any]) -> PairVerdict:
    match sent["pair"]:
        case [one, other] if _image_id(one) != _image_id(other):
            first, second = sorted((one, other))
        case _:
            raise BadRequest('"pair" must be two image ids')
    if not isinstance(sent.get("same"), bool):
        raise BadRequest('"same" must be true or false')
    return PairVerdict(first, second, sent["same"], _rater(sent), _time(sent.get("decided_at")))


def _image_id(value: Any) -> str:
    if not isinstance(value, str) or not IMAGE_ID.fullmatch(value):
        raise BadRequest('"image_id" is missing or malformed')
    return value


def _rater(sent: dict[str, Any]) -> str:
    rater = sent.get("rater")
    if not isinstance(rater, str) or not is_rater(rater):
        raise BadRequest('"rater" must be a name')
    return rater


def is_rater(name: str) -> bool:
    """Whether a text can be the name of a rater."""
    return 0 < len(name) <= LONGEST_RATER and name.isprintable() and name == name.strip()


def _time(value: Any) -> str:
    """Return a time as the catalog keeps it: in UTC, so that texts sort as times do."""
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRequest("when it was decided must be a time, as in 2026-01-02T03:04:05Z") from None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return when.astimezone(UTC).isoformat()
