"""Keys that a source wants in the address, put there below everything that could tell them.

The request that Scrapy knows, logs, counts and keeps never has the key; only what goes over the
wire has. A key is bound to one host: a redirect to another one does not carry it along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from carsets.net.redaction import REDACTED, register_secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from scrapy import Request
    from scrapy.http import Response

_META = "carsets_secret_parameters"  # key of request.meta


def secret_parameters(host: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the meta of a request to ``host`` whose address gets these parameters at the end."""
    for value in parameters.values():
        register_secret(value)
    return {_META: {"host": host, "parameters": dict(parameters)}}


def wire_url(request: Request) -> str:
    """Return the address to ask for: over https, to the host that the key is for, with the key."""
    secret = request.meta.get(_META)
    if not secret:
        return request.url
    parts = urlsplit(request.url)
    if parts.scheme != "https" or parts.netloc != secret["host"]:
        return request.url
    query = "&".join(filter(None, (parts.query, urlencode(secret["parameters"]))))
    return parts._replace(query=query).geturl()


def without_secrets(response: Response, *secrets: str) -> Response:
    """Return an answer whose body does not repeat the secrets: it may be saved to be looked at."""
    body = response.body
    for secret in filter(None, secrets):
        for form in (secret, quote(secret, safe="")):
            body = body.replace(form.encode(), REDACTED.encode())
    return response if body == response.body else response.replace(body=body)
