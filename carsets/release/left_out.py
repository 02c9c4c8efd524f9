"""The closed list of reasons why an image of the catalog is not in a release.

An image has the first one that holds. ``considered = exported + left out`` is true of every
release, and stands in its report.
"""

from enum import StrEnum


class LeftOut(StrEnum):
    """Why an image is left out. The value is what reports count."""

    meaning: str

    def __new__(cls, code: str, meaning: str = "") -> "LeftOut":
        reason = str.__new__(cls, code)
        reason._value_ = code
        reason.meaning = meaning
        return reason

    # --- It is not in the dataset -------------------------------------------------------------
    SUPERSEDED = "superseded", "a better copy stands for it"
    DROPPED = "dropped", "the detector saw no car"
    DROPPED_BY_PEOPLE = "dropped_by_people", "people decided against it"
    VERDICT_REVIEW = "verdict_review", "waits for people's decision (--with-review)"
    # --- It may not be handed out -------------------------------------------------------------
    REMOVED = "removed", "removed on request"
    RESERVED = "reserved", "its owner reserves the rights"
    # --- It was not asked for -----------------------------------------------------------------
    WHERE = "where", "outside --where"
    NO_LABEL = "no_label", "has no value of --label (scrapy stats shows which there are)"
    NOT_STORED = "not_stored", "its file was never stored"
    # --- Its license --------------------------------------------------------------------------
    LICENSE = "license", "its license does not allow the mode (--only-allowed)"
    ATTRIBUTION = "attribution", "it has to be credited, and nobody knows how (--only-allowed)"
    ND = "nd", "no changed copies may be handed out of it (--nd)"
    # --- Splits and limits --------------------------------------------------------------------
    SPLIT_BRIDGE = "split_bridge", "related to images of two splits"
    SPLIT_SURPLUS = "split_surplus", "more than the exact shares take"
    HOST_CAP = "host_cap", "beyond --max-per-host"
    CLASS_CAP = "class_cap", "beyond --max-per-class"


REASONS = tuple(LeftOut)
IN = 0  # in arrays: the code of an image that is in
CODE = {reason: place + 1 for place, reason in enumerate(REASONS)}
