"""Files from the test suites of image libraries and from real crawls: each has one outcome."""

import asyncio
import csv
from pathlib import Path

import pytest

from carsets.vision.inspection import MIME, Inspection, Limits, Refusal
from carsets.vision.inspection_pool import InspectionPool

# What becomes of a category with the default formats; or, where its files differ, of each by
# the number in its name. "kept" is an inspection.
EXPECTED: dict[str, str | dict[str, str]] = {
    "appledouble": "unsupported",
    "avif_bad": "unsupported",
    "avif_ok": "unsupported",
    "bmp_bad": "unsupported",
    "bmp_ok": "unsupported",
    "bomb": {
        "00": "too_many_pixels",
        "02": "unsupported",
        "04": "unsupported",
        "06": "unsupported",
        "08": "too_many_pixels",
        "10": "unsupported",
        "12": "unsupported",
        "14": "too_many_pixels",
    },
    "empty": "empty",
    "gif_animated": "animated",
    # 03 has eleven frames, of which the first is damaged; 07 a picture without width.
    "gif_bad_data": {"01": "truncated", "03": "animated", "05": "undecodable", "07": "undecodable"},
    "gif_bad_open": {"01": "aspect", "03": "unsupported"},
    "gif_ok": "kept",
    "heic_bad": "unsupported",
    "heic_ok": "unsupported",
    "html_as_image": "html",
    "ico_bad": "unsupported",
    "ico_ok": "unsupported",
    "jpeg_bad_data": {
        "01": "truncated",
        "03": "undecodable",
        "05": "undecodable",
        "07": "undecodable",
        "09": "aspect",
        "11": "truncated",
        "13": "truncated",
    },
    "jpeg_bad_open": {
        "01": "undecodable",
        "03": "truncated",
        "05": "truncated",
        "07": "truncated",
    },
    "jpeg_cmyk": "kept",
    "jpeg_grey": "kept",
    "jpeg_ok": "kept",
    "jpeg_rotated": "kept",
    "jpeg_tiny": "kept",
    "lfs_pointer": "unsupported",
    "mpo": "kept",
    "other_format_bad": "unsupported",
    "other_format_ok": "unsupported",
    "pdf": "unsupported",
    "placeholder": "kept",
    "png_16bit": "kept",
    "png_alpha": "kept",
    "png_animated": "animated",
    "png_bad_data": {
        "01": "truncated",
        "03": "animated",
        "05": "undecodable",
        "07": "undecodable",
        "09": "truncated",
        "11": "undecodable",
        "13": "undecodable",
    },
    "png_bad_open": {
        "01": "truncated",
        "03": "undecodable",
        "05": "truncated",
        "07": "undecodable",
    },
    "png_ok": "kept",
    "png_palette_grey": "kept",
    "svg": "svg",
    "text": {"01": "html", "03": "html", "05": "unsupported", "07": "html"},
    "tiff_bad": "unsupported",
    "tiff_ok": "unsupported",
    # 09 begins like a PNG; the others like nothing we know, or like formats nobody asked for.
    "unrecognised": {"09": "undecodable", "": "unsupported"},
    "webp_animated": "animated",
    "webp_bad_data": {
        "00": "undecodable",
        "02": "aspect",
        "04": "undecodable",
        "06": "undecodable",
    },
    "webp_bad_open": {"00": "too_many_pixels", "02": "truncated"},
    "webp_ok": "kept",
    "wrong_extension": "kept",
}
# What else becomes of files whose format is allowed by setting.
EXPECTED_OPT_IN: dict[str, str | dict[str, str]] = {
    "avif_bad": {"00": "too_many_pixels", "02": "undecodable"},
    "avif_ok": "kept",
    "bmp_bad": {"00": "too_many_pixels", "02": "truncated", "04": "undecodable"},
    "bmp_ok": "kept",
    "bomb": {**dict.fromkeys(("04", "06", "12"), "too_many_pixels")},
    "unrecognised": {"03": "truncated"},
}


def expected_of(table: dict[str, str | dict[str, str]], category: str, name: str) -> str | None:
    """Return what a table says about a file, or None."""
    entry = table.get(category)
    if not isinstance(entry, dict):
        return entry
    number = name.removeprefix(f"{category}_")[:2]
    return entry.get(number, entry.get(""))


@pytest.fixture(scope="module")
def odd(shared) -> list[dict[str, str]]:
    """Return the rows of the index."""
    with (shared / "data" / "odd" / "index.csv").open(newline="") as rows:
        return list(csv.DictReader(rows))


def look(folder: Path, names: list[str], limits: Limits) -> tuple[dict[str, str | Inspection], int]:
    """Return how each file ends, and how many workers it took."""

    async def end(pool: InspectionPool, name: str) -> str | Inspection:
        try:
            return await pool.inspect((folder / name).read_bytes())
        except Refusal as refusal:
            return str(refusal.outcome)

    async def run() -> tuple[dict[str, str | Inspection], int]:
        async with InspectionPool(2, limits) as pool:
            ends = await asyncio.gather(*(end(pool, name) for name in names))
            return dict(zip(names, ends, strict=True)), sum(one.starts for one in pool.workers)

    return asyncio.run(run())


@pytest.mark.parametrize("opt_in", [False, True], ids=["default formats", "all formats"])
def test_every_odd_file_ends_as_the_table_says(shared, odd, opt_in):
    limits = Limits(formats=tuple(MIME)) if opt_in else Limits()
    ends, starts = look(shared / "data" / "odd", [row["file"] for row in odd], limits)
    wrong = {}
    for row in odd:
        name, category = row["file"], row["category"]
        expected = expected_of(EXPECTED, category, name)
        if opt_in:
            expected = expected_of(EXPECTED_OPT_IN, category, name) or expected
        seen = "kept" if isinstance(ends[name], Inspection) else ends[name]
        if seen != expected:
            wrong[name] = (seen, expected)
    assert wrong == {}
    assert starts == 2  # nothing of all this kills a worker


def test_what_is_kept_has_the_size_and_format_that_others_found(shared, odd):
    ends, _ = look(shared / "data" / "odd", [row["file"] for row in odd], Limits())
    compared = 0
    for row in odd:
        found = ends[row["file"]]
        if isinstance(found, Inspection):
            size = {found.width, found.height}
            assert size == {int(row["width"]), int(row["height"])}, row["file"]
            assert found.format == row["format"].replace("MPO", "JPEG"), row["file"]
            assert found.sha256 == row["sha256"]
            assert found.mode == row["mode"], row["file"]
            compared += 1
    assert compared > 30


def test_oddities_that_are_kept_are_flagged(shared, odd):
    ends, _ = look(shared / "data" / "odd", [row["file"] for row in odd], Limits())
    flag_of = {
        "jpeg_cmyk": "cmyk",
        "jpeg_rotated": "exif_rotated",
        "mpo": "mpo",
        "png_16bit": "16bit",
        "png_alpha": "alpha",
    }
    flagged = [row for row in odd if row["category"] in flag_of]
    assert len(flagged) >= 16
    for row in flagged:
        found = ends[row["file"]]
        assert isinstance(found, Inspection)
        assert flag_of[row["category"]] in found.flags, row["file"]


# --- Labelled pairs ---------------------------------------------------------------------------

# Bits of the pHash between the two pictures of a pair, least and most.
DISTANCES = {
    "identical": (0, 0),
    "duplicate": (0, 4),
    "duplicate_after_exif": (0, 0),
    "transformed": (28, 32),
    "same_scene": (14, 32),
    "different": (12, 16),
}
RADIUS = 6  # lies between what is the same picture and what is not


def test_labelled_pairs_lie_on_their_side_of_the_radius(shared):
    folder = shared / "data" / "near_duplicates"
    with (folder / "pairs.csv").open(newline="") as rows:
        pairs = list(csv.DictReader(rows))
    names = sorted({row[side] for row in pairs for side in "ab"})
    found, _ = look(folder, names, Limits(formats=tuple(MIME)))
    refused = {name: end for name, end in found.items() if not isinstance(end, Inspection)}
    assert refused == {}
    seen: dict[str, list[int]] = {}
    for row in pairs:
        one, other = found[row["a"]], found[row["b"]]
        assert isinstance(one, Inspection)
        assert isinstance(other, Inspection)
        seen.setdefault(row["expected"], []).append((one.phash ^ other.phash).bit_count())
        identical = row["expected"] == "identical"
        assert (one.sha256 == other.sha256) == identical, row
        assert one.pixel_hash == other.pixel_hash or not identical, row
    spans = {expected: (min(all_), max(all_)) for expected, all_ in seen.items()}
    assert spans == DISTANCES
    same = {"identical", "duplicate", "duplicate_after_exif"}
    for expected, (least, most) in spans.items():
        assert most <= RADIUS if expected in same else least > RADIUS
