"""The built-in Openverse answers as the real one does."""

import json
from urllib.parse import urlencode

import pytest

from carsets.fakeweb import corpus


@pytest.fixture
def search(ask):
    def search(**parameters):
        answer = ask(f"https://api.openverse.org/v1/images/?{urlencode(parameters)}")
        return answer.status, answer.headers, json.loads(answer.text)

    return search


def test_an_answer_has_the_keys_and_types_of_a_real_one(search, shared):
    real = json.loads((shared / "captures/openverse/search_2024-09_EXCERPT.json").read_text())
    status, headers, ours = search(q="red ford")
    assert status == real["status"]
    assert set(ours) == set(real["body"])
    limits = {name for name in real["headers"] if name.startswith("x-ratelimit")}
    assert limits
    assert limits <= set(headers)
    [record] = real["body"]["results"]
    for result in ours["results"]:
        assert set(result) == set(record)
        for key, value in result.items():
            if value is not None and record[key] is not None:
                assert isinstance(value, type(record[key])), key
        assert set(result["tags"][0]) == set(record["tags"][0])


def test_pages_hold_twenty_and_no_query_gives_more_than_240(search):
    seen = []
    for page in range(1, 13):
        status, _, answer = search(q="car", page=page)
        assert (status, len(answer["results"])) == (200, 20)
        seen += [result["url"] for result in answer["results"]]
    assert len(set(seen)) == answer["result_count"] == 240
    assert {corpus.truth(url).source for url in seen} == {"openverse"}
    assert search(q="car", page=13)[0] == 404


def test_licenses_are_filtered_and_told(search):
    _, _, answer = search(q="car", license="by,cc0")
    assert {result["license"] for result in answer["results"]} == {"by", "cc0"}
    _, _, answer = search(q="car", license_type="commercial,modification")
    found = {result["license"] for result in answer["results"]}
    assert found
    assert not any("nc" in code or "nd" in code for code in found)
    for result in answer["results"]:
        code = f"{result['license']}-{result['license_version']}"
        assert corpus.truth(result["url"]).license == code


@pytest.mark.parametrize(
    ("parameters", "status", "key"),
    [
        ({"q": "car", "page_size": 50}, 401, "detail"),
        ({"q": "x" * 201}, 400, "detail"),
        ({"q": "car", "license": "free"}, 400, "license"),
        ({"q": "car", "page": "one"}, 400, "detail"),
    ],
)
def test_errors_are_those_of_the_real_api(search, parameters, status, key):
    got, _, answer = search(**parameters)
    assert got == status
    assert list(answer) == [key]


def test_too_many_requests_are_told_with_a_time_to_wait(search, web):
    web.mode("api.openverse.org", "429", times=1, retry_after="3")
    status, headers, answer = search(q="car")
    assert (status, headers["retry-after"]) == (429, "3")
    assert "throttled" in answer["detail"]
    assert search(q="car")[0] == 200


def test_nothing_found_is_an_empty_page(search):
    status, _, answer = search(q="qwertyuiop")
    assert (status, answer["result_count"], answer["results"]) == (200, 0, [])
