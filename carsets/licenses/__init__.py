"""Licenses: the table of what each allows, how to read one, and what a dataset accepts.

One file for each form in which a license comes: addresses, names (SPDX ids and what people
write), Flickr's numbers, Openverse's records, Commons' templates, what stands inside a file, and
pages (``licenses.pages``, ``licenses.schema_org``).

Two rules hold everywhere. What cannot be read is ``unknown``, and unknown is never free. And a
version is never guessed: "CC BY" without one has the code ``by`` and the version ``""``.
"""

from carsets.licenses.agreement import together, weightiest
from carsets.licenses.commons import commons_license
from carsets.licenses.declared import (
    LONGEST_TEXT,
    NO_LICENSE,
    DeclaredLicense,
    Evidence,
)
from carsets.licenses.embedded import embedded_license
from carsets.licenses.flickr import flickr_license
from carsets.licenses.openverse import openverse_license
from carsets.licenses.policy import LicensePolicy
from carsets.licenses.reading import read_license
from carsets.licenses.table import LicenseTerms, license_table

__all__ = [
    "LONGEST_TEXT",
    "NO_LICENSE",
    "DeclaredLicense",
    "Evidence",
    "LicensePolicy",
    "LicenseTerms",
    "commons_license",
    "embedded_license",
    "flickr_license",
    "license_table",
    "openverse_license",
    "read_license",
    "together",
    "weightiest",
]
