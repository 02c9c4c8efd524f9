"""No word of a stranger becomes part of a page: read strictly, and looked at in a real Chromium."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree

PAGES = ("index", "gallery", "doubts")
SCRIPTS = {"gallery.js", "data/facts.js"}
POLICY = (
    "default-src 'none'; img-src 'self' file:; style-src 'self' file:; script-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)
# All elements in which a report is written: none of them can do anything by itself.
HTML = (
    "html head meta title link body a header div b nav main h1 h2 h3 p ul li table caption thead "
    "tbody tr th td section span footer code figure img figcaption br details summary form label "
    "input button noscript dialog script"
)
DRAWING = "svg g path defs use clippath rect text title tspan"


class Elements(HTMLParser):
    """The elements of a page, and their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@pytest.fixture(params=PAGES)
def page(request, made):
    return made / f"{request.param}.html"


def test_a_page_holds_only_the_elements_of_its_template(page):
    for tag, attributes in Elements(page.read_text()).found:
        assert tag in f"{HTML} {DRAWING}".split()
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if tag == "script":
            assert attributes["src"] in SCRIPTS
        if tag == "img":
            assert attributes["src"].startswith("../../images/")
        if tag == "a" and urlsplit(attributes["href"]).scheme:
            assert attributes["href"].lower().startswith(("http://", "https://"))
            assert attributes["rel"] == "noopener noreferrer"


def test_a_page_has_the_policy_before_anything_that_it_governs(page):
    elements = Elements(page.read_text()).found
    policies = [
        a["content"] for _, a in elements if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == [POLICY]
    tags = [tag if a.get("http-equiv") is None else "policy" for tag, a in elements]
    assert tags.index("policy") < min(tags.index("title"), tags.index("link"))


def test_what_strangers_wrote_is_there_as_text(made):
    text = (made / "index.html").read_text()
    assert "&lt;img src=x onerror=" in text
    assert "<img src=x" not in text
    assert "{{ 7 * 7 }}" in text


def test_the_data_of_the_gallery_is_ascii_and_ends_no_script(made):
    for path in (made / "data").iterdir():
        text = path.read_text("ascii")
        assert re.match(r'carsets\.take\("[a-z0-9-]+",', text)
        assert text.count("\n") == 1


def test_nothing_that_is_not_in_the_dataset_is_shown(made, planted):
    for path in made.rglob("*"):
        if path.is_file():
            text = path.read_text()
            for hidden in planted.hidden:
                assert hidden not in text, path
                assert Path(hidden).name not in text, path


def test_the_plots_are_whole_drawings_that_hold_no_script(made):
    plots = sorted((made / "plots").iterdir())
    assert {"funnel.svg", "queries.svg", "bars-color.svg", "pace.svg"} <= {p.name for p in plots}
    for path in plots:
        root = etree.fromstring(path.read_bytes())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        tags = {etree.QName(part).localname.lower() for part in root.iter(etree.Element)}
        assert tags <= set(DRAWING.split())
        for part in root.iter(etree.Element):
            assert not [name for name in part.attrib if name.startswith("on") or name == "style"]
            assert (part.get("href") or "#").startswith("#")


@pytest.mark.parametrize("name", PAGES)
def test_a_browser_runs_no_word_of_a_stranger(tab, made, name):
    tab.goto((made / f"{name}.html").as_uri())
    tab.wait_for_timeout(300)
    title = tab.title()
    if name == "gallery":  # the worst of the words, where the script itself writes them
        tab.fill("#q", "onerror")
        tab.locator("#count", has_text=" of ").wait_for()
        tab.click(".tile")
        tab.wait_for_selector("dialog[open] dl")
        assert "<img src=x onerror=" in tab.inner_text("dialog")
    assert "hit" not in (title, tab.title())
    missing = "Failed to load resource: net::ERR_FILE_NOT_FOUND"  # one picture is not there
    assert set(tab.said) <= {missing}
    assert {urlsplit(url).scheme for url in tab.asked} == {"file"}
    assert (
        tab.evaluate("[...document.images].filter((i) => i.getAttribute('src') === 'x').length")
        == 0
    )
    links = tab.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.protocol)")
    assert set(links) <= {"file:", "http:", "https:"}
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
