"""T32: hostile pages cost the engines' parsers no more time than honest ones of their size."""

import time
from contextlib import suppress

import pytest

from carsets.sources.foreign_text import ForeignTextError
from carsets.spiders import baidu, brave, duckduckgo, ecosia, yandex

SIZE = 2 * 1024 * 1024  # bytes
TILE = '<article data-test-id="images-result"><a data-test-id="image-result-link" href="x">'
READERS = {
    "duckduckgo": lambda page: duckduckgo.read_page(page.encode()),
    "token": duckduckgo.read_token,
    "brave": brave.read_page,
    "ecosia": ecosia.read_page,
    "yandex": yandex.read_page,
    "baidu": lambda page: baidu.read_page(page.encode()),
}


@pytest.mark.parametrize(
    ("reader", "before", "piece"),
    [
        ("duckduckgo", "", "["),
        ("duckduckgo", "", '{"results":['),
        ("token", "", 'vqd  =  "'),
        ("token", "", "vqd=4-"),
        ("brave", "kit.start(data:", "[{a:"),
        ("brave", "kit.start(", "data: ["),
        ("brave", "", "<form "),
        ("ecosia", TILE, 'image-result-dimensions"  '),
        ("ecosia", TILE, '<h2 class="image-result__details-title"'),
        ("ecosia", TILE, "<a "),
        ("ecosia", "", '<a data-test-id="pagination-control-next'),
        ("ecosia", "", TILE),
        ("yandex", "", 'data-state="serpList'),
        ("yandex", "", "class='x' class=\"y "),
        ("yandex", '<div data-state="serpList', "&amp;"),
        ("baidu", "", "{\\"),
        ("baidu", "", '{"data":[{"objURL":"_z2C$q"},'),
    ],
)
def test_a_hostile_page_is_read_or_refused_soon(reader, before, piece):
    page = (before + piece * (SIZE // len(piece)))[:SIZE]
    began = time.process_time()
    with suppress(ForeignTextError):
        READERS[reader](page)
    # Honest pages of this size take less than a second; what is quadratic takes an hour.
    assert time.process_time() - began < 10
