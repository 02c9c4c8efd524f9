"""The process in which images are decoded: ``python -m carsets.vision.inspection_worker``.

Started by ``inspection_pool`` alone. It can be given up at any moment, holds nothing, and after
its start it can open neither files nor sockets.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from carsets.vision.inspection import Limits, Refusal, inspect
from carsets.vision.worker_frames import Channel, jail, limit_memory, serve

if TYPE_CHECKING:
    from collections.abc import Mapping


OLDEST_PILLOW = (12, 3)  # older ones have known holes in their decoders


def check_pillow(version: str) -> None:
    """Leave, saying why, when Pillow is too old to be given bytes from strangers."""
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_PILLOW:
        wanted = ".".join(map(str, OLDEST_PILLOW))
        sys.exit(f"Pillow {version} has known holes: install {wanted} or newer")


def warm_up(limits: Limits) -> None:
    """Look at one good image of every format: loads what is loaded late, and shows it works."""
    from PIL import Image, __version__

    check_pillow(__version__)
    for name in limits.formats:
        sample = io.BytesIO()
        Image.new("RGB", (64, 48), "gray").save(sample, name)
        inspect(sample.getvalue(), Limits(formats=(name,)))


def answer(limits: Limits, body: bytes) -> tuple[Mapping[str, Any], bytes]:
    """Return the frame that tells what ``inspect`` found or refused."""
    try:
        inspection = inspect(body, limits)
    except Refusal as refusal:
        return {"refused": refusal.outcome, "note": refusal.note}, b""
    except MemoryError:
        return {"refused": "decoder_crash", "note": "out of memory"}, b""
    header, small = inspection.to_frame()
    return {"inspection": header}, small


def main() -> None:
    """Take the limits from the first frame, then answer one image per frame."""
    channel = Channel()
    first = channel.read()
    if first is None:
        return
    setup, _ = first
    limits = Limits.from_frame(setup["limits"])
    warm_up(limits)
    limit_memory(setup["memory"])
    jail()
    channel.write({"ready": True})
    serve(channel, lambda _, body: answer(limits, body))


if __name__ == "__main__":
    main()
