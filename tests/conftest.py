"""Fixtures that more than one folder of tests needs."""

import os
import sys
from pathlib import Path

import pytest

# Tests start carsets some hundred times. Without compiled modules each of them compiles it all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

SHARED = Path(__file__).parents[2] / "shared"


def pytest_xdist_auto_num_workers(config):
    """Half of the time of crawls, servers and browsers is waiting: use the cores for more."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded answers and photos, or skip: it is not part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the recorded answers and photos in {SHARED}, which are not distributed")
    return SHARED


@pytest.fixture(autouse=True)
def settings_module():
    """Undo what ``get_project_settings`` does to the environment: it names the settings there."""
    name = "SCRAPY_SETTINGS_MODULE"
    before = os.environ.get(name)
    yield
    if before is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = before


def pytest_terminal_summary(terminalreporter, exitstatus, config):
    """Where everything is installed a skipped test is a failed one."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("CARSETS_SKIP_NOTHING"):
        terminalreporter.write_line(f"{len(skipped)} skipped where nothing may be skipped")


def pytest_sessionfinish(session, exitstatus):
    """Fail the run for skipped tests, where everything is installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CARSETS_SKIP_NOTHING") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
