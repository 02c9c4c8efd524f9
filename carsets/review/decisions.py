"""Reads what people have decided out of JSON, and trusts nothing of it."""

from __future__ import annotations

import re
from typing import Any

from carsets.catalog.reviews import DECISIONS, Decision

KEY = re.compile(r"[A-Za-z0-9:_-]{8,64}")
IMAGE_ID = re.compile(r"[0-9a-f]{16,64}")
VIEWS = ("exterior", "interior", "part", "unknown")
MOST_AT_ONCE = 500  # decisions in one request
LONGEST_NAME = 64  # characters of a label's name
LONGEST_VALUE = 500  # characters of a label
LONGEST_NOTE = 2_000  # characters
_FIELDS = {"key", "image_id", "decision", "labels", "note", "undoes", "seen"}


class BadRequest(ValueError):
    """What was sent is no decision. The message says why, in one line."""


def read_decisions(body: Any) -> list[tuple[Decision, int]]:
    """Return the decisions of a request, each with the newest decision that its sender had seen.

    Raises BadRequest for the whole of it if one of them is none.
    """
    sent = body.get("decisions") if isinstance(body, dict) else None
    if not isinstance(sent, list) or len(sent) > MOST_AT_ONCE:
        raise BadRequest(f'"decisions" must be a list of at most {MOST_AT_ONCE}')
    return [_read(one) for one in sent]


def _read(sent: Any) -> tuple[Decision, int]:
    if not isinstance(sent, dict) or set(sent) - _FIELDS:
        raise BadRequest(f"a decision is an object with {', '.join(sorted(_FIELDS))}")
    key = _matching(sent, "key", KEY)
    if "undoes" in sent:
        return Decision(key=key, undoes=_matching(sent, "undoes", KEY)), 0
    seen = sent.get("seen", 0)
    if type(seen) is not int or not 0 <= seen < 1 << 62:
        raise BadRequest('"seen" must be a number')
    decision = sent.get("decision")
    labels = check_word(decision, sent.get("labels"))
    return Decision(
        key=key,
        image_id=_matching(sent, "image_id", IMAGE_ID),
        decision=str(decision),
        labels=labels,
        note=check_note(sent.get("note", "")),
    ), seen


def check_word(decision: Any, labels: Any) -> dict[str, str] | None:
    """Return the labels of a decision. Raises BadRequest for what none can be."""
    if decision not in DECISIONS:
        raise BadRequest(f'"decision" must be one of {", ".join(DECISIONS)}')
    checked = _labels(labels)
    if decision == "relabel" and not checked:
        raise BadRequest('"relabel" needs the labels that it changes')
    if decision == "view" and (checked or {}).get("view") not in VIEWS:
        raise BadRequest(f'"view" needs {{"view": ...}}, one of {", ".join(VIEWS)}')
    if decision in {"drop", "skip"} and checked:
        raise BadRequest(f'"{decision}" says nothing of labels')
    if checked and "view" in checked and decision != "view":
        raise BadRequest('"view" is a decision of its own')
    return checked


def check_note(note: Any) -> str:
    """Return a note. Raises BadRequest for what is no text, or too long."""
    if not isinstance(note, str) or len(note) > LONGEST_NOTE:
        raise BadRequest(f'"note" must be a text of at most {LONGEST_NOTE:,} characters')
    return _clean(note)


def _labels(sent: Any) -> dict[str, str] | None:
    if sent is None:
        return None
    if not isinstance(sent, dict) or len(sent) > 20:
        raise BadRequest('"labels" must be an object of names and values')
    labels = {}
    for name, value in sent.items():
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise BadRequest(f"the name of a label has up to {LONGEST_NAME} characters")
        if not isinstance(value, str) or len(value) > LONGEST_VALUE:
            raise BadRequest(f"a label must be a text of at most {LONGEST_VALUE} characters")
        labels[name] = value.replace("\0", "")  # otherwise as it is: it may confirm what is there
    return labels or None


def _clean(text: str) -> str:
    """Return a text without what no database holds and no terminal should see."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


def _matching(sent: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadRequest(f'"{name}" is missing or malformed')
    return value
