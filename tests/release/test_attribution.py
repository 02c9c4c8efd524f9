"""Credits: what they need, and the two files that list them."""

import csv
from html.parser import HTMLParser

import pytest

from carsets.exports.spreadsheet import exact
from carsets.licenses import Evidence, license_table, read_license
from carsets.release.attribution import COLUMNS, CSV_NAME, HTML_NAME, AttributionWriter
from carsets.release.credit import credit_of, web_address
from carsets.release.folder import ReleaseFolder
from carsets.release.record import ImageFile, Record
from tests.exports.hostile_texts import TITLES

BY_URL = "https://creativecommons.org/licenses/by/4.0/"
PAGE, URL = "https://flickr.test/photos/1", "https://live.flickr.test/1.jpg"
UNCHANGED = ImageFile(None, "jpg", 40, 30, 10, "0" * 64, False)
CHANGED = ImageFile(None, "jpg", 20, 20, 10, "0" * 64, True)


def record(number=1, **changes):
    facts = {
        "image_id": f"{number:016x}",
        "sha256": f"{number:064x}",
        "md5": "",
        "path": "",
        "width": 40,
        "height": 30,
        "bytes": 10,
        "format": "JPEG",
        "mime": "image/jpeg",
        "license": read_license(BY_URL, Evidence.API),
        "title": "My car",
        "author": "Eve",
        "author_url": "https://flickr.test/people/eve",
        "url": URL,
        "page_url": PAGE,
        "attribution": "Photo: Eve",
    }
    return Record(**(facts | changes))


# --- What a credit needs ----------------------------------------------------------------------


def test_a_whole_credit():
    credit = credit_of(record(), "resized")
    assert credit.missing == ()
    assert credit.line == f'"My car" by Eve, {PAGE}, CC BY 4.0 ({BY_URL}), changes: resized'


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"author": " "}, ("author",)),
        ({"page_url": "", "url": ""}, ("source",)),
        ({"page_url": "javascript:alert(1)", "url": "file:///home/me/1.jpg"}, ("source",)),
        ({"license": read_license("CC BY", Evidence.API)}, ("license",)),
        ({"author": "", "page_url": "", "url": ""}, ("author", "source")),
        ({"title": ""}, ()),  # asked for "if supplied" up to 3.0, not at all by 4.0
        ({"page_url": ""}, ()),  # the image's own address leads to it too
        ({"author": "", "attribution": 'Photo: "x" by Eve'}, ("author",)),  # never guessed
    ],
)
def test_what_a_license_asks_for_and_nobody_said_is_missing(changes, missing):
    assert credit_of(record(**changes)).missing == missing


@pytest.mark.parametrize("key", [k for k, terms in license_table().items() if not terms.att])
def test_nothing_is_missing_where_nothing_is_owed(key):
    bare = record(author="", title="", url="", page_url="", license=read_license(key))
    assert credit_of(bare).missing == ()


@pytest.mark.parametrize("key", [k for k, terms in license_table().items() if terms.att])
def test_every_license_that_asks_for_a_credit_is_refused_without_one(key):
    assert "author" in credit_of(record(author="", license=read_license(key))).missing


def test_a_title_is_not_invented():
    assert credit_of(record(title="")).title == ""
    assert credit_of(record(title="")).line.startswith("By Eve, ")


@pytest.mark.parametrize("key", ["by-sa-2.0", "by-sa-4.0", "by-nc-sa-3.0"])
def test_a_changed_copy_carries_the_license_of_its_original(key):
    license_ = read_license(license_table()[key].url, Evidence.API)
    changed = credit_of(record(license=license_), "resized")
    assert changed.license_name == license_.terms.name
    assert changed.license_url == license_.url
    assert changed.changes == "resized"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//x.test/",
        "http:",
        "x",
        "http://[::1",
        "",
    ],
)
def test_only_web_addresses_are_addresses(url):
    assert web_address(url) == ""


# --- The two files ----------------------------------------------------------------------------


def write(path, rows, plan="plan"):
    """Write both files; ``rows`` are (record, image, place)."""
    with ReleaseFolder(path, plan) as folder:
        writer = AttributionWriter(folder, "my cars", "resized")
        for one, image, place in rows:
            writer.add(one, image, place)
        writer.finish()
        return folder.path


class Page(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self):
        super().__init__()
        self.tags = []
        self.links = []
        self.cells = []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        names = dict(attributes)
        assert not [name for name in names if name.startswith("on") or name in {"src", "action"}]
        if "href" in names:
            assert names["rel"] == "noopener noreferrer"
            self.links.append(names["href"])
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


HOSTILE = [
    record(
        number,
        title=title,
        author=title,
        author_url="javascript:alert(1)" if number % 2 else f"https://x.test/?q={title}",
        page_url="" if number % 3 else f"https://x.test/'\"><script>{number}</script>",
        attribution=title,
    )
    for number, title in enumerate([*TITLES, "nul \0 in it", "half \ud83d of one"], 1)
]


def test_the_table_round_trips_and_runs_nothing(tmp_path):
    path = write(
        tmp_path / "r", [(one, UNCHANGED, f"images/{one.image_id}.jpg") for one in HOSTILE]
    )
    with (path / CSV_NAME).open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert len(rows) == len(HOSTILE)
    for one, row in zip(HOSTILE, rows, strict=True):
        found = dict(zip(COLUMNS, row, strict=True))
        assert not [cell for cell in row if cell[:1] in set("=+-@\t\r\n＝＋－＠")]
        if "\ud83d" not in one.title:
            assert exact(found["title"]) == credit_of(one).title
        assert found["image_id"] == one.image_id
        assert found["license_url"] == BY_URL
        assert found["source"] == credit_of(one).source


def test_the_page_has_no_elements_but_its_own(tmp_path):
    plain = [record(number) for number in range(1, len(HOSTILE) + 1)]
    pages = []
    for name, records in (("hostile", HOSTILE), ("plain", plain)):
        path = write(tmp_path / name, [(one, UNCHANGED, "") for one in records])
        page = Page()
        page.feed((path / HTML_NAME).read_text(encoding="utf-8"))
        page.close()
        pages.append(page)
    hostile, harmless = pages
    assert set(hostile.tags) <= set(harmless.tags)
    assert hostile.tags.count("tr") == harmless.tags.count("tr") == len(HOSTILE) + 1
    assert "script" not in hostile.tags
    assert "img" not in hostile.tags
    assert all(link.startswith(("https://", "http://")) for link in hostile.links)
    assert [cell.strip() for cell in harmless.cells[:6]] == [
        f"{1:016x}",
        "My car",
        "EvePhoto: Eve",
        PAGE,
        "CC BY 4.0",
        "",
    ]


def test_the_page_loads_nothing(tmp_path):
    text = (write(tmp_path / "r", [(record(), UNCHANGED, "")]) / HTML_NAME).read_text()
    assert "default-src 'none'" in text
    for word in ("<script", "<link", "<img", "@import", "url("):
        assert word not in text


def test_changes_are_said_of_changed_copies_alone(tmp_path):
    path = write(tmp_path / "r", [(record(1), UNCHANGED, ""), (record(2), CHANGED, "")])
    with (path / CSV_NAME).open(encoding="utf-8", newline="") as file:
        assert [row["changes"] for row in csv.DictReader(file)] == ["", "resized"]


def test_what_an_earlier_pass_has_written_is_left_as_it_is(tmp_path):
    rows = [(record(number), UNCHANGED, "") for number in range(1, 4)]
    path = write(tmp_path / "r", rows)
    before = (path / CSV_NAME).stat().st_mtime_ns, (path / HTML_NAME).stat().st_mtime_ns
    write(tmp_path / "r", rows)
    assert before == ((path / CSV_NAME).stat().st_mtime_ns, (path / HTML_NAME).stat().st_mtime_ns)
