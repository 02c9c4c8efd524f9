"""Names for people elsewhere that tell nobody who they are.

The site knows them by ids that lead to them. The catalog gets a short name made of the id and a
secret of this dataset: the same person has the same name, and nobody can try ids until one fits.
"""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from typing import TYPE_CHECKING

from carsets.problems import UserError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "worker-salt"  # in the folder of the dataset
SIZE = 32  # bytes


def read_salt(data_dir: Path) -> bytes:
    """Return the secret of a dataset; a new one, readable by its owner alone, if there is none.

    Raises UserError when it cannot be read or written.
    """
    path = data_dir / FILE
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            salt = path.read_bytes()
        else:
            salt = secrets.token_bytes(SIZE)
            with os.fdopen(descriptor, "wb") as file:
                file.write(salt)
    except OSError as error:
        raise UserError(f"{path} cannot be used: {error.strerror}") from None
    if len(salt) != SIZE:
        raise UserError(f"{path} is damaged; delete it, and people get new names from now on")
    return salt


def pseudonym(salt: bytes, worker: str) -> str:
    """Return the name of a person elsewhere."""
    digest = blake2b(worker.encode("utf-8", "surrogatepass"), key=salt, digest_size=5)
    return f"w{digest.hexdigest()}"
