"""Originals that lie in S3: read one by one, as files are."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Any, Self

from carsets.problems import UserError

MISSING = {"404", "NoSuchKey"}


@dataclass(frozen=True, slots=True)
class BucketFile:
    """One object; it is read like a ``Path``."""

    client: Any
    bucket: str
    key: str

    def read_bytes(self) -> bytes:
        """Return its bytes. Raises FileNotFoundError, or OSError for whatever else goes wrong."""
        try:
            body: bytes = self.client.get_object(Bucket=self.bucket, Key=self.key)["Body"].read()
        except Exception as error:  # botocore's own classes are there only with botocore
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            if code in MISSING:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.key) from None
            raise OSError(errno.EIO, " ".join(str(error).split())[:200]) from None
        return body


@dataclass(frozen=True, slots=True)
class Bucket:
    """The image store at ``s3://BUCKET/PREFIX/``. Keys and endpoint come from the environment."""

    client: Any
    name: str
    prefix: str

    @classmethod
    def open(cls, address: str) -> Self:
        """Return the store. Raises UserError when it cannot be asked."""
        name, _, prefix = address.removeprefix("s3://").partition("/")
        try:
            from botocore.session import get_session

            client = get_session().create_client("s3")
            client.list_objects_v2(Bucket=name, Prefix=prefix, MaxKeys=1)
        except ImportError:
            raise UserError(
                f"IMAGES_STORE={address}: pip install -r requirements-cluster.txt"
            ) from None
        except Exception as error:  # no keys, no region, no such bucket
            problem = " ".join(str(error).split())[:200]
            raise UserError(f"IMAGES_STORE={address}: {problem}") from None
        return cls(client, name, prefix)

    def file(self, path: str) -> BucketFile:
        """Return the object of a path inside the store."""
        return BucketFile(self.client, self.name, f"{self.prefix}{path}")
