"""Reads single files of the image store, wherever it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsets.outcomes import ExitCode
from carsets.problems import UserError
from carsets.store_bucket import bucket_of, folder_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scrapy.settings import BaseSettings


def reader(store: str, settings: BaseSettings) -> Callable[[str], bytes]:
    """Return what reads the bytes of a path inside the store; that raises OSError.

    Raises UserError for a store that is not there, or that cannot be read.
    """
    if (folder := folder_of(store)) is not None:
        if not folder.is_dir():
            problem = f"there is no image store at {folder}: set IMAGES_STORE or DATA_DIR"
            raise UserError(problem, ExitCode.STORE_FAILED)
        return lambda path: read_file(folder, path)
    bucket = bucket_of(store, settings, "read")
    return lambda path: read_object(bucket, path)


def read_file(folder: Path, path: str) -> bytes:
    """Return the bytes of a file. Raises OSError, also for what is no file of the store."""
    place = folder / path
    if not place.resolve().is_relative_to(folder.resolve()):
        raise OSError(f"{path} lies outside of the image store {folder}")
    if place.exists() and not place.is_file():  # opening a pipe would wait for ever
        raise OSError(f"{path} is no file")
    return place.read_bytes()


def read_object(bucket: Any, path: str) -> bytes:
    """Return the bytes of an object of Scrapy's S3 store. Raises OSError."""
    try:
        answer = bucket.s3_client.get_object(Bucket=bucket.bucket, Key=f"{bucket.prefix}{path}")
        body: bytes = answer["Body"].read()
    except Exception as error:  # boto3's own classes are there only with boto3
        raise OSError(f"{path} cannot be read from s3://{bucket.bucket}: {error}") from None
    return body
