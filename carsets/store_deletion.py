"""Takes single files out of the image store, wherever it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsets.outcomes import ExitCode
from carsets.problems import UserError
from carsets.store_bucket import bucket_of, folder_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scrapy.settings import BaseSettings


def deleter(store: str, settings: BaseSettings) -> Callable[[str], bool]:
    """Return what deletes a path inside the store, and says whether there was such a file.

    Of a store in the cloud it always says so. Raises UserError for a store that cannot delete.
    """
    if (folder := folder_of(store)) is not None:
        return lambda path: delete_file(folder, path)
    bucket = bucket_of(store, settings, "delete")
    return lambda path: delete_object(bucket, path)


def delete_file(folder: Path, path: str) -> bool:
    """Delete a file and the folders that it leaves empty. Raises UserError if that fails."""
    place = folder / path
    if not place.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{path} lies outside of the image store {folder}")
    try:
        place.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        problem = f"{place} cannot be deleted: {error.strerror}"
        raise UserError(problem, ExitCode.STORE_FAILED) from None
    for parent in list(place.parents)[:2]:
        try:
            parent.rmdir()
        except OSError:  # other images lie there
            break
    return True


def delete_object(bucket: Any, path: str) -> bool:
    """Delete an object of Scrapy's S3 store. Raises UserError if that fails."""
    try:
        bucket.s3_client.delete_object(Bucket=bucket.bucket, Key=f"{bucket.prefix}{path}")
    except Exception as error:  # boto3's own classes are there only with boto3
        problem = f"{path} cannot be deleted from s3://{bucket.bucket}: {error}"
        raise UserError(problem, ExitCode.STORE_FAILED) from None
    return True
