"""Every hostile route does what its name says, and every bad image ends as its facts say."""

import gzip
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from io import BytesIO
from itertools import islice

import pytest
from PIL import Image

from carsets.fakeweb import corpus
from carsets.fakeweb.facts import facts
from carsets.fakeweb.hostile import HUGE, ROUTES

HOST = "https://hostile.carsets.test"


def first(fate, source=None):
    images = (facts(number) for number in range(200_000))
    return next(i for i in images if i.fate == fate and source in (None, i.source))


def opened(answer):
    image = Image.open(BytesIO(answer.body))
    image.load()
    return image


@pytest.mark.parametrize(
    "path",
    ["/ok.jpg", "/noai", "/tdm", "/iptc-prohibited.jpg", "/gps.jpg", "/cmyk.jpg", "/polyglot"],
)
def test_pictures_are_whole(ask, path):
    answer = ask(HOST + path)
    assert answer.status == 200
    assert opened(answer).format == "JPEG"


def test_opt_outs_are_in_headers_and_in_the_file(ask):
    assert ask(f"{HOST}/noai").headers["x-robots-tag"] == "noai"
    assert ask(f"{HOST}/tdm").headers["tdm-reservation"] == "1"
    assert b"DMI-PROHIBITED" in ask(f"{HOST}/iptc-prohibited.jpg").body
    assert opened(ask(f"{HOST}/gps.jpg")).getexif().get_ifd(0x8825)[1] == "N"
    for fate, header in (("noai", "x-robots-tag"), ("tdm", "tdm-reservation")):
        assert header in ask(corpus.image_url(first(fate))).headers


def test_odd_pictures_are_odd(ask):
    assert opened(ask(f"{HOST}/cmyk.jpg")).mode == "CMYK"
    assert opened(ask(f"{HOST}/16bit.png")).mode == "I;16"
    assert opened(ask(f"{HOST}/anim.gif")).n_frames == 2
    assert ask(f"{HOST}/polyglot").body.rpartition(b"\xff\xd9")[2].startswith(b"PK")
    flood = ask(f"{HOST}/flood.png")
    assert len(flood.body) < 100_000
    assert flood.body[16:24] == (13_300).to_bytes(4, "big") * 2
    with pytest.raises(OSError, match="truncated"):
        opened(ask(f"{HOST}/truncated.jpg"))


def test_what_is_no_picture_claims_to_be_one(ask):
    for path, content in (("/svg-as-jpg", b"<svg"), ("/html-as-jpg", b"<html")):
        answer = ask(HOST + path)
        assert answer.headers["content-type"] == "image/jpeg"
        assert content in answer.body
    assert ask(f"{HOST}/empty").body == b""


def test_length_lies_and_headers_break_off(ask):
    with pytest.raises(IncompleteRead):
        ask(f"{HOST}/lying-length")
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        ask(f"{HOST}/reset")
    half = ask(f"{HOST}/half-headers")  # Python's client takes what came for a whole head
    assert (half.body, "content-length" in half.headers) == (b"", False)
    with pytest.raises(HTTPException):
        ask(f"{HOST}/endless-headers")


def test_slow_and_dripping_answers_take_their_time(ask):
    with pytest.raises(TimeoutError):
        ask(f"{HOST}/slow?seconds=30", timeout=0.3)
    with pytest.raises(TimeoutError):
        ask(f"{HOST}/drip?interval=30", timeout=0.3)
    assert ask(f"{HOST}/slow?seconds=0.01").status == 200


@pytest.mark.slow
def test_huge_answer_is_huge(ask):
    answer = ask(f"{HOST}/huge", timeout=60)
    assert HUGE - 100_000 < len(answer.body) <= HUGE
    assert "content-length" not in answer.headers


def test_bomb_is_small_and_unpacks_to_much(ask):
    answer = ask(f"{HOST}/gzip-bomb", timeout=60)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 2_000_000
    with gzip.open(BytesIO(answer.body)) as packed:
        assert len(packed.read(20_000_000)) == 20_000_000  # of 1 GiB


def test_redirects_lead_where_they_say(ask):
    assert ask(f"{HOST}/redirect/2").headers["location"] == "/redirect/1"
    assert ask(f"{HOST}/redirect/0").status == 200
    to = "file:///etc/passwd"
    assert ask(f"{HOST}/redirect-to?u={to}").headers["location"] == to
    assert ask(f"{HOST}/loop").headers["location"] == "/loop"
    assert ask(f"{HOST}/tarpit/1").headers["location"] == "/tarpit/1/3"
    placeholder = ask(f"{HOST}/302-placeholder").headers["location"]
    assert ask(HOST + placeholder).status == 200


def test_refusals_pass_when_asked_again(ask):
    for path, status in (("/429?retry-after=7", 429), ("/503-then-ok", 503)):
        refused = ask(HOST + path)
        assert refused.status == status
        assert ask(HOST + path).status == 200
        if status == 429:
            assert refused.headers["retry-after"] == "7"
    assert ask(f"{HOST}/swap").body != ask(f"{HOST}/swap").body


def test_every_route_of_the_list_of_threats_is_there():
    listed = (
        "ok.jpg slow drip huge lying-length gzip-bomb redirect redirect-to loop 302-placeholder "
        "flood.png svg-as-jpg html-as-jpg truncated.jpg cmyk.jpg 16bit.png anim.gif polyglot 429 "
        "503-then-ok reset half-headers swap noai tdm robots-denied iptc-prohibited.jpg gps.jpg "
        "evil-title"
    )
    assert {f"/{name}" for name in listed.split()} <= set(ROUTES)


@pytest.mark.parametrize(
    ("fate", "status"),
    [("http_404", 404), ("http_410", 410), ("http_403", 403), ("http_500", 500), ("ok", 200)],
)
def test_images_answer_with_the_status_of_their_fate(ask, fate, status):
    assert ask(corpus.image_url(first(fate))).status == status


def test_image_is_only_where_it_lies(ask):
    url = corpus.image_url(first("ok", "bing"))
    assert ask(url).status == 200
    assert ask(url.replace("photos-", "mirror-").replace("carpix", "copypix")).status == 404
    assert ask(url.replace(".jpg", ".png")).status == 404


def test_redirects_of_images_end_as_their_facts_say(ask):
    for source in ("bing", "flickr"):
        answer = ask(corpus.image_url(first("redirect_ok", source)))
        assert answer.status == 302
        assert opened(ask(answer.headers["location"])).size[0] > 300
    private = ask(corpus.image_url(first("redirect_private"))).headers["location"]
    assert private.startswith(("https://127.", "https://169.254.", "https://intranet."))
    assert "hop=1" in ask(corpus.image_url(first("redirect_loop"))).headers["location"]
    gone = ask(corpus.image_url(first("placeholder", "flickr"))).headers["location"]
    assert "photo_unavailable" in gone


def test_robots_files_forbid_what_the_corpus_says(ask):
    from protego import Protego

    images = (facts(number) for number in range(100_000))
    for image in islice((i for i in images if i.fate == "robots"), 6):
        url = corpus.image_url(image)
        host = url.split("/")[2]
        rules = Protego.parse(ask(f"https://{host}/robots.txt").text)
        assert not rules.can_fetch(url, "carsets")
    url = corpus.image_url(first("ok", "bing"))
    rules = Protego.parse(ask(f"https://{url.split('/')[2]}/robots.txt").text)
    assert rules.can_fetch(url, "carsets")
    assert ask("https://robots-5xx.carpix.test/robots.txt").status == 503


def test_smaller_sizes_of_flickr_are_smaller(ask):
    image = first("ok", "flickr")
    url = corpus.image_url(image)
    small = url.rpartition("_")[0] + "_m.jpg" if url.count("_") > 1 else url
    assert max(opened(ask(small)).size) == 240
    assert max(opened(ask(url)).size) > 240
