"""Instagram's modes that need neither key nor browser, as whole crawls."""

import json

import pytest

from carsets.fakeweb.drawing import draw_scene
from carsets.fakeweb.instagram_posts import code_of, kind_of, posts_of

TERMS = {"accept_terms": "yes"}


@pytest.fixture(scope="module")
def codes():
    """Return the codes of some posts: five with a picture, and one video."""
    numbers = posts_of("fordmustang", 60)
    pictures = [number for number in numbers if kind_of(number) == "image"][:5]
    video = next(number for number in numbers if kind_of(number) == "video")
    return [code_of(number) for number in (*pictures, video)]


def test_posts_are_read_page_by_page_and_a_video_is_no_failure(crawls, dataset, codes, web):
    plan = {"mode": "page", "posts": ",".join(codes), **TERMS}
    command = crawls.run("instagram", dataset.folder, plan)
    assert command.returncode == 0, command.stderr[-3000:]
    assert dataset.receipts[-1]["found"] == 5
    dataset.assert_whole()
    descriptions = dataset.rows("SELECT page_url FROM sightings")
    assert set(descriptions) == {f"https://www.instagram.com/p/{code}/" for code in codes[:5]}
    assert web.stats()["hosts"]["www.instagram.com"]["requests"] == 6


@pytest.mark.parametrize(
    ("mode", "outcome"), [("login", "blocked"), ("captcha", "captcha"), ("quota", "quota")]
)
def test_the_first_refusal_ends_the_source(crawls, dataset, codes, web, mode, outcome):
    web.mode("www.instagram.com", mode)
    plan = {"mode": "page", "posts": ",".join(codes), **TERMS}
    command = crawls.run("instagram", dataset.folder, plan, QUERIES_AT_ONCE=1)
    assert command.returncode == 4
    assert f"1 {outcome}" in dataset.receipts[-1]["exit_reason"]
    assert web.stats()["hosts"]["www.instagram.com"]["requests"] <= 2  # and where it led


def test_files_of_the_user_need_no_network_where_the_pictures_lie_beside(
    crawls, dataset, tmp_path, web
):
    own = tmp_path / "own"
    own.mkdir()
    for number in range(3):
        node = {"id": str(7 + number), "shortcode": f"CyZabcdefg{number}", "is_video": False}
        node |= {"display_url": f"https://scontent.cdninstagram.com/v/{number}_n.jpg"}
        node |= {"edge_media_to_caption": {"edges": [{"node": {"text": "Mine #kombi"}}]}}
        (own / f"{number}.json").write_text(json.dumps({"node": node}))
        picture = draw_scene(8_100_000 + number, kind="vehicle", body="van", size=(640, 480))
        picture.save(own / f"{number}.jpg")
    plan = {"mode": "files", "path": own, **TERMS}
    command = crawls.run("instagram", dataset.folder, plan)
    assert command.returncode == 0, command.stderr[-3000:]
    dataset.assert_whole()
    assert len(dataset.kept()) == 3
    assert web.stats()["hosts"] == {}
