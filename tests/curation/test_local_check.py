"""The second look at pairs of images: their files."""

import io

import pytest
from PIL import ImageOps

from carsets.curation.local_check import LocalFeatureCheck
from carsets.fakeweb.drawing import draw_scene

pytest.importorskip("cv2", reason="needs OpenCV (pip install opencv-python-headless)")


def encoded(image):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def test_files_decide_what_features_only_guess(stock, tmp_path, rng):
    store = tmp_path / "images"
    store.mkdir()
    one = draw_scene(31, kind="vehicle", size=(400, 300))
    other = draw_scene(77, kind="vehicle", size=(400, 300))
    files = {
        "picture": one,
        "crop": one.crop((30, 20, 380, 280)),
        "mirrored": ImageOps.mirror(one),
        "other": other,
    }
    vector = rng.normal(size=16)
    for name, image in files.items():
        (store / f"{name}.jpg").write_bytes(encoded(image))
        features = vector + 0.01 * rng.normal(size=16)
        stock.add(name, path=f"{name}.jpg", features=features, width=image.size[0])
    stock.add("gone", path="gone.jpg", features=vector, width=100)
    stock.add("outside", path="../../etc/passwd", features=vector, width=100)
    (store / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    stock.add("broken", path="broken.jpg", features=vector, width=100)
    for number in range(40):
        stock.add(f"good {number}", features=rng.normal(size=16))
    with LocalFeatureCheck(stock.catalog, store) as check:
        curation = stock.curate(check)
    [group] = stock.groups()
    assert group >= {"picture", "crop", "mirrored"}
    assert "other" not in group
    reasons = stock.reasons("near_duplicate")
    assert "points of both show" in reasons["crop"]
    assert "points of both show" in reasons["mirrored"]
    assert "features" in reasons["gone"]  # of what cannot be read, looks are all there is
    assert check.unreadable >= {5, 6, 7}  # gone, outside, broken
    assert curation.report.looked_at.confirmed >= 2
    assert curation.report.looked_at.refuted >= 1


def test_files_that_do_not_fit_outvote_fingerprints_that_are_not_sure(stock, tmp_path, rng):
    store = tmp_path / "images"
    store.mkdir()
    base = 0x0123456789ABCDEF
    for name, seed, bits in (("one", 31, 0), ("look-alike", 77, 0b1111 | 0xFFF << 20)):
        (store / f"{name}.jpg").write_bytes(
            encoded(draw_scene(seed, kind="vehicle", size=(400, 300)))
        )
        stock.add(name, path=f"{name}.jpg", phash=base ^ (bits & 0xF), dhash=base ^ (bits >> 20))
    stock.curate()
    assert stock.groups() == {frozenset({"one", "look-alike"})}
    with LocalFeatureCheck(stock.catalog, store) as check:
        stock.curate(check)
    assert not stock.groups()
