"""croissant.json: what a release is and how to read it, for programs.

Croissant 1.0 with the properties for responsible AI (RAI 1.0), written from the same numbers as
the card. Every file at the top, and every table, is named with its hash; image files and shards
are named by their folder. Tables that can be read by column become record sets.

``datePublished``, which the format asks for, is the day on which the newest image was fetched: no
file of a release states when it was written, or two equal releases would differ.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from carsets.exports.columns import whole
from carsets.release.card import declared, stages
from carsets.release.composition import UNKNOWN
from carsets.release.credit import one_line, web_address
from carsets.release.croissant_files import NAME, Files
from carsets.release.croissant_records import record_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carsets.exports.base import ReleaseFacts
    from carsets.release.card import CardReport
    from carsets.release.folder import ReleaseFolder

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
MOST_TEXT = 5_000  # characters


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
            report.blur.summary if report.blur else "Faces and number plates are not blurred.",
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
