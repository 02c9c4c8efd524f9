"""The process in which copies are made: ``python -m carsets.release.derive_worker``.

Started by ``deriver`` alone. It holds nothing, and after its start it can open neither files nor
sockets: it decodes what strangers have made.
"""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

from carsets.blurring.models import BlurModels, load_finders
from carsets.release.credit import Credit
from carsets.release.derived import BrokenImage, Size, derive
from carsets.vision.inspection_worker import check_pillow
from carsets.vision.worker_frames import Channel, jail, limit_memory, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.blurring.boxes import Finders


def answer(
    finders: Finders | None, header: Mapping[str, Any], body: bytes
) -> tuple[Mapping[str, Any], bytes]:
    """Return the frame with a copy, or with the reason why there is none."""
    size, credit = header["size"], header["credit"]
    used = finders if header["blur"] else None
    if header["blur"] and not used:
        return {"broken": "nothing here can blur"}, b""
    try:
        made = derive(body, size and Size(*size), credit and Credit(**credit), used)
    except BrokenImage as broken:
        return {"broken": str(broken)[:500]}, b""
    except MemoryError:
        return {"broken": "out of memory"}, b""
    facts = {"width": made.width, "height": made.height, "hidden": made.hidden}
    return {"extension": made.extension, **facts}, made.data


def warm_up(finders: Finders | None = None) -> None:
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
                derive(sample.getvalue(), Size(20, 20, "pad"), credit, finders)


def main() -> None:
    """Take the limit from the first frame, then answer one image per frame."""
    channel = Channel()
    first = channel.read()
    if first is None:
        return
    setup, _ = first
    models = setup["blur"] and BlurModels.from_frame(setup["blur"])
    finders = load_finders(models) if models else None
    warm_up(finders)
    limit_memory(setup["memory"])
    jail()
    channel.write({"ready": True})
    serve(channel, partial(answer, finders))


if __name__ == "__main__":
    main()
