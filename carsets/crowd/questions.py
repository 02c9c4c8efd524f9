"""What people elsewhere can be asked about an image, and what their answers decide.

An answer becomes an ordinary decision, as if somebody had made it on the review page, so that
splits, exports and curation know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.exports.columns import whole
from carsets.problems import UserError
from carsets.release.labels import LABELS, vocabulary
from carsets.review.decisions import IMAGE_ID, LONGEST_VALUE, VIEWS, BadRequest, check_word

if TYPE_CHECKING:
    from collections.abc import Mapping

QUESTIONS = {
    "car": "whether a car is what the picture is about",
    "label": "whether a label is right: --label make",
    "choose": "which value a label has: --label color, or --label make --choices Ford,Opel",
    "view": "from where the car is seen",
}
YES, NO, UNSURE, OTHER = "yes", "no", "cannot tell", "none of these"
MOST_CHOICES = 30  # more of them nobody reads
SEPARATOR = "|"  # between choices in one cell
COLUMNS = ("image_id", "question", "label", "value", "choices")  # that tell an answer's meaning
_LONGEST_NAME = 64  # characters of a label's name


@dataclass(frozen=True, slots=True)
class Asked:
    """One question about one image."""

    image_id: str
    question: str  # of QUESTIONS
    label: str = ""  # name of a label
    value: str = ""  # that the label is said to have
    choices: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The question in words."""
        return {
            "car": "Is a car, SUV, pickup or van the main thing in this picture?",
            "label": f"Is this right? {self.label}: {self.value}",
            "choose": f"What is the {self.label} of the car in this picture?",
            "view": "From where is the car seen?",
        }[self.question]

    @property
    def answers(self) -> tuple[str, ...]:
        """What can be answered."""
        return {
            "car": (YES, NO, UNSURE),
            "label": (YES, NO, UNSURE),
            "choose": (*self.choices, OTHER, UNSURE),
            "view": VIEWS,
        }[self.question]

    @property
    def about(self) -> str:
        """The thing that an answer decides: ``verdict``, ``view``, or the name of a label."""
        return {"car": "verdict", "view": "view"}.get(self.question, self.label)

    def decision(self, answer: str) -> tuple[str, dict[str, str] | None]:
        """Return the decision that an answer is, and its labels; "" says that there is none."""
        if answer == UNSURE:
            return "skip", None
        if self.question == "car":
            return ("keep" if answer == YES else "drop"), None
        if self.question == "view":
            return "view", {"view": answer}
        if self.question == "label":
            return "relabel", {self.label: self.value if answer == YES else ""}
        return "relabel", {self.label: "" if answer == OTHER else answer}

    def cells(self) -> dict[str, str]:
        """Return what a file has to carry for its answers to be understood."""
        values = (self.image_id, self.question, self.label, self.value)
        return dict(zip(COLUMNS, (*values, SEPARATOR.join(self.choices)), strict=True))


def read_asked(cells: Mapping[str, object]) -> Asked:
    """Return the question that a file says was asked. Raises BadRequest for what none can be."""
    texts = {name: cells.get(name) or "" for name in COLUMNS}
    if not all(isinstance(text, str) for text in texts.values()):
        raise BadRequest("image_id, question, label, value and choices must be texts")
    image_id, question, label, value, choices = (str(texts[name]) for name in COLUMNS)
    if not IMAGE_ID.fullmatch(image_id):
        raise BadRequest("image_id is missing or malformed")
    if question not in QUESTIONS:
        raise BadRequest(f"question must be one of {', '.join(QUESTIONS)}")
    if len(label) > _LONGEST_NAME or len(value) > LONGEST_VALUE:
        raise BadRequest("label or value is too long")
    if (question in {"label", "choose"}) != bool(label) or (question == "label") != bool(value):
        raise BadRequest(f"question {question} and its label and value do not fit")
    parts = tuple(choices.split(SEPARATOR)) if choices else ()
    if (question == "choose") != bool(parts):
        raise BadRequest(f"question {question} and its choices do not fit")
    asked = Asked(image_id, question, label, value, parts)
    for answer in asked.answers:
        check_word(*asked.decision(answer))
    return asked


def read_question(question: str, label: str, choices: str) -> Asked:
    """Return what is asked of every image, without one yet. Raises UserError for what cannot be."""
    if question not in QUESTIONS:
        known = "; ".join(f"{name}: {meaning}" for name, meaning in QUESTIONS.items())
        raise UserError(f"--question {question[:80]!r}: expected one of: {known}")
    if question in {"car", "view"}:
        if label or choices:
            raise UserError(f"--question {question} takes no --label and no --choices")
        return Asked("", question)
    if label not in LABELS:
        raise UserError(f"--question {question}: name a --label of {', '.join(LABELS)}")
    if question == "label":
        if choices:
            raise UserError("--question label asks yes or no, and takes no --choices")
        return Asked("", question, label)
    values = [whole(" ".join(one.split())) for one in choices.split(",") if one.strip()]
    values = values or (sorted(vocabulary(label)) if label in {"color", "body"} else [])
    if not 2 <= len(set(values)) == len(values) <= MOST_CHOICES:
        raise UserError(
            f"--question choose --label {label}: name 2 to {MOST_CHOICES} different --choices, "
            "as in --choices Ford,Opel"
        )
    for value in values:
        if SEPARATOR in value or value in {OTHER, UNSURE} or not value.isprintable():
            raise UserError(f"--choices: {value[:80]!r} cannot be one")
    return Asked("", question, label, choices=tuple(values))
