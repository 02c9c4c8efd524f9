"""Releases whose originals lie in a real S3-compatible server."""

import pytest

from carsets.problems import UserError
from tests.s3_server import s3_server  # noqa: F401 - a fixture

ADDRESS = "s3://originals/cars/"


@pytest.fixture
def in_bucket(dataset, s3_server, monkeypatch):  # noqa: F811 - the fixture
    """Return a dataset of four images whose files are in a bucket, and nowhere else."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    for _ in range(4):
        dataset.add()
    s3_server.bucket("originals")
    for path in [path for path in dataset.store.rglob("*") if path.is_file()]:
        key = f"cars/{path.relative_to(dataset.store)}"
        s3_server.client.put_object(Bucket="originals", Key=key, Body=path.read_bytes())
        path.unlink()
    yield dataset
    for key in s3_server.objects("originals"):
        s3_server.client.delete_object(Bucket="originals", Key=key)
    s3_server.client.delete_bucket(Bucket="originals")


def test_images_are_handed_out_from_a_bucket(in_bucket):
    around = in_bucket.surroundings(images_store=ADDRESS)
    assert in_bucket.release("imagefolder", around=around).exported == 4


def test_objects_that_are_gone_or_changed_are_named(in_bucket, s3_server):  # noqa: F811
    gone, changed, *_ = sorted(s3_server.objects("originals"))
    s3_server.client.delete_object(Bucket="originals", Key=gone)
    s3_server.client.put_object(Bucket="originals", Key=changed, Body=b"something else")
    around = in_bucket.surroundings(images_store=ADDRESS)
    with pytest.raises(UserError, match="2 of 4 images cannot be exported") as problem:
        in_bucket.release("imagefolder", around=around)
    assert "1 missing in the store" in str(problem.value)
    assert "1 changed since they were stored" in str(problem.value)


def test_a_bucket_that_is_not_there_is_told_in_one_line(in_bucket):
    around = in_bucket.surroundings(images_store="s3://nosuchbucket/cars/")
    with pytest.raises(UserError, match=r"IMAGES_STORE=s3://nosuchbucket/cars/: .*NoSuchBucket"):
        in_bucket.release("imagefolder", around=around)
