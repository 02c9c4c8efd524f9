"""What an image can be doubted for: the names of the scores that are written.

Every score is a number from 0 (nothing to doubt) to 1 (surely wrong). Only images that are
doubted have a row of a kind; a kind that was looked at and found nothing leaves none.

``review_mark`` is no doubt of its own: its row says that it was ``scrapy curate`` that sent a kept
image to review, with the doubt it had then. When the reason is gone, it may take that back.
The last three are those of ``scrapy iterate``, and no part of the combined doubt: ``asked`` orders
its questions to people, 1 the first of them.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """One reason for doubt; ``meaning`` says it in words."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Kind:
        """Make a member that is its name in the catalog; by that alone it is looked up."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    DOUBT = "doubt", "all scores of the image together; the review queue begins with the largest"
    NEAR_DUPLICATE = "near_duplicate", "a better copy of the same picture is in the dataset"
    OUTLIER = "outlier", "it looks like nothing else of its label"
    LABEL_NOISE = "label_noise", "images that look like it have another label"
    ENGINE_DISAGREEMENT = "engine_disagreement", "queries for different labels found the picture"
    COUNT_CONTRADICTION = "count_contradiction", "result counts call its model another body style"
    TEXT_CONTRADICTION = (
        "text_contradiction",
        "its title or tags name another make, body, color or year",
    )
    PLACEHOLDER = "placeholder", "unrelated pages and hosts show the same picture"
    HOST_CAP = "host_cap", "one host, or one page, gives too much of its label"
    AUTHOR_CAP = "author_cap", "one author gives too much of its label"
    BOT = "bot", "its author or its caption looks automatic"
    REVIEW_MARK = "review_mark", "curate sent it to review"
    HEAD_LABEL = "head_label", "what was learnt from all other images reads another label"
    HEAD_VERDICT = "head_verdict", "what was learnt from people's verdicts says it does not belong"
    ASKED = "asked", "iterate asks people about it"


# What images are doubted for.
REASONS = tuple(kind for kind in Kind if kind not in (Kind.DOUBT, Kind.REVIEW_MARK, Kind.ASKED))
