"""Lists the image store, one part of its names at a time, wherever it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsets.outcomes import ExitCode
from carsets.problems import UserError
from carsets.store_bucket import bucket_of, folder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scrapy.settings import BaseSettings

    Entry = tuple[str, float]  # path inside the store, and seconds since 1970 of its last change


def lister(store: str, settings: BaseSettings) -> Callable[[str], Iterator[Entry]]:
    """Return what yields the files of a first folder of the store, in any order.

    That raises UserError when the store cannot be read, and this one for a store that carsets
    cannot list.
    """
    if (folder := folder_of(store)) is not None:
        return lambda part: list_folder(folder, part)
    bucket = bucket_of(store, settings, "list")
    return lambda part: list_objects(bucket, part)


def list_folder(folder: Path, part: str) -> Iterator[Entry]:
    """Yield the files below a folder of the store; none where there is no such folder."""
    for path in (folder / part).rglob("*"):
        try:
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path.stat().st_mtime
        except FileNotFoundError:  # it gave way to a better copy
            continue
        except OSError as error:
            raise _unreadable(path, error.strerror) from None


def list_objects(bucket: Any, part: str) -> Iterator[Entry]:
    """Yield the objects of Scrapy's S3 store whose names begin with a folder."""
    pages = bucket.s3_client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket.bucket, Prefix=f"{bucket.prefix}{part}/"
    )
    try:
        for page in pages:
            for entry in page.get("Contents", ()):
                name = entry["Key"].removeprefix(bucket.prefix)
                yield name, entry["LastModified"].timestamp()
    except Exception as error:  # botocore's own classes are there only with botocore
        raise _unreadable(f"s3://{bucket.bucket}", error) from None


def _unreadable(where: object, why: object) -> UserError:
    return UserError(f"{where} cannot be listed: {why}", ExitCode.STORE_FAILED)
