"""Fixtures that more than one folder of tests needs."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded answers and photos, or skip: it is not part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the recorded answers and photos in {SHARED}, which are not distributed")
    return SHARED
