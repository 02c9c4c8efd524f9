"""``scrapy explain IMAGE-ID|URL|FILE``: the whole way of one image, from the catalog."""

from __future__ import annotations

import json
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from carsets.net.redaction import escape_controls, redact
from carsets.outcomes import ExitCode, Outcome
from carsets.plain_command import PlainCommand
from carsets.problems import UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from carsets.catalog.explanation import Explanation
    from carsets.places import Places

    Facts = Mapping[str, Any]

EVIDENCE = ("", "a search filter", "a list", "the file", "the page", "the source's interface")


class Command(PlainCommand):
    """Print everything that is known of one image."""

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options] <image id, URL or file>"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Explain how one image came into the dataset, or why it did not"

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print the trace; exit 2 when nothing is known."""
        if len(args) != 1:
            raise UsageError("name one image id, URL or file")
        lines = list(self._trace(args[0]))
        print("\n".join(escape_controls(redact(line)) for line in lines))

    def _trace(self, asked: str) -> Iterator[str]:
        places = self.places
        with self.open_catalog() as catalog:
            explanation = catalog.explain(asked, digest_of(asked))
        if explanation is None:
            raise UserError(
                f"{asked}: no such image id, URL or file in the catalog of {places.data_dir}",
                ExitCode.BAD_USE,
            )
        yield from tell(explanation, places)


def digest_of(asked: str) -> str:
    """Return the sha256 of a file that the user names; "" when it is no file."""
    try:
        path = Path(asked)
        if "://" in asked or not path.is_file():
            return ""
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):  # a name that no file can have
        return ""


def tell(explanation: Explanation, places: Places) -> Iterator[str]:
    """Yield the lines of a trace."""
    if explanation.image is not None:
        yield from tell_image(explanation.image, places)
    if explanation.representative is not None:
        yield "A better copy of the picture stands for it today:"
        yield from tell_image(explanation.representative, places, indent="  ")
    for copy in explanation.copies:
        yield (
            f"It took the place of {copy['image_id']} ({copy['width']} x {copy['height']}, "
            f"{copy['license']})"
        )
    times = len(explanation.sightings)
    yield "Seen once:" if times == 1 else f"Seen {times} times:"
    for number, sighting in enumerate(explanation.sightings, 1):
        query = explanation.queries.get((sighting["source"], sighting["query_id"]), {})
        yield from tell_sighting(number, sighting, query)
    for review in explanation.reviews:
        yield f"Reviewed by {review['rater']}: {review['decision']} {review['note']}".rstrip()
    for run_id, run in explanation.runs.items():
        receipt = places.receipts_dir / f"{run_id}.json"
        there = "" if receipt.is_file() else " (not there)"
        yield f"Run {run_id}: {run['source']}, {run['started_at']}, {run['exit_reason'] or 'open'}"
        yield f"  receipt   {receipt}{there}"


def tell_image(image: Facts, places: Places, indent: str = "") -> Iterator[str]:
    """Yield what each step has decided about an image."""
    store = places.images_store.rstrip("/")
    yield f"{indent}Image {image['image_id']}: {image['verdict']}"
    facts = {
        "path": f"{store}/{image['path']}" if image["path"] else "",
        "sha256": image["sha256"],
        "md5": image["md5"],
        "fetched": f"{image['fetched_at']} from {image['served_url']}".strip(),
        "type": (
            f"{image['mime']}, {image['width']} x {image['height']}, {image['mode']}, "
            f"{image['bytes']:,} bytes"
        ),
        "flags": ", ".join(image["flags"] or []),
        "license": license_line(image),
        "reserved": reservation_line(image),
        "embedded": compact(image["embedded"]),
        "prints": f"pixels {image['pixel_hash']}, pHash {image['phash']}, dHash {image['dhash']}",
        "detector": detector_line(image),
        "labels": compact(image["labels"]),
    }
    for name, value in facts.items():
        if value:
            yield f"{indent}  {name:<9} {value}"


def tell_sighting(number: int, sighting: Facts, query: Facts) -> Iterator[str]:
    """Yield where one URL was seen, and how it ended."""
    outcome = Outcome(sighting["outcome"])
    yield f"  {number}. {sighting['url']}"
    note = f" ({sighting['note']})" if sighting["note"] else ""
    facts = {
        "outcome": f"{outcome.value}: {outcome.meaning}{note}",
        "query": (
            f"{sighting['source']}: {query.get('text', sighting['query_id'])!r}, "
            f"page {sighting['page']}, rank {sighting['rank']}"
        ),
        "page": sighting["page_url"],
        "title": sighting["title"],
        "author": f"{sighting['author']} {sighting['author_url']}".strip(),
        "license": license_line(sighting),
        "labels": compact(sighting["labels"]),
        "tries": f"{sighting['attempts']} failed" if sighting["attempts"] else "",
        "runs": " to ".join(dict.fromkeys([sighting["first_run_id"], sighting["last_run_id"]])),
    }
    for name, value in facts.items():
        if value:
            yield f"     {name:<9} {value}"


def license_line(row: Facts) -> str:
    """Say which license it is, and who says so."""
    evidence = row["license_evidence"]
    who = f"according to {EVIDENCE[evidence]}" if evidence else ""
    return " ".join(filter(None, (row["license"], who, row["license_url"])))


def reservation_line(image: Facts) -> str:
    """Say whether rights are reserved, and by what."""
    signals = [f"{signal['name']}: {signal['value']}" for signal in image["reservation_signals"]]
    return " ".join(filter(None, (image["reservation"], "; ".join(signals))))


def detector_line(image: Facts) -> str:
    """Say what the detector saw."""
    if image["car_score"] is None:
        return ""
    top = ", ".join(f"{label} {share:.2f}" for label, share in image["top_labels"] or [])
    return (
        f"car {image['car_score']:.3f}, {image['view'] or 'unknown'} view, {image['model']}: {top}"
    )


def compact(value: object) -> str:
    """Return JSON on one line; "" for nothing."""
    return json.dumps(value, ensure_ascii=False) if value else ""
