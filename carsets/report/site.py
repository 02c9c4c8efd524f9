"""Writes a report: one folder that opens from the disk, without a network and without a server."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from carsets.outcomes import Outcome
from carsets.problems import UserError
from carsets.report.gallery_files import COLUMNS
from carsets.steps import STEP_OF, by_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from carsets.report.doubts import Doubts
    from carsets.report.drawing import Plot
    from carsets.report.gallery_files import Gallery
    from carsets.report.numbers import ReportNumbers

STATIC = ("report.css", "gallery.js")
UNFINISHED = ".report-"  # begins the name of a folder that is being written
MOST_LINES = 20  # of a table, before it says how many more there are
MOST_LABELS = 200  # of a table of labels
_MEANINGS = {outcome.value: outcome.meaning for outcome in Outcome}


@contextmanager
def new_folder(destination: Path) -> Iterator[Path]:
    """Return a folder to write into, which becomes ``destination`` when nothing went wrong."""
    if destination.exists() or destination.is_symlink():
        raise UserError(f"{destination} is there already: name a new folder for the report")
    beside: Path | None = None
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        _sweep(destination.parent)
        beside = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=destination.parent))
        with _locked(beside):
            yield beside
            beside.chmod(0o755)
            beside.rename(destination)
    except OSError as error:
        where = destination if beside is None else error.filename or destination
        raise UserError(
            f"the report {where} cannot be written ({error.strerror}): name another folder"
        ) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder, until the process ends at the latest. Raises BlockingIOError if it is held."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _sweep(place: Path) -> None:
    """Delete what reports that were killed have left; nobody holds it any more."""
    for folder in place.glob(f"{UNFINISHED}*"):
        with suppress(OSError), _locked(folder):
            shutil.rmtree(folder, ignore_errors=True)


def path_to_store(store: str, destination: Path) -> str:
    """Return the way from a report to the image store; "" where it is on no disk."""
    return "" if "://" in store else quote(os.path.relpath(store, destination))


def write_site(
    folder: Path,
    numbers: ReportNumbers,
    plots: Mapping[str, Plot],
    doubts: Doubts,
    gallery: Gallery,
    facts: Mapping[str, Any],
) -> None:
    """Write the pages, the plots and the numbers. ``facts`` are name, date and store."""
    shown: dict[str, Any] = {
        "numbers": numbers,
        "plots": plots,
        "doubts": doubts,
        "gallery": gallery,
        **facts,
    }
    environment = _environment()
    for page in ("index", "gallery", "doubts"):
        text = environment.get_template(f"{page}.html.j2").render(page=page, **shown)
        (folder / f"{page}.html").write_text(text, "utf-8", errors="replace")
    for name in STATIC:
        body = files("carsets").joinpath("report", "site", name).read_bytes()
        (folder / name).write_bytes(body)
    (folder / "plots").mkdir()
    for plot in plots.values():
        (folder / "plots" / f"{plot.name}.svg").write_text(plot.svg, "utf-8", errors="replace")
    text = json.dumps(numbers.as_json(), indent=2, sort_keys=True)
    (folder / "report.json").write_text(text + "\n", encoding="ascii")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("carsets", "report/site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": lambda value: f"{value:,}",
        "size": size,
        "percent": lambda share: f"{100 * share:.1f} %",
        "hash": urlencode,
        "minute": lambda when: when[:16].replace("T", " "),
        "first": _first,
        "by_step": by_step,
    }
    environment.globals |= {
        "meanings": _MEANINGS,
        "step_of": STEP_OF,
        "filtered": COLUMNS,
        "most_lines": MOST_LINES,
        "most_labels": MOST_LABELS,
    }
    return environment


def _first(items: Iterable[Any], most: int = MOST_LINES) -> list[Any]:
    return list(islice(items, most))


def size(number: float) -> str:
    """Return bytes as people say them."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1_000:
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1_000
    return f"{number:,.1f} TB"
