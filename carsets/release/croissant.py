"""croissant.json: what a release is and how to read it, for programs.

Croissant 1.0 with the properties for responsible AI (RAI 1.0), written from the same numbers as
the card. Every file at the top, and every table, is named with its hash; image files and shards
are named by their folder. Tables that can be read by column become record sets.

``datePublished``, which the format asks for, is the day on which the newest image was fetched: no
file of a release states when it was written, or two equal releases would differ.
"""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carsets.exports.columns import COLUMNS, Kind, whole
from carsets.release.card import declared, stages
from carsets.release.composition import UNKNOWN
from carsets.release.credit import one_line, web_address
from carsets.vision.inspection import MIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carsets.exports.base import ReleaseFacts
    from carsets.release.card import CardReport
    from carsets.release.folder import ReleaseFolder

NAME = "croissant.json"
ANNOTATIONS = "https://creativecommons.org/licenses/by/4.0/"
CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
CSV, JSON_LINES, PARQUET = "text/csv", "application/jsonlines", "application/x-parquet"
ENCODINGS = {
    "csv": CSV,
    "html": "text/html",
    "json": "application/json",
    "jsonl": JSON_LINES,
    "md": "text/markdown",
    "parquet": PARQUET,
    "sqlite": "application/vnd.sqlite3",
    "tar": "application/x-tar",
}
IMAGES = {extension: mime for mime, extension in MIME.values()}
TABLES = frozenset({CSV, JSON_LINES})  # named one by one, wherever they lie
MOST_OF_A_KIND = 100  # files at the top that are named one by one
MOST_TEXT = 5_000  # characters
LONGEST_LINE = 1 << 24  # characters of a table's first line that are read

_KINDS = {column.name: column.kind for column in COLUMNS}
_NAME = re.compile(r"[A-Za-z_]\w*")  # of a column
_CELLS = frozenset({"sc:Text", "sc:Integer", "sc:Float", "sc:DateTime"})
_TYPES = {Kind.TEXT: "sc:Text", Kind.INTEGER: "sc:Integer", Kind.REAL: "sc:Float"}


def write_croissant(folder: ReleaseFolder, facts: ReleaseFacts, report: CardReport) -> None:
    """Write croissant.json, after all other files but SHA256SUMS and release.json."""
    if not folder.has(NAME):
        text = json.dumps(described(folder, facts, report), indent=2, ensure_ascii=False)
        with folder.text(NAME) as file:
            file.write(whole(text) + "\n")


def described(folder: ReleaseFolder, facts: ReleaseFacts, report: CardReport) -> dict[str, Any]:
    """Return the whole description."""
    files = Files(folder)
    objects, sets = list(files.objects()), list(files.sets())
    record_sets = [
        made for source in [*objects, *sets] if (made := record_set(folder.path, source, sets))
    ]
    day = facts.newest[:10]
    found = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": one_line(facts.name),
        "description": _description(facts, report),
        "license": _licenses(report),
        "url": web_address(report.contact),
        "version": f"{report.version}.0.0",
        "citeAs": f"{one_line(facts.name)}, version {report.version}, made with carsets",
        "keywords": ["cars", "vehicles", "images"],
        "datePublished": day,
        "dateModified": day,
        **responsible(facts, report),
        "distribution": [*objects, *sets],
        "recordSet": record_sets,
    }
    return {name: value for name, value in found.items() if value not in ("", [], None)}


def _description(facts: ReleaseFacts, report: CardReport) -> str:
    what = "image files with their facts" if report.carries_images else "addresses of images"
    text = f"{facts.total:,} {what}: photos of cars"
    if facts.label:
        text += f", labelled by {facts.label} in {len(facts.classes):,} classes"
    if facts.mode == "internal":
        text += ". For use inside the organization that made it: not to be published"
    return f"{text}. The annotations are under {ANNOTATIONS}; each image is under its own license."


def _licenses(report: CardReport) -> list[str]:
    urls = {declared(code).url for code in report.composition.licenses}
    return [ANNOTATIONS, *sorted(urls - {"", ANNOTATIONS})]


# --- Responsible AI ---------------------------------------------------------------------------


def responsible(facts: ReleaseFacts, report: CardReport) -> dict[str, Any]:
    """Return the properties of the RAI vocabulary: the card's statements, in one line each."""
    collection, made = report.collection, report.composition
    times = sorted(t for s in collection.sources for t in (s.first, s.last) if t)
    sources = ", ".join(f"{s.source} ({s.found:,} addresses)" for s in collection.sources)
    queries = sum(source.queries for source in collection.sources)
    funnel = [f"{s.name}: {s.came:,} in, {s.went_on:,} out" for s in stages(collection.outcomes)]
    left_out = [f"left out, {reason}: {n:,}" for reason, n in sorted(report.left_out.items())]
    check = collection.spot_check
    texts: dict[str, Any] = {
        "dataCollection": (
            f"Addresses of images were asked of {sources or 'no source'} with {queries:,} queries, "
            "and the images fetched from their hosts."
        ),
        "dataCollectionType": ["Web API", "Web Scraping"],
        "dataCollectionTimeFrame": [times[0], times[-1]] if times else [],
        "dataCollectionMissingData": (
            f"{made.untitled:,} of {made.total:,} records have no title; "
            f"{made.model_years[UNKNOWN]:,} have no model year."
        ),
        "dataPreprocessingProtocol": [*funnel, *left_out],
        "dataAnnotationProtocol": (
            "Labels come from the queries and lists that found an image; "
            f"{made.human:,} records have a label that people have confirmed or given."
        ),
        "dataBiases": [
            f"{source}: {number:,} of {made.total:,} records"
            for source, number in made.sources.most_common(20)
        ]
        + ["What search engines rank high, and what photographers share, is not what roads show."],
        "dataLimitations": [
            f"Spot check: {json.dumps(check, sort_keys=True, ensure_ascii=False)}"
            if check
            else "The share of wrong labels was not measured."
        ],
        "dataUseCases": [f"Training and testing of classifiers by {facts.label or 'content'}."],
        "personalSensitiveInformation": [
            f"Faces and number plates were blurred by {report.blur}."
            if report.blur
            else "Faces and number plates are not blurred.",
            "Names of authors, for attribution alone.",
        ],
        "dataReleaseMaintenancePlan": (
            f"Removal: {report.contact or 'no address was given'}. What was removed is named in "
            "TOMBSTONES.csv, by hashes."
        ),
    }
    return {f"rai:{name}": _bounded(value) for name, value in texts.items() if value}


def _bounded(value: str | Sequence[str]) -> Any:
    if isinstance(value, str):
        return one_line(value)[:MOST_TEXT]
    return [one_line(text)[:MOST_TEXT] for text in value]


# --- Files ------------------------------------------------------------------------------------


class Files:
    """The finished files of a release: those named one by one, and those named by their folder."""

    def __init__(self, folder: ReleaseFolder) -> None:
        self.folder = folder
        self._named: list[str] = []
        self._kinds: dict[str, set[str]] = {}  # top folder: extensions in it
        self._few()

    def _few(self) -> None:
        """Find what there is. Files may be a million: no more than their kinds is kept."""
        tops: dict[str, list[str]] = {}
        for name in sorted(os.listdir(self.folder.path)):  # noqa: PTH208 - names are wanted
            path = self.folder.path / name
            if path.is_dir() and not name.startswith("."):
                self._look_into(name)
            elif name != NAME and self.folder.has(name):
                tops.setdefault(path.suffix, []).append(name)
        for suffix, names in tops.items():
            if len(names) > MOST_OF_A_KIND and suffix:
                self._kinds.setdefault("", set()).add(suffix[1:])
            else:
                self._named += names

    def _look_into(self, top: str) -> None:
        root = self.folder.path
        for parent, _, names in os.walk(root / top):
            for name in names:
                extension = name.rpartition(".")[2]
                if ENCODINGS.get(extension) in TABLES:
                    self._named.append((Path(parent) / name).relative_to(root).as_posix())
                else:
                    self._kinds.setdefault(top, set()).add(extension)

    def objects(self) -> Iterator[dict[str, Any]]:
        """Yield a FileObject for each file that is named by itself."""
        for name in sorted(self._named):
            entry = self.folder.entry(name)
            yield {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "contentSize": f"{entry.size} B",
                "encodingFormat": ENCODINGS.get(name.rpartition(".")[2], "text/plain"),
                "sha256": entry.sha256,
            }

    def sets(self) -> Iterator[dict[str, Any]]:
        """Yield a FileSet for the image files of each folder, and one for each other kind."""
        for top, extensions in sorted(self._kinds.items()):
            pictures = sorted(extensions & set(IMAGES))
            if pictures:
                yield _file_set(f"{top or '.'}-files", top, pictures)
            for extension in sorted(extensions - set(IMAGES)):
                yield _file_set(f"{top or '.'}-{extension}", top, [extension])


def _file_set(name: str, top: str, extensions: Sequence[str]) -> dict[str, Any]:
    formats = [IMAGES.get(e) or ENCODINGS.get(e, "application/octet-stream") for e in extensions]
    beginnings = [f"{top}/*", f"{top}/**/*"] if top else ["*"]
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "includes": [f"{begin}.{e}" for e in extensions for begin in beginnings],
        "encodingFormat": formats[0] if len(formats) == 1 else formats,
    }


# --- Record sets ------------------------------------------------------------------------------


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
