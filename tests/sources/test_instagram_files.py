"""Posts that the user has as files: Instaloader's, an export of one's own data, saved pages."""

import json
import lzma

import pytest

from carsets.problems import UserError
from carsets.sources.foreign_text import ForeignTextError
from carsets.sources.instagram_files import find_files, images_of_file, read_file

NODE = {
    "__typename": "GraphImage",
    "id": "3210000000000000005",
    "shortcode": "CyZabcdefgk",
    "is_video": False,
    "display_url": "https://scontent.cdninstagram.com/v/c_n.jpg",
    "edge_media_to_caption": {"edges": [{"node": {"text": "Our car #kombi"}}]},
    "taken_at_timestamp": 1571308641,
    "owner": {"username": "not.kept"},
}
POST = {"instaloader": {"node_type": "Post", "version": "4.14"}, "node": NODE}


def test_instaloaders_posts_are_read_plain_and_packed(tmp_path):
    (tmp_path / "2019-10-17_UTC.json").write_text(json.dumps(POST))
    (tmp_path / "2019-10-18_UTC.json.xz").write_bytes(lzma.compress(json.dumps(POST).encode()))
    assert find_files(tmp_path) == ["2019-10-17_UTC.json", "2019-10-18_UTC.json.xz"]
    for name in find_files(tmp_path):
        [image] = images_of_file(tmp_path, name)
        assert image.image_url == NODE["display_url"]
        assert image.tags == ("kombi",)
        assert "not.kept" not in repr(image)


def test_a_picture_beside_its_post_is_taken_from_there(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(POST))
    (tmp_path / "one.jpg").write_bytes(b"picture")
    child = {k: NODE[k] for k in ("__typename", "is_video", "display_url", "shortcode")}
    edges = [{"node": {**child, "id": str(number)}} for number in (1, 2)]
    several = {"node": {**NODE, "edge_sidecar_to_children": {"edges": edges}}}
    (tmp_path / "two.json.xz").write_bytes(lzma.compress(json.dumps(several).encode()))
    (tmp_path / "two_2.jpg").write_bytes(b"picture")
    [image] = images_of_file(tmp_path, "one.json")
    assert (image.image_url, image.description) == ("one.jpg", "Our car #kombi")
    urls = [image.image_url for image in images_of_file(tmp_path, "two.json.xz")]
    assert urls == [NODE["display_url"], "two_2.jpg"]


def exported(*uris, **more):
    media = [{"uri": uri, "creation_timestamp": 1577836800, **more} for uri in uris]
    return [{"media": media, "title": "M\u00c3\u00bcnchen #stra\u00c3\u009fe"}]


def test_an_export_of_ones_own_data_names_files_and_its_texts_are_mended(tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "1.jpg").write_bytes(b"picture")
    where = {"photo_metadata": {"exif_data": [{"latitude": 48.1, "longitude": 11.6}]}}
    content = exported("media/1.jpg", "media/2.jpg", "media/3.mp4", media_metadata=where)
    (tmp_path / "posts_1.json").write_text(json.dumps(content))
    [image] = images_of_file(tmp_path, "posts_1.json")
    assert image.image_url == "media/1.jpg"
    assert image.description == "München #straße"
    assert image.tags == ("straße",)
    assert image.uploaded == "2020-01-01T00:00:00+00:00"
    assert image.extra == {"geo": {"lat": 48.1, "lng": 11.6}}


def test_no_file_outside_the_folder_is_ever_named(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    uris = ("../secret.jpg", str(tmp_path / "secret.jpg"), "link.jpg", "a\x00.jpg", "")
    (folder / "posts_1.json").write_text(json.dumps(exported(*uris)))
    assert images_of_file(folder, "posts_1.json") == []


def test_saved_answers_are_searched_and_other_files_hold_nothing(tmp_path):
    page = [{"edge_owner_to_timeline_media": {"edges": [{"node": NODE}, {"node": NODE}]}}]
    path = tmp_path / "page.json"
    path.write_text(json.dumps(page))
    assert len(images_of_file(path, "page.json")) == 2  # the file itself is given as root
    path.write_text('{"followers": ["a"]}')
    assert images_of_file(tmp_path, "page.json") == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"no json"),
        ("a.json", b"[" * 100_000),
        ("a.json.xz", b"not packed"),
        ("a.json.xz", lzma.compress(b" " * 50_000_000 + b"[]")),  # a bomb
        ("a.json", b" " * 6_000_000 + b"[]"),
    ],
)
def test_broken_and_hostile_files_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ForeignTextError):
        read_file(tmp_path / name)


def test_a_folder_without_files_is_said_at_once(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(UserError, match=r"no \.json"):
        find_files(tmp_path)
