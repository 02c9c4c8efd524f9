"""The built-in Flickr answers as the real one does."""

import json
from urllib.parse import urlencode

import pytest

from carsets.fakeweb import corpus

EXTRAS = (
    "description,license,date_upload,date_taken,owner_name,tags,o_dims,views,"
    "url_s,url_m,url_z,url_l"
)


@pytest.fixture
def search(ask):
    def search(text="car", **parameters):
        parameters = {
            "method": "flickr.photos.search",
            "api_key": "0123456789abcdef",
            "format": "json",
            "nojsoncallback": "1",
            "text": text,
        } | parameters
        answer = ask(f"https://api.flickr.com/services/rest/?{urlencode(parameters)}")
        assert answer.status == 200
        return json.loads(answer.text)

    return search


def kinds(records):
    found = {}
    for record in records:
        for key, value in record.items():
            found.setdefault(key, set()).add(type(value).__name__)
    return found


def test_records_have_the_keys_and_types_of_real_ones(search, shared):
    real = json.loads((shared / "captures/flickr/photos_search_500_extras.json").read_text())
    ours = search("green", extras=EXTRAS + ",url_t", per_page=500)
    assert ours["stat"] == real["stat"]
    assert set(ours["photos"]) == set(real["photos"])
    our_kinds, real_kinds = kinds(ours["photos"]["photo"]), kinds(real["photos"]["photo"])
    without = {"url_t", "height_t", "width_t"}  # thumbnails of 100 pixels: not on our web
    assert set(real_kinds) - set(our_kinds) == without
    for key in set(real_kinds) - without:
        assert our_kinds[key] >= real_kinds[key] - {"NoneType"}, key


def test_fields_are_given_only_when_asked_for(search):
    [bare] = search(per_page=1)["photos"]["photo"]
    assert set(bare) == {
        *("id", "owner", "secret", "server", "farm", "title", "ispublic", "isfriend", "isfamily")
    }
    [some] = search(per_page=1, extras="license,url_m")["photos"]["photo"]
    assert set(some) - set(bare) == {"license", "url_m", "height_m", "width_m"}


def test_photos_are_where_the_corpus_says(search):
    for photo in search("red ford focus", extras=EXTRAS + ",url_c,url_w", per_page=500)["photos"][
        "photo"
    ]:
        sizes = [key for key in photo if key.startswith("url_")]
        largest = max(sizes, key=lambda key: int(photo[f"width_{key[4:]}"]))
        truth = corpus.truth(photo[largest])
        assert truth.size == (
            int(photo[f"width_{largest[4:]}"]),
            int(photo[f"height_{largest[4:]}"]),
        )


def test_more_than_four_thousand_photos_repeat(search):
    first = search(per_page=500, page=1, extras="license")["photos"]
    beyond = search(per_page=500, page=9, extras="license")["photos"]
    assert int(first["total"]) > 4000
    assert [photo["id"] for photo in beyond["photo"]] == [photo["id"] for photo in first["photo"]]
    ids = {
        photo["id"]
        for page in range(1, 13)
        for photo in search(per_page=500, page=page)["photos"]["photo"]
    }
    assert len(ids) == 4000


def test_windows_of_upload_time_split_the_photos(search):
    middle = 1_500_000_000
    whole = int(search("blue bmw", extras="date_upload")["photos"]["total"])
    early = search("blue bmw", max_upload_date=middle, extras="date_upload", per_page=500)["photos"]
    late = search("blue bmw", min_upload_date=middle + 1, extras="date_upload")["photos"]
    assert int(early["total"]) + int(late["total"]) == whole
    assert 0 < int(early["total"]) < whole
    times = [int(photo["dateupload"]) for photo in early["photo"]]
    assert times == sorted(times, reverse=True)
    assert max(times) <= middle


def test_license_filter_holds(search):
    photos = search(license="4,9", extras="license", per_page=500)["photos"]["photo"]
    assert photos
    assert {photo["license"] for photo in photos} == {"4", "9"}


def test_failures_are_answers_with_status_200(search, web):
    assert search(api_key="invalid") == {
        "stat": "fail",
        "code": 100,
        "message": "Invalid API Key (Key has invalid format)",
    }
    assert search(text="")["code"] == 3
    assert search(method="flickr.nothing")["code"] == 112
    for mode, code in (("unavailable", 105), ("busy", 201), ("bad_key", 100)):
        web.mode("api.flickr.com", mode, times=1)
        assert search()["code"] == code
    assert search("qwertyuiop")["photos"]["photo"] == []


def test_totals_are_sometimes_text_and_sometimes_a_number(search):
    kinds = {type(search(words)["photos"]["total"]) for words in ("car", "cars")}
    assert kinds == {int, str}
