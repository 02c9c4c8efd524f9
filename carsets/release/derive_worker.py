"""The process in which copies are made: ``python -m carsets.release.derive_worker``.

Started by ``deriver`` alone. It holds nothing, and after its start it can open neither files nor
sockets: it decodes what strangers have made.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from carsets.release.credit import Credit
from carsets.release.derived import BrokenImage, Size, derive
from carsets.vision.inspection_worker import check_pillow
from carsets.vision.worker_frames import Channel, jail, limit_memory, serve

if TYPE_CHECKING:
    from collections.abc import Mapping


def answer(header: Mapping[str, Any], body: bytes) -> tuple[Mapping[str, Any], bytes]:
    """Return the frame with a copy, or with the reason why there is none."""
    size, credit = header["size"], header["credit"]
    try:
        made = derive(body, size and Size(*size), credit and Credit(**credit))
    except BrokenImage as broken:
        return {"broken": str(broken)[:500]}, b""
    except MemoryError:
        return {"broken": "out of memory"}, b""
    return {"extension": made.extension, "width": made.width, "height": made.height}, made.data


def warm_up() -> None:
    """Copy one good image of every kind: loads what is loaded late, and shows it works."""
    from PIL import Image, ImageCms, __version__

    from carsets.vision.inspection import MIME

    check_pillow(__version__)
    credit = Credit(title="a", author="b", source="https://example.org/", changes="c")
    ours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    foreign = ours.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    for name in MIME:
        for mode in ("RGB", "RGBA"):
            if name in ("PNG", "WEBP", "AVIF") or mode == "RGB":
                sample = io.BytesIO()
                Image.new(mode, (64, 48), "gray").save(sample, name, icc_profile=foreign)
                derive(sample.getvalue(), Size(20, 20, "pad"), credit)


def main() -> None:
    """Take the limit from the first frame, then answer one image per frame."""
    channel = Channel()
    first = channel.read()
    if first is None:
        return
    setup, _ = first
    warm_up()
    limit_memory(setup["memory"])
    jail()
    channel.write({"ready": True})
    serve(channel, answer)


if __name__ == "__main__":
    main()
