"""A daemon's jobs run where the daemon was started: relative paths are refused there."""

import pytest

from carsets.places import refuse_relative
from carsets.problems import UserError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATA_DIR", "data"),
        ("IMAGES_STORE", "images"),
        ("RECEIPTS_DIR", "./receipts"),
        ("PAGES_DIR", "../pages"),
        ("CATALOG_URL", "sqlite:///c.sqlite"),
    ],
)
def test_a_relative_path_is_refused_by_its_name(name, value):
    with pytest.raises(UserError, match=f"{name}=.*Scrapyd needs an absolute path"):
        refuse_relative({"DATA_DIR": "/srv/data", name: value})


@pytest.mark.parametrize(
    "given",
    [
        {"DATA_DIR": "/srv/data", "IMAGES_STORE": "s3://cars/", "RECEIPTS_DIR": ""},
        {"DATA_DIR": "~/data", "CATALOG_URL": "sqlite:////srv/c.sqlite"},
        {"CATALOG_URL": "postgresql+psycopg://carsets@db.test/cars"},
    ],
)
def test_what_means_the_same_everywhere_passes(given):
    refuse_relative(given)
