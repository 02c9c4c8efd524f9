"""What a source's parser makes of one answer."""

from dataclasses import dataclass, field

from carsets.items import FoundImage
from carsets.outcomes import QueryOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One page of a source, read.

    ``next`` is whatever the source needs to ask for the page after this one (a number, an
    address, a token); ``None`` means that there is none.
    """

    outcome: QueryOutcome
    images: list[FoundImage] = field(default_factory=list)
    next: str | int | None = None
    elsewhere: str | int | None = None  # the same, for a page that only repeats earlier ones
    total: int | None = None  # how many the source says it has; None when it does not say
    note: str = ""  # what exactly was seen, for people
