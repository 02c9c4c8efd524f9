"""Whether the settings make sense, asked before anything is done: one clear line if they do not."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from carsets.image_lists import hash_lists
from carsets.image_lists.integrity import IntegrityPolicy
from carsets.ledger.run_checks import EVERY_SOURCE, Bounds
from carsets.licenses import LicensePolicy
from carsets.metrics.places import read_ports, read_textfile
from carsets.permissions import Purpose
from carsets.problems import UserError
from carsets.reservations import POLICIES, SIGNALS, DeniedHosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST_LETTERS = 200  # of a name
MOST_BITS = 11  # of near duplicates: the index compares 16 bits at a time, in four bands

# Whole numbers: the least and the most.
WHOLE: dict[str, tuple[int, float]] = {
    "FAKEWEB_PORT": (0, 65_535),
    "URL_MAX_LENGTH": (1, math.inf),
    "REACTOR_THREADPOOL_MAXSIZE": (1, math.inf),
    "RETRY_TIMES": (0, math.inf),
    "HOST_MAX_FAILURES": (0, math.inf),
    "CONCURRENT_REQUESTS": (1, math.inf),
    "CONCURRENT_REQUESTS_PER_DOMAIN": (1, math.inf),
    "CONCURRENT_ITEMS": (1, math.inf),
    "DOWNLOAD_MAXSIZE": (1, math.inf),
    "DOWNLOAD_WARNSIZE": (0, math.inf),
    "REDIRECT_MAX_TIMES": (0, math.inf),
    "QUERIES_AT_ONCE": (1, math.inf),
    "FLICKR_LONGEST_SIDE": (1, math.inf),
    "IMAGES_IN_FLIGHT": (1, math.inf),
    "IMAGES_IN_FLIGHT_BYTES": (1, math.inf),
    "URL_MAX_ATTEMPTS": (1, math.inf),
    "URLS_PER_HOST": (0, math.inf),
    "HOST_BYTES_PER_DAY": (0, math.inf),
    "HASH_LIST_DISTANCE": (0, hash_lists.MOST_BITS),
    "IMAGES_MIN_WIDTH": (0, math.inf),
    "IMAGES_MIN_HEIGHT": (0, math.inf),
    "IMAGE_MAX_PIXELS": (1, math.inf),
    "INSPECTION_WORKERS": (1, math.inf),
    "NEAR_DUPLICATE_DISTANCE": (0, MOST_BITS),
    "NEAR_DUPLICATE_DHASH_DISTANCE": (0, 64),
    "PLACEHOLDER_PAGES": (2, math.inf),
    "CAR_DETECTION_BATCH_SIZE": (1, math.inf),
    "CAR_DETECTION_THREADS": (0, math.inf),
    "DISK_FREE_MIN": (0, math.inf),
    "LEDGER_BATCH_SIZE": (1, math.inf),
    "LEDGER_MOST_WAITING": (1, math.inf),
}
# Numbers: the least, and the most.
NUMBERS: dict[str, tuple[float, float]] = {
    "DNS_TIMEOUT": (0.1, math.inf),
    "ROBOTSTXT_CRAWL_DELAY_MAX": (0, math.inf),
    "DOWNLOAD_DELAY": (0, math.inf),
    "RETRY_BACKOFF": (0, math.inf),
    "LEASE_SECONDS": (0.5, math.inf),
    "ORPHAN_HOURS": (0, math.inf),
    "HOST_BYTES_INTERVAL": (0.1, math.inf),
    "RETRY_AFTER_MAX": (0, math.inf),
    "DOWNLOAD_TIMEOUT": (0.1, math.inf),
    "DOWNLOAD_DEADLINE": (0, math.inf),
    "DOWNLOAD_MIN_BYTES_PER_SECOND": (0, math.inf),
    "DOWNLOAD_SLOW_GRACE": (0, math.inf),
    "DOWNLOAD_KEEP_ALIVE": (0, math.inf),
    "WATCHDOG_SECONDS": (0, math.inf),
    "QUERY_END_KNOWN_SHARE": (0, math.inf),
    "FLICKR_RETRY_DELAY": (0, math.inf),
    "OPENIMAGES_MIN_CONFIDENCE": (0, 1),
    "IMAGE_MAX_ASPECT": (1, math.inf),
    "INSPECTION_TIMEOUT": (0.1, math.inf),
    "CAR_DETECTION_KEEP": (0, 1),
    "CAR_DETECTION_REVIEW": (0, 1),
    "CAR_DETECTION_MAX_WAIT": (0, math.inf),
    "LEDGER_MAX_WAIT": (0, math.inf),
    "PROGRESS_INTERVAL": (0, math.inf),
    "METRICS_INTERVAL": (0.1, math.inf),
}
SWITCHES = (
    "ROBOTSTXT_OBEY",
    "SEARCH_ROBOTSTXT_OBEY",
    "PROXY_TRUSTED",
    "DOWNLOAD_VERIFY_CERTIFICATES",
    "FLICKR_GEO",
    "FLICKR_COMMERCIAL_AGREEMENT",
    "CAR_DETECTION_ENABLED",
    "CAR_DETECTION_FETCH",
    "LOG_JSON",
)
_SWITCH_VALUES = {"0", "1", "true", "false", "True", "False"}  # those that Scrapy reads


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise ``UserError`` for the first setting that cannot be meant."""
    for problem in setting_problems(settings):
        raise problem


def setting_problems(settings: Mapping[str, Any]) -> Iterator[UserError]:
    """Yield what cannot be meant, one problem for each part of the settings."""
    for name, (least, most) in WHOLE.items():
        yield from _told(
            _check_number, name, settings.get(name), least, most, int, "a whole number"
        )
    for name, (low, high) in NUMBERS.items():
        yield from _told(_check_number, name, settings.get(name), low, high, float, "a number")
    for name in SWITCHES:
        value = settings.get(name)
        if value is not None and str(value) not in _SWITCH_VALUES:
            yield UserError(f"{name}={value}: True or False is expected")
    policy = settings.get("RESERVATION_POLICY", POLICIES[0])
    if policy not in POLICIES:
        yield UserError(f"RESERVATION_POLICY={policy}: {' or '.join(POLICIES)} is expected")
    integrity = settings.get("LIST_INTEGRITY", IntegrityPolicy.SAME_PICTURE)
    if integrity not in list(IntegrityPolicy):
        yield UserError(f"LIST_INTEGRITY={integrity}: {' or '.join(IntegrityPolicy)} is expected")
    yield from _told(_check_host_caps, settings.get("HOST_BYTES_PER_DAY_EXCEPT") or {})
    yield from _told(_check_licenses, settings.get("LICENSE_ALLOWED", "*"))
    yield from _told(_check_purpose, settings)
    yield from _told(_check_reservations, settings, policy)
    yield from _told(Bounds.of, settings, EVERY_SOURCE)
    yield from _told(read_ports, settings.get("METRICS_PORT"))
    yield from _told(read_textfile, settings.get("METRICS_TEXTFILE"), "source")


def _told(check: Callable[..., object], *given: Any) -> Iterator[UserError]:
    try:
        check(*given)
    except UserError as problem:
        yield problem


def _check_purpose(settings: Mapping[str, Any]) -> None:
    purpose = settings.get("PURPOSE", Purpose.RESEARCH)
    if purpose not in list(Purpose):
        raise UserError(f"PURPOSE={purpose}: {' or '.join(Purpose)} is expected")
    organization = str(settings.get("ORGANIZATION", ""))
    if len(organization) > MOST_LETTERS or (organization and not organization.isprintable()):
        raise UserError(f"ORGANIZATION: one line of at most {MOST_LETTERS} characters is expected")


def _check_number(
    name: str, value: Any, least: float, most: float, kind: type[int] | type[float], what: str
) -> None:
    if value is None:
        return
    try:
        number = kind(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is not None and least <= number <= most:
        return
    bounds = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
    raise UserError(f"{name}={value}: {what} {bounds} is expected")


def _check_host_caps(given: Any) -> None:
    try:
        caps = json.loads(given) if isinstance(given, str) else given
        fine = all(int(most) >= 0 for most in caps.values())
    except (AttributeError, TypeError, ValueError):
        fine = False
    if not fine:
        raise UserError(
            f"HOST_BYTES_PER_DAY_EXCEPT={given}: hosts and their bytes are expected, as in "
            '{"a.example": 0}'
        )


def _check_reservations(settings: Mapping[str, Any], policy: str) -> None:
    given = settings.get("RESERVATION_SIGNALS") or []
    names = given.split(",") if isinstance(given, str) else [*given]
    if unknown := [name for name in names if name not in SIGNALS]:
        raise UserError(f"RESERVATION_SIGNALS: {unknown[0]} is none of {', '.join(SIGNALS)}")
    if policy == "custom" and not names:
        raise UserError("RESERVATION_POLICY=custom: list in RESERVATION_SIGNALS what counts")
    research = settings.get("PURPOSE", Purpose.RESEARCH) == Purpose.RESEARCH
    if policy == "research" and not (research and settings.get("ORGANIZATION")):
        raise UserError(
            "RESERVATION_POLICY=research is for research organizations (EU directive 2019/790, "
            "article 3): it needs PURPOSE=research, and ORGANIZATION set to the name of yours"
        )
    DeniedHosts.load(settings.get("RESERVATION_DENIED_HOSTS") or "")


def _check_licenses(given: Any) -> None:
    allowed = given.split(",") if isinstance(given, str) else list(given)
    try:
        LicensePolicy(allowed)
    except ValueError as error:
        raise UserError(str(error)) from None
