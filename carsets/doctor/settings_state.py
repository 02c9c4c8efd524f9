"""The settings: whether each of them can be meant, and whether anybody knows its name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from scrapy.settings import SETTINGS_PRIORITIES, default_settings

import carsets.settings
from carsets.doctor.finding import fail, ok, warn
from carsets.net.redaction import redact
from carsets.setting_checks import setting_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.settings import BaseSettings

    from carsets.doctor.finding import Finding

# Of libraries that read settings which neither Scrapy nor carsets lists.
OF_LIBRARIES = ("PLAYWRIGHT_", "REDIS_", "SCHEDULER_", "AWS_", "GCS_", "FEED_", "IMAGES_", "FILES_")


def look_at_settings(settings: BaseSettings) -> Iterator[Finding]:
    """Yield the settings that cannot be meant, and those given by a name that nobody reads."""
    wrong = False
    for problem in setting_problems(settings):
        wrong = True
        said, colon, fix = redact(str(problem)).partition(": ")
        yield fail("settings", said, fix if colon else "set it as carsets/settings.py says")
    for name in _unknown(settings):
        wrong = True
        near = get_close_matches(name, _known(), 1)
        fix = f"did you mean {near[0]}?" if near else "leave it out, or see carsets/settings.py"
        yield warn("settings", f"nothing reads the setting {name}", fix)
    if not wrong:
        given = sum(_is_given(settings, name) for name in settings)
        yield ok("settings", f"all can be read; {given} given on the command line")


def _known() -> set[str]:
    return {name for name in {*vars(carsets.settings), *vars(default_settings)} if name.isupper()}


def _unknown(settings: BaseSettings) -> list[str]:
    known: Any = _known()
    return sorted(
        name
        for name in settings
        if _is_given(settings, name) and name not in known and not name.startswith(OF_LIBRARIES)
    )


def _is_given(settings: BaseSettings, name: str) -> bool:
    return (settings.getpriority(name) or 0) >= SETTINGS_PRIORITIES["cmdline"]
