"""How many hashtags Instagram may still be asked for: 30 different ones in 7 days."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

MOST = 30
DAYS = 7
_SECONDS = DAYS * 24 * 3600


class HashtagBudget:
    """A small file that remembers which hashtags an account has asked for, and when.

    ``account`` is the number of the user; the file holds a digest of it. A file that cannot be
    read counts as empty: Instagram itself then says when the budget is used up.
    """

    def __init__(self, path: Path, account: str) -> None:
        self.path = path
        self._account = hashlib.sha256(account.encode()).hexdigest()[:16]

    def spend(self, tag: str, now: float) -> float:
        """Note that a hashtag is asked for. Return 0, or when (seconds since 1970) it may be.

        A hashtag that was asked for within the last days costs nothing. Raises OSError when the
        file cannot be written.
        """
        books = self._read()
        asked = books.get(self._account, {})
        asked = {name: began for name, began in asked.items() if now - began < _SECONDS}
        if tag in asked:
            return 0.0
        if len(asked) >= MOST:
            return min(asked.values()) + _SECONDS
        self._write({**books, self._account: {**asked, tag: now}})
        return 0.0

    def _read(self) -> dict[str, dict[str, float]]:
        try:
            books = json.loads(self.path.read_bytes())
            return {
                str(account): {str(tag): float(began) for tag, began in asked.items()}
                for account, asked in books.items()
            }
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def _write(self, books: dict[str, dict[str, float]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(books, file, ensure_ascii=False, indent=1)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
