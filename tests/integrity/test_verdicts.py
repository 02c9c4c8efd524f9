"""Which verdict each end of a fetch has, and what two looks at a picture say."""

from io import BytesIO
from types import SimpleNamespace

import pytest
from PIL import ImageOps

from carsets.fakeweb.drawing import draw_scene
from carsets.integrity.verdicts import Finding, Known, Verdict, of_outcome, of_picture, with_license
from carsets.outcomes import Outcome
from carsets.vision.inspection import Limits, inspect

KNOWN = Known(sha256="a" * 64, pixel_hash="0" * 16, phash=0, dhash=0)


def seen(sha256="b" * 64, pixel_hash="1" * 16, phash=0, dhash=0):
    return SimpleNamespace(sha256=sha256, pixel_hash=pixel_hash, phash=phash, dhash=dhash)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.HTTP_404, "gone"),
        (Outcome.HTTP_410, "gone"),
        (Outcome.HTML, "gone"),
        (Outcome.HTTP_401, "blocked"),
        (Outcome.HTTP_403, "blocked"),
        (Outcome.HTTP_429, "blocked"),
        (Outcome.HTTP_4XX, "blocked"),  # 451 among them
        (Outcome.ROBOTS_DENIED, "blocked"),
        (Outcome.OPTED_OUT, "blocked"),
        (Outcome.HTTP_5XX, "unreachable"),
        (Outcome.DNS, "unreachable"),
        (Outcome.TLS, "unreachable"),
        (Outcome.TIMEOUT, "unreachable"),
        (Outcome.HOST_BENCHED, "unreachable"),
        (Outcome.TRUNCATED, "unreachable"),
        (Outcome.ADDRESS_FORBIDDEN, "unreachable"),
        (Outcome.PLACEHOLDER, "placeholder"),
        (Outcome.SVG, "replaced"),
        (Outcome.UNDECODABLE, "replaced"),
    ],
)
def test_every_end_of_a_fetch_has_its_verdict(outcome, verdict):
    assert of_outcome(outcome, "because").verdict == verdict
    assert "because" in of_outcome(outcome, "because").note


def test_what_was_not_asked_has_none():
    assert of_outcome(Outcome.CANCELLED) is None


def test_no_transient_failure_counts_as_decay():
    for outcome in Outcome:
        finding = of_outcome(outcome)
        if finding and outcome.retry.value == "later" and outcome is not Outcome.HTTP_429:
            assert not finding.verdict.is_decay, outcome


@pytest.mark.parametrize(
    ("look", "verdict"),
    [
        (seen(sha256="a" * 64, phash=2**64 - 1), "same_bytes"),
        (seen(pixel_hash="0" * 16, phash=2**64 - 1), "same_picture"),
        (seen(phash=0b111111, dhash=0xFFF), "same_picture"),
        (seen(phash=0b1111111), "replaced"),
        (seen(dhash=0x1FFF), "replaced"),  # both hashes have to agree
    ],
)
def test_bytes_then_pixels_then_both_hashes_decide(look, verdict):
    assert of_picture(KNOWN, look, 6, 12).verdict == verdict


@pytest.mark.parametrize(
    ("verdict", "then", "now", "told"),
    [
        (Verdict.SAME_BYTES, "by-2.0", "by-sa-2.0", "relicensed"),
        (Verdict.SAME_PICTURE, "by-2.0", "arr", "relicensed"),
        (Verdict.SAME_BYTES, "by-2.0", "by-2.0", "same_bytes"),
        (Verdict.SAME_BYTES, "by-2.0", "", "same_bytes"),  # nobody was asked: nothing is claimed
        (Verdict.SAME_BYTES, "unknown", "by-2.0", "same_bytes"),
        (Verdict.GONE, "by-2.0", "arr", "gone"),
    ],
)
def test_another_license_is_told_of_what_is_still_there(verdict, then, now, told):
    assert with_license(Finding(verdict), then, now).verdict == told


def looked_at(picture, quality=90, **how):
    body = BytesIO()
    picture.save(body, how.pop("format", "JPEG"), quality=quality, **how)
    return inspect(body.getvalue(), Limits(small=False))


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda picture: looked_at(picture), "same_bytes"),
        (lambda picture: looked_at(picture, quality=50), "same_picture"),
        (lambda picture: looked_at(picture, format="WEBP"), "same_picture"),
        (lambda picture: looked_at(picture.resize((320, 240))), "same_picture"),
        (lambda picture: looked_at(picture, comment=b"moved"), "same_picture"),
        (lambda picture: looked_at(picture.crop((160, 0, 640, 480))), "replaced"),
        (lambda picture: looked_at(ImageOps.mirror(picture)), "replaced"),
        (lambda picture: looked_at(draw_scene(99, kind="vehicle", size=(640, 480))), "replaced"),
    ],
    ids=["same", "lower quality", "WebP", "smaller", "comment", "cropped", "mirrored", "another"],
)
def test_real_pictures_that_were_changed_in_known_ways(number, change, verdict):
    picture = draw_scene(number, kind="vehicle", size=(640, 480))
    kept = looked_at(picture)
    known = Known(kept.sha256, kept.pixel_hash, kept.phash, kept.dhash)
    assert of_picture(known, change(picture), 6, 12).verdict == verdict
