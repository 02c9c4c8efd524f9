"""Whether a crawl is one of several workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTO = "auto"
_ON = {"1", "true", "yes"}
_OFF = {"0", "false", "no"}


def is_switched_on(settings: Mapping[str, Any]) -> bool:
    """Read CLUSTER_ENABLED. Raises UserError for what is neither auto, nor True, nor False."""
    given = str(settings.get("CLUSTER_ENABLED", AUTO)).lower()
    if given == AUTO:
        return str(settings.get("CATALOG_URL") or "").startswith("postgresql")
    if given not in _ON | _OFF:
        raise UserError(f"CLUSTER_ENABLED={given}: auto, True or False is expected")
    return given in _ON
