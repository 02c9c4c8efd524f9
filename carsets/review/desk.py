"""What the review page asks for, as plain JSON: pages of the queue, decisions, agreement.

Any number of people sit at one desk, each in any number of windows, and others may write the same
catalog at the same time: the catalog arbitrates, and every answer first takes note of what has
been decided since the last one.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from carsets.catalog.review_rows import VERDICTS
from carsets.catalog.reviews import PairVerdict
from carsets.curation.kinds import Kind
from carsets.queries.vehicles import builtin_vehicles
from carsets.release.labels import LABELS, vocabulary
from carsets.review.agreement import agreements
from carsets.review.decisions import (
    IMAGE_ID,
    LONGEST_NAME,
    LONGEST_VALUE,
    VIEWS,
    BadRequest,
    read_decisions,
)
from carsets.review.queue import STATES, Facts, Queue, Wanted, label_fits, search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from carsets.catalog.catalog import Catalog
    from carsets.catalog.reviews import Review

MOST_AT_ONCE = 500  # images of one page of the queue
MOST_VALUES = 2_000  # of one label, to choose from
LONGEST_TEXT = 500  # characters of a title that are sent: one has 10,000
CHANGES = 500  # actions of one answer


class Desk:
    """One review of one catalog."""

    def __init__(
        self,
        catalog: Catalog,
        dataset: str,
        *,
        threshold: float = 0.5,
        blind: bool = False,
        only: Sequence[str] | None = None,
    ) -> None:
        """Make the queue; ``dataset`` names it to browsers, which may know several.

        ``threshold`` is the car score from which images are kept, ``only`` are the ids of the
        images to look at, in their order, if not all. Blind raters see no word of each other.
        """
        self.catalog = catalog
        self.dataset = dataset
        self.blind = blind
        self._lock = threading.Lock()
        self._since = catalog.reviews_changed(-1, 1)[1]  # before anything is read: nothing is lost
        arrays = catalog.review_queue(Kind.DOUBT, Kind.ASKED)
        numbers: list[int] | None = None
        if only is not None:
            known = catalog.image_numbers(only)
            numbers = [known[image_id] for image_id in only if image_id in known]
        self.queue = Queue(arrays, threshold, numbers)
        for number, rater, more in catalog.decided_images():
            self.queue.decide(number, rater, more_than_skip=more)
        self._labels = Facts(len(self.queue), catalog.labels_of, "{}")
        self._sources = Facts(len(self.queue), catalog.sources_of)
        self._choices = choices(catalog.asked_labels())

    # --- Reading --------------------------------------------------------------------------------

    def start(self, rater: str) -> dict[str, Any]:
        """Return what a page has to know before it shows anything."""
        with self._lock:
            self._catch_up()
            second = Wanted(state="second")
            waiting = self.blind and self.queue.mask(second, rater, blind=True).any()
            return {
                "rater": rater,
                "blind": self.blind,
                "dataset": self.dataset,
                "images": len(self.queue),
                "decided": self.queue.decided_by(rater),
                "since": self._since,
                "state": "second" if waiting else "open",
                "place": self.catalog.review_place(rater),
                "views": VIEWS,
                **self._choices,
            }

    def page(self, rater: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """Return the next images of the queue.

        ``asked``: the fields of ``Wanted``, ``count``, and where to begin: ``after`` (a rank) or
        ``at`` (an image, itself included). ``left``: how many fit from there; null: unknown.
        """
        wanted = read_wanted(asked)
        count = _number(asked, "count", 50, 1, MOST_AT_ONCE)
        with self._lock:
            self._catch_up()
            after = self._begin(asked)
            candidates = np.flatnonzero(self.queue.mask(wanted, rater, blind=self.blind))
            candidates = candidates[np.searchsorted(candidates, after + 1) :]
            filters: list[tuple[Facts, Callable[[str], bool]]] = []
            if wanted.source:
                filters.append((self._sources, wanted.source.__eq__))
            if wanted.label:
                filters.append((self._labels, label_fits(wanted.label, wanted.value)))
            ranks = search(self.queue, candidates, count, filters)
            numbers = [int(self.queue.numbers[rank]) for rank in ranks]
        return {
            "items": self._items(numbers, rater),
            "end": len(ranks) < count,
            "last": ranks[-1] if ranks else after,
            "left": len(candidates) if not filters else len(ranks) if len(ranks) < count else None,
        }

    def images(self, rater: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """Return single images; ``asked["ids"]`` are their ids with commas between them."""
        ids = asked.get("ids", "").split(",")
        if len(ids) > MOST_AT_ONCE or not all(IMAGE_ID.fullmatch(one) for one in ids):
            raise BadRequest('"ids" must be image ids with commas between them')
        known = self.catalog.image_numbers(ids)
        return {"items": self._items([known[one] for one in ids if one in known], rater)}

    def changes(self, rater: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """Return what stands about the images that somebody has decided about since."""
        since = _number(asked, "since", 0, 0, 1 << 62)
        ids, last = self.catalog.reviews_changed(since, CHANGES)
        standing = self._standing(ids, rater)
        return {"since": last, "reviews": {one: standing.get(one, []) for one in ids}}

    def history(self, rater: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """Return a person's own decisions that stand, the newest first."""
        before = _number(asked, "before", 0, 0, 1 << 62)
        found = self.catalog.review_history(rater, before, _number(asked, "count", 50, 1, 500))
        return {"decisions": [as_json(review) for review in found]}

    def agreement(self) -> dict[str, Any]:
        """Return how far people agree."""
        found = agreements(self.catalog.reviews_by_image())
        return {"agreements": [{**one.as_json(), "words": str(one)} for one in found]}

    # --- Deciding -------------------------------------------------------------------------------

    def decide(self, rater: str, body: Any) -> dict[str, Any]:
        """Write decisions and the place; answer when they are in the catalog.

        ``others`` are decisions on the same image that the sender had not seen, for people to
        see that they do not agree. All are kept, and the newest counts.
        """
        sent = read_decisions(body)
        place = body.get("place")
        written = self.catalog.record_reviews(rater, [one for one, _ in sent], now())
        if place is not None:
            self.catalog.keep_review_place(rater, read_place(place))
        standing = self._standing([one.image_id for one in written if one.image_id], rater)
        own = {decision.key for decision, _ in sent}
        results = []
        for one, (decision, seen) in zip(written, sent, strict=True):
            result: dict[str, Any] = {"key": one.key, "state": one.state}
            if one.state == "refused":
                result["why"] = one.why
            else:
                result |= {"review_id": one.review_id, "image_id": one.image_id}
            if not decision.undoes:
                result["others"] = [
                    other
                    for other in standing.get(one.image_id, [])
                    if other["id"] > seen and other["key"] not in own
                ]
            results.append(result)
        with self._lock:
            self._catch_up()
            decided = self.queue.decided_by(rater)
        return {"results": results, "decided": decided}

    def keep_place(self, rater: str, body: Any) -> dict[str, Any]:
        """Remember where a person is."""
        self.catalog.keep_review_place(
            rater, read_place(body.get("place") if isinstance(body, dict) else None)
        )
        return {}

    def judge_pair(self, rater: str, body: Any) -> dict[str, Any]:
        """Write whether two images show the same picture; ``same`` null takes that back."""
        ids = body.get("images") if isinstance(body, dict) else None
        match ids:
            case [str(one), str(other)] if IMAGE_ID.fullmatch(one) and IMAGE_ID.fullmatch(other):
                first, second = sorted((one, other))
            case _:
                raise BadRequest('"images" must be two image ids')
        same = body.get("same")
        if (
            first == second
            or same not in (True, False, None)
            or isinstance(same, int | float) != (same is not None)
        ):
            raise BadRequest('"same" must be true, false or null, of two different images')
        if same is None:
            self.catalog.forget_pair(first, second)
            return {"saved": True}
        verdict = PairVerdict(first, second, same, rater, now())
        if not self.catalog.judge_pair(verdict):
            raise BadRequest("one of the two images is not there any more")
        return {"saved": True}

    # --- Inside ---------------------------------------------------------------------------------

    def _begin(self, asked: Mapping[str, str]) -> int:
        at = asked.get("at", "")
        if at and IMAGE_ID.fullmatch(at):
            number = self.catalog.image_numbers([at]).get(at)
            rank = None if number is None else self.queue.rank(number)
            return -1 if rank is None else rank - 1
        return _number(asked, "after", -1, -1, 1 << 40)

    def _catch_up(self) -> None:
        """Take note of what was decided since, here or by another process."""
        while True:
            ids, last = self.catalog.reviews_changed(self._since, CHANGES)
            if last == self._since:
                return
            for number in self.catalog.image_numbers(ids).values():
                self.queue.forget(number)
            for number, rater, more in self.catalog.decided_images(ids):
                self.queue.decide(number, rater, more_than_skip=more)
            self._since = last

    def _standing(self, ids: Sequence[str], rater: str) -> dict[str, list[dict[str, Any]]]:
        found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for review in self.catalog.standing_reviews(list(dict.fromkeys(ids))):
            if review.rater == rater or not self.blind:
                found[review.image_id].append(as_json(review))
        return dict(found)

    def _items(self, numbers: Sequence[int], rater: str) -> list[dict[str, Any]]:
        rows = self.catalog.shown(numbers)
        standing = self._standing([row["image_id"] for row in rows], rater)
        items = []
        for row in rows:
            if self.blind:
                for mate in row["mates"]:
                    if mate["rater"] != rater:
                        mate |= {"same": None, "rater": ""}
            items.append(
                shown(row)
                | {
                    "rank": self.queue.rank(row["seq"]),
                    "reviews": standing.get(row["image_id"], []),
                }
            )
        return items


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page gets of an image: texts that are not endless, and web addresses only."""
    texts = {
        name: (row.get(name) or "")[:LONGEST_TEXT]
        for name in ("title", "author", "query", "source", "license")
    }
    links = {name: web_address(row.get(name) or "") for name in ("page_url", "url", "license_url")}
    plain = ("image_id", "width", "height", "bytes", "format", "verdict", "view")
    return {
        **{name: row[name] for name in plain},
        **texts,
        **links,
        "stored": bool(row["path"]),
        "labels": {k: str(v) for k, v in (row["labels"] or {}).items() if can_be_label(k, v)},
        "car_score": row["car_score"],
        "part_score": row["part_score"],
        "top_labels": (row["top_labels"] or [])[:3],
        "doubts": row["doubts"],
        "mates": row["mates"],
    }


def can_be_label(name: str, value: Any) -> bool:
    """Whether a label is one that people can confirm."""
    return 0 < len(name) <= LONGEST_NAME and len(str(value)) <= LONGEST_VALUE


def web_address(url: str) -> str:
    """Return a web address as it is, and anything else (``javascript:`` too) as ""."""
    try:
        return url if urlsplit(url).scheme in {"http", "https"} else ""
    except ValueError:
        return ""


def as_json(review: Review) -> dict[str, Any]:
    """Return a decision as pages get it."""
    return {
        "id": review.review_id,
        "key": review.key,
        "image_id": review.image_id,
        "rater": review.rater,
        "decision": review.decision,
        "labels": review.labels or {},
        "note": review.note,
        "at": review.reviewed_at,
    }


def choices(asked: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return what filters and corrections can choose from."""
    sources: set[str] = set()
    values: defaultdict[str, set[str]] = defaultdict(set)
    for source, labels in asked:
        sources.add(source)
        for name, value in (labels if isinstance(labels, dict) else {}).items():
            if value and len(values[name]) < MOST_VALUES:
                values[name].add(str(value))
    models: defaultdict[str, set[str]] = defaultdict(set)
    for vehicle in builtin_vehicles():
        models[vehicle.make].add(vehicle.model)
    known = {name: sorted(vocabulary(name)) for name in ("make", "color", "body")}
    return {
        "sources": sorted(sources),
        "labels": {name: sorted(values[name]) for name in sorted(values)},
        "names": list(LABELS),
        "known": known | {"models": {make: sorted(models[make]) for make in sorted(models)}},
        "verdicts": list(VERDICTS),
    }


def read_wanted(asked: Mapping[str, str]) -> Wanted:
    """Return which images are wanted. Raises BadRequest for what nobody can want."""
    wanted = Wanted()
    for name in ("state", "verdict", "source", "label", "value"):
        wanted = replace(wanted, **{name: asked.get(name, getattr(wanted, name))[:LONGEST_TEXT]})
    if wanted.state not in STATES:
        raise BadRequest(f'"state" must be one of {", ".join(STATES)}')
    if wanted.verdict and wanted.verdict not in VERDICTS:
        raise BadRequest(f'"verdict" must be one of {", ".join(VERDICTS)}')
    return wanted


def read_place(place: Any) -> dict[str, Any]:
    """Return a place: an image and a filter. Raises BadRequest for anything else."""
    if not isinstance(place, dict):
        raise BadRequest('"place" must be an object')
    image_id = place.get("image_id", "")
    if image_id and not (isinstance(image_id, str) and IMAGE_ID.fullmatch(image_id)):
        raise BadRequest('"image_id" is malformed')
    wanted = place.get("filter", {})
    if not isinstance(wanted, dict) or not all(isinstance(v, str) for v in wanted.values()):
        raise BadRequest('"filter" must be an object of texts')
    read = read_wanted(wanted)
    return {
        "image_id": image_id,
        "grid": place.get("grid") is True,
        "filter": {name: getattr(read, name) for name in read.__slots__},
    }


def _number(asked: Mapping[str, str], name: str, otherwise: int, least: int, most: int) -> int:
    text = asked.get(name, "")
    if not text:
        return otherwise
    try:
        return min(max(int(text[:20]), least), most)
    except ValueError:
        raise BadRequest(f'"{name}" must be a number') from None


def now() -> str:
    """Return the time as the catalog keeps it."""
    return datetime.now(UTC).isoformat()
