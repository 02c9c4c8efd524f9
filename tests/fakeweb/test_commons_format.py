"""The built-in Commons answers as the real one does."""

import json
from urllib.parse import urlencode

import pytest

from carsets.fakeweb import commons_api
from carsets.fakeweb.facts import facts

BASE = {"action": "query", "format": "json", "generator": "search", "gsrnamespace": "6"}


@pytest.fixture
def search(ask):
    def search(**parameters):
        answer = ask(f"https://commons.wikimedia.org/w/api.php?{urlencode(BASE | parameters)}")
        assert answer.status == 200
        return json.loads(answer.text)

    return search


def test_an_answer_has_the_keys_and_types_of_a_real_one(search, shared):
    real = json.loads((shared / "captures/commons/wmc_raw.json").read_text())
    ours = search(gsrsearch="red ford focus", gsrlimit=20)  # format version 1, as the capture
    assert ours["batchcomplete"] == real["batchcomplete"] == ""
    ours_pages, real_pages = ours["query"]["pages"], real["query"]["pages"]
    assert isinstance(ours_pages, dict)
    page = next(iter(real_pages.values()))
    for key, one in ours_pages.items():
        assert key == str(one["pageid"])
        assert set(page) - {"globalusage"} <= set(one)
        [info], [real_info] = one["imageinfo"], page["imageinfo"]
        assert set(real_info) <= set(info)
        for name, fact in info["extmetadata"].items():
            model = real_info["extmetadata"].get(name)
            if model:
                assert isinstance(fact["value"], type(model["value"])), name
                assert "source" in fact
    seen = {value for p in real_pages.values() for value in p["imageinfo"][0]["extmetadata"]}
    ours_seen = {v for p in ours_pages.values() for v in p["imageinfo"][0]["extmetadata"]}
    assert ours_seen <= seen


def test_version_2_gives_lists_and_truth_values(search):
    ours = search(gsrsearch="red ford focus", gsrlimit=20, formatversion=2)
    assert ours["batchcomplete"] is True
    assert [page["index"] for page in ours["query"]["pages"]] == list(
        range(1, len(ours["query"]["pages"]) + 1)
    )
    assert search(gsrsearch="nothing of that kind", formatversion=2) == {"batchcomplete": True}


def test_the_details_of_a_large_batch_come_in_two_pieces(search):
    first = search(gsrsearch="ford", gsrlimit=50, formatversion=2)
    assert "batchcomplete" not in first
    second = search(gsrsearch="ford", gsrlimit=50, formatversion=2, **first["continue"])
    assert second["batchcomplete"] is True
    ids = [[page["pageid"] for page in one["query"]["pages"]] for one in (first, second)]
    assert ids[0] == ids[1]
    told = [{p["pageid"] for p in one["query"]["pages"] if "imageinfo" in p}
            for one in (first, second)]  # fmt: skip
    assert not told[0] & told[1]
    assert told[0] | told[1] == set(ids[0])
    following = search(gsrsearch="ford", gsrlimit=50, formatversion=2, **second["continue"])
    assert not set(ids[0]) & {page["pageid"] for page in following["query"]["pages"]}


def test_errors_come_with_status_200(search, ask):
    assert search(generator="nothing", gsrsearch="x")["error"]["code"] == "badvalue"
    assert search(gsrsearch="")["error"]["code"] == "missingparam"
    assert search(gsrsearch="x", gsrlimit="many")["error"]["code"] == "badinteger"
    url = f"https://commons.wikimedia.org/w/api.php?{urlencode(BASE | {'gsrsearch': 'lagging ford', 'maxlag': '5'})}"  # noqa: E501
    first, second = ask(url), ask(url)
    assert json.loads(first.text)["error"]["code"] == "maxlag"
    assert first.headers["retry-after"] == "1"
    assert "error" not in json.loads(second.text)


def test_files_lie_where_the_api_says(search, ask):
    pages = search(gsrsearch="red ford focus", gsrlimit=50, iiurlwidth=320, formatversion=2)
    pages = [page for page in pages["query"]["pages"] if "imageinfo" in page]
    statuses = {}
    for page in pages:
        [info] = page["imageinfo"]
        number = page["pageid"] - commons_api.FIRST_ID
        fate = facts(number).fate
        if fate in statuses:
            continue
        answer = ask(info["url"])
        statuses[fate] = answer.status
        assert (answer.status == 404) == (fate == "http_404")
        assert ask(info["thumburl"]).status == 200
    assert statuses["ok"] == 200
    assert ask("https://upload.wikimedia.org/wikipedia/commons/0/00/No_such_(5).jpg").status == 404
    assert ask("https://upload.wikimedia.org/wikipedia/commons/0/00/Nothing.jpg").status == 404
