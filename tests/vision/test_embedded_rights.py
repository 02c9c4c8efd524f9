"""The rights that a file states about itself, from its original bytes."""

import random
import struct

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from carsets.vision.inspection import Limits, inspect

XMP = b"http://ns.adobe.com/xap/1.0/\0"
PROHIBITED = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"
APP1, APP13 = 0xE1, 0xED


def embedded(body: bytes) -> dict[str, str]:
    """Return the rights that one look finds."""
    return dict(inspect(body, Limits()).embedded)


def with_xmp(draw, packet: bytes) -> bytes:
    return draw.jpeg_with(APP1, XMP + packet)


def test_a_file_without_metadata_states_nothing(draw):
    assert embedded(draw.jpeg()) == {}


def test_reads_the_data_mining_property_as_an_attribute(draw, xmp):
    body = with_xmp(draw, xmp(f'plus:DataMining="{PROHIBITED}"'))
    assert embedded(body) == {"plus:DataMining": PROHIBITED}


def test_reads_the_data_mining_property_as_an_element(draw, xmp):
    body = with_xmp(draw, xmp("", f"<plus:DataMining>{PROHIBITED}</plus:DataMining>"))
    assert embedded(body) == {"plus:DataMining": PROHIBITED}


def test_reads_it_as_a_resource_and_under_any_prefix(draw, xmp):
    elements = (
        f'<a:DataMining xmlns:a="http://ns.useplus.org/ldf/xmp/1.0/" rdf:resource="{PROHIBITED}"/>'
    )
    assert embedded(with_xmp(draw, xmp("", elements))) == {"plus:DataMining": PROHIBITED}


def test_a_property_of_another_namespace_is_not_ours(draw, xmp):
    body = with_xmp(draw, xmp('xmlns:a="http://a.test/" a:DataMining="x"'))
    assert embedded(body) == {}


def test_reads_every_statement_of_rights(draw, xmp):
    attributes = (
        'xmpRights:Marked="True" xmpRights:WebStatement="https://a.test/terms"'
        ' photoshop:Credit="Agency" Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/x"'
    )
    elements = (
        '<cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>'
        '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) Ann &amp; Bo</rdf:li></rdf:Alt>'
        "</dc:rights>"
        "<dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Bo</rdf:li></rdf:Seq></dc:creator>"
        '<xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang="en">Ask us</rdf:li></rdf:Alt>'
        "</xmpRights:UsageTerms>"
        '<plus:Licensor><rdf:Seq><rdf:li rdf:parseType="Resource">'
        "<plus:LicensorURL>https://a.test/buy</plus:LicensorURL></rdf:li></rdf:Seq></plus:Licensor>"
    )
    assert embedded(with_xmp(draw, xmp(attributes, elements))) == {
        "xmpRights:Marked": "True",
        "xmpRights:WebStatement": "https://a.test/terms",
        "photoshop:Credit": "Agency",
        "Iptc4xmpExt:DigitalSourceType": "http://cv.iptc.org/x",
        "cc:license": "https://creativecommons.org/licenses/by/4.0/",
        "dc:rights": "(c) Ann & Bo",
        "dc:creator": "Ann; Bo",
        "xmpRights:UsageTerms": "Ask us",
        "plus:LicensorURL": "https://a.test/buy",
    }


def test_reads_the_second_part_of_a_packet_that_fills_two_segments(draw, xmp):
    rest = xmp(f'plus:DataMining="{PROHIBITED}"')
    head = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32
    cut = len(rest) // 2
    body = draw.jpeg()
    # The parts may come in any order: each says where it belongs.
    for offset, part in ((0, rest[:cut]), (cut, rest[cut:])):
        data = head + struct.pack(">II", len(rest), offset) + part
        body = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(data) + 2) + data + body[2:]
    assert embedded(body) == {"plus:DataMining": PROHIBITED}


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_reads_other_containers(draw, xmp, format):
    packet = xmp(f'plus:DataMining="{PROHIBITED}"')
    exif = Image.Exif()
    exif[0x8298] = "(c) Ann"
    options = {"exif": exif.tobytes()}
    if format == "WEBP":
        options["xmp"] = packet
    else:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet.decode())
        options["pnginfo"].add_text("Author", "Ann")
    expected = {"plus:DataMining": PROHIBITED, "exif:Copyright": "(c) Ann"}
    if format == "PNG":
        expected["png:Author"] = "Ann"
    assert embedded(draw.file(draw.scene(), format, **options)) == expected


def test_reads_a_compressed_packet_of_a_png(draw, xmp):
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp('xmpRights:Marked="True"').decode(), zip=True)
    assert embedded(draw.file(draw.scene(), "PNG", pnginfo=info)) == {"xmpRights:Marked": "True"}


@pytest.mark.parametrize("order", ["<", ">"])
def test_reads_artist_and_copyright_of_exif(draw, order):
    texts = [(0x013B, b"Ann\0"), (0x8298, b"(c) Ann and Bo\0")]
    entries, tail = b"", b""
    for tag, text in texts:
        place = 8 + 2 + 12 * len(texts) + 4 + len(tail)
        value = text.ljust(4, b"\0") if len(text) <= 4 else struct.pack(order + "I", place)
        tail += text if len(text) > 4 else b""
        entries += struct.pack(order + "HHI", tag, 2, len(text)) + value
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tiff = mark + struct.pack(order + "IH", 8, len(texts)) + entries + b"\0\0\0\0" + tail
    body = draw.jpeg_with(APP1, b"Exif\0\0" + tiff)
    assert embedded(body) == {"exif:Artist": "Ann", "exif:Copyright": "(c) Ann and Bo"}


def test_reads_the_records_of_iptc(draw):
    records = b"\x1c\x01\x5a\x00\x03\x1b%G"
    for dataset, text in ((80, "J\u00f6rg"), (110, "Agency"), (116, "(c) J\u00f6rg"), (5, "title")):
        data = text.encode()
        records += struct.pack(">BBBH", 0x1C, 2, dataset, len(data)) + data
    resource = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    assert embedded(draw.jpeg_with(APP13, resource)) == {
        "iptc:By-line": "J\u00f6rg",
        "iptc:Credit": "Agency",
        "iptc:CopyrightNotice": "(c) J\u00f6rg",
    }


@pytest.mark.parametrize(
    ("packet", "value"),
    [
        (b'<x:xmpmeta plus:DataMining="DMI-PROHIBITED"', "DMI-PROHIBITED"),
        (b"<plus:DataMining>DMI-PROHIBITED</plus:Data", "DMI-PROHIBITED"),
        (b'<a><plus:DataMining rdf:resource="', "unreadable"),
    ],
)
def test_a_damaged_opt_out_is_still_seen(draw, packet, value):
    found = embedded(with_xmp(draw, packet))
    assert found["plus:DataMining"] == value
    assert found["xmp:unreadable"]


BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<x xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights>&c;</dc:rights></x>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<x xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights>&a;</dc:rights></x>"""


@pytest.mark.parametrize("packet", [BILLION_LAUGHS, OUTSIDE])
def test_no_entity_is_ever_declared(draw, packet):
    assert embedded(with_xmp(draw, packet)) == {"xmp:unreadable": "has a document type"}


def test_a_long_statement_is_cut(draw, xmp):
    found = embedded(with_xmp(draw, xmp(f'photoshop:Credit="{"x" * 50_000}"')))
    assert len(found["photoshop:Credit"]) == 2000


@pytest.mark.parametrize("seed", range(40))
def test_damaged_metadata_never_costs_the_image(draw, xmp, seed):
    chance = random.Random(seed)
    exif = Image.Exif()
    exif[0x8298], exif[0x0112] = "(c) Ann", 6
    records = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x09\x1c\x02\x50\0\4Anna"
    for marker, data in (
        (APP1, XMP + xmp(f'plus:DataMining="{PROHIBITED}"')),
        (APP1, b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")),
        (APP13, records),
    ):
        damaged = bytearray(data)
        for _ in range(4):
            damaged[chance.randrange(4, len(data))] = chance.randrange(256)
        small = draw.scene(64, 64)
        assert inspect(draw.jpeg_with(marker, bytes(damaged), small), Limits()).width == 64
