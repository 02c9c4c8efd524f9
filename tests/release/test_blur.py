"""Copies in which faces and plates are hidden: where, how, and what is said of it."""

import csv
import io
import subprocess
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from carsets.blurring.boxes import Box
from carsets.blurring.models import blur_models, load_finders
from carsets.problems import UserError
from carsets.release.derived import THUMB_300K, Change, Size, derive

# Photos with a face, and with a plate, that the cascades find.
FACE = "other/coco_000000008532.jpg"
PLATE = "car/alpr_test_031.jpg"


@pytest.fixture
def models():
    cv2 = pytest.importorskip("cv2", reason="needs OpenCV (pip install opencv-python-headless)")
    if not hasattr(cv2, "CascadeClassifier"):
        pytest.skip("needs OpenCV 4 (pip install opencv-python-headless==4.14.0.94)")
    return blur_models({})


# --- Where it is hidden -----------------------------------------------------------------------


class RedSquare:
    """Finds the one red thing in a picture."""

    def find(self, picture):
        rows, columns = np.nonzero(red(picture))
        height, width = picture.height, picture.width
        left, right = columns.min() / width, (columns.max() + 1) / width
        return [Box(left, rows.min() / height, right, (rows.max() + 1) / height)]


def red(picture):
    pixels = np.asarray(picture.convert("RGB"), int)
    return (pixels[..., 0] > 200) & (pixels[..., 1:].max(2) < 60)


def green(picture):
    pixels = np.asarray(picture.convert("RGB"), int)
    return (pixels[..., 1] > 200) & (pixels[..., 0] < 100)


def marked(**save):
    """Return a picture of 600 x 400: a fine pattern, and off its middle a green spot on red."""
    pattern = np.indices((400, 600)).sum(0) // 4 % 2 * 120 + 60
    picture = Image.fromarray(pattern.astype(np.uint8)).convert("RGB")
    picture.paste((255, 0, 0), (230, 150, 290, 190))
    picture.paste((0, 255, 0), (250, 162, 270, 178))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=95, **save)
    return file.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize(
    "size",
    [None, THUMB_300K, *(Size(300, 300, fit) for fit in ("stretch", "pad", "crop", "keep"))],
    ids=str,
)
def test_what_was_found_in_the_original_is_hidden_in_the_copy(size, orientation):
    body = marked(exif=turned(orientation))
    plain, hidden = derive(body, size), derive(body, size, finders={"face": RedSquare()})
    before, after = (np.asarray(Image.open(io.BytesIO(made.data))) for made in (plain, hidden))
    assert green(Image.fromarray(before)).sum() > 20
    assert hidden.hidden == 1
    assert green(Image.fromarray(after)).sum() == 0
    # Elsewhere only what JPEG makes of the neighbors.
    differs = np.abs(before.astype(int) - after).max(2) > 40
    assert differs.mean() < 0.06
    assert hidden.data == derive(body, size, finders={"face": RedSquare()}).data


def test_no_preview_of_the_original_is_left_in_the_copy():
    exif = Image.Exif()
    exif[0x010E] = "a car"
    small = io.BytesIO()
    Image.open(io.BytesIO(marked())).resize((160, 106)).save(small, "JPEG")
    exif.get_ifd(0x8769)[0x927C] = small.getvalue()  # a maker's note with a preview in it
    body = marked(exif=exif.tobytes())
    assert small.getvalue()[:200] in body
    copy = derive(body, None, finders={"face": RedSquare()}).data
    assert copy.count(b"\xff\xd8\xff") == 1
    assert small.getvalue()[40:240] not in copy


def opened(body):
    return Image.open(io.BytesIO(body)).convert("RGB")


# --- A release --------------------------------------------------------------------------------


@pytest.fixture
def photos(dataset, shared, models):
    """Return a dataset of two photos, and one more that may not be changed."""
    for name in (FACE, PLATE):
        picture = opened((shared / "data" / "photos" / name).read_bytes())
        picture.thumbnail((400, 400))  # quicker
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=95)
        width, height = picture.size
        dataset.add(body=file.getvalue(), width=width, height=height, bytes=file.tell())
    dataset.add(license="by-nd-4.0")
    return dataset


def blurred(dataset, models, destination="cars", **given):
    around = dataset.surroundings(blur=models, workers=1)
    return dataset.release("imagefolder", destination, around=around, blur=True, **given)


def test_a_release_hides_what_the_detectors_find_and_says_so(photos, models):
    stored = {path: path.read_bytes() for path in photos.store.rglob("*.jpg")}
    report = blurred(photos, models)
    assert report.exported == 2
    assert report.left_out == {"nd": 1}
    assert {path: path.read_bytes() for path in photos.store.rglob("*.jpg")} == stored
    copies = [opened(path.read_bytes()) for path in report.path.rglob("*.jpg")]
    originals = [opened(body) for body in stored.values() if len(body) > 5_000]
    assert len(copies) == len(originals) == 2
    finders = load_finders(models)
    for picture in originals:
        copy = next(copy for copy in copies if copy.size == picture.size)
        for finder in finders.values():
            again = finder.find(copy)
            for box in finder.find(picture):
                assert not any(alike(box, other) for other in again)
    card = (report.path / "README.md").read_text()
    assert "miss faces and\nplates" in card
    for file in models.files:
        assert file.sha256 in card
    assert "not blurred" not in card
    [header, *rows] = csv.reader((report.path / "ATTRIBUTION.csv").read_text().splitlines())
    assert all("made unreadable" in row[header.index("changes")] for row in rows)
    [line] = csv.DictReader((report.path / "BLUR-CHECK.csv").read_text().splitlines())
    assert sha256((report.path / line["file"]).read_bytes()).hexdigest() == line["sha256"]
    assert int(line["hidden"]) > 0
    again = blurred(photos, models, "again", name="cars")
    assert again.digest == report.digest
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=again.path, check=True)


def alike(one, other):
    """Whether two boxes are about the same thing."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    if across <= 0 or down <= 0:
        return False
    areas = [(box.right - box.left) * (box.bottom - box.top) for box in (one, other)]
    return across * down > 0.5 * (sum(areas) - across * down)


def test_what_cannot_be_blurred_is_refused_before_anything_is_written(dataset):
    dataset.add()
    for format_, given, said in [
        ("csv", {}, "holds no images"),
        ("imagefolder", {"mode": "urls"}, "holds no images"),
        ("imagefolder", {"nd": "unchanged"}, "cannot be blurred"),
    ]:
        with pytest.raises(UserError, match=said):
            dataset.options(format_, blur=True, **given)


def test_one_copy_in_a_hundred_is_listed_for_people(dataset):
    from carsets.release.blur_checks import NAME, BlurChecks
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

    listed = []
    for salt in ("one", "one", "other"):
        destination = dataset.folder / f"r{len(listed)}"
        with ReleaseFolder(destination, "plan") as folder:
            checks = BlurChecks(folder, salt, 450)
            for number in range(450):
                record = Record(
                    image_id=f"{number:016x}", sha256="", md5="", path="", width=1, height=1,
                    bytes=1, format="JPEG", mime="",
                )  # fmt: skip
                checks.add(record, ImageFile(b"", "jpg", 1, 1, 1, "ab", True, number % 2), "")
            checks.finish()
            assert (checks.hidden, checks.touched, checks.listed) == (225, 225, 5)
            listed.append((folder.path / NAME).read_text())
    assert listed[0] == listed[1] != listed[2]
    assert len(listed[0].splitlines()) == 6


def test_a_change_says_in_the_credit_what_was_done():
    assert Change(None, blur=True).changes.endswith("made unreadable")
    assert Change(Size(3, 3, "pad")).changes == Size(3, 3, "pad").changes
