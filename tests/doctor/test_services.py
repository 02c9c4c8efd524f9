"""A bucket and a Redis that answer, that do not, and that let anybody in."""

import shutil
import socket
import subprocess
import time
from types import SimpleNamespace

import pytest
from scrapy.pipelines.images import ImagesPipeline

from carsets.doctor import services
from carsets.doctor.finding import Health


@pytest.fixture
def redis_port():
    """Start Debian's Redis on loopback, with a password."""
    if not shutil.which("redis-server"):
        pytest.skip("needs Redis: apt-get install redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
         "--requirepass", "the-password-99"], stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(30)


def test_without_a_redis_nothing_is_said():
    assert list(services.look_at_redis("")) == []


def test_a_redis_answers_who_knows_its_password(redis_port):
    [finding] = services.look_at_redis(f"redis://:the-password-99@127.0.0.1:{redis_port}/0")
    assert finding.health is Health.OK
    assert "the-password-99" not in str(finding)
    [finding] = services.look_at_redis(f"redis://127.0.0.1:{redis_port}/0")
    assert finding.health is Health.FAIL


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "http://127.0.0.1/", "redis"])
def test_a_redis_that_does_not_answer_is_one_line(url):
    [finding] = services.look_at_redis(url)
    assert finding.health is Health.FAIL
    assert "\n" not in finding.said


def test_a_redis_of_another_machine_needs_a_password(monkeypatch):
    import redis

    client = SimpleNamespace(ping=lambda: True, close=lambda: None)
    monkeypatch.setattr(redis.Redis, "from_url", lambda *_, **__: client)
    [finding] = services.look_at_redis("redis://queue.test/0")
    assert finding.health is Health.FAIL
    assert "lets anybody in" in finding.said
    [finding] = services.look_at_redis("rediss://:the-password-99@queue.test/0")
    assert finding.health is Health.OK


class Bucket:
    """As much of Scrapy's S3 store as is asked."""

    answer = None

    def __init__(self, address):
        self.bucket = address.split("/")[2]
        self.s3_client = self

    def head_bucket(self, **what):
        assert what == {"Bucket": "cars"}
        if self.answer:
            raise self.answer


@pytest.mark.parametrize(
    ("answer", "health"),
    [
        (None, Health.OK),
        (RuntimeError("403\nForbidden"), Health.FAIL),
        (ImportError("no botocore"), Health.FAIL),
    ],
)
def test_a_bucket_answers_or_not(settings, monkeypatch, answer, health):
    monkeypatch.setattr(Bucket, "answer", answer)
    monkeypatch.setitem(ImagesPipeline.STORE_SCHEMES, "s3", Bucket)
    [finding] = services.look_at_store("s3://cars/images/", settings)
    assert finding.health is health
    assert "\n" not in finding.said


def test_a_bucket_that_is_silent_is_not_waited_for(settings, monkeypatch):
    monkeypatch.setattr(services, "PATIENCE", 0.05)
    monkeypatch.setattr(Bucket, "head_bucket", lambda *_, **__: time.sleep(1))
    monkeypatch.setitem(ImagesPipeline.STORE_SCHEMES, "s3", Bucket)
    [finding] = services.look_at_store("s3://cars/images/", settings)
    assert finding.health is Health.FAIL
    assert "no answer within" in finding.said


def test_folders_are_no_service(settings):
    assert list(services.look_at_store("/srv/images", settings)) == []
    assert list(services.look_at_store("file:///srv/images", settings)) == []
