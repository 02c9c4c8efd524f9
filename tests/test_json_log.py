"""One JSON object a line, without secrets and without what moves a cursor."""

import io
import json
import logging

import pytest
from scrapy.settings import Settings

from carsets.json_log import JsonLog, OneLine, make_handler
from carsets.net import redaction

SECRET = "CANARYKEY12345"


@pytest.fixture
def log(monkeypatch):
    """Return a logger, and what it has written."""
    monkeypatch.setattr(redaction, "_secrets", {})
    monkeypatch.setattr(redaction, "_pattern", None)
    redaction.register_secret(SECRET)
    factory = logging.getLogRecordFactory()
    logging.setLogRecordFactory(redaction.RedactedRecord)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(OneLine())
    logger = logging.getLogger("carsets.test_json_log")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


def test_a_line_has_what_programs_look_for(log):
    logger, lines = log
    logger.warning("%d images", 3, extra={"spider": type("Spider", (), {"name": "bing"})()})
    [line] = lines()
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "carsets.test_json_log",
        "source": "bing",
        "message": "3 images",
    }


@pytest.mark.parametrize(
    "message",
    [SECRET, f"https://a.test/?api_key={SECRET}", {"key": SECRET}, f"a\n{SECRET}", f'"{SECRET}"'],
)
def test_no_secret_is_told(log, message):
    logger, lines = log
    logger.error(message, extra={"request": SECRET, "headers": {"token": SECRET}})
    assert SECRET not in json.dumps(lines())
    assert "[redacted]" in lines()[0]["message"]


def test_a_traceback_is_one_field_without_secrets(log):
    logger, lines = log
    try:
        raise ValueError(f"token={SECRET} \x1b[2J")
    except ValueError:
        logger.exception("It failed", stack_info=True)
    [line] = lines()
    assert line["traceback"].splitlines()[-1].startswith("ValueError: token=[redacted]")
    assert "test_json_log" in line["stack"]
    assert SECRET not in json.dumps(line)
    assert "\x1b" not in line["traceback"]


@pytest.mark.parametrize("title", ["\x1b[2Jcar", "car\r\nINFO: forged", "\u202egpj.exe", "\u2028"])
def test_a_title_cannot_forge_a_line_or_move_a_cursor(log, title):
    logger, lines = log
    logger.info("kept %s", title)
    logger.warning("kept %s", title)
    assert {line["level"] for line in lines()} <= {"INFO", "WARNING"}
    assert not any(char in line["message"] for line in lines() for char in "\x1b\r\u202e\u2028")


def test_it_is_off_unless_it_is_wanted():
    before = list(logging.root.handlers)
    settings = Settings()
    JsonLog.update_pre_crawler_settings(settings)
    assert settings.getbool("LOG_INSTALL_ROOT_HANDLER")
    assert logging.root.handlers == before


@pytest.mark.parametrize(
    ("given", "kind"),
    [({}, logging.StreamHandler), ({"LOG_ENABLED": False}, logging.NullHandler)],
)
def test_it_goes_where_scrapy_s_own_log_would_go(given, kind):
    assert type(make_handler(Settings(given))) is kind
