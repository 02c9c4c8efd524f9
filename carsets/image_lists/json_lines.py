"""JSON lines: one object a line, its keys named as the columns of a table are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from carsets.image_lists.columns import assign_columns
from carsets.image_lists.rows import bad_row, read_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carsets.image_lists.rows import ListRow


def read_json_lines(name: str, lines: Iterable[str]) -> Iterator[ListRow]:
    """Yield one row for every line that is not blank."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _read_line(name, number, line)


def _read_line(name: str, number: int, line: str) -> ListRow:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return bad_row(name, number, "", f"not JSON ({error})")
    if not isinstance(value, dict):
        return bad_row(name, number, "", f"a JSON object was expected, not {line.strip()[:40]!r}")
    facts, extra = _sort_keys(value)
    return read_row(name, number, facts, extra)


def _sort_keys(value: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return what the object says of the image, and whatever else it says."""
    meant = assign_columns(list(value))
    facts: dict[str, str] = {}
    extra: dict[str, Any] = {}
    for position, (key, given) in enumerate(value.items()):
        if given is None or given == "":
            continue
        if position in meant and isinstance(given, str | int | float):
            facts[meant[position]] = str(given).strip()
        else:
            extra[key] = given
    return facts, extra
