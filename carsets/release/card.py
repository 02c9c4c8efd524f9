"""The dataset card, README.md: what is in a release, how it came about, and what it must not be
taken for.

All numbers come from counts that are passed in: of the release (``Composition``), of the choice
(``CardReport.left_out``) and of the catalog (``Collection``). What was not measured is said to be
not measured. Every text may come from strangers: the template's output is escaped as a whole.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from carsets.catalog.collection import Collection
from carsets.exports.columns import whole
from carsets.licenses import DeclaredLicense, Evidence, license_table, read_license
from carsets.outcomes import Outcome
from carsets.problems import UserError
from carsets.release.credit import one_line
from carsets.release.known_noise import baseline_rows, spot_check_rows
from carsets.release.receipts import Receipts
from carsets.steps import STEP_OF, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from carsets.exports.base import ReleaseFacts
    from carsets.release.blur_facts import BlurFacts
    from carsets.release.composition import Composition
    from carsets.release.folder import ReleaseFolder

NAME = "README.md"
MOST_ROWS = 100  # of one table; the rest is added up
MOST_TEXT = 200  # characters of one cell
MOST_ABOUT = 20_000  # characters of the user's own text

# The licenses that Hugging Face has an id for, besides "other".
HUB_LICENSES = frozenset(
    {
        *("cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0"),
        *("cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0"),
        *("cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0"),
        "cc-by-nc-sa-4.0",
    }
)
HUB_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
LARGEST_HUB_SIZE = "10M<n<100M"

OPT_OUTS = (Outcome.OPTED_OUT, Outcome.ROBOTS_DENIED, Outcome.REMOVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReport:
    """What the makers of a release know of it, besides ``ReleaseFacts``."""

    composition: Composition
    format: str  # its name on the command line
    version: int = 1  # of the release: one more for each patch
    note: str = ""  # ``ExportFormat.note``
    options: Mapping[str, Any] = field(default_factory=dict)  # ``ReleaseOptions.as_json``
    considered: int = 0  # images of the catalog that were looked at
    left_out: Mapping[str, int] = field(default_factory=dict)  # of these, by reason
    collection: Collection = field(default_factory=Collection)
    versions: Mapping[str, str] = field(default_factory=dict)  # of what wrote the release
    receipts: Receipts = field(default_factory=Receipts)
    about: str = ""  # why the dataset is made, in its maker's words
    contact: str = ""  # where removal is asked for
    retain_until: str = ""  # ISO date; internal releases
    carries_images: bool = False
    blur: BlurFacts | None = None  # None: nothing was blurred


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the way of an address: how many came, how many went on, why the others ended."""

    name: str
    came: int
    went_on: int
    reasons: Mapping[str, int]


def write_card(folder: ReleaseFolder, facts: ReleaseFacts, report: CardReport) -> None:
    """Write README.md, unless an earlier, cut-short pass has."""
    if not folder.has(NAME):
        with folder.text(NAME) as file:
            file.write(card_text(facts, report))


def card_text(facts: ReleaseFacts, report: CardReport) -> str:
    """Return the card: a header for Hugging Face, then Markdown."""
    environment = Environment(  # noqa: S701 - Markdown: ``shown`` escapes whatever is put in
        loader=PackageLoader("carsets", "release"),
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    text = environment.get_template("card.md.j2").render(
        facts=facts,
        report=report,
        made=report.composition,
        collection=report.collection,
        stages=list(stages(report.collection.outcomes)),
        opt_outs={o.value: report.collection.outcomes.get(o.value, 0) for o in OPT_OUTS},
        licenses=license_rows(report.composition.licenses),
        meanings={o.value: o.meaning for o in Outcome},
        top=top,
        spot_check=list(spot_check_rows(report.collection.spot_check or {})),
        baselines=list(baseline_rows(report.collection.baselines)),
        about=Markup(plain_markdown(report.about)),  # noqa: S704 - escaped by plain_markdown
    )
    return yaml_header(header(facts, report)) + whole(text)


def read_about(path: Path) -> str:
    """Return the user's own text on why the dataset is made. Raises UserError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--about {path}: cannot be read as UTF-8 text ({error})") from error
    if len(text) > MOST_ABOUT:
        raise UserError(f"--about {path}: {len(text):,} characters; {MOST_ABOUT:,} at most")
    return text


# --- Numbers ----------------------------------------------------------------------------------


def stages(outcomes: Mapping[str, int]) -> Iterator[Stage]:
    """Yield the stages that ended anything. What comes out of the last is what was stored."""
    came = sum(outcomes.values())
    for step in Step:
        reasons = {o.value: outcomes[o] for o in Outcome if STEP_OF[o] is step and outcomes.get(o)}
        if step is Step.KEPT or not reasons:
            continue
        ended = sum(reasons.values())
        yield Stage(str(step), came, came - ended, reasons)
        came -= ended


def top(counts: Mapping[str, int], most: int = MOST_ROWS) -> Iterator[tuple[str, int]]:
    """Yield the largest counts, largest first, then the sum of the others."""
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    yield from order[:most]
    if len(order) > most:
        yield f"({len(order) - most:,} others)", sum(number for _, number in order[most:])


def license_rows(counts: Mapping[str, int]) -> list[tuple[Markup, str, int]]:
    """Return name and address, duties, and number of the licenses, most frequent first."""
    rows = []
    for code, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        license_ = declared(code)
        name = inert(f"{license_.terms.name} ({code})")
        # The addresses are those of our own table.
        link = Markup(f"[{name}]({license_.url})" if license_.url else name)  # noqa: S704
        rows.append((link, duties(license_), number))
    return rows


def declared(code: str) -> DeclaredLicense:
    """Return the license of a code."""
    known = license_table().get(code)
    if known is not None:
        return DeclaredLicense(code, Evidence.NONE, known.url, "")
    return read_license(f"CC-{code}")  # a port: by-sa-3.0-es


def duties(license_: DeclaredLicense) -> str:
    """Say in a few words what a license asks of those who pass images on."""
    terms = license_.terms
    words = {
        "attribution": terms.att,
        "share alike": terms.sa,
        "no commercial use": terms.com == "no",
        "no changes": terms.mod == "no",
        "not to be passed on": terms.dist == "no",
    }
    return ", ".join(word for word, holds in words.items() if holds) or "none"


# --- Text -------------------------------------------------------------------------------------

_MARKS = re.compile(r"([\\`*_\[\]|~#!$])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def shown(value: object) -> str:
    """Return a value as the card shows it: numbers with commas, texts without any markup."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, bool) or value is None:
        raise TypeError(f"a card cannot show {value!r}")
    if isinstance(value, int):
        return f"{value:,}"
    return inert(str(value))


def inert(text: str, most: int = MOST_TEXT) -> str:
    """Return a text on one line in which nothing is markup, nor becomes a link."""
    line = one_line(text)
    line = line if len(line) <= most else f"{line[: most - 1]}…"
    line = "".join(_HTML.get(c, c) for c in line)
    line = _MARKS.sub(r"\\\1", line)
    return line.replace("://", ":&#47;/").replace("www.", "www&#46;")


def plain_markdown(text: str) -> str:
    """Return the user's own Markdown without HTML and with headings below the card's own."""
    text = text.replace("\r\n", "\n").replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"(?m)^(#{1,3})(?=\s)", "###", text).strip()


# --- The header for Hugging Face --------------------------------------------------------------


def header(facts: ReleaseFacts, report: CardReport) -> dict[str, Any]:
    """Return what the Hugging Face hub reads of a card."""
    found: dict[str, Any] = {"pretty_name": one_line(facts.name)[:MOST_TEXT]}
    codes = {f"cc-{code}".replace("cc-cc0", "cc0") for code in report.composition.licenses}
    if report.carries_images and len(codes) == 1 and codes <= HUB_LICENSES:
        found["license"] = codes.pop()
    else:
        found["license"] = "other"
        found["license_name"] = "each-image-its-own"
        found["license_link"] = (
            "ATTRIBUTION.csv" if report.carries_images else "LICENSE-annotations"
        )
    if facts.label:
        found["task_categories"] = ["image-classification"]
    found["size_categories"] = [hub_size(facts.total)]
    found["tags"] = ["cars", "vehicles", "croissant", "carsets"]
    if configs := hub_configs(report.format, facts.splits):
        found["configs"] = configs
    return found


def hub_size(total: int) -> str:
    """Return the hub's name for a number of records."""
    return next((name for most, name in HUB_SIZES if total < most), LARGEST_HUB_SIZE)


def hub_configs(format_: str, splits: Mapping[str, int]) -> list[dict[str, Any]]:
    """Say which files are the data, for formats whose files the hub's loader reads by itself."""
    patterns = {
        "parquet": "data/{}-*.parquet",
        "imagefolder": "{}/**",
        "jsonl": "images.jsonl",
        "csv": "images.csv",
    }
    pattern = patterns.get(format_, "")
    if not pattern:
        return []
    names: Iterable[str] = [name or "train" for name in splits] if "{}" in pattern else ["train"]
    files = [{"split": name, "path": pattern.format(name)} for name in names]
    return [{"config_name": "default", "data_files": files}]


def yaml_header(values: Mapping[str, Any]) -> str:
    """Return YAML between two lines of dashes. JSON is YAML, but for what cannot be printed."""
    lines = [f"{name}: {yaml_value(value)}" for name, value in values.items()]
    return "\n".join(["---", *lines, "---", ""])


def yaml_value(value: str | Sequence[Any]) -> str:
    """Return a value as one line of YAML."""
    text = whole(json.dumps(value, ensure_ascii=False))
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
