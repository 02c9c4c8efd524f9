"""An address in the cloud is understood, or refused with the words that mend it."""

import sys

import pytest

from carsets.pipelines.cloud_store import CloudStore
from carsets.problems import UserError


@pytest.mark.parametrize(
    ("address", "hidden", "advice"),
    [
        ("s3://cars/", "botocore", "pip install -r requirements-cluster.txt"),
        ("gs://cars/", "google.cloud", "pip install google-cloud-storage"),
        ("ftp://cars/", "", "a path, s3:// or gs:// is expected"),
        ("gs://cars", "", "write gs://BUCKET/ or .../PREFIX/"),
    ],
)
def test_what_is_missing_is_named(address, hidden, advice, monkeypatch):
    if hidden:
        monkeypatch.setitem(sys.modules, hidden, None)
        monkeypatch.setattr("scrapy.pipelines.files.is_botocore_available", lambda: False)
    with pytest.raises(UserError, match=advice.replace(".", r"\.")):
        CloudStore.open(address)
