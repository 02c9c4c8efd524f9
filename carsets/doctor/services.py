"""The services that the settings name: a bucket for the images, a Redis for the queue."""

from __future__ import annotations

import importlib.util
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.exceptions import NotConfigured
from scrapy.pipelines.images import ImagesPipeline

from carsets.doctor.finding import fail, ok, warn
from carsets.net.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapy.settings import BaseSettings

    from carsets.doctor.finding import Finding

PATIENCE = 10  # seconds for a service to answer
LOOPBACK = {"127.0.0.1", "localhost", "::1", ""}


def look_at_store(store: str, settings: BaseSettings) -> Iterator[Finding]:
    """Yield whether a store in the cloud answers; folders are looked at as folders."""
    scheme, _, rest = store.partition("://")
    if not rest or scheme == "file":
        return
    if scheme != "s3":
        yield warn("store", f"{scheme}:// is not asked here", "look at the first images it gets")
        return
    ImagesPipeline._update_stores(settings)
    try:
        bucket: Any = ImagesPipeline.STORE_SCHEMES["s3"](store)
        in_time(lambda: bucket.s3_client.head_bucket(Bucket=bucket.bucket))
    except (NotConfigured, ImportError) as error:
        yield fail("store", f"{store} cannot be asked: {error}", "pip install botocore")
    except Exception as error:  # botocore's own classes are there only with botocore
        fix = "check its name, AWS_ENDPOINT_URL, AWS_REGION_NAME, and the AWS_ keys"
        yield fail("store", f"{store} does not answer: {one_line(error)}", fix)
    else:
        yield ok("store", f"{store} answers")


def look_at_redis(url: str) -> Iterator[Finding]:
    """Yield whether the Redis of ``REDIS_URL`` answers, and whether others could use it."""
    if not url:
        return
    where = redact(url)
    if importlib.util.find_spec("redis") is None:
        yield fail("redis", f"REDIS_URL={where}, and its client is missing", "pip install redis")
        return
    import redis

    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)
        client.ping()
        client.close()
    except (redis.RedisError, ValueError, OSError) as error:
        yield fail("redis", f"{where}: {one_line(error)}", "start it, or correct REDIS_URL")
        return
    parts = urlsplit(url)
    if parts.scheme != "unix" and parts.hostname not in LOOPBACK and not parts.password:
        fix = "set requirepass, and give REDIS_URL=rediss://:PASSWORD@HOST in the environment"
        yield fail("redis", f"{where} lets anybody in who reaches it, to change the queue", fix)
    else:
        yield ok("redis", f"{where} answers")


def in_time(call: Callable[[], Any]) -> Any:
    """Return what a call gives. Raises TimeoutError when it takes longer than ``PATIENCE``."""
    answer: Future[Any] = Future()

    def ask() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:
            answer.set_exception(error)

    Thread(target=ask, daemon=True).start()
    try:
        return answer.result(PATIENCE)
    except TimeoutError:
        raise TimeoutError(f"no answer within {PATIENCE} s") from None


def one_line(error: BaseException) -> str:
    """Return a complaint as one line without secrets."""
    return redact(" ".join(str(error).split()))[:200] or type(error).__name__
