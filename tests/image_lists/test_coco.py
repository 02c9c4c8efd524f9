"""COCO JSON: read element by element, joined with its annotations."""

import gzip
import io
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.image_lists import ImageList, json_arrays
from carsets.image_lists.json_arrays import JsonShapeError, read_members
from carsets.licenses import Evidence
from carsets.problems import UserError

COCO = {
    "info": {"description": "COCO 2017 Dataset", "images": ["not these"]},
    "licenses": [
        {"url": "http://creativecommons.org/licenses/by/2.0/", "id": 4, "name": "Attribution"},
        {"url": "", "id": 9, "name": "CC BY-SA 4.0"},
    ],
    "images": [
        {
            "license": 4,
            "file_name": "000000397133.jpg",
            "coco_url": "http://images.cocodataset.org/val2017/000000397133.jpg",
            "height": 427,
            "width": 640,
            "date_captured": "2013-11-14 17:02:52",
            "flickr_url": "http://farm7.staticflickr.com/6116/6255196340_z.jpg",
            "id": 397133,
        },
        {"license": 9, "coco_url": "http://images.test/2.jpg", "id": 2},
        {"license": 77, "flickr_url": "http://images.test/3.jpg", "id": "three"},
        {"file_name": "nowhere.jpg", "id": 5},
        ["no image"],
    ],
    "annotations": [
        {"image_id": 397133, "category_id": 3, "bbox": [10, 10, 20.5, 20], "id": 1},
        {"image_id": 397133, "category_id": 8, "bbox": [0, 0, 300, 200], "id": 2},
        {"image_id": 397133, "category_id": 3, "bbox": [1, 1, 30, 30], "id": 3},
        {"image_id": "three", "category_id": 3, "bbox": None, "id": 4},
        {"image_id": 2, "category_id": 999, "bbox": [0, 0, 1, 1], "id": 5},
        {"image_id": [], "category_id": "x"},
        "nonsense",
    ],
    "categories": [
        {"supercategory": "vehicle", "id": 3, "name": "car"},
        {"supercategory": "vehicle", "id": 8, "name": "truck"},
    ],
}


@pytest.fixture
def rows_of(tmp_path):
    def read(content, name="instances.json"):
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(ImageList.open(path).rows())

    return read


def check(rows):
    first, second, third, fourth, fifth = rows
    assert first.found.image_url == "http://images.cocodataset.org/val2017/000000397133.jpg"
    assert (first.found.width, first.found.height) == (640, 427)
    assert first.found.source_id == "397133"
    assert (first.found.license.code, first.found.license.evidence) == ("by-2.0", Evidence.LIST)
    assert first.found.extra["flickr_url"].startswith("http://farm7")
    assert first.labels == {"label": "truck", "body": "truck"}  # it covers most of the image
    assert first.found.extra["categories"] == ["truck", "car"]
    assert first.found.extra["boxes"] == [
        {"category": "truck", "box": [0.0, 0.0, 300.0, 200.0]},
        {"category": "car", "box": [1.0, 1.0, 30.0, 30.0]},
        {"category": "car", "box": [10.0, 10.0, 20.5, 20.0]},
    ]
    assert second.found.license.code == "by-sa-4.0"
    assert second.labels == {}
    assert third.found.license.code == "unknown"
    assert third.labels == {"label": "car", "body": "car"}
    assert fourth.problem == "line 4: no image URL in it"
    assert fifth.problem == "line 5: an object was expected"


@pytest.mark.parametrize("indent", [None, 2])
def test_reads_images_with_licenses_labels_and_boxes(rows_of, indent):
    check(rows_of(json.dumps(COCO, indent=indent)))


@pytest.mark.parametrize("block", [1, 7, 100])
def test_the_order_of_the_members_and_the_size_of_the_blocks_do_not_matter(
    rows_of, monkeypatch, block
):
    monkeypatch.setattr(json_arrays, "BLOCK", block)
    check(rows_of(dict(reversed(COCO.items()))))


def test_a_compressed_one_is_read_as_it_is(tmp_path):
    path = tmp_path / "instances.json.gz"
    path.write_bytes(gzip.compress(json.dumps(COCO).encode()))
    check(list(ImageList.open(path).rows()))


def test_json_lines_with_the_ending_of_json_are_still_json_lines(rows_of):
    lines = '{"url": "https://a.test/1.jpg"}\n{"url": "https://a.test/2.jpg"}\n'
    assert len(rows_of(lines)) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"images": [{"id": 1}', "not COCO"),
        ('{"images": [}', "not COCO"),
        ('{"images": [], "annotations": []}', "the list is empty"),
        ('{"info": {}, "annotations": [1, 2]}', "the list is empty"),
        ('{"images": [' + "[" * 100_000, "nested too deeply"),
        ('{"images": [{"id": ' + "9" * 5_000 + "}]}", "not COCO"),
    ],
)
def test_what_is_not_whole_ends_in_one_line(rows_of, text, words):
    with pytest.raises(UserError, match=words) as caught:
        rows_of(text)
    assert "\n" not in str(caught.value)


def test_numbers_that_are_none_do_no_harm(rows_of):
    image = {"coco_url": "https://a.test/1.jpg", "id": 1, "score": float("nan"), "width": 1e999}
    boxes = [[float("nan")] * 4, [10**400] * 4, [1e30] * 4, "1234", [1, 2], {"a": 1}]
    annotations = [
        *({"image_id": 1, "category_id": 1, "bbox": box} for box in boxes),
        {"image_id": 2**70, "category_id": 1},
        {"image_id": 1, "category_id": 2**70},
        {"image_id": -1, "category_id": 1},
    ]
    categories = [{"id": 1, "name": "car"}]
    [row] = rows_of({"images": [image], "annotations": annotations, "categories": categories})
    assert row.labels["label"] == "car"
    assert "score" not in row.found.extra
    assert json.dumps(row.found.extra, allow_nan=False)


def test_an_element_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(json_arrays, "MAX_ELEMENT", 1000)
    monkeypatch.setattr(json_arrays, "BLOCK", 100)
    text = '{"images": ["' + "x" * 5_000 + '"]}'
    with pytest.raises(JsonShapeError, match="more than 1000"):
        list(read_members(io.StringIO(text), {"images"}))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(max_size=5), st.lists(VALUES, max_size=4) | VALUES, max_size=5),
    st.sampled_from([None, 1]),
    st.integers(1, 40),
)
def test_members_are_what_the_whole_would_give(whole, indent, block):
    text = json.dumps(whole, indent=indent)
    expected = []
    for name, value in whole.items():
        elements = value if isinstance(value, list) else [value]
        expected += [(name, element) for element in elements]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_arrays, "BLOCK", block)
        assert list(read_members(io.StringIO(text), set(whole))) == expected


def test_memory_hardly_grows_with_the_file(tmp_path):
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from carsets.image_lists import ImageList\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "count = sum(1 for _ in ImageList.open(Path(sys.argv[1])).rows())\n"
        "print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    size = 20_000
    images = [{"id": n, "coco_url": f"https://a.test/{n}.jpg"} for n in range(size)]
    outline = [list(range(120))]
    annotations = [
        {"image_id": n, "category_id": 1, "bbox": [0, 0, 9, 9], "segmentation": outline}
        for n in range(size)
    ]
    categories = [{"id": 1, "name": "car"}]
    path = tmp_path / "large.json"
    path.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    assert path.stat().st_size > 10_000_000
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    count, grown = map(int, run.stdout.split())
    assert count == size
    assert grown < 8_000  # KiB; parsed as a whole it takes 90,000
