"""What a file is, by its bytes: never by its name or by what the server says."""

import json

import pytest

from carsets.outcomes import Outcome
from carsets.vision.image_type import TEXT_PREFIX, file_type


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><html></html>",
        b"<!doctype HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'><title>x",
        b"\xef\xbb\xbf\r\n  <html lang=en>",
        b"<!-- a comment --> \n<!-- another --><HTML>",
        b"<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x'><html xmlns='x'/>",
        b"<script>location='/login'</script>",
        b"<h1>404</h1>",
        b"\xff\xfe" + "<!doctype html><p>".encode("utf-16-le"),
        b"<!--" + b"x" * 2 * TEXT_PREFIX + b"--><html>",
    ],
)
def test_knows_a_web_page(page):
    assert file_type(page).outcome is Outcome.HTML


@pytest.mark.parametrize(
    "drawing",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?>\n<!-- made by hand -->\n<svg:svg xmlns:svg='x'/>",
        b"<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>",
        b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'svg11.dtd'><svg/>",
    ],
)
def test_knows_a_drawing_without_parsing_it(drawing):
    assert file_type(drawing).outcome is Outcome.SVG


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"8BPS\0\1", "PSD"),
        (b"\0\0\1\0\1\0", "ICO"),
        (b"PK\3\4\x14\0", "ZIP"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIF"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "video or other media (mp42)"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "RIFF WAVE"),
        (b"RIFF\x24\0\0\0AVI LIST", "RIFF AVI"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS pointer"),
        (json.dumps({"error": "not found"}).encode(), "JSON"),
        (b'  [{"a": 1}]', "JSON"),
        (b"Not Found\n", "text"),
        ("Fant ikke bildet: \u00e6\u00f8\u00e5".encode("latin-1") * 20, "text"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML"),
        (b"<Error><Code>NoSuchKey</Code></Error>", "XML"),
        (b"P6\n2 2\n255\n", "Netpbm"),
        (b"\0" * 128 + b"DICM", "DICOM"),
        (b"a < b, said the page", "text"),
        (bytes(range(256)), "unknown type"),
        (b"\0", "unknown type"),
        (b"\x80\x81\x82\x83" * 100, "text"),
    ],
)
def test_names_what_is_no_image_of_ours(body, name):
    assert file_type(body) == (name, Outcome.UNSUPPORTED)


@pytest.mark.parametrize(
    ("body", "format"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "WEBP"),
        (b"BM\x46\0\0\0", "BMP"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmiaf", "AVIF"),
    ],
)
def test_knows_the_formats_that_can_be_decoded(body, format):
    assert file_type(body) == (format, None)


def test_a_cut_inside_a_character_is_still_text():
    assert file_type("\u00e9".encode() * TEXT_PREFIX).name == "text"
    assert file_type(b"x" + "\u00e9".encode() * TEXT_PREFIX).name == "text"


@pytest.mark.parametrize("body", [b"<!--" * 500_000, b"<?" * 500_000, b"<" * 1_000_000])
def test_reads_no_further_than_its_prefix(body):
    """The same answer as for the prefix alone: the rest is not looked at."""
    assert file_type(body) == file_type(body[:TEXT_PREFIX])
