"""Who may ask the review server what: everything else is refused."""

import re
import socket
from hashlib import sha256
from importlib.resources import files

import pytest

from carsets.problems import UserError
from carsets.review.server import PAGES, ReviewServer
from tests.review.review_data import Client, decision

READING = ["/api/start", "/api/queue", "/api/history", "/api/agreement", "/api/changes?since=0"]
WRITING = ["/api/decisions", "/api/pairs", "/api/place"]


@pytest.fixture
def server(data):
    data.add()
    with data.serving("ann", "bob") as server:
        yield server


def image_of(data):
    return data.catalog.shown([1])[0]["image_id"]


# --- Where it listens -------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "example.org", "127.0.0.2"])
def test_it_listens_for_this_machine_alone(data, host):
    with pytest.raises(UserError, match="for this machine alone") as refusal:
        ReviewServer(data.desk(), data.store, ["ann"], host=host, port=0)
    assert "\n" not in str(refusal.value)


def test_no_other_address_of_this_machine_answers(server):
    assert server.server_address[0] == "127.0.0.1"
    for other in ("127.0.0.2", socket.gethostbyname(socket.gethostname())):
        if other != "127.0.0.1":
            with pytest.raises(OSError), socket.create_connection((other, server.port), 5):
                pass


def test_a_port_that_is_taken_is_one_line(data, server):
    with pytest.raises(UserError, match=f"port {server.port} .* --port 0") as refusal:
        ReviewServer(data.desk(), data.store, ["ann"], host="127.0.0.1", port=server.port)
    assert "\n" not in str(refusal.value)


# --- The token --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*READING, "/images/0000000000000000"])
@pytest.mark.parametrize(
    "given", [None, "", "Bearer ", "Bearer x", "Basic {token}", "{token}", "Bearer {token}x"]
)
def test_nothing_is_told_without_the_token(server, path, given):
    token = next(iter(server.tokens))
    client = Client(server)
    client.headers["Authorization"] = given and given.format(token=token)
    status, _, body = client.ask("GET", path)
    assert status == 403
    assert b"scrapy review" in body


@pytest.mark.parametrize("path", WRITING)
def test_nothing_is_written_without_the_token(data, server, path):
    sent = {"decisions": [decision("a", image_of(data))], "place": {}}
    for headers in ({"Authorization": None}, {"Authorization": None, "Cookie": "token=x"}):
        assert Client(server, **headers).ask("POST", path, sent)[0] == 403
    assert list(data.catalog.every_review()) == []


def test_tokens_are_long_and_new_and_in_no_url_that_is_sent(data, server):
    links = server.links()
    for rater, token in zip(links, server.tokens, strict=True):
        assert len(token) >= 43
        assert links[rater] == f"http://127.0.0.1:{server.port}/#{token}"
    with data.serving("ann") as another:
        assert not set(another.tokens) & set(server.tokens)
    token = next(iter(server.tokens))
    assert Client(server, Authorization=None).ask("GET", f"/api/start?token={token}")[0] == 403


def test_each_link_decides_in_its_own_name(data, server):
    Client(server, "bob").decide(decision("a", image_of(data)))
    assert [review.rater for review in data.catalog.every_review()] == ["bob"]


def test_there_is_no_cookie_that_a_browser_would_add_by_itself(server):
    for path in (*PAGES, *READING):
        _, headers, _ = Client(server).ask("GET", path)
        assert headers["Set-Cookie"] is None


# --- Other sites ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", None, "127.0.0.1.evil.test:{port}"],
)
@pytest.mark.parametrize("path", ["/", "/api/start"])
def test_a_name_that_somebody_points_here_is_refused(server, host, path):
    client = Client(server)
    client.headers["Host"] = host and host.format(port=server.port)
    assert client.ask("GET", path)[0] in {400, 403}
    assert Client(server, Host=f"localhost:{server.port}").ask("GET", path)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},  # another port of this machine
    ],
)
def test_another_site_is_refused_even_with_the_token(data, server, headers):
    headers = {name: value.format(port=server.port) for name, value in headers.items()}
    client = Client(server, **headers)
    sent = {"decisions": [decision("a", image_of(data))]}
    assert client.ask("POST", "/api/decisions", sent)[0] == 403
    assert client.ask("GET", "/api/start")[0] == 403
    assert list(data.catalog.every_review()) == []


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_what_a_form_can_send_is_refused(data, server, kind):
    client = Client(server, Content_Type=kind)
    sent = {"decisions": [decision("a", image_of(data))]}
    assert client.ask("POST", "/api/decisions", sent)[0] == 415
    assert list(data.catalog.every_review()) == []


def test_nobody_else_is_told_that_they_may_read(server):
    client = Client(server, Origin=f"http://127.0.0.1:{server.port}")
    _, headers, _ = client.ask("GET", "/api/start")
    assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "X"])
def test_other_methods_are_refused(server, method):
    assert Client(server).ask(method, "/api/decisions")[0] == 405


def test_a_get_changes_nothing(data, server):
    image_id = image_of(data)
    before = data.catalog.reviews_changed(-1, 1)
    for path in (*READING, *WRITING, f"/api/decisions?key=a-0000-0000&image_id={image_id}"):
        Client(server).ask("GET", path)
    assert data.catalog.reviews_changed(-1, 1) == before
    assert data.catalog.review_place("ann") == {}
    assert list(data.catalog.judged_pairs()) == []


# --- What the browser is told -----------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, "/api/start", "/nothing", "/images/x"])
def test_every_answer_shuts_the_page_in(server, path):
    _, headers, _ = Client(server).ask("GET", path)
    policy = dict(
        part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' blob:"
    assert policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_the_page_names_no_other_place_and_makes_no_markup_of_texts():
    folder = files("carsets.review") / "page"
    for name, _ in PAGES.values():
        text = (folder / name).read_text(encoding="utf-8")
        foreign = set(re.findall(r"(?:https?:)?//[a-z][\w.-]+\.[a-z]{2,}", text))
        assert foreign <= {"http://www.w3.org"}, name  # the name of SVG
        if name.endswith((".js", ".html")):
            for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
                assert word not in text, name
        assert not re.search(r"\son\w+=|<style|style=|javascript:", text) or name.endswith(".js")


# --- Images -----------------------------------------------------------------------------------


def test_an_image_is_served_byte_for_byte(data, server):
    digest = data.add(seen={"title": "another"})
    status, headers, body = Client(server).ask("GET", f"/images/{digest[:16]}")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert body == data.file(digest).read_bytes()
    assert sha256(body).hexdigest() == digest


@pytest.mark.parametrize(
    "name",
    ["", "..", "../../catalog.sqlite", "%2e%2e/catalog.sqlite", "0" * 16, "0" * 64, "ab/cd/x.jpg"],
)
def test_there_are_no_images_but_those_of_the_catalog(server, name):
    assert Client(server).ask("GET", f"/images/{name}")[0] == 404


@pytest.mark.parametrize("path", ["../catalog.sqlite", "/etc/passwd", "gone.jpg", "ab", ""])
def test_no_path_in_the_catalog_leads_out_of_the_store(data, server, path):
    digest = data.add(path="")
    from carsets.catalog.schema import images

    (data.store / "ab").mkdir(exist_ok=True)
    with data.catalog._write() as connection:
        connection.execute(images.update().where(images.c.sha256 == digest).values(path=path))
    assert Client(server).ask("GET", f"/images/{digest[:16]}")[0] == 404


def test_no_link_in_the_store_leads_out_of_it(data, server):
    digest = data.add()
    data.file(digest).unlink()
    data.file(digest).symlink_to(data.folder / "data" / "catalog.sqlite")
    assert Client(server).ask("GET", f"/images/{digest[:16]}")[0] == 404


def test_what_is_no_image_is_never_shown_as_a_page(data, server):
    digest = data.add(mime="text/html")
    _, headers, _ = Client(server).ask("GET", f"/images/{digest[:16]}")
    assert headers["Content-Type"] == "application/octet-stream"


# --- Bad requests -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'{"decisions": 1}', 400),
        (b'{"decisions": [1]}', 400),
        (b" " * (1 << 20) + b" ", 413),
    ],
)
def test_what_is_no_decision_is_refused_in_one_line(data, server, body, status):
    got, _, answer = Client(server).ask("POST", "/api/decisions", body)
    assert got == status
    assert answer.count(b"\n") == 0
    assert list(data.catalog.every_review()) == []


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "²", None])
def test_a_request_says_how_long_it_is(server, length):
    client = Client(server, Content_Length=length)
    if length == "²":
        client.headers["Content-Length"] = "²".encode("latin-1")
    assert client.ask("POST", "/api/decisions", b"{}")[0] == 411


def test_a_browser_that_hangs_up_stops_nobody(data, server):
    for sent in (b"", b"GET", b"GET / HTTP/1.1\r\nHost: x", b"\x16\x03\x01\x00", b"\r\n" * 50):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(sent)
    assert Client(server).get("/api/start")["rater"] == "ann"
