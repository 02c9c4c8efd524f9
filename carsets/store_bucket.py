"""Tells a store on a disk from one in S3, and opens the latter as the crawl does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured
from scrapy.pipelines.images import ImagesPipeline

from carsets.problems import UserError

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


def folder_of(store: str) -> Path | None:
    """Return the folder of a store on a disk; None for one that is elsewhere."""
    if "://" in store and not store.startswith("file://"):
        return None
    return Path(store.removeprefix("file://"))


def bucket_of(store: str, settings: BaseSettings, doing: str) -> Any:
    """Return Scrapy's S3 store: ``s3_client``, ``bucket`` and ``prefix``.

    Raises UserError where it cannot be opened, and for stores in which carsets cannot do what
    ``doing`` says.
    """
    if not store.startswith("s3://"):
        raise UserError(f"{store}: carsets can {doing} files on disks and in S3 alone")
    ImagesPipeline._update_stores(settings)
    try:
        return ImagesPipeline.STORE_SCHEMES["s3"](store)
    except (NotConfigured, ImportError) as error:
        raise UserError(f"IMAGES_STORE={store}: {error}; install it") from None
