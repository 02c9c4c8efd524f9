"""Single files are read out of the store: on a disk, and in a bucket."""

import io
import sys
from types import SimpleNamespace

import pytest
from scrapy.settings import Settings

from carsets.problems import UserError
from carsets.store_reading import read_file, read_object, reader


def test_a_file_is_read(tmp_path):
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "1.jpg").write_bytes(b"x\0")
    assert reader(str(tmp_path), Settings())("ab/1.jpg") == b"x\0"
    assert reader(f"file://{tmp_path}", Settings())("ab/1.jpg") == b"x\0"


@pytest.mark.parametrize("path", ["../outside.jpg", "ab/../../outside.jpg", "link.jpg"])
def test_nothing_outside_of_the_store_is_read(path, tmp_path):
    (tmp_path / "outside.jpg").write_bytes(b"secret")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    with pytest.raises(OSError, match="outside of the image store"):
        read_file(tmp_path / "store", path)


def test_what_is_no_file_is_told(tmp_path):
    (tmp_path / "1.jpg").mkdir()
    for path in ("1.jpg", "2.jpg"):
        with pytest.raises(OSError, match=r"is no file|No such file"):
            read_file(tmp_path, path)


def test_a_bucket_is_asked_by_key():
    def get_object(**what):
        assert what == {"Bucket": "cars", "Key": "images/ab/1.jpg"}
        return {"Body": io.BytesIO(b"x")}

    client = SimpleNamespace(get_object=get_object)
    bucket = SimpleNamespace(s3_client=client, bucket="cars", prefix="images/")
    assert read_object(bucket, "ab/1.jpg") == b"x"


def test_a_bucket_that_refuses_is_told():
    def get_object(**_):
        raise RuntimeError("AccessDenied")

    client = SimpleNamespace(get_object=get_object)
    with pytest.raises(OSError, match=r"1.jpg cannot be read.*AccessDenied"):
        read_object(SimpleNamespace(s3_client=client, bucket="cars", prefix=""), "1.jpg")


def test_a_store_that_cannot_be_read_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="no image store at") as caught:
        reader(str(tmp_path / "nowhere"), Settings())
    assert caught.value.exit_code == 5
    with pytest.raises(UserError, match="disks and in S3"):
        reader("gs://bucket", Settings())
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(UserError, match="install it"):
        reader("s3://bucket/prefix", Settings())
