"""Instagram's posts: a real recording beside a plain reading of it, and the shapes of today."""

import json
import re
import tarfile
from datetime import UTC, datetime

import pytest

from carsets.sources.instagram_media import (
    code_of_pk,
    find_media,
    hashtags,
    pk_of_code,
    read_graph_record,
    read_media,
    time_of_pk,
)


@pytest.fixture(scope="module")
def nodes(shared):
    """Return the posts of the recorded profile of 2018, read plainly."""
    path = shared / "captures" / "instagram" / "profile_timeline_graphql_2018.tar.gz"
    with tarfile.open(path) as archive:
        [member] = [m for m in archive if m.isfile()]
        pages = json.load(archive.extractfile(member))
    assert len(pages) == 7
    return [
        edge["node"] for page in pages for edge in page["edge_owner_to_timeline_media"]["edges"]
    ]


# --- The recording of 2018 --------------------------------------------------------------------


def test_every_post_is_found_once_and_every_picture_is_one_image(nodes):
    assert len(nodes) == 1201
    found = list(find_media({"pages": [{"edges": [{"node": node} for node in nodes]}]}))
    assert [media["shortcode"] for media in found] == [node["shortcode"] for node in nodes]
    images = [image for media in found for image in read_media(media)]
    pictures = [node for node in nodes if node["__typename"] != "GraphVideo"]
    assert len(images) == len(pictures) == 1075
    assert [image.source_id for image in images] == [node["id"] for node in pictures]


def test_every_field_of_every_picture_is_what_stands_there(nodes):
    for node in nodes:
        if node["is_video"]:
            assert read_media(node) == []
            continue
        [image] = read_media(node)
        edges = node["edge_media_to_caption"]["edges"]
        caption = edges[0]["node"]["text"].strip() if edges else ""
        moment = datetime.fromtimestamp(node["taken_at_timestamp"], UTC)
        assert image.image_url == node["display_url"]
        assert image.thumbnail_url == node["thumbnail_src"]
        assert image.page_url == f"https://www.instagram.com/p/{node['shortcode']}/"
        assert (image.width, image.height) == (
            node["dimensions"]["width"],
            node["dimensions"]["height"],
        )
        # Control characters and what turns writing around go, from everything that strangers say.
        shown = re.sub("[\x0b-\x1f\x7f-\x9f\u202a-\u202e]", "", caption)
        assert image.description == shown
        assert datetime.fromisoformat(image.uploaded) == moment
        assert image.extra == {
            "code": node["shortcode"],
            "likes": node["edge_media_preview_like"]["count"],
            "comments": node["edge_media_to_comment"]["count"],
        }
        assert image.author == image.author_url == ""
        assert image.license.code == "unknown"


def test_the_hashtags_of_the_recording_are_those_that_a_plain_reading_finds(nodes):
    some = 0
    for node in nodes:
        edges = node["edge_media_to_caption"]["edges"]
        caption = edges[0]["node"]["text"] if edges else ""
        plain = {tag.casefold() for tag in re.findall(r"#(\w+)", caption) if not tag.isdecimal()}
        assert {tag.casefold() for tag in hashtags(caption)} == plain, caption
        some += bool(plain)
    assert some > 500


def test_numbers_codes_and_times_of_the_recording_belong_together(nodes):
    for node in nodes:
        pk = int(node["id"])
        assert pk_of_code(node["shortcode"]) == pk
        assert code_of_pk(pk) == node["shortcode"]
        # The number is given out when the upload begins, the time when the post appears.
        away = datetime.fromisoformat(time_of_pk(pk)).timestamp() - node["taken_at_timestamp"]
        assert abs(away) < 3600
    assert nodes[0]["shortcode"] == "BhhHMW1B16e"
    assert time_of_pk(int(nodes[0]["id"])).startswith("2018-04-13T16:")


# --- Shapes of today --------------------------------------------------------------------------

PK = "3210000000000000001"
V1 = {
    "pk": PK,
    "id": f"{PK}_42",
    "media_type": 1,
    "caption": {"text": "Blue wagon #estate"},
    "accessibility_caption": "Photo of a car",
    "user": {"pk": "42", "username": "someone.secret", "full_name": "Some One"},
    "location": {"lat": 48.2, "lng": 16.37, "name": "Wien", "pk": 1},
    "original_width": 1440,
    "original_height": 1800,
    "image_versions2": {
        "candidates": [
            {"url": "https://cdn.test/s.jpg", "width": 320, "height": 400},
            {"url": "https://cdn.test/l.jpg", "width": 1440, "height": 1800},
            {"url": "https://cdn.test/m.jpg", "width": 640, "height": 800},
        ]
    },
}


def test_the_largest_copy_comes_first_and_what_is_missing_follows_from_the_number():
    [image] = read_media(V1)
    assert image.image_url == "https://cdn.test/l.jpg"
    assert image.alternates == ("https://cdn.test/m.jpg", "https://cdn.test/s.jpg")
    assert (image.width, image.height, image.source_id) == (1440, 1800, PK)
    assert image.page_url == f"https://www.instagram.com/p/{code_of_pk(int(PK))}/"
    assert image.uploaded == time_of_pk(int(PK)) == "2023-10-09T20:04:01+00:00"
    assert image.extra["geo"] == {"lat": 48.2, "lng": 16.37, "name": "Wien"}
    assert image.extra["accessibility"] == "Photo of a car"
    assert "someone" not in repr(image)
    assert "Some One" not in repr(image)


def test_a_carousel_is_one_image_a_picture_and_none_a_video():
    child = {"media_type": 1, "image_versions2": {"candidates": [{"url": "https://cdn.test/a"}]}}
    video = {"pk": "5", "media_type": 2, "image_versions2": child["image_versions2"]}
    children = [{**child, "pk": "6"}, video, {**child, "pk": "7"}]
    images = read_media({**V1, "media_type": 8, "carousel_media": children})
    assert [(image.source_id, image.extra["position"]) for image in images] == [("6", 1), ("7", 3)]
    assert {image.extra["of"] for image in images} == {3}
    assert {image.description for image in images} == {"Blue wagon #estate"}
    assert {image.page_url for image in images} == {read_media(V1)[0].page_url}


def test_an_older_carousel_names_its_children_in_edges():
    child = {"__typename": "GraphImage", "id": "1", "shortcode": "x", "is_video": False}
    video = {
        **child,
        "__typename": "GraphVideo",
        "is_video": True,
        "display_url": "https://c.test/v",
    }
    node = {
        "__typename": "GraphSidecar",
        "id": PK,
        "shortcode": "CyZabcdefgk",
        "is_video": False,
        "display_url": "https://c.test/cover",
        "edge_sidecar_to_children": {
            "edges": [{"node": {**child, "display_url": "https://c.test/d"}}, {"node": video}]
        },
    }
    [image] = read_media(node)
    assert image.image_url == "https://c.test/d"
    assert [media["shortcode"] for media in find_media([node])] == ["CyZabcdefgk"]


@pytest.mark.parametrize(
    "changed",
    [
        {"image_versions2": None},
        {"image_versions2": {"candidates": None}},
        {"image_versions2": {"candidates": [None, 5, {"url": None}, {"url": "javascript:1"}]}},
        {"image_versions2": []},
        {"media_type": 2},
        {"media_type": "2"},
        {"is_video": True},
    ],
)
def test_what_has_no_picture_gives_none(changed):
    assert read_media({**V1, **changed}) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"pk": None, "id": None},
        {"pk": "9" * 400, "id": {}},
        {"pk": True, "code": 5},
        {"caption": 5, "location": [], "user": None},
        {"caption": {"text": None}, "location": {"lat": "x", "lng": 9e99, "name": 5}},
        {"taken_at": "soon"},
        {"taken_at": 10**17},
        {"like_count": "many", "carousel_media": {}, "edge_sidecar_to_children": 5},
        {"edge_media_to_caption": {"edges": []}, "caption": None},
    ],
)
def test_facts_of_the_wrong_kind_are_left_out(odd):
    [image] = read_media({**V1, **odd})
    assert image.image_url == "https://cdn.test/l.jpg"
    assert json.dumps(dict(image.extra))


def test_a_record_of_the_graph_api_may_lack_its_picture():
    record = {"id": "1", "media_type": "IMAGE", "permalink": "https://www.instagram.com/p/a/"}
    assert read_graph_record(record) == []
    assert read_graph_record({**record, "media_url": "http://plain.test/a.jpg"}) == []
    [image] = read_graph_record({**record, "media_url": "https://a.test/a.jpg", "timestamp": 5})
    assert (image.image_url, image.uploaded) == ("https://a.test/a.jpg", "")


# --- Hashtags ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caption", "tags"),
    [
        ("#a_1 #Ä #車 #автомобиль", ("a_1", "Ä", "車", "автомобиль")),
        ("#हिन्दी_कार and #ماشین‌ها", ("हिन्दी_कार", "ماشین‌ها")),
        ("#🚗💨 #car🏎️red #👍🏽", ("🚗💨", "car🏎️red", "👍🏽")),
        ("#one#two,#three. #four!#five-six", ("one", "two", "three", "four", "five")),
        ("#Car #car #CAR", ("Car",)),
        ("# alone #1967 ## #", ()),
        ("＃全角", ("全角",)),
        ("none at all", ()),
        ("#" + "x" * 500, ()),
    ],
)
def test_hashtags_of_every_script(caption, tags):
    assert hashtags(caption) == tags


@pytest.mark.parametrize("code", ["", "a b", "ä", "CyZ!"])
def test_what_is_no_code_has_no_number(code):
    assert pk_of_code(code) is None


def test_the_code_of_a_private_post_begins_with_the_number():
    assert pk_of_code("BhhHMW1B16eAbCdEfGhIjKlMnOpQrStUvWxYz") == pk_of_code("BhhHMW1B16e")
