"""Three verdicts about what came where a list describes something (T23)."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from carsets.image_lists.integrity import Integrity, IntegrityPolicy, compare
from carsets.image_lists.rows import RowError, read_phash
from carsets.items import FoundImage
from carsets.vision.inspection import Limits, inspect

DISTANCE = 6


def encode(picture, quality=90):
    target = BytesIO()
    picture.save(target, "JPEG", quality=quality)
    return target.getvalue()


def drawn(seed):
    dots = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return Image.fromarray(dots).resize((480, 360), Image.Resampling.BICUBIC)


ORIGINAL = inspect(encode(drawn(0)), Limits())
SWAPS = {
    "the same file": (encode(drawn(0)), Integrity.SAME_BYTES),
    "encoded anew": (encode(drawn(0), 55), Integrity.SAME_PICTURE),
    "made smaller": (encode(drawn(0).resize((240, 180))), Integrity.SAME_PICTURE),
    "half of it": (encode(drawn(0).crop((0, 0, 240, 360))), Integrity.REPLACED),
    "another picture": (encode(drawn(1)), Integrity.REPLACED),
    "a placeholder": (encode(Image.new("RGB", (480, 360), "white")), Integrity.REPLACED),
}


def described(**changed):
    facts = {
        "sha256": ORIGINAL.sha256,
        "md5": ORIGINAL.md5,
        "phash": f"{ORIGINAL.phash:016x}",
        **changed,
    }
    return FoundImage(image_url="https://a.test/1.jpg", **facts)


@pytest.mark.parametrize("swap", SWAPS)
def test_a_swap_is_told_from_a_new_encoding(swap):
    body, verdict = SWAPS[swap]
    finding = compare(described(), inspect(body, Limits()), DISTANCE)
    assert finding.verdict is verdict
    assert bool(finding.note) == (verdict is not Integrity.SAME_BYTES)
    assert "perceptual hashes differ" in finding.note or not finding.note


@pytest.mark.parametrize("missing", ["sha256", "md5"])
@pytest.mark.parametrize("swap", SWAPS)
def test_without_a_perceptual_hash_the_bytes_decide(swap, missing):
    body, verdict = SWAPS[swap]
    finding = compare(described(phash="", **{missing: ""}), inspect(body, Limits()), DISTANCE)
    same = verdict is Integrity.SAME_BYTES
    assert finding.verdict is (Integrity.SAME_BYTES if same else Integrity.REPLACED)
    assert same or finding.note.startswith("another ")


def test_two_hashes_of_which_one_is_wrong_are_not_the_same_bytes():
    assert compare(described(md5="0" * 32, phash=""), ORIGINAL, DISTANCE).verdict is (
        Integrity.REPLACED
    )


def test_a_list_that_says_nothing_is_held_to_nothing():
    finding = compare(described(sha256="", md5="", phash=""), ORIGINAL, DISTANCE)
    assert finding.verdict is Integrity.UNCHECKED


def test_of_a_smaller_copy_only_the_picture_is_compared():
    smaller = inspect(SWAPS["made smaller"][0], Limits())
    other = inspect(SWAPS["another picture"][0], Limits())

    def verdict(seen, **changed):
        return compare(described(**changed), seen, DISTANCE, is_original=False).verdict

    assert verdict(smaller) is Integrity.SAME_PICTURE
    assert verdict(other) is Integrity.REPLACED
    assert verdict(other, phash="") is Integrity.UNCHECKED


@pytest.mark.parametrize(
    ("policy", "accepted"),
    [
        ("same_bytes", {"unchecked", "same_bytes"}),
        ("same_picture", {"unchecked", "same_bytes", "same_picture"}),
        ("off", {"unchecked", "same_bytes", "same_picture", "replaced"}),
    ],
)
def test_the_setting_says_what_is_accepted(policy, accepted):
    verdicts = {verdict.value for verdict in Integrity if IntegrityPolicy(policy).accepts(verdict)}
    assert verdicts == accepted


def test_a_perceptual_hash_is_16_hex_digits():
    assert read_phash("") == ""
    assert read_phash("00FF00ff00ff00ff") == read_phash("0x00ff00ff00ff00ff") == "00ff00ff00ff00ff"
    for text in ("12", "g" * 16, "0" * 17, "-" + "0" * 15):
        with pytest.raises(RowError, match="phash"):
            read_phash(text)
