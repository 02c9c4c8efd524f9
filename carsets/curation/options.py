"""What curation was told: the settings of the group "After the crawl"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from carsets.problems import UserError
from carsets.vision.near_duplicates import MOST_RADIUS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class CurateOptions:
    """The limits of all stages; see ``settings.py`` for what they mean."""

    near_distance: int = 8
    near_dhash_distance: int = 14
    same_cosine: float = 0.97
    local_pairs: int = 5_000
    placeholder_owners: int = 8
    placeholder_pages: int = 20
    host_share: float = 0.05
    author_share: float = 0.05
    review: float = 0.5

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Read the settings. Raises UserError for what cannot be meant."""
        return cls(
            near_distance=_number(settings, "CURATE_NEAR_DISTANCE", 0, MOST_RADIUS, int),
            near_dhash_distance=_number(settings, "CURATE_NEAR_DHASH_DISTANCE", 0, 64, int),
            same_cosine=_number(settings, "CURATE_SAME_COSINE", 0, 2, float),
            local_pairs=_number(settings, "CURATE_LOCAL_PAIRS", 0, 10**9, int),
            placeholder_owners=_number(settings, "CURATE_PLACEHOLDER_OWNERS", 2, 10**9, int),
            placeholder_pages=_number(settings, "PLACEHOLDER_PAGES", 2, 10**9, int),
            host_share=_number(settings, "CURATE_HOST_SHARE", 0, 1, float),
            author_share=_number(settings, "CURATE_AUTHOR_SHARE", 0, 1, float),
            review=_number(settings, "CURATE_REVIEW", 0, 2, float),
        )


def _number(settings: Mapping[str, Any], name: str, least: float, most: float, kind: type) -> Any:
    try:
        value = kind(str(settings[name]))
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        raise UserError(f"{name}={settings[name]!r}: expected a number from {least} to {most}")
    return value
