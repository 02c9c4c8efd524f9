"""The tables of a release as a database has them: images, their labels, licenses and sources.

One description for SQLite and PostgreSQL. Lists and objects are JSON; NUL, which no database takes
in a text, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carsets.exports.columns import (
    COLUMNS,
    Kind,
    json_text,
    json_without_nul,
    license_facts,
    whole,
    without_nul,
)
from carsets.licenses import DeclaredLicense, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from carsets.release.record import Record

_SQL_TYPES = {Kind.TEXT: "text", Kind.INTEGER: "integer", Kind.REAL: "real"}
# What the labels have a table of their own for, and the license's own facts.
_ELSEWHERE = frozenset({"labels", "human_labels", "license_name", "license_spdx", "license_url"})
_KEPT = tuple(column for column in COLUMNS if column.name not in _ELSEWHERE)
_READERS = tuple(column.read for column in _KEPT)
_JSON = tuple(place for place, c in enumerate(_KEPT) if c.kind not in _SQL_TYPES)
_TEXT = tuple(place for place, c in enumerate(_KEPT) if c.kind is Kind.TEXT)
_LICENSE, _SOURCE = ([c.name for c in _KEPT].index(name) for name in ("license", "source"))


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table. ``type`` is "text", "integer", "real", "boolean" or "json"."""

    name: str
    type: str
    required: bool = False
    refers: str = ""  # the table of which this is the key, under the same name


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its key, and the columns by which it is searched."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()


LICENSES = Table(
    "licenses",
    (
        Field("license", "text", required=True),
        Field("family", "text", required=True),
        Field("version", "text"),
        Field("name", "text"),
        Field("spdx", "text"),
        Field("url", "text"),
        Field("may_distribute", "text", required=True),  # yes, no, ask
        Field("may_modify", "text", required=True),
        Field("may_use_commercially", "text", required=True),
        Field("needs_attribution", "boolean", required=True),
        Field("share_alike", "boolean", required=True),
    ),
    key=("license",),
)
SOURCES = Table(
    "sources",
    (Field("source", "text", required=True), Field("images", "integer", required=True)),
    key=("source",),
)
IMAGES = Table(
    "images",
    tuple(
        Field(
            column.name,
            _SQL_TYPES.get(column.kind, "json"),
            column.required,
            refers={"license": "licenses", "source": "sources"}.get(column.name, ""),
        )
        for column in _KEPT
    ),
    key=("image_id",),
    indexes=(("sha256",), ("split",), ("label",), ("make", "model"), ("license",), ("source",)),
)
LABELS = Table(
    "labels",
    (
        Field("image_id", "text", required=True, refers="images"),
        Field("name", "text", required=True),
        Field("value", "text", required=True),
        Field("human", "boolean", required=True),  # people have given or confirmed it
    ),
    key=("image_id", "name"),
    indexes=(("name", "value"),),
)
TABLES = (LICENSES, SOURCES, IMAGES, LABELS)  # in the order in which they are filled


class Contents:
    """What goes into the tables; it counts what the small ones need."""

    def __init__(self) -> None:
        self._licenses: dict[str, tuple[str, str]] = {}  # code: SPDX id, address
        self._sources: dict[str, int] = {}

    def image(self, record: Record) -> tuple[Any, ...]:
        """Return the row of an image, and count it."""
        values = [read(record) for read in _READERS]
        for place in _JSON:
            values[place] = json_without_nul(json_text(values[place]))
        for place in _TEXT:
            if values[place]:
                values[place] = without_nul(values[place])
        code, source = values[_LICENSE], values[_SOURCE]
        if code not in self._licenses:
            _, spdx, url, _ = license_facts(record.license)
            self._licenses[code] = (spdx, url)
        self._sources[source] = self._sources.get(source, 0) + 1
        return tuple(values)

    def labels(self, record: Record) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of its labels."""
        for name in sorted(record.labels):
            value = without_nul(whole(record.labels[name]))
            yield record.image_id, without_nul(whole(name)), value, name in record.human_labels

    def licenses(self) -> Iterator[tuple[Any, ...]]:
        """Yield a row for every license that an image has."""
        for code in sorted(self._licenses):
            spdx, url = self._licenses[code]
            terms = DeclaredLicense(code, Evidence.NONE, url, "").terms
            yield (
                code, terms.family, terms.version or None, terms.name, spdx or None, url or None,
                terms.dist, terms.mod, terms.com, terms.att, terms.sa,
            )  # fmt: skip

    def sources(self) -> Iterator[tuple[Any, ...]]:
        """Yield a row for every source that an image came from."""
        yield from sorted(self._sources.items())


def create(table: Table, types: Mapping[str, str], *, keyed: bool = True) -> str:
    """Return the statement that makes a table; ``types`` are the database's own names."""
    lines = [
        f'  "{field.name}" {types[field.type]}'
        + (" NOT NULL" if field.required else "")
        + (f' REFERENCES "{field.refers}" ("{field.name}")' if field.refers else "")
        for field in table.fields
    ]
    if keyed:
        lines.append(f"  PRIMARY KEY ({_names(table.key)})")
    return f'CREATE TABLE "{table.name}" (\n' + ",\n".join(lines) + "\n);\n"


def create_key(table: Table) -> str:
    """Return the statement that makes the key of a table afterwards, as a unique index."""
    return f'CREATE UNIQUE INDEX "{table.name}_key" ON "{table.name}" ({_names(table.key)});\n'


def create_indexes(table: Table) -> str:
    """Return the statements that make the indexes of a table."""
    return "".join(
        f'CREATE INDEX "{table.name}_by_{"_".join(columns)}" ON "{table.name}" '
        f"({_names(columns)});\n"
        for columns in table.indexes
    )


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
