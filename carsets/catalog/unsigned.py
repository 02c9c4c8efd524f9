"""64-bit hashes between Python (unsigned) and SQL (signed: databases know no other)."""

from __future__ import annotations

from hashlib import blake2b

_HALF = 1 << 63
_WHOLE = 1 << 64


def to_sql(value: int) -> int:
    """Return the signed number that stands for an unsigned one."""
    return value - _WHOLE if value >= _HALF else value


def from_sql(value: int) -> int:
    """Return the unsigned number again."""
    return value % _WHOLE


def url_hash(url: str) -> int:
    """Return the 64-bit name of a URL, the same in every run and on every machine.

    Two of a million URLs share one with a probability of about 3e-8.
    """
    return int.from_bytes(blake2b(url.encode("utf-8", "surrogatepass"), digest_size=8).digest())
