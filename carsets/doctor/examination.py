"""Everything that is looked at, in the order in which a crawl needs it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from carsets.doctor import machine, sources
from carsets.doctor.catalog_state import look_at_catalog
from carsets.doctor.detector import look_at_detector
from carsets.doctor.finding import look
from carsets.doctor.packages import look_at_packages
from carsets.doctor.scrapyd import (
    find_configurations,
    look_at_configuration,
    look_at_daemon,
    read_configuration,
)
from carsets.doctor.services import look_at_redis, look_at_store
from carsets.doctor.settings_state import look_at_settings
from carsets.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from scrapy.settings import BaseSettings

    from carsets.doctor.finding import Finding


def examine(
    settings: BaseSettings,
    *,
    asked: Collection[str] = (),
    demanding: Collection[str] = (),
    scrapyd_conf: str = "",
    environment: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.time,
) -> Iterator[Finding]:
    """Yield every finding. ``asked``: sources that are meant; ``demanding``: of them, which insist
    on a contact; ``scrapyd_conf``: a file, or "" for those that Scrapyd would read here.
    """
    facts: Mapping[str, Any] = settings
    places = Places.from_settings(settings)
    yield from look("packages", look_at_packages)
    yield from look("settings", lambda: look_at_settings(settings))
    yield from look("contact", lambda: sources.look_at_contact(facts, demanding))
    yield from look("key", lambda: sources.look_at_keys(environment, facts, asked))
    yield from look("browser", lambda: sources.look_at_browser(facts))
    yield from look("proxy", lambda: sources.look_at_proxies(getproxies(), facts))
    yield from look("weights", lambda: look_at_detector(facts))
    yield from look("folders", lambda: machine.look_at_folders(places))
    yield from look("disk", lambda: machine.look_at_disks(places, facts))
    yield from look("clock", lambda: machine.look_at_clock(places, clock))
    yield from look("catalog", lambda: look_at_catalog(places.catalog_url, clock))
    yield from look("store", lambda: look_at_store(places.images_store, settings))
    yield from look("redis", lambda: look_at_redis(environment.get("REDIS_URL", "")))
    yield from look("scrapyd", lambda: look_at_scrapyd(scrapyd_conf, environment))


def look_at_scrapyd(given: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what the configuration of Scrapyd says, and what a daemon of this machine does."""
    paths = [Path(given)] if given else find_configurations(Path.cwd(), Path.home())
    exposure = read_configuration(paths, environment)
    if paths:
        yield from look_at_configuration(exposure, ", ".join(map(str, paths)))
    yield from look_at_daemon(exposure)
