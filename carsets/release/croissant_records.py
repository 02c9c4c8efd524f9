"""How the tables of a release are read by column, as croissant.json says it: record sets."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

from carsets.exports.columns import COLUMNS, Kind
from carsets.release.croissant_files import PARQUET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LONGEST_LINE = 1 << 24  # characters of a table's first line that are read

_KINDS = {column.name: column.kind for column in COLUMNS}
_NAME = re.compile(r"[A-Za-z_]\w*")  # of a column
_CELLS = frozenset({"sc:Text", "sc:Integer", "sc:Float", "sc:DateTime"})
_TYPES = {Kind.TEXT: "sc:Text", Kind.INTEGER: "sc:Integer", Kind.REAL: "sc:Float"}


def record_set(
    root: Path, source: Mapping[str, Any], sets: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Return how to read a table by its columns; None for what is no table, or an empty one."""
    types = column_types(root, source)
    if not types:
        return None
    of_many = source["@type"] == "cr:FileSet"  # data-parquet: the files in data
    name = source["@id"].rpartition("-" if of_many else ".")[0]
    here = {"fileSet" if of_many else "fileObject": {"@id": source["@id"]}}
    fields = [_field(name, column, types[column], here) for column in types]
    pictures = next((s for s in sets if s["@id"] == "images-files"), None)
    if pictures is not None and "file_name" in types and source["encodingFormat"] == PARQUET:
        fields[list(types).index("file_name")] = _joined(name, here, pictures)
        fields.append(_picture(name, pictures))
    found: dict[str, Any] = {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}
    if "image_id" in types:
        found["key"] = {"@id": f"{name}/image_id"}
    return found


def _field(name: str, column: str, type_: str, here: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{name}/{column}",
        "name": column,
        "dataType": type_.removesuffix("[]"),
        "source": {**here, "extract": {"column": column}},
    }
    if type_.endswith("[]"):
        found["repeated"] = True
    return found


def _joined(name: str, here: Mapping[str, Any], pictures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the field in which a row meets its image file: the file's name."""
    return {
        "@type": "cr:Field",
        "@id": f"{name}/file_name",
        "name": "file_name",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": pictures["@id"]},
            "extract": {"fileProperty": "filename"},
        },
        "references": {**here, "extract": {"column": "file_name"}},
    }


def _picture(name: str, pictures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{name}/image",
        "name": "image",
        "dataType": "sc:ImageObject",
        "source": {"fileSet": {"@id": pictures["@id"]}, "extract": {"fileProperty": "content"}},
    }


def column_types(root: Path, source: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a table and their types; {} for what is no table, or an empty one."""
    match source["encodingFormat"]:
        case "application/x-parquet":
            path = root / source.get("contentUrl", "")
            if "includes" in source:
                path = min(root.glob(source["includes"][0]))
            return _parquet_types(path)
        case "application/jsonlines":
            with (root / source["contentUrl"]).open(encoding="utf-8") as file:
                line = file.readline(LONGEST_LINE)
            names = json.loads(line) if line.endswith("\n") else {}
            return {name: type_ for name in names if (type_ := _type(name))}
        case "text/csv":
            with (root / source["contentUrl"]).open(encoding="utf-8", newline="") as file:
                names = next(csv.reader(file), [])
                empty = not file.readline(1)
            if empty or not all(map(_NAME.fullmatch, names)):  # Open Images' dict.csv has no head
                return {}
            # Lists and objects stand in a cell as JSON.
            return {n: t if (t := _type(n)) in _CELLS else "sc:Text" for n in names}
    return {}


def _type(name: str) -> str:
    """Return the type of a column by its name: the names are those of ``exports.columns``."""
    kind = _KINDS.get(name, Kind.TEXT)
    if kind is Kind.TEXTS:
        return "sc:Text[]"
    if name.endswith("_at"):
        return "sc:DateTime"
    return _TYPES.get(kind, "")


def _parquet_types(path: Path) -> dict[str, str]:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    found = {}
    for field in pq.read_schema(path):
        if pa.types.is_string(field.type):
            found[field.name] = "sc:Text"
        elif pa.types.is_boolean(field.type):
            found[field.name] = "sc:Boolean"
        elif pa.types.is_integer(field.type):
            found[field.name] = "sc:Integer"
        elif pa.types.is_floating(field.type):
            found[field.name] = "sc:Float"
        elif pa.types.is_list(field.type) and pa.types.is_string(field.type.value_type):
            found[field.name] = "sc:Text[]"
    return found
