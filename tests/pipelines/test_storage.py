"""What is kept is kept as it was served; what is not leaves nothing behind."""

import errno
import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from carsets.outcomes import Outcome
from carsets.pipelines.storage import StoragePipeline


def files(step):
    return sorted(path for path in Path(step.folder).rglob("*") if path.is_file())


def picture(kind):
    """Return an image of a kind that a re-encoding would change."""
    target = BytesIO()
    noise = Image.effect_noise((200, 150), 80)
    if kind == "JPEG with EXIF":
        exif = Image.Exif()
        exif[0x8298] = "(c) A. Photographer"
        noise.convert("RGB").save(target, "JPEG", exif=exif)
    elif kind == "PNG with alpha":
        noise.convert("RGBA").save(target, "PNG")
    elif kind == "WebP":
        noise.convert("RGB").save(target, "WEBP")
    elif kind == "CMYK":
        noise.convert("CMYK").save(target, "JPEG")
    elif kind == "16 bit":
        noise.convert("I;16").save(target, "PNG")
    return target.getvalue()


@pytest.mark.parametrize("kind", ["JPEG with EXIF", "PNG with alpha", "WebP", "CMYK", "16 bit"])
def test_the_stored_bytes_are_the_served_bytes(build, car_image, outcome, kind):
    step, body = build(StoragePipeline), picture(kind)
    item = car_image(body)
    assert outcome(step, item) is None
    [file] = files(step)
    assert file.read_bytes() == body
    assert hashlib.sha256(body).hexdigest() == file.stem
    assert item.outcome is Outcome.STORED
    assert item.path == str(file.relative_to(step.folder))


def test_a_picture_that_another_process_stored_meanwhile_leaves_no_file(
    build, car_image, outcome, jpeg
):
    first, second = build(StoragePipeline), build(StoragePipeline)
    large, small = jpeg(1, size=(640, 480)), jpeg(1, size=(320, 240))
    second.state.load()  # before the other stores: its index knows nothing of it
    assert outcome(first, car_image(large)) is None
    assert outcome(second, car_image(small)) is Outcome.NEAR_DUPLICATE
    assert len(files(first)) == 1


def test_a_better_copy_takes_the_place_of_the_worse_one(build, car_image, outcome, jpeg):
    step = build(StoragePipeline)
    small, large = car_image(jpeg(1)), car_image(jpeg(1, size=(640, 480)))
    outcome(step, small)
    large.near = tuple(seq for seq, _, _ in step.state.copies.find(step.fingerprint(large)))
    assert outcome(step, large) is None
    assert [file.stem for file in files(step)] == [large.inspection.sha256]
    assert step.state.copies.is_refused(int(small.image_id, 16))
    assert step.state.catalog.kept_images() == 1


def test_a_full_disk_stops_the_run_and_leaves_no_half_file(
    build, car_image, jpeg, outcome, monkeypatch
):
    step = build(StoragePipeline)
    stopped = []
    monkeypatch.setattr(step.state, "stop", stopped.append)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert outcome(step, car_image(jpeg())) is Outcome.DISK_FULL
    assert stopped == ["disk_full"]
    assert files(step) == []


def test_the_run_stops_before_the_disk_is_full(build, car_image, jpeg, outcome, monkeypatch):
    step = build(StoragePipeline, DISK_FREE_MIN=1 << 62)
    stopped = []
    monkeypatch.setattr(step.state, "stop", stopped.append)
    assert outcome(step, car_image(jpeg())) is Outcome.DISK_FULL
    assert stopped == ["disk_full"]
    assert files(step) == []
