"""The rules of the house that nobody should have to remember."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from scrapy.settings import default_settings

import carsets.settings

PACKAGE = Path(carsets.settings.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

SCRAPY_SIDE = {
    "addons",
    "commands",
    "crawl_state",
    "extensions",
    "net",
    "pipelines",
    "plain_command",
    "spiders",
}
PURE = {
    "blurring",
    "catalog",
    "cluster",
    "counting",
    "crowd",
    "curation",
    "exit_codes",
    "exports",
    "image_lists",
    "integrity",
    "items",
    "learning",
    "ledger",
    "licenses",
    "metrics",
    "open_images",
    "outcomes",
    "permissions",
    "places",
    "problems",
    "queries",
    "redetection",
    "release",
    "removal",
    "report",
    "reservations",
    "review",
    "sources",
    "steps",
    "vision",
}
NOT_FOR_IMPORT = ("spiders", "pipelines", "extensions", "commands", "addons")
# What a package may import of itself.
SHARED_INSIDE = {
    "carsets.spiders.base",
    "carsets.spiders.filtered",
    "carsets.spiders.listed",
    "carsets.pipelines.cloud_store",
    "carsets.pipelines.drop",
    "carsets.pipelines.local_store",
    "carsets.pipelines.step",
}


def place(path: Path) -> str:
    """Return the top-level name inside carsets that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Return all that stands in a file."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imported(path: Path) -> frozenset[str]:
    """Return every module that a file imports at run time, wherever the import stands."""
    names: set[str] = set()
    for_types_only = {
        inner
        for node in nodes_of(path)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in nodes_of(path):
        if node in for_types_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return frozenset(names)


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", [p for p in FILES if place(p) in PURE], ids=name_of)
def test_the_library_knows_nothing_of_scrapy(path):
    assert not roots(path) & {"scrapy", "twisted", "itemadapter"}
    for name in imported(path):
        if name.startswith("carsets."):
            assert name.split(".")[1] not in SCRAPY_SIDE, name


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nobody_imports_spiders_pipelines_extensions_or_commands(path):
    for name in imported(path) - SHARED_INSIDE:
        parts = name.split(".")
        if parts[0] == "carsets" and len(parts) > 1 and parts[1] in NOT_FOR_IMPORT:
            assert parts[1] == place(path) == "commands", name


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_tensorflow_is_imported_by_the_detector_alone(path):
    if path != PACKAGE / "vision" / "car_detector.py":
        assert not roots(path) & {"tensorflow", "keras"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_is_unpickled_or_evaluated(path):
    assert not roots(path) & {"pickle", "marshal", "shelve", "dill", "joblib"}
    for node in nodes_of(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_drawer_for_odds_and_ends(path):
    words = set(re.split(r"[_.]", path.name)) | set(path.relative_to(PACKAGE).parts)
    assert not words & {"utils", "util", "helpers", "helper", "common", "misc"}


@pytest.mark.parametrize("path", [p for p in FILES if place(p) == "spiders"], ids=name_of)
def test_spiders_do_not_name_allowed_domains(path):
    # Scrapy applies them to image downloads too, and drops those at DEBUG level.
    names = {node.id for node in nodes_of(path) if isinstance(node, ast.Name)}
    assert "allowed_domains" not in names


def test_every_setting_that_is_read_is_described_in_settings():
    described = set(vars(carsets.settings)) | set(vars(default_settings))
    reading = re.compile(r"settings(?:\.get\w*\(|\[)\s*\"([A-Z][A-Z0-9_]+)\"")
    read = {name for path in FILES for name in reading.findall(path.read_text(encoding="utf-8"))}
    assert not read - described
