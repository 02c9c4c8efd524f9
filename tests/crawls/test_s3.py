"""Images in a bucket: a whole crawl against a real S3-compatible server."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

import pytest

PLAN = {"vehicles": "Honda Civic,Fiat 500", "colors": "red", "per_query": 40}
PREFIX = "cars/images/"


@pytest.fixture
def bucket(s3_server):
    """Return an empty bucket, and how to crawl into it."""
    name = s3_server.bucket("cars")
    yield name
    for key in s3_server.objects(name):
        s3_server.client.delete_object(Bucket=name, Key=key)
    s3_server.client.delete_bucket(Bucket=name)


@pytest.fixture
def start(crawls, dataset, bucket, s3_server):
    """Return a function that starts a crawl into the bucket."""

    def start(store=f"s3://cars/{PREFIX}", source="bing", plan=PLAN):
        return crawls.start(source, dataset.folder, plan, s3_server.environment, IMAGES_STORE=store)

    return start


def assert_whole(dataset, server, bucket):
    """Check that the bucket holds the kept images, byte for byte, and nothing else."""
    objects, kept = server.objects(bucket, PREFIX), dataset.kept()
    assert objects.keys() == kept.keys()
    for path, body in objects.items():
        assert hashlib.sha256(body).hexdigest() == kept[path]
    assert not (dataset.folder / "images").exists()


def test_a_killed_crawl_ends_with_the_same_objects(start, dataset, bucket, s3_server, web):
    first = start()
    while not first.over and len(s3_server.objects(bucket)) < 5:
        first._ended.wait(0.05)
    first.kill()
    last = start().wait()
    assert last.returncode == 0, last.stderr
    assert len(dataset.kept()) > 30
    assert_whole(dataset, s3_server, bucket)


def test_worse_copies_and_removed_images_leave_the_bucket(
    start, dataset, bucket, s3_server, crawls
):
    plan = {"query": "blue toyota rav4", "per_query": 45}
    for source in ("bing", "openverse"):
        assert start(source=source, plan=plan).wait().returncode == 0
    assert dataset.rows("SELECT count(*) FROM images WHERE verdict = 'superseded'")[0] > 0
    assert_whole(dataset, s3_server, bucket)
    path, image_id = dataset.rows("SELECT path, image_id FROM images WHERE verdict = 'keep'")[0]
    remove = crawls.scrapy.run(
        "remove", f"--image={image_id}", "--reason=asked", "--yes",
        environment=s3_server.environment,
        settings={"DATA_DIR": dataset.folder, "IMAGES_STORE": f"s3://cars/{PREFIX}"},
    )  # fmt: skip
    assert remove.returncode == 0, remove.stderr
    assert path not in s3_server.objects(bucket, PREFIX)
    assert_whole(dataset, s3_server, bucket)


def test_what_a_kill_between_upload_and_row_leaves_is_found_and_deleted(
    start, dataset, bucket, s3_server, crawls
):
    killed = start()
    while not killed.over and not (dataset.catalog.exists() and s3_server.objects(bucket, PREFIX)):
        killed._ended.wait(0.05)
    with closing(sqlite3.connect(dataset.catalog, timeout=60, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")  # now nothing is entered, and uploads go on
        rows = len(dataset.kept())
        while not killed.over and len(s3_server.objects(bucket, PREFIX)) <= rows:
            killed._ended.wait(0.05)
        killed.kill()
    kept = dataset.kept().keys()
    orphans = s3_server.objects(bucket, PREFIX).keys() - kept
    assert orphans
    for name in ("notes.txt", "ab/cd/notes.jpg"):  # not ours, though no image has them
        s3_server.client.put_object(Bucket=bucket, Key=f"{PREFIX}{name}", Body=b"x")

    def retention(*words, hours=0):
        done = crawls.scrapy.run(
            "retention", "--orphans", *words, environment=s3_server.environment,
            settings={"DATA_DIR": dataset.folder, "IMAGES_STORE": f"s3://cars/{PREFIX}",
                      "ORPHAN_HOURS": hours},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return {line.partition(": ")[2] for line in done.stdout.splitlines() if ": " in line}

    assert not retention("--expire", hours=1) & orphans, "they may be on their way"
    assert retention() >= orphans
    assert s3_server.objects(bucket, PREFIX).keys() >= orphans
    assert retention("--expire") >= orphans
    left = s3_server.objects(bucket, PREFIX).keys()
    assert left - kept == {"notes.txt", "ab/cd/notes.jpg"}
    assert left >= kept


@pytest.mark.parametrize("store", ["s3://cars", "s3://cars/images", "s3:///images/"])
def test_an_address_that_scrapy_would_misread_is_refused(store, start, dataset):
    command = start(store).wait()
    assert command.returncode == 2
    assert "write s3://BUCKET/ or .../PREFIX/" in command.last_line


def test_a_bucket_that_is_not_there_ends_the_run_in_one_line(start, dataset):
    command = start("s3://nosuchbucket/images/").wait()
    assert command.returncode == 5
    assert "image store" in command.last_line
    assert "Traceback" not in command.stderr
    assert dataset.kept() == {}
