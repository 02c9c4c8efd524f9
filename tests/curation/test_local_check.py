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
    stock.add("gone", path="gone.jpg", features=vector)
    stock.add("outside", path="../../etc/passwd", features=vector)
    (store / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    stock.add("broken", path="broken.jpg", features=vector)
    for number in range(40):
        stock.add(f"good {number}", features=rng.normal(size=16))
    with LocalFeatureCheck(stock.catalog, store) as check:
        curation = stock.curate(check, candidate_cosine=0.95)
    assert stock.groups() == {frozenset({"picture", "crop", "mirrored"})}
    assert len(check.unreadable) == 3
    assert curation.report.looked_at.confirmed >= 2
