"""Requests as JSON, for a queue that others can write to: nothing in it is ever run.

scrapy-redis pickles them by default, and unpickling runs what a writer of Redis wants. Here an
entry can name a method of the spider as its callback, and nothing else that is code.
"""

from __future__ import annotations

import base64
import json
from typing import Any

# What a request may carry. ``_class`` is left out: Scrapy would import whatever it names.
FIELDS = frozenset(
    {
        "url",
        "callback",
        "errback",
        "method",
        "headers",
        "body",
        "cookies",
        "meta",
        "encoding",
        "priority",
        "dont_filter",
        "flags",
        "cb_kwargs",
    }
)
# What a request must not be told by a writer of Redis: whom to obey, and which way to take.
FORBIDDEN_META = frozenset({"proxy", "bindaddress", "dont_obey_robotstxt", "carsets_source"})
_BYTES = "base64"


class BadEntryError(ValueError):
    """What lies in the queue is no request of ours."""


def dumps(request: dict[str, Any]) -> str:
    """Return a request (of ``Request.to_dict``) as text. Raises TypeError for what is no data."""
    kept = {name: value for name, value in request.items() if name in FIELDS}
    return json.dumps(_plain(kept), sort_keys=True, ensure_ascii=False)


def loads(text: str | bytes) -> dict[str, Any]:
    """Return a request as ``request_from_dict`` takes it. Raises BadEntryError."""
    try:
        found = json.loads(text, object_hook=_whole)
        url, meta = found["url"], found.get("meta") or {}
        names = [found.get("callback"), found.get("errback")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadEntryError(f"no request: {error}") from None
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise BadEntryError(f"no web address: {str(url)[:80]!r}")
    if not isinstance(meta, dict) or FORBIDDEN_META & meta.keys():
        raise BadEntryError("its meta is not what a spider writes")
    for name in names:
        if name is not None and not (isinstance(name, str) and name.isidentifier()):
            raise BadEntryError("its callback is no name")
        if name and name.startswith("_"):
            raise BadEntryError(f"its callback is {name!r}, which is nobody's business")
    if unknown := found.keys() - FIELDS:
        raise BadEntryError(f"it names {min(unknown)!r}")
    return dict(found)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        # The names of headers are bytes.
        return {
            key.decode("latin-1") if isinstance(key, bytes) else key: _plain(inner)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def _whole(found: dict[str, Any]) -> Any:
    if found.keys() == {_BYTES} and isinstance(found[_BYTES], str):
        return base64.b64decode(found[_BYTES], validate=True)
    return found
