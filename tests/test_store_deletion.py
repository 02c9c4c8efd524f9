"""Single files leave the store: on a disk, and in a bucket."""

import sys
from types import SimpleNamespace

import pytest
from scrapy.settings import Settings

from carsets.problems import UserError
from carsets.store_deletion import delete_file, delete_object, deleter


def test_a_file_goes_with_the_folders_that_it_leaves_empty(tmp_path):
    for name in ("ab/cd/1.jpg", "ab/ef/2.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    delete = deleter(str(tmp_path), Settings())
    assert delete("ab/cd/1.jpg")
    assert not (tmp_path / "ab" / "cd").exists()
    assert (tmp_path / "ab" / "ef" / "2.jpg").exists()
    assert not delete("ab/cd/1.jpg")
    assert delete("ab/ef/2.jpg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["../outside.jpg", "/etc/passwd", "ab/../../outside.jpg"])
def test_nothing_outside_of_the_store_is_touched(path, tmp_path):
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(b"x")
    with pytest.raises(UserError, match="outside of the image store"):
        delete_file(tmp_path / "store", path)
    assert outside.exists()


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path):
    (tmp_path / "ab" / "cd.jpg").mkdir(parents=True)
    with pytest.raises(UserError, match="cannot be deleted"):
        delete_file(tmp_path, "ab/cd.jpg")


def test_a_bucket_is_asked_by_key():
    asked = []
    bucket = SimpleNamespace(
        s3_client=SimpleNamespace(delete_object=lambda **what: asked.append(what)),
        bucket="cars",
        prefix="images/",
    )
    assert delete_object(bucket, "ab/cd/1.jpg")
    assert asked == [{"Bucket": "cars", "Key": "images/ab/cd/1.jpg"}]


def test_a_bucket_that_refuses_is_told():
    def refuse(**_):
        raise RuntimeError("AccessDenied")

    client = SimpleNamespace(delete_object=refuse)
    bucket = SimpleNamespace(s3_client=client, bucket="cars", prefix="")
    with pytest.raises(UserError, match="AccessDenied"):
        delete_object(bucket, "1.jpg")


def test_stores_that_cannot_delete_are_named(monkeypatch):
    with pytest.raises(UserError, match="in S3 alone"):
        deleter("gs://bucket/prefix", Settings())
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(UserError, match="install it"):
        deleter("s3://bucket/prefix", Settings())
