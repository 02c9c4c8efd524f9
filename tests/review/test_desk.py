"""The desk, without its page: what is decided is kept, once, whoever else decides."""

import threading
from collections import Counter

import pytest

from carsets.catalog.catalog import Catalog
from carsets.review.desk import Desk
from tests.review.review_data import Client, decision, undo


def shown(client, **asked):
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return [item["image_id"] for item in client.get(f"/api/queue?{query}")["items"]]


@pytest.fixture
def ids(data):
    return data.add_many(8)


def test_doubt_comes_first_then_what_the_detector_was_least_sure_of(data):
    sure = data.id(data.add(car_score=0.99))
    unsure = data.id(data.add(car_score=0.51))
    doubted = data.id(data.add(car_score=0.99))
    unseen = data.id(data.add(car_score=None))
    data.doubt(doubted, 0.2)
    with data.serving() as server:
        assert shown(Client(server)) == [doubted, unsure, sure, unseen]


@pytest.mark.parametrize("blind", [False, True])
def test_many_writers_on_the_same_images_lose_no_verdict(data, ids, blind):
    """Three servers as three processes would have them: each has a catalog of its own."""
    url = str(data.catalog._engine.url)
    others = [Catalog.open(url) for _ in range(2)]
    desks = [data.desk(blind=blind), *(Desk(one, "test", blind=blind) for one in others)]
    raters, rounds = ("ann", "bob", "eve"), 12
    faults = []

    def work(desk, rater):
        try:
            for turn in range(rounds):
                sent = [
                    decision(f"{rater}{turn}{n}", one, ("keep", "drop")[(turn + n) % 2])
                    for n, one in enumerate(ids)
                ]
                results = desk.decide(rater, {"decisions": sent})["results"]
                assert {one["state"] for one in results} == {"saved"}
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=one) for one in zip(desks, raters, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in others:
        one.close()
    assert not faults
    kept = Counter((r.rater, r.image_id) for r in data.catalog.every_review())
    assert kept == {(rater, one): rounds for rater in raters for one in ids}
    for desk, rater in zip([data.desk(), *desks[:1]], raters, strict=False):
        assert desk.start(rater)["decided"] == len(ids)


def test_the_same_decision_twice_is_one(data, ids):
    with data.serving() as server:
        client = Client(server)
        assert client.decide(decision("a", ids[0]))[0]["state"] == "saved"
        assert client.decide(decision("a", ids[0]), decision("b", ids[1]))[0]["state"] == "known"
    assert len(list(data.catalog.every_review())) == 2


def test_nobody_takes_back_what_another_said(data, ids):
    with data.serving("ann", "bob") as server:
        ann, bob = Client(server, "ann"), Client(server, "bob")
        ann.decide(decision("a", ids[0]))
        [answer] = bob.decide(undo("b", "a"))
        assert answer["state"] == "refused"
        [answer] = ann.decide(undo("c", "a"))
        assert answer["state"] == "saved"
    [review] = data.catalog.every_review()
    assert review.undone


def test_a_removed_image_is_refused_and_the_others_are_taken(data, ids):
    with data.serving() as server:
        answers = Client(server).decide(decision("a", "f" * 16), decision("b", ids[0]))
    assert [answer["state"] for answer in answers] == ["refused", "saved"]


def test_who_is_blind_is_told_of_no_other_and_second_looks_come_first(data, ids):
    with data.serving("ann", "bob", blind=True) as server:
        ann, bob = Client(server, "ann"), Client(server, "bob")
        ann.decide(decision("a", ids[3], "drop", note="ugly"), decision("b", ids[5]))
        assert bob.get("/api/start")["state"] == "second"
        assert shown(bob, state="second") == [ids[3], ids[5]]
        assert shown(bob, state="open") == ids
        told = [
            bob.get(path)
            for path in ("/api/queue?state=all", "/api/changes?since=0", "/api/history")
        ]
        told.append(bob.decide(decision("c", ids[3], "keep")))
        assert "ann" not in str(told)
        assert "ugly" not in str(told)


def test_skips_leave_an_image_to_others(data, ids):
    with data.serving("ann", "bob") as server:
        ann, bob = Client(server, "ann"), Client(server, "bob")
        ann.decide(decision("a", ids[0], "skip"))
        assert shown(ann) == ids[1:]
        assert shown(bob) == ids


def test_filters_are_by_label_source_and_verdict(data):
    red = data.id(data.add(labels={"color": "Red"}))
    blue = data.id(data.add(labels={"color": "blue"}, seen={"source": "bing"}))
    gone = data.id(data.add(verdict="dropped"))
    with data.serving() as server:
        client = Client(server)
        assert shown(client, label="color", value="red") == [red]
        assert shown(client, source="bing") == [blue]
        assert shown(client, verdict="dropped") == [gone]
        assert shown(client, label="color", value="green") == []


def test_a_word_on_a_pair_can_be_taken_back(data, ids):
    data.group(*ids[:2])
    with data.serving() as server:
        client = Client(server)
        client.post("/api/pairs", {"images": [ids[1], ids[0]], "same": False})
        [pair] = data.catalog.judged_pairs()
        assert (pair.image_a, pair.image_b, pair.same) == (*sorted(ids[:2]), False)
        [item] = client.get(f"/api/images?ids={ids[0]}")["items"]
        assert item["mates"][0]["same"] is False
        client.post("/api/pairs", {"images": ids[:2], "same": None})
    assert list(data.catalog.judged_pairs()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "delete"},
        {"decision": "relabel"},
        {"decision": "view", "labels": {"view": "above"}},
        {"decision": "drop", "labels": {"make": "Ford"}},
        {"labels": {"view": "part"}},
        {"labels": {"make": 5}},
        {"labels": {"make": "x" * 501}},
        {"labels": {"": "x"}},
        {"note": "x" * 2001},
        {"key": "short"},
        {"image_id": "../x"},
        {"seen": -1},
        {"rater": "bob"},
    ],
)
def test_what_is_no_decision_is_refused_with_all_that_came_with_it(data, ids, wrong):
    with data.serving() as server:
        sent = {"decisions": [decision("a", ids[0]), decision("b", ids[1]) | wrong]}
        status, _, body = Client(server).ask("POST", "/api/decisions", sent)
        assert status == 400, body
    assert list(data.catalog.every_review()) == []


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///x", "//x.test", "http://[", "", "x"]
)
def test_the_page_is_told_addresses_of_the_web_alone(data, url):
    data.add(license_url=url, seen={"page_url": url})
    with data.serving() as server:
        [item] = Client(server).get("/api/queue")["items"]
    assert (item["page_url"], item["license_url"]) == ("", "")
    assert item["url"].startswith("https://")
