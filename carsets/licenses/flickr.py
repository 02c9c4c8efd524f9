"""Licenses by the numbers of Flickr's interface."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from carsets.licenses.declared import LONGEST_TEXT, NO_LICENSE, DeclaredLicense, Evidence, declare
from carsets.licenses.table import license_table

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def _keys() -> Mapping[str, str]:
    numbered = (terms for terms in license_table().values() if terms.flickr_id is not None)
    return {str(terms.flickr_id): terms.key for terms in numbered}


def flickr_license(license_id: int | str | None) -> DeclaredLicense:
    """Return the license behind Flickr's number; a number outside the table is unknown."""
    raw = "" if license_id is None else str(license_id).strip()[:LONGEST_TEXT]
    return declare(_keys().get(raw, "unknown"), Evidence.API, raw) if raw else NO_LICENSE
