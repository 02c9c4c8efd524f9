"""The license inside a file."""

import io
import time

import pytest
from PIL import Image

from carsets.licenses import NO_LICENSE, Evidence, embedded_license
from carsets.vision.inspection import Limits, inspect

CC = "https://creativecommons.org/licenses"
BY = f"{CC}/by/4.0/"
CHOOSER = (
    'This work is licensed under a <a rel="license" href="http://creativecommons.org/licenses/'
    'by-nc/3.0/">Creative Commons Attribution-NonCommercial 3.0 Unported License</a>.'
)


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("cc:license", BY, "by-4.0"),
        ("cc:license", f"{CC}/by-sa/3.0/de/", "by-sa-3.0-de"),
        ("xmpRights:WebStatement", BY, "by-4.0"),
        ("xmpRights:UsageTerms", "Creative Commons Attribution-Share Alike", "by-sa"),
        ("xmpRights:UsageTerms", CHOOSER, "by-nc-3.0"),
        (
            "xmpRights:UsageTerms",
            "This work is licensed to the public under the Creative Commons Attribution-ShareAlike "
            "license http://creativecommons.org/licenses/by-sa/3.0/",
            "by-sa-3.0",
        ),
        (
            "dc:rights",
            "This work is licensed under the Creative Commons Attribution 4.0 International "
            "License. To view a copy of this license, visit "
            "http://creativecommons.org/licenses/by/4.0/ or send a letter to Creative Commons, "
            "PO Box 1866, Mountain View, CA 94042, USA.",
            "by-4.0",
        ),
        ("dc:rights", "CC BY-SA 4.0; CC BY-SA 4.0 International", "by-sa-4.0"),
        ("dc:rights", "Public domain", "pdm"),
        ("exif:Copyright", "CC-BY-SA 4.0", "by-sa-4.0"),
        ("iptc:CopyrightNotice", "CC0", "cc0"),
        ("png:Copyright", "© Ann 2020, all rights reserved", "arr"),
        ("exif:Copyright", "(c) 2011 Ann. All Rights Reserved. No use without permission", "arr"),
        ("exif:Copyright", "Ann; Tous droits réservés", "arr"),
        ("exif:Copyright", "x" * 900 + " all rights reserved", "arr"),
    ],
)
def test_reads_one_statement(field, text, code):
    found = embedded_license({field: text})
    assert (found.code, found.evidence, found.raw) == (code, Evidence.FILE, text[:400])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("exif:Copyright", "© Tony Webster"),
        ("exif:Copyright", "Copyright 2014"),
        ("exif:Copyright", "some rights reserved"),
        ("exif:Copyright", "PD"),  # initials
        ("exif:Copyright", "BY"),
        ("exif:Copyright", "SA"),
        ("dc:rights", "by-sa"),
        ("dc:rights", "CC BY 4.0 Photo Agency, London"),
        ("dc:rights", "CC Rider; CC BY Studio"),
        ("dc:rights", "This work is not licensed under CC BY 4.0"),
        ("dc:rights", "This work is licensed under a Creative Commons license"),
        ("xmpRights:WebStatement", "https://example.com/only/with-permission"),
        ("photoshop:Credit", "CC BY 4.0"),
        ("plus:LicensorURL", BY),
        ("dc:creator", "CC0"),
        ("xmpRights:Marked", "False"),
    ],
)
def test_a_notice_a_name_or_a_credit_gives_no_license(field, text):
    found = embedded_license({field: text})
    assert found.code == "unknown"
    assert found.openness == 0


def test_nothing_said_is_no_license():
    assert embedded_license({}) == embedded_license({"exif:Copyright": "© Ann"}) == NO_LICENSE
    assert embedded_license({"cc:license": ""}) == NO_LICENSE


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ({"cc:license": BY, "dc:rights": "© Ann"}, "by-4.0"),
        ({"cc:license": BY, "dc:rights": "© Ann. All rights reserved."}, "arr"),
        ({"cc:license": BY, "exif:Copyright": "Alle Rechte vorbehalten"}, "arr"),
        ({"cc:license": BY, "xmpRights:UsageTerms": "CC BY-NC 4.0"}, "by-nc-4.0"),
        ({"cc:license": BY, "xmpRights:UsageTerms": "CC BY"}, "by-4.0"),
        ({"cc:license": f"{CC}/by-nc/4.0/", "dc:rights": "CC BY-ND 4.0"}, "unknown"),
        ({"cc:license": BY, "xmpRights:WebStatement": "https://ann.test/rights"}, "by-4.0"),
        # What limits it, in words that only people can weigh.
        ({"cc:license": BY, "xmpRights:UsageTerms": "Editorial use only"}, "unknown"),
        ({"cc:license": BY, "dc:rights": "CC BY 4.0 except the logo"}, "unknown"),
        ({"cc:license": BY, "dc:rights": "Nutzung nur mit Genehmigung"}, "unknown"),
        ({"cc:license": BY, "dc:rights": "Utilisation interdite sans accord"}, "unknown"),
        ({"dc:rights": "CC BY 4.0; no use without permission"}, "unknown"),
        ({"dc:rights": "CC BY 4.0; except the logo"}, "unknown"),
        ({"dc:rights": "CC BY 4.0; Ann"}, "unknown"),
        # A license of its own, beside one that we can read.
        ({"cc:license": "https://ann.test/license", "dc:rights": "CC BY 4.0"}, "unknown"),
        ({"cc:license": "https://ann.test/license", "dc:rights": "all rights reserved"}, "arr"),
        # The link says other than the words around it.
        ({"xmpRights:UsageTerms": CHOOSER.replace("by-nc/", "by-nc-nd/")}, "by-nc-nd-3.0"),
        ({"xmpRights:UsageTerms": CHOOSER.replace("-NonCommercial", "")}, "by-nc-3.0"),
    ],
)
def test_of_statements_that_contradict_each_other_the_stricter_counts(statements, code):
    found = embedded_license(statements)
    assert (found.code, found.evidence) == (code, Evidence.FILE)
    if code in {"arr", "by-nc-4.0"}:
        for text in statements.values():
            assert text in found.raw


@pytest.mark.parametrize(
    "text",
    [
        "This work is licensed under the CC " + "a " * 900,
        "This work is licensed under the CC " + "license, " * 220,
        "this work is licensed under cc by https://" + "a" * 1900,
        "<" * 2000,
        "<a href='" * 220,
        "; " * 1000,
        "(cc by) " * 250,
        "a (" * 600,
    ],
    ids=lambda text: text[:40],
)
def test_a_hostile_statement_is_read_soon(text):
    began = time.process_time()
    for _ in range(20):
        assert embedded_license({"dc:rights": text, "cc:license": text}).openness == 0
    assert time.process_time() - began < 2


def test_reads_what_pillow_wrote():
    exif = Image.Exif()
    exif[0x8298] = "Copyright Ann Example, all rights reserved"
    file = io.BytesIO()
    Image.new("RGB", (200, 150)).save(file, "JPEG", exif=exif)
    embedded = inspect(file.getvalue(), Limits()).embedded
    found = embedded_license(embedded)
    assert (found.code, found.raw) == ("arr", "Copyright Ann Example, all rights reserved")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ibm_5712094300_93dfa825ef_o.jpg", "by-sa"),
        ("ibm_17074306875_b04d4d8102_o.jpg", "arr"),
        ("inet_n01843065_jacamar.jpg", "arr"),
        ("commons_image3.jpg", "by-sa-4.0"),
    ],
)
def test_reads_photos_of_the_web(shared, name, code):
    [path] = (shared / "data").rglob(name)
    embedded = inspect(path.read_bytes(), Limits()).embedded
    assert embedded_license(embedded).code == code
