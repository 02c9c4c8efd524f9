"""An empty catalog."""

import pytest

from carsets.catalog.catalog import Catalog


@pytest.fixture
def catalog(tmp_path):
    """Return an empty catalog."""
    (tmp_path / "data").mkdir()
    made = Catalog.open(f"sqlite:///{tmp_path / 'data' / 'catalog.sqlite'}")
    yield made
    made.close()
