"""The settings of carsets in a folder of the test."""

import pytest
from scrapy.settings import Settings

import carsets.settings


@pytest.fixture
def settings(tmp_path):
    settings = Settings()
    settings.setmodule(carsets.settings, priority="project")
    settings.set("DATA_DIR", str(tmp_path / "data"), priority="cmdline")
    settings.set("CAR_DETECTION_MODEL", "builtin", priority="cmdline")
    return settings
