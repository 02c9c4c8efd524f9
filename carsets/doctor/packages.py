"""Python and the packages on which a mitigation depends, in the versions that have it."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from packaging.version import Version

from carsets.doctor.finding import fail, ok

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carsets.doctor.finding import Finding

PYTHON = (3, 11)
# The oldest versions without a hole that a hostile host could use.
LEAST = {
    "scrapy": ("2.17", "its older ones unpack bodies without a bound"),
    "pillow": ("12.3.0", "its older ones have decoders that can be made to write out of bounds"),
}


def look_at_packages(least: Mapping[str, tuple[str, str]] = LEAST) -> Iterator[Finding]:
    """Yield whether the versions here are new enough."""
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON:
        fix = "make the environment with python3.11 or newer"
        yield fail("packages", f"this is Python {python}", fix)
    else:
        yield ok("packages", f"Python {python}")
    for name, (needed, why) in least.items():
        try:
            there = version(name)
        except PackageNotFoundError:
            yield fail("packages", f"{name} is not installed", "pip install -r requirements.txt")
            continue
        if Version(there) < Version(needed):
            said = f"{name} {there} is older than {needed}: {why}"
            yield fail("packages", said, "pip install -r requirements.txt")
        else:
            yield ok("packages", f"{name} {there}")
