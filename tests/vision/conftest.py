"""Images that tests draw for themselves."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"


class Draw:
    """Makes images that look like something, and files out of them."""

    def __init__(self) -> None:
        self.scene_file = cache(self._scene_file)  # some encoders are slow

    def _scene_file(self, format: str, width: int = 640, height: int = 480) -> bytes:
        return self.file(self.scene(width, height), format)

    def scene(self, width: int = 640, height: int = 480, seed: int = 1) -> Image.Image:
        """Return an RGB picture with large and small structure, the same for the same seed."""
        rng = np.random.default_rng(seed)
        coarse = Image.fromarray(rng.integers(0, 256, (7, 9, 3), dtype=np.uint8))
        fine = Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
        size = (width, height)
        return Image.blend(
            coarse.resize(size, Image.Resampling.BICUBIC),
            fine.resize(size, Image.Resampling.BICUBIC),
            0.25,
        )

    def file(self, image: Image.Image, format: str, **options: Any) -> bytes:
        """Return an image as the bytes of a file."""
        out = io.BytesIO()
        image.save(out, format, **options)
        return out.getvalue()

    def jpeg(self, image: Image.Image | None = None, **options: Any) -> bytes:
        """Return a JPEG file, by default of the standard scene."""
        return self.file(image or self.scene(), "JPEG", **{"quality": 88, **options})

    def jpeg_with(self, marker: int, data: bytes, image: Image.Image | None = None) -> bytes:
        """Return a JPEG file with one more segment at its beginning."""
        segment = struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data
        return b"\xff\xd8" + segment + self.jpeg(image)[2:]

    def png_chunks(self, *chunks: tuple[bytes, bytes]) -> bytes:
        """Return a PNG file of exactly these chunks."""
        made = b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
        return b"\x89PNG\r\n\x1a\n" + made

    def flood(self, side: int = 13_300, bits: int = 1, color: int = 0) -> bytes:
        """Return a small PNG file that is an enormous empty picture."""
        channels = {0: 1, 2: 3, 6: 4}[color]
        packer = zlib.compressobj(3)
        row = bytes(1 + (side * bits * channels + 7) // 8)
        data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
        header = struct.pack(">IIBBBBB", side, side, bits, color, 0, 0, 0)
        return self.png_chunks((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Return the maker of images."""
    return Draw()


@pytest.fixture(scope="session")
def xmp() -> Callable[[str], bytes]:
    """Return a maker of XMP packets: give the properties of the one description."""

    def packet(attributes: str = "", elements: str = "") -> bytes:
        return (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about=""'
            ' xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"'
            ' xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"'
            ' xmlns:cc="http://creativecommons.org/ns#"'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
            ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
            ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
            f" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"
            '<?xpacket end="w"?>'
        ).encode()

    return packet
