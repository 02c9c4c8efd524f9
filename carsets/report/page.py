"""One HTML page that opens from the disk: the funnel and the kept images."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from carsets.report.funnel import Funnel


def write_page(
    path: Path, *, title: str, funnel: Funnel, images: Iterable[Mapping[str, Any]], store: Path
) -> None:
    """Write the page beside its place, then rename it.

    ``images`` are rows with ``path`` (inside ``store``), ``labels``, ``license``, ``author``,
    ``page_url``, ``source``, ``width`` and ``height``. Everything in them was written by
    strangers: it is escaped, and only http and https addresses become links.
    """
    environment = Environment(
        loader=PackageLoader("carsets", "report"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["link"] = web_address
    relative = os.path.relpath(store, path.parent)
    page = environment.get_template("page.html").render(
        title=title, funnel=funnel, images=list(images), store=quote(relative)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(page, encoding="utf-8")
    beside.replace(path)


def web_address(url: str) -> str:
    """Return a web address as it is, anything else (``javascript:`` too) as ""."""
    return url if urlsplit(url).scheme in {"http", "https"} else ""
