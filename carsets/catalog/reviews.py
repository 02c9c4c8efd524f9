"""What people decide about images: one row for each decision, for ever.

A decision is known by the key that its sender made up: what arrives twice is written once. Who
takes a decision back marks its row. Of several decisions on one thing the newest counts, and all
are kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from carsets.catalog.connection import lock_writers, upsert
from carsets.catalog.schema import (
    images,
    pair_verdicts,
    review_actions,
    review_places,
    reviews,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Select

DECISIONS = ("keep", "drop", "relabel", "view", "skip")
CHUNK = 5_000  # rows read at once
VARIABLES = 500  # values in one IN (...)
NO_KEY = "review:"  # and the number: the key of a decision that was written without one


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one person decides about one image, or takes back."""

    key: str
    image_id: str = ""
    decision: str = ""  # of DECISIONS; "" for one that only takes back
    labels: Mapping[str, str] | None = None  # given or confirmed; "" says that there is none
    note: str = ""
    undoes: str = ""  # key of the decision that is taken back


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a decision: ``saved``, ``known`` (written before) or ``refused``."""

    key: str
    state: str
    review_id: int = 0
    image_id: str = ""
    why: str = ""  # it was refused


class Review(NamedTuple):
    """A decision as it stands in the catalog."""

    review_id: int
    image_id: str
    rater: str
    decision: str
    labels: Any
    note: str
    reviewed_at: str
    undone: bool
    key: str


def record(
    connection: Connection, rater: str, decisions: Sequence[Decision], when: str
) -> list[Written]:
    """Write decisions in their order, and say of each what became of it."""
    lock_writers(connection)
    keys = {decision.key for decision in decisions} | {d.undoes for d in decisions}
    known = _known_keys(connection, keys)
    there = _there(connection, {d.image_id for d in decisions if not d.undoes})
    written = []
    for decision in decisions:
        if decision.key in known:
            review_id, image_id = known[decision.key]
            written.append(Written(decision.key, "known", review_id, image_id))
        elif decision.undoes:
            written.append(_undo(connection, rater, decision, known))
        elif decision.image_id in there:
            written.append(_insert(connection, rater, decision, when))
        else:
            why = f"there is no image {decision.image_id} any more"
            written.append(Written(decision.key, "refused", why=why))
        if written[-1].state == "saved":
            known[decision.key] = written[-1].review_id, written[-1].image_id
    return written


def _known_keys(connection: Connection, keys: set[str]) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    ordered = sorted(keys)
    for start in range(0, len(ordered), VARIABLES):
        some = ordered[start : start + VARIABLES]
        action = review_actions.c
        for row in connection.execute(
            select(action.key, action.review_id, action.image_id).where(action.key.in_(some))
        ):
            found[row.key] = row.review_id, row.image_id
    return found


def _there(connection: Connection, ids: set[str]) -> set[str]:
    found: set[str] = set()
    ordered = sorted(ids)
    for start in range(0, len(ordered), VARIABLES):
        some = ordered[start : start + VARIABLES]
        found.update(
            connection.scalars(select(images.c.image_id).where(images.c.image_id.in_(some)))
        )
    return found


def _insert(
    connection: Connection, rater: str, decision: Decision, when: str, *, undone: bool = False
) -> Written:
    result = connection.execute(
        reviews.insert().values(
            image_id=decision.image_id,
            rater=rater,
            decision=decision.decision,
            labels=dict(decision.labels) if decision.labels else None,
            note=decision.note,
            undone=undone,
            reviewed_at=when,
        )
    )
    review_id: int = result.inserted_primary_key[0]  # type: ignore[index]
    _remember(connection, decision.key, decision.image_id, review_id, undo=False)
    return Written(decision.key, "saved", review_id, decision.image_id)


def _undo(
    connection: Connection,
    rater: str,
    decision: Decision,
    known: Mapping[str, tuple[int, str]],
) -> Written:
    review_id = known.get(decision.undoes, (0, ""))[0]
    if decision.undoes.startswith(NO_KEY) and decision.undoes[len(NO_KEY) :].isdecimal():
        review_id = int(decision.undoes[len(NO_KEY) :])
    row = connection.execute(
        select(reviews.c.image_id, reviews.c.rater).where(reviews.c.review_id == review_id)
    ).first()
    if row is None or row.rater != rater:
        return Written(decision.key, "refused", why="there is no such decision of yours")
    connection.execute(reviews.update().where(reviews.c.review_id == review_id).values(undone=True))
    _remember(connection, decision.key, row.image_id, review_id, undo=True)
    return Written(decision.key, "saved", review_id, row.image_id)


def _remember(
    connection: Connection, key: str, image_id: str, review_id: int, *, undo: bool
) -> None:
    connection.execute(
        review_actions.insert().values(key=key, image_id=image_id, review_id=review_id, undo=undo)
    )


# --- Reading ------------------------------------------------------------------------------------


def _rows() -> Select[Any]:
    made = (review_actions.c.review_id == reviews.c.review_id) & review_actions.c.undo.is_(False)
    columns = [reviews.c[name] for name in Review._fields[:-1]]
    return select(*columns, review_actions.c.key).select_from(
        reviews.outerjoin(review_actions, made)
    )


def _review(row: Any) -> Review:
    return Review._make((*row[:-1], row[-1] or f"{NO_KEY}{row.review_id}"))


def standing(connection: Connection, image_ids: Sequence[str]) -> list[Review]:
    """Return what stands about some images, the oldest decision first."""
    found = []
    for start in range(0, len(image_ids), VARIABLES):
        some = reviews.c.image_id.in_(image_ids[start : start + VARIABLES])
        rows = connection.execute(_rows().where(some, reviews.c.undone.is_(False)))
        found += [_review(row) for row in rows]
    return sorted(found, key=lambda one: (one.reviewed_at, one.review_id))


def history(connection: Connection, rater: str, before: int, most: int) -> list[Review]:
    """Return the newest standing decisions of a person, the newest first.

    ``before`` is the number of a decision: only older ones; 0: from the newest on.
    """
    statement = _rows().where(reviews.c.rater == rater, reviews.c.undone.is_(False))
    if before:
        statement = statement.where(reviews.c.review_id < before)
    rows = connection.execute(statement.order_by(reviews.c.review_id.desc()).limit(most))
    return [_review(row) for row in rows]


def changed(connection: Connection, since: int, most: int) -> tuple[list[str], int]:
    """Return the images about which something was decided after an action, and the last action.

    ``since`` below 0 asks for the last action alone.
    """
    number = review_actions.c.action_id
    if since < 0:
        last = connection.scalar(select(number).order_by(number.desc()).limit(1))
        return [], last or 0
    rows = connection.execute(
        select(number, review_actions.c.image_id).where(number > since).order_by(number).limit(most)
    ).all()
    return list(dict.fromkeys(row.image_id for row in rows)), rows[-1][0] if rows else since


def by_image(connection: Connection) -> Iterator[Review]:
    """Yield all that stands, image by image, the oldest decision first."""
    rows = connection.execution_options(yield_per=CHUNK).execute(
        _rows()
        .where(reviews.c.undone.is_(False))
        .order_by(reviews.c.image_id, reviews.c.reviewed_at, reviews.c.review_id)
    )
    for row in rows:
        yield _review(row)


def every(connection: Connection) -> Iterator[Review]:
    """Yield all decisions that were ever made, in the order of their writing."""
    rows = connection.execution_options(yield_per=CHUNK).execute(
        _rows().order_by(reviews.c.review_id)
    )
    for row in rows:
        yield _review(row)


# --- Taking over from a file --------------------------------------------------------------------


def take_over(connection: Connection, rows: Sequence[Review]) -> tuple[int, int, int]:
    """Write decisions of another catalog with their times; return saved, known and without image.

    A decision that is known, and was taken back since, is taken back here too.
    """
    lock_writers(connection)
    known = _known_keys(connection, {row.key for row in rows})
    there = _there(connection, {row.image_id for row in rows})
    saved = lost = 0
    for row in rows:
        if row.key in known:
            if row.undone:
                _take_back(connection, row, known[row.key][0])
            continue
        if row.image_id not in there:
            lost += 1
            continue
        decision = Decision(
            key=row.key,
            image_id=row.image_id,
            decision=row.decision,
            labels=row.labels,
            note=row.note,
        )
        written = _insert(connection, row.rater, decision, row.reviewed_at, undone=row.undone)
        known[row.key] = written.review_id, row.image_id
        saved += 1
    return saved, len(rows) - saved - lost, lost


def _take_back(connection: Connection, row: Review, review_id: int) -> None:
    changed = connection.execute(
        reviews.update()
        .where(reviews.c.review_id == review_id, reviews.c.undone.is_(False))
        .values(undone=True)
    )
    if changed.rowcount:
        _remember(connection, f"undo:{row.key}"[:64], row.image_id, review_id, undo=True)


def take_over_all(
    connection: Connection, chunks: Iterable[tuple[Sequence[Review], Sequence[PairVerdict]]]
) -> Counter[str]:
    """Write what people decided elsewhere; count what was ``saved``, ``known`` and ``lost``."""
    counts: Counter[str] = Counter()
    for rows, verdicts in chunks:
        for name, count in zip(
            ("saved", "known", "lost"), take_over(connection, rows), strict=True
        ):
            counts[name] += count
        for verdict in verdicts:
            counts["pairs" if judge_pair(connection, verdict) else "lost"] += 1
    return counts


# --- Pairs, and places --------------------------------------------------------------------------


class PairVerdict(NamedTuple):
    """Whether people call two images one picture; ``image_a`` is the smaller id."""

    image_a: str
    image_b: str
    same: bool
    rater: str
    decided_at: str


def judge_pair(connection: Connection, verdict: PairVerdict) -> bool:
    """Write people's word on a pair unless a newer one is there; False if an image is gone."""
    if len(_there(connection, {verdict.image_a, verdict.image_b})) < 2:
        return False
    statement = upsert(connection, pair_verdicts).values(verdict._asdict())
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["image_a", "image_b"],
            set_={name: statement.excluded[name] for name in ("same", "rater", "decided_at")},
            where=pair_verdicts.c.decided_at <= statement.excluded.decided_at,
        )
    )
    return True


def forget_pair(connection: Connection, image_a: str, image_b: str) -> None:
    """Take people's word on a pair back."""
    connection.execute(
        pair_verdicts.delete().where(
            pair_verdicts.c.image_a == image_a, pair_verdicts.c.image_b == image_b
        )
    )


def pairs(connection: Connection) -> Iterator[PairVerdict]:
    """Yield people's word on all pairs."""
    rows = connection.execution_options(yield_per=CHUNK).execute(
        select(*(pair_verdicts.c[name] for name in PairVerdict._fields)).order_by(
            pair_verdicts.c.image_a, pair_verdicts.c.image_b
        )
    )
    for row in rows:
        yield PairVerdict._make(row)


def place_of(connection: Connection, rater: str) -> dict[str, Any]:
    """Return where a person has stopped; empty for a new one."""
    place = connection.scalar(select(review_places.c.place).where(review_places.c.rater == rater))
    return place if isinstance(place, dict) else {}


def keep_place(connection: Connection, rater: str, place: Mapping[str, Any]) -> None:
    """Remember where a person is."""
    statement = upsert(connection, review_places).values(rater=rater, place=dict(place))
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["rater"], set_={"place": statement.excluded.place}
        )
    )
