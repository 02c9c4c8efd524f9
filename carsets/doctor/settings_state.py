"""The settings: whether each of them can be meant, and whether anybody knows its name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from scrapy.settings import SETTINGS_PRIORITIES, default_settings
from scrapy.spiderloader import get_spider_loader

import carsets.settings
from carsets.doctor.finding import fail, ok, warn
from carsets.doctor.services import LOOPBACK
from carsets.ledger.run_checks import named_sources
from carsets.metrics.places import read_ports
from carsets.net.redaction import redact
from carsets.setting_checks import setting_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.settings import BaseSettings

    from carsets.doctor.finding import Finding

# Of libraries that read settings which neither Scrapy nor carsets lists.
OF_LIBRARIES = ("PLAYWRIGHT_", "REDIS_", "SCHEDULER_", "AWS_", "GCS_", "FEED_", "IMAGES_", "FILES_")


def look_at_settings(settings: BaseSettings) -> Iterator[Finding]:
    """Yield the settings that cannot be meant, and what is given by a name that nobody reads."""
    findings = [*_wrong(settings), *_unknown(settings)]
    if not findings:
        findings = [*_unread_sources(settings), *_open_to_others(settings)]
    if findings:
        yield from findings
    else:
        given = sum(_is_given(settings, name) for name in settings)
        yield ok("settings", f"all can be read; {given} given on the command line")


def _wrong(settings: BaseSettings) -> Iterator[Finding]:
    for problem in setting_problems(settings):
        said, colon, fix = redact(str(problem)).partition(": ")
        yield fail("settings", said, fix if colon else "set it as carsets/settings.py says")


def _unread_sources(settings: BaseSettings) -> Iterator[Finding]:
    sources = get_spider_loader(settings).list()
    for name, given in named_sources(settings).items():
        for source in sorted(given - set(sources)):
            fix = f"correct it: there are {', '.join(sorted(sources))}"
            yield warn("settings", f"{name} has a number for {source}, which is no source", fix)


def _open_to_others(settings: BaseSettings) -> Iterator[Finding]:
    host = str(settings.get("METRICS_HOST") or "")
    if read_ports(settings.get("METRICS_PORT")) and host not in LOOPBACK:
        said = f"METRICS_HOST={host}: whoever reaches this machine reads the numbers of crawls"
        yield warn("settings", said, "METRICS_HOST=127.0.0.1, or a firewall in front of the port")


def _known() -> set[str]:
    return {name for name in {*vars(carsets.settings), *vars(default_settings)} if name.isupper()}


def _unknown(settings: BaseSettings) -> Iterator[Finding]:
    known = _known()
    for name in sorted(settings):
        if _is_given(settings, name) and name not in known and not name.startswith(OF_LIBRARIES):
            near = get_close_matches(name, known, 1)
            fix = f"did you mean {near[0]}?" if near else "leave it out, or see carsets/settings.py"
            yield warn("settings", f"nothing reads the setting {name}", fix)


def _is_given(settings: BaseSettings, name: str) -> bool:
    return (settings.getpriority(name) or 0) >= SETTINGS_PRIORITIES["cmdline"]
