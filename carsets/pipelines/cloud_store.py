"""An image store in the cloud: Scrapy's, whose faults are made those of a disk."""

from __future__ import annotations

import asyncio
import errno
from io import BytesIO
from typing import Any

from scrapy.exceptions import NotConfigured
from scrapy.pipelines.files import FilesPipeline
from scrapy.utils.defer import ensure_awaitable

from carsets.problems import UserError
from carsets.store_deletion import delete_object

CLIENTS = {"s3": "-r requirements-cluster.txt", "gs": "google-cloud-storage"}  # for pip


class CloudStore:
    """Write and delete single objects. Raises OSError when the store does not do it."""

    def __init__(self, address: str, store: Any) -> None:
        self.address = address
        self._store = store

    @classmethod
    def open(cls, address: str) -> CloudStore:
        """Return the store for an ``s3://`` or ``gs://`` address. Raises UserError."""
        scheme, _, rest = address.partition("://")
        if scheme not in CLIENTS:
            raise UserError(f"IMAGES_STORE={address}: a path, s3:// or gs:// is expected")
        bucket, slash, prefix = rest.partition("/")
        if not bucket or not slash or (prefix and not prefix.endswith("/")):
            # Scrapy puts what comes after the bucket before every name, as it is.
            raise UserError(f"IMAGES_STORE={address}: write {scheme}://BUCKET/ or .../PREFIX/")
        try:
            return cls(address, FilesPipeline.STORE_SCHEMES[scheme](address))
        except (NotConfigured, ImportError) as error:
            # Scrapy would only take this step out of the crawl, and lose every image.
            raise UserError(
                f"IMAGES_STORE={address}: {error}; pip install {CLIENTS[scheme]}"
            ) from None
        except Exception as error:  # no region, an endpoint that is none
            raise UserError(f"IMAGES_STORE={address}: {_one_line(error)}") from None

    async def write(self, path: str, body: bytes, mime: str) -> None:
        """Write an object."""
        headers = {"Content-Type": mime}
        try:
            await ensure_awaitable(
                self._store.persist_file(path, BytesIO(body), None, headers=headers)
            )
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the clients' own classes are there only with the clients
            raise OSError(errno.EIO, _one_line(error)) from None

    def delete(self, path: str) -> bool:
        """Delete an object; return whether this store can. Slow: call it in a thread."""
        if not hasattr(self._store, "s3_client"):
            return False
        try:
            return delete_object(self._store, path)
        except UserError as error:
            raise OSError(errno.EIO, str(error)) from None


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
