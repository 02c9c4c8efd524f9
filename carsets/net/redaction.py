"""Keeps secrets, and control characters, out of every text that leaves the process.

``install`` makes every log record of the process redact itself when it is formatted, so it does
not matter which handler writes it, or how its traceback looks. It knows nothing of Scrapy: the
settings install it while they are read, before the first record is made.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

REDACTED = "[redacted]"
MIN_LENGTH = 6  # characters; a shorter "secret" would redact ordinary words

SECRET_NAME = re.compile(
    r"(?:^|_)(?:(?:API_?|ACCESS_|PRIVATE_|AUTH_)?KEY|KEY_ID|TOKEN|SECRET|PASS|PASSWORD|PASSWD"
    r"|CREDENTIALS?|COOKIES?|SESSION|STORAGE_STATE)\Z",
    re.IGNORECASE,
)
_SECRET_PARAMETER = re.compile(
    r"(?i)(?:(?<![\w-])|(?<=%3F)|(?<=%26))"
    r"((?:api[_-]?key|key|access[_-]?key(?:[_-]?id)?|access[_-]?token|auth[_-]?token"
    r"|token|api[_-]?sig|sig|signature|secret|client[_-]?secret|password|passwd|pwd"
    r"|x-amz-(?:signature|credential|security-token)|x-goog-signature)"
    r"(?:=|%3D))[^\s&;#\"'<>\\)\]}]+"
)
_SECRET_HEADER = re.compile(
    r"(?i)((?:proxy-)?authorization\\?['\"]?\s*[:,=]\s*\[?b?\\?['\"]?(?:bearer|basic|token)\s+)"
    r"[^\s'\"\\,\]]+"
)
_URL_PASSWORD = re.compile(r"(?i)([a-z][a-z0-9+.-]*://[^/\s:@\"']*:)[^/\s@\"']+@")
# Control characters but for tab and line feed, and what turns the direction of writing around.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_secrets: dict[str, None] = {}  # a set that keeps its order
_pattern: re.Pattern[str] | None = None


def register_secret(value: str) -> None:
    """Never let this value appear in a text again. Values under MIN_LENGTH are ignored."""
    global _pattern
    if len(value) < MIN_LENGTH:
        return
    for form in (value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1]):
        _secrets[form] = None
    longest_first = sorted(_secrets, key=len, reverse=True)
    _pattern = re.compile("|".join(map(re.escape, longest_first)))


def register_environment(environment: Mapping[str, str] | None = None) -> None:
    """Register the values of all environment variables whose name says that they are secret."""
    for name, value in (os.environ if environment is None else environment).items():
        if SECRET_NAME.search(name):
            register_secret(value)


def redact(text: str) -> str:
    """Return the text without registered secrets, secret URL parameters and passwords in URLs."""
    if _pattern is not None:
        text = _pattern.sub(REDACTED, text)
    if "=" in text or "%3" in text:
        text = _SECRET_PARAMETER.sub(rf"\1{REDACTED}", text)
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\1{REDACTED}@", text)
    if "uthorization" in text or "UTHORIZATION" in text:
        text = _SECRET_HEADER.sub(rf"\1{REDACTED}", text)
    return text


def redact_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy, in JSON types, of settings or other nested facts without their secrets."""
    return {
        str(name): REDACTED if SECRET_NAME.search(str(name)) and value else _redact_value(value)
        for name, value in settings.items()
    }


def _redact_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if hasattr(value, "items"):
        return redact_settings(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_value(entry) for entry in value]
    return redact(str(value))


def escape_controls(text: str, *, newline: str = "\n    ") -> str:
    """Return the text with control characters written out: a log line cannot be forged.

    Line feeds become ``newline``; by default what follows one is indented, as no log line is.
    """
    if _CONTROL.search(text):
        text = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    return text.replace("\n", newline) if "\n" in text else text


class RedactedRecord(logging.LogRecord):
    """A log record that cannot tell secrets, in its message or in its traceback."""

    _exc_text: str | None = None

    def getMessage(self) -> str:  # noqa: N802 (logging's name)
        return escape_controls(redact(super().getMessage()))

    @property
    def exc_text(self) -> str | None:
        """The traceback, formatted once and redacted; formatters print what stands here."""
        if self._exc_text is None and self.exc_info and self.exc_info[0] is not None:
            text = "".join(traceback.format_exception(*self.exc_info)).rstrip("\n")
            self._exc_text = escape_controls(redact(text))
        return self._exc_text

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._exc_text = None if text is None else escape_controls(redact(text), newline="\n")


def install() -> None:
    """Redact everything that is logged or printed as a traceback from now on."""
    register_environment()
    logging.setLogRecordFactory(RedactedRecord)
    # A program around us that has its own way with exceptions keeps it.
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _print_redacted
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _print_redacted_of_thread


def _print_redacted(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    text = "".join(traceback.format_exception(kind, error, trace))
    sys.stderr.write(escape_controls(redact(text), newline="\n"))


def _print_redacted_of_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None and arguments.exc_type is not SystemExit:
        _print_redacted(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
