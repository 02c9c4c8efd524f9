"""What a copy says of itself, read by Pillow and by exiftool; and what it must not say."""

import io
import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from carsets.release.copy_metadata import ascii_text, copy_metadata
from carsets.release.credit import Credit
from carsets.release.derived import Size, derive
from carsets.vision.embedded_rights import embedded_rights
from carsets.vision.jpeg_structure import read_jpeg
from tests.exports.hostile_texts import TITLES

SIZE = Size(300, 300, "pad")
BY = "https://creativecommons.org/licenses/by-sa/4.0/"
CREDIT = Credit(
    title='Citroën <b>DS</b> & "friends"',
    author="Zoë Müller",
    source="https://flickr.test/photos/1?a=1&b=2",
    license_name="CC BY-SA 4.0",
    license_url=BY,
    changes=SIZE.changes,
)


@pytest.fixture(scope="module")
def exiftool(tmp_path_factory):
    """Return a function that reads a file's metadata with exiftool."""
    if shutil.which("exiftool") is None:
        pytest.skip("needs exiftool: apt-get install libimage-exiftool-perl")
    path = tmp_path_factory.mktemp("exiftool") / "copy.jpg"

    def read(data):
        path.write_bytes(data)
        done = subprocess.run(
            ["exiftool", "-j", "-a", "-G1", "-struct", "-validate", "-all", path],
            capture_output=True,
            check=True,
        )
        [found] = json.loads(done.stdout)
        return found

    return read


def original(**options):
    file = io.BytesIO()
    Image.new("RGB", (80, 60), "red").save(file, "JPEG", **options)
    return file.getvalue()


def test_another_program_finds_title_author_source_and_license(exiftool):
    found = exiftool(derive(original(), SIZE, CREDIT).data)
    assert found["XMP-dc:Title"] == CREDIT.title
    assert found["XMP-dc:Creator"] in (CREDIT.author, [CREDIT.author])
    assert found["XMP-dc:Source"] == CREDIT.source
    assert found["XMP-dc:Rights"] == CREDIT.line
    assert found["XMP-cc:License"] == BY
    assert found["XMP-cc:AttributionName"] == CREDIT.author
    assert found["XMP-cc:AttributionURL"] == CREDIT.source
    assert found["XMP-xmpRights:WebStatement"] == BY
    assert found["XMP-xmpRights:UsageTerms"] == f"CC BY-SA 4.0, {BY}"
    assert found["XMP-xmpRights:Marked"] is True
    [event] = found["XMP-xmpMM:History"]
    assert event["Parameters"] == SIZE.changes
    assert found["IFD0:Artist"] == "Zoe Muller"
    assert found["IFD0:ImageDescription"] == 'Citroen <b>DS</b> & "friends"'
    assert SIZE.changes in found["IFD0:Copyright"]
    assert found["ExifTool:Validate"] == "OK"


def test_pillow_reads_the_same():
    image = Image.open(io.BytesIO(derive(original(), SIZE, CREDIT).data))
    described = image.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert described["title"]["Alt"]["li"]["text"] == CREDIT.title
    assert described["license"]["resource"] == BY
    assert described["attributionURL"]["resource"] == CREDIT.source
    assert image.getexif()[0x013B] == "Zoe Muller"


def test_our_own_reader_finds_what_a_source_would_have_said():
    found = embedded_rights(read_jpeg(derive(original(), SIZE, CREDIT).data))
    assert found["cc:license"] == BY
    assert found["cc:attributionName"] == CREDIT.author
    assert found["dc:creator"] == CREDIT.author


XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:tdm="http://www.w3.org/ns/tdmrep#" '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:SerialNumber="SN-4711" '
    'xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/">'
    "<plus:DataMining>http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED</plus:DataMining>"
    "<tdm:reservation>1</tdm:reservation>"
    "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>(c) 2020 Ann Onym</rdf:li></rdf:Alt>"
    "</dc:rights><xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang='x-default'>Ask me first"
    "</rdf:li></rdf:Alt></xmpRights:UsageTerms></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def personal():
    """Return a photo that knows where it was taken, with what, and whose rights it bears."""
    exif = Image.Exif()
    exif[0x0110] = "Camera 9"
    exif[0x8298] = "(c) 2020 Ann Onym"
    exif.get_ifd(0x8769)[0xA431] = "SN-4711"  # body serial number
    exif.get_ifd(0x8769)[0xA430] = "Owner Oona"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    return original(exif=exif, xmp=XMP.encode(), comment=b"my secret garden")


def test_rights_statements_of_the_original_are_carried_on(exiftool):
    found = exiftool(derive(personal(), SIZE, CREDIT).data)
    assert found["XMP-plus:DataMining"].endswith("/DMI-PROHIBITED")
    ours = embedded_rights(read_jpeg(derive(personal(), SIZE, CREDIT).data))
    assert ours["tdm:reservation"] == "1"
    assert found["XMP-dc:Rights"] == f"(c) 2020 Ann Onym; {CREDIT.line}"
    assert found["IFD0:Copyright"].startswith("(c) 2020 Ann Onym; ")
    assert found["XMP-xmpRights:UsageTerms"] == f"Ask me first; CC BY-SA 4.0, {BY}"


@pytest.mark.parametrize(
    ("said", "own", "mining"),
    [
        ("use=notAllowed", "", "DMI-PROHIBITED-SEECONSTRAINT"),
        ("nobody can read this", "", "DMI-PROHIBITED-SEECONSTRAINT"),
        ("use=notAllowed", "DMI-PROHIBITED", "DMI-PROHIBITED"),
        ("use=allowed", "", None),
    ],
)
def test_what_c2pa_reserves_is_reserved_in_the_copy(said, own, mining):
    statements = {"c2pa.training-mining": said} | ({"plus:DataMining": own} if own else {})
    _, xmp = copy_metadata(CREDIT, statements)
    found = embedded_rights(read_jpeg(original(xmp=xmp)))
    if mining is None:
        assert "plus:DataMining" not in found
    else:
        assert found["plus:DataMining"].endswith(mining)
        assert said in found["plus:OtherConstraints"]


def test_nothing_personal_is_carried_on(exiftool):
    body = personal()
    before = json.dumps(exiftool(body))
    for word in ("GPS", "SN-4711", "Owner Oona", "Camera 9", "my secret garden"):
        assert word in before
    for credit in (CREDIT, None):
        copy = derive(body, SIZE, credit).data
        after = json.dumps(exiftool(copy))
        for word in ("GPS", "SN-4711", "Owner Oona", "Camera 9", "my secret garden"):
            assert word not in after
            assert word.encode() not in copy


def test_a_copy_with_nothing_to_say_says_nothing():
    assert copy_metadata(None, {}) == (b"", b"")
    image = Image.open(io.BytesIO(derive(original(), SIZE).data))
    assert not image.getexif()
    assert not image.getxmp()


@pytest.mark.parametrize("title", [*TITLES, "nul \0 in it", "half \ud83d of one"])
def test_no_title_breaks_the_packet(title):
    credit = replace(CREDIT, title=title, author=title)
    image = Image.open(io.BytesIO(derive(original(), SIZE, credit).data))
    described = image.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert described["license"]["resource"] == BY
    assert ("title" in described) == bool(title)


@given(
    st.text(),
    st.text(),
    st.dictionaries(st.sampled_from(["plus:DataMining", "dc:rights"]), st.text(min_size=1)),
)
def test_whatever_is_said_the_packet_can_be_parsed_and_is_short_enough(title, author, said):
    credit = Credit(title=title * 900, author=author, source="https://x.test/" + "&" * 1_400)
    exif, xmp = copy_metadata(credit, {name: text * 500 for name, text in said.items()})
    assert len(xmp) < 65_000
    assert len(exif) < 65_000
    body = original(exif=exif, xmp=xmp)
    assert "xmp:unreadable" not in embedded_rights(read_jpeg(body))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Citroën ŠKODA", "Citroen SKODA"),
        ("© 2020 “Ann”…", '(c) 2020 "Ann"...'),
        ("two\nlines", "two lines"),
        ("李", ""),  # a question mark is nobody's name
        ("Søren", ""),
        ("bell \x07", ""),
    ],
)
def test_exif_has_plain_letters_or_nothing(text, plain):
    assert ascii_text(text) == plain
