"""The log as one JSON object a line, for programs that gather logs. Off unless ``LOG_JSON`` is set.

Works wherever Scrapy's own log goes: on stderr, in ``LOG_FILE``, in the file that Scrapyd shows.
Secrets are redacted and control characters written out as in plain lines.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pythonjsonlogger.json import JsonFormatter
from scrapy.utils.log import TopLevelFormatter

from carsets.net.redaction import escape_controls, redact

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_ABOVE_ALL = 45  # a setting that nothing on the command line changes back


class JsonLog:
    """Put a handler that writes JSON in the place of Scrapy's, before the first line is logged."""

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        """Install the handler. Scrapy calls this when a process that crawls is made."""
        if not settings.getbool("LOG_JSON"):
            return
        settings.set("LOG_INSTALL_ROOT_HANDLER", False, priority=_ABOVE_ALL)
        logging.root.setLevel(logging.NOTSET)
        logging.root.addHandler(make_handler(settings))


def make_handler(settings: BaseSettings) -> logging.Handler:
    """Return what writes the log to where the settings say."""
    handler: logging.Handler
    if name := settings.get("LOG_FILE"):
        mode = "a" if settings.getbool("LOG_FILE_APPEND") else "w"
        handler = logging.FileHandler(name, mode=mode, encoding=settings.get("LOG_ENCODING"))
    elif settings.getbool("LOG_ENABLED"):
        handler = logging.StreamHandler()
    else:
        return logging.NullHandler()
    handler.setFormatter(OneLine())
    handler.setLevel(settings.get("LOG_LEVEL"))
    if settings.getbool("LOG_SHORT_NAMES"):
        handler.addFilter(TopLevelFormatter(["scrapy"]))
    return handler


class OneLine(JsonFormatter):
    """Write a record as one line of JSON: time, level, logger, source, message, traceback."""

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Fill in the fields. Nothing else of a record is written: who knows what it holds."""
        moment = datetime.fromtimestamp(record.created, UTC)
        log_data["time"] = moment.isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        if name := getattr(getattr(record, "spider", None), "name", ""):
            log_data["source"] = name
        log_data["message"] = record.getMessage()  # redacted, see RedactedRecord
        for field, given in (("traceback", "exc_info"), ("stack", "stack_info")):
            if text := message_dict.get(given):
                log_data[field] = escape_controls(redact(str(text)), newline="\n")
