import base64
import gzip
import hashlib
import itertools
import json
import subprocess
import sys

import pytest

from carsets.image_lists import ImageList
from carsets.image_lists.columns import OPEN_IMAGES_COLUMNS
from carsets.problems import UserError

HEADER = ",".join(OPEN_IMAGES_COLUMNS)
# The sample row of the announcement: no comma between the title and the size.
SAMPLE = (
    "000060e3121c7305,train,https://c1.staticflickr.com/5/4129/5215831864_46f356962f_o.jpg,"
    "https://www.flickr.com/photos/brokentaco/5215831864,"
    "https://creativecommons.org/licenses/by/2.0/,"
    '"https://www.flickr.com/people/brokentaco/","David","28 Nov 2010 Our new house."'
    "211079,0Sad+xMj2ttXM1U8meEJ0A==,"
    "https://c1.staticflickr.com/5/4129/5215831864_ee4e8c6535_z.jpg"
)


def open_images_row(number: int, title: str = '"A ""red"" car, parked"') -> str:
    digest = base64.b64encode(hashlib.md5(str(number).encode()).digest()).decode()
    return (
        f"{number:016x},train,https://images.test/{number}.jpg,https://pages.test/{number},"
        f"https://creativecommons.org/licenses/by/2.0/,https://pages.test/jane,Jane,{title},"
        f"{1000 + number},{digest},https://images.test/{number}_z.jpg"
    )


@pytest.fixture
def rows_of(tmp_path):
    def read(text, name="list.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(ImageList.open(path).rows())

    return read


def urls(rows):
    return [row.found.image_url for row in rows]


def problems(rows):
    return [row.problem for row in rows if row.problem]


# --- Plain text -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["urls.txt", "urls", "urls.list"])
def test_reads_one_url_a_line_and_passes_over_comments_and_blank_lines(rows_of, name):
    text = "\ufeff# cars\r\n\r\nhttps://a.test/1.jpg\r\n  https://a.test/2.jpg  \r\n#\r\n"
    rows = rows_of(text, name)
    assert urls(rows) == ["https://a.test/1.jpg", "https://a.test/2.jpg"]
    assert [row.line for row in rows] == [3, 4]
    assert not problems(rows)


def test_a_line_that_is_no_url_keeps_its_words_and_its_line_number(rows_of):
    rows = rows_of("https://a.test/1.jpg\nred car.jpg\nhttps:///x.jpg\nhttp://[::1\n", "urls.txt")
    assert [row.line for row in rows] == [1, 2, 3, 4]
    assert urls(rows)[1:] == ["red car.jpg", "https:///x.jpg", "http://[::1"]
    assert [problem.split(":")[0] for problem in problems(rows)] == ["line 2", "line 3", "line 4"]


def test_other_schemes_are_left_to_the_gate_that_all_sources_share(rows_of):
    rows = rows_of("ftp://a.test/1.jpg\ndata:image/png;base64,AAAA\n", "urls.txt")
    assert not problems(rows)


def test_a_list_in_utf_16_as_spreadsheets_write_it(rows_of):
    rows = rows_of("url\ttitle\nhttps://a.test/1.jpg\tCitroën\n".encode("utf-16"), "list.txt")
    assert [(row.found.image_url, row.found.title) for row in rows] == [
        ("https://a.test/1.jpg", "Citroën")
    ]


def test_what_is_not_utf_8_is_read_as_windows_1252(rows_of):
    [row] = rows_of("url,title\nhttps://a.test/1.jpg,Citroën €\n".encode("cp1252"))
    assert row.found.title == "Citroën €"


def test_a_compressed_list_is_read_as_it_is(rows_of):
    text = gzip.compress(b"url,make\nhttps://a.test/1.jpg,Ford\n", mtime=0)
    [row] = rows_of(text, "list.csv.gz")
    assert row.labels == {"make": "Ford"}


def test_a_line_without_end_is_cut_and_costs_one_row(rows_of):
    text = "https://a.test/1.jpg\nx" + "y" * 3_000_000 + "\nhttps://a.test/3.jpg\n"
    rows = rows_of(text, "urls.txt")
    assert [row.line for row in rows] == [1, 2, 3]
    assert len(rows[1].found.image_url) == 200
    assert rows[2].found.image_url == "https://a.test/3.jpg"


# --- Tables -----------------------------------------------------------------------------------


def test_columns_may_come_in_any_order(rows_of):
    text = (
        "Model;sha256;License;Landing Page;Make;Image URL;Author;stars\n"
        f"Focus;{'ab' * 32};CC BY-SA 4.0;https://p.test/1;Ford;https://a.test/1.jpg;Ann;5\n"
    )
    [row] = rows_of(text)
    assert row.found.image_url == "https://a.test/1.jpg"
    assert row.found.page_url == "https://p.test/1"
    assert row.found.author == "Ann"
    assert row.found.license.code == "by-sa-4.0"
    assert row.found.license.evidence.name == "LIST"
    assert row.found.sha256 == "ab" * 32
    assert row.found.extra == {"stars": "5"}
    assert row.labels == {"make": "Ford", "model": "Focus"}


@pytest.mark.parametrize(
    "column", ["url", "URL", "image_url", "imageUrl", "OriginalURL", "murl", "contentUrl"]
)
def test_the_image_column_goes_by_many_names(rows_of, column):
    assert urls(rows_of(f"id\t{column}\n1\thttps://a.test/1.jpg\n", "l.tsv")) == [
        "https://a.test/1.jpg"
    ]


def test_the_more_telling_of_two_image_columns_wins_and_the_other_is_kept(rows_of):
    [row] = rows_of("url,OriginalURL\nhttps://a.test/small,https://a.test/original\n")
    assert row.found.image_url == "https://a.test/original"
    assert row.found.extra == {"url": "https://a.test/small"}


def test_reads_every_column_of_open_images(rows_of):
    [row] = rows_of(f"{HEADER}\n{open_images_row(7)}\n")
    found = row.found
    assert found.source_id == f"{7:016x}"
    assert found.image_url == "https://images.test/7.jpg"
    assert found.page_url == "https://pages.test/7"
    assert found.license.code == "by-2.0"
    assert (found.author, found.author_url) == ("Jane", "https://pages.test/jane")
    assert found.title == 'A "red" car, parked'
    assert found.md5 == hashlib.md5(b"7").hexdigest()
    assert found.thumbnail_url == "https://images.test/7_z.jpg"
    assert found.extra == {"Subset": "train", "OriginalSize": "1007"}
    assert not row.problem


def test_the_published_sample_row_with_its_missing_comma_is_read(rows_of):
    rows = rows_of(f"{HEADER}\n{SAMPLE}\n{open_images_row(2)}\n")
    assert not problems(rows)
    assert rows[0].found.title == "28 Nov 2010 Our new house."
    assert rows[0].found.extra["OriginalSize"] == "211079"
    assert rows[0].found.md5 == "d1269dfb1323dadb5733553c99e109d0"
    assert rows[1].found.image_url == "https://images.test/2.jpg"


def test_titles_with_line_breaks_quotes_and_commas(rows_of):
    title = '"First line,\r\n\r\nsecond ""quoted""\nthird"'
    rows = rows_of("\r\n".join([HEADER, open_images_row(1, title), open_images_row(2)]))
    assert rows[0].found.title == 'First line,\r\n\r\nsecond "quoted"\nthird'
    assert [row.line for row in rows] == [2, 6]
    assert not problems(rows)


def test_a_quote_inside_a_bare_field_is_only_a_quote(rows_of):
    rows = rows_of('url,title\nhttps://a.test/1.jpg,15" wheels\nhttps://a.test/2.jpg,b\n')
    assert [row.found.title for row in rows] == ['15" wheels', "b"]


def test_a_quote_that_never_closes_costs_its_own_row_only(rows_of):
    lines = [HEADER, open_images_row(1), open_images_row(2, '"never closed'), open_images_row(3)]
    rows = rows_of("\n".join([*lines, open_images_row(4, '"also open'), open_images_row(5)]))
    assert [row.line for row in rows] == [2, 3, 4, 5, 6]
    assert [bool(row.problem) for row in rows] == [False, True, False, True, False]
    assert urls(rows)[2] == "https://images.test/3.jpg"


def test_a_list_full_of_stray_quotes_is_read_to_its_end(rows_of):
    rows = rows_of("url,title\n" + 'https://a.test/1.jpg,"open\n' * 5_000)
    assert [row.line for row in rows] == list(range(2, 5_002))
    assert all(row.problem for row in rows)


def test_an_unquoted_comma_does_not_shift_the_columns_silently(rows_of):
    rows = rows_of(
        "url,title,license\nhttps://a.test/1.jpg,a, b,CC0\nhttps://a.test/2.jpg,c,CC0 1.0\n"
    )
    assert problems(rows) == ["line 2: 4 fields where the header has 3 (a comma unquoted?)"]
    assert rows[1].found.license.code == "cc0-1.0"


def test_empty_cells_at_the_end_of_a_row_may_be_there_or_missing(rows_of):
    rows = rows_of("url,title,make\nhttps://a.test/1.jpg\nhttps://a.test/2.jpg,t,Ford,,\n")
    assert not problems(rows)
    assert rows[1].labels == {"make": "Ford"}


def test_a_row_without_an_address_is_named_by_its_place(rows_of):
    rows = rows_of("title,url\nsome car,\nother car,https://a.test/2.jpg\n")
    assert urls(rows) == ["list.csv:2", "https://a.test/2.jpg"]
    assert problems(rows) == ["line 2: no image URL in it"]


@pytest.mark.parametrize(
    ("text", "hexadecimal"),
    [
        ("0Sad+xMj2ttXM1U8meEJ0A==", "d1269dfb1323dadb5733553c99e109d0"),
        ("0Sad-xMj2ttXM1U8meEJ0A", "d1269dfb1323dadb5733553c99e109d0"),
        ("D1269DFB1323DADB5733553C99E109D0", "d1269dfb1323dadb5733553c99e109d0"),
    ],
)
def test_an_md5_may_be_base64_or_hex(rows_of, text, hexadecimal):
    [row] = rows_of(f"url,md5\nhttps://a.test/1.jpg,{text}\n")
    assert row.found.md5 == hexadecimal


@pytest.mark.parametrize("column", ["md5", "sha256"])
@pytest.mark.parametrize("text", ["abc", "=HYPERLINK(1)", "0" * 31, "é" * 64])
def test_a_hash_that_is_none_is_told_and_not_taken_for_missing(rows_of, column, text):
    [row] = rows_of(f"url,{column}\nhttps://a.test/1.jpg,{text}\n")
    assert row.problem.startswith(f"line 2: {column} is neither")
    assert row.found.image_url == "https://a.test/1.jpg"


# --- JSON lines -------------------------------------------------------------------------------


def test_reads_json_lines_and_names_the_bad_ones(rows_of):
    good = {"image_url": "https://a.test/1.jpg", "width": 640, "tags": ["x"], "year": 2004}
    text = f"{json.dumps(good)}\n\nnot json\n[1]\n" + '{"a":' * 5000 + "\n"
    rows = rows_of(text, "list.jsonl")
    assert rows[0].found.width == 640
    assert rows[0].labels == {"year": "2004"}
    assert rows[0].found.extra == {"tags": ["x"]}
    assert [row.line for row in rows] == [1, 3, 4, 5]
    assert len(problems(rows)) == 3


def test_the_form_is_seen_from_the_content_where_the_name_says_nothing(rows_of):
    assert rows_of('{"url": "https://a.test/1.jpg"}\n', "l.txt")[0].found.image_url.endswith(
        "1.jpg"
    )
    assert rows_of("make,url\nFord,https://a.test/1.jpg\n", "l.txt")[0].labels == {"make": "Ford"}


# --- What stops a run at its start ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("l.csv", b"title,author\na,b\n", "no column has the image's URL"),
        ("l.csv", b"https://a.test/1.jpg,Ford\n", "is the header missing?"),
        ("l.csv", b"url,title\n", "the list is empty"),
        ("l.csv", b"", "the list is empty"),
        ("l.csv", b"url,ti\xfftle\x00", "neither a text file nor Parquet"),
        ("l.txt", b"# nothing\n\n", "the list is empty"),
        ("l.txt", b'[{"url": "https://a.test/1.jpg"}]', "a JSON array"),
        ("l.parquet", b"PAR1\x00\x00\x00", "damaged Parquet"),
        ("l.txt.gz", gzip.compress(b"https://a.test/1.jpg\n", mtime=0)[:-9], "cannot be read"),
        ("l.txt.gz", b"\x1f\x8bgarbage", "cannot be read"),
    ],
)
def test_a_list_that_is_none_ends_in_one_line(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        ImageList.open(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_file_and_a_folder_end_in_one_line(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        ImageList.open(tmp_path / "none.csv")
    with pytest.raises(UserError, match="cannot be read"):
        ImageList.open(tmp_path)


def test_another_content_is_another_list(tmp_path):
    path = tmp_path / "urls.txt"
    path.write_text("https://a.test/1.jpg\n")
    first = ImageList.open(path).digest
    assert ImageList.open(path).digest == first
    path.write_text("https://a.test/1.jpg\nhttps://a.test/2.jpg\n")
    assert ImageList.open(path).digest != first


def test_reading_is_lazy(tmp_path):
    path = tmp_path / "urls.txt"
    path.write_text("".join(f"https://a.test/{number}.jpg\n" for number in range(100_000)))
    rows = ImageList.open(path).rows()
    assert [row.line for row in itertools.islice(rows, 3)] == [1, 2, 3]
    rows.close()


def test_memory_does_not_grow_with_the_list(tmp_path):
    """The reader of 40,000 rows is as large as that of 400 (whose rows would take 40 MB)."""
    program = (
        "import sys, resource, pathlib\n"
        "from carsets.image_lists import ImageList\n"
        "count = sum(1 for row in ImageList.open(pathlib.Path(sys.argv[1])).rows())\n"
        "print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    peaks = []
    for rows in (400, 40_000):
        path = tmp_path / f"{rows}.csv"
        with path.open("w") as stream:
            print(HEADER, file=stream)
            for number in range(rows):
                print(open_images_row(number), file=stream)
        done = subprocess.run(
            [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
        )
        count, peak = map(int, done.stdout.split())
        assert count == rows
        peaks.append(peak)

    assert peaks[1] - peaks[0] < 8 * 1024  # kB


def test_characters_that_no_database_takes_cost_themselves_or_the_address(rows_of):
    lines = [
        {
            "url": "https://a.test/1.jpg",
            "title": "a\ud800b\0",
            "make": "F\udfff",
            "o\ud800": ["\0x"],
        },
        {"url": "https://a.test/\ud8002.jpg"},
        {"url": "https://a.test/3\0.jpg"},
    ]
    rows = rows_of("".join(json.dumps(line) + "\n" for line in lines), "list.jsonl")
    assert (rows[0].found.title, rows[0].labels) == ("ab", {"make": "F"})
    assert rows[0].found.extra == {"o": ["x"]}
    assert [row.problem.partition(":")[0] for row in rows] == ["", "line 2", "line 3"]
    for row in rows:
        assert "\0" not in row.found.image_url
        row.found.image_url.encode()
        row.problem.encode()


def test_what_is_nested_without_end_costs_its_own_row(rows_of):
    deep = "[" * 300 + "]" * 300
    lines = ['{"url": "https://a.test/1.jpg", "odd": %s}' % text for text in (deep, "[[1]]")]  # noqa: UP031
    first, second = rows_of("\n".join(lines) + "\n", "list.jsonl")
    assert first.problem == "line 1: nested too deeply"
    assert second.found.extra == {"odd": [[1]]}
