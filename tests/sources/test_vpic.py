"""The register's answers, recorded and played, and how they join a list."""

import json

import pytest

from carsets.fakeweb.vpic_api import vpic_answer
from carsets.queries.lists import QueryError
from carsets.queries.vehicles import read_vehicles
from carsets.sources.foreign_text import ForeignTextError
from carsets.sources.vpic import (
    RegisteredModel,
    is_known_make,
    makes_url,
    merged_list,
    models_url,
    read_makes,
    read_models,
)

TESLA_2020 = "get-models-for-make-year-vehicletype.json"


@pytest.fixture
def recorded(shared):
    """Return a recorded answer: what it was asked for, and its body."""

    def read(name):
        wrapped = json.loads((shared / "captures" / "vpic" / name).read_text(encoding="utf-8"))
        return wrapped["url"], json.dumps(wrapped["content"])

    return read


def test_the_recorded_makes_are_read(recorded):
    url, body = recorded("get-makes-for-vehicletype.json")
    assert url.casefold() == makes_url("car").casefold()
    makes = read_makes(body)
    assert len(makes) == json.loads(body)["Count"] == 167
    assert makes[:3] == ["ASTON MARTIN", "TESLA", "JAGUAR"]
    known = [make for make in makes if is_known_make(make)]
    assert {"TOYOTA", "MINI", "ALFA ROMEO", "KOENIGSEGG"} <= set(known)
    assert "ROCKET SLED MOTORS" not in known


@pytest.mark.parametrize(
    ("name", "year", "models"),
    [
        (TESLA_2020, 2020, {"Model S", "Model X", "Model 3", "Model Y"}),
        ("get-models-for-make.json", 0, {"Model S", "Roadster", "Model X", "Model 3", "Model Y"}),
    ],
)  # fmt: skip
def test_the_recorded_models_are_read(recorded, name, year, models):
    url, body = recorded(name)
    if year:
        assert url.casefold() == models_url("TESLA", "car", year).casefold()
    found = read_models(body, "tesla")
    assert {model.model for model in found} == models
    assert {model.make for model in found} == {"Tesla"}


def test_a_make_that_only_holds_the_name_is_left_out():
    body = json.dumps(vpic_answer("/api/vehicles/GetModelsForMakeYear/make/kia/vehicletype/mpv"))
    assert "MARDIKIAN" in body
    assert [model.model for model in read_models(body, "kia")] == ["Sportage"]


def test_addresses_hold_names_whole():
    assert "/make/AC%2FDC%20MOTORS/modelyear/1999/" in models_url("AC/DC MOTORS", "car", 1999)


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"Results": {}}', "null"])
def test_another_answer_is_a_changed_format(body):
    for read in (read_makes, lambda text: read_models(text, "x")):
        with pytest.raises(ForeignTextError):
            read(body)


def test_results_without_names_are_a_changed_format():
    with pytest.raises(ForeignTextError, match="2 results, none with a MakeName"):
        read_makes('{"Results": [{}, 5]}')
    assert read_models('{"Results": [{}, 5, {"Make_Name": "X"}]}', "x") == []


# --- Joining a list ---------------------------------------------------------------------------


def model(make, name):
    return RegisteredModel(make=make, model=name)


def test_a_new_list_can_be_asked_for_at_once():
    text, added = merged_list("", "new.csv", [model("Kia", "EV9"), model("BMW", "i5, Touring")])
    assert added == 2
    assert [(one.make, one.model, one.bodies) for one in read_vehicles(text, "new.csv")] == [
        ("Kia", "EV9", ()),
        ("BMW", "i5, Touring", ()),
    ]


def test_what_is_there_stays_letter_by_letter():
    before = "# mine\r\nModel;Make;note\r\nGolf ;VW;best car\r\n"
    text, added = merged_list(
        before, "mine", [model("Volkswagen", "GOLF"), model("Volkswagen", "ID.7")]
    )
    assert text == before + "ID.7;Volkswagen;\n"
    assert added == 1


def test_a_list_without_an_end_of_line_gets_one():
    text, _ = merged_list("make,model\nFord,Ka", "x", [model("Ford", "Puma")])
    assert text == "make,model\nFord,Ka\nFord,Puma\n"


def test_joining_twice_changes_nothing():
    once, _ = merged_list("", "x", [model("Ford", "Puma"), model("Ford", "PUMA")])
    assert merged_list(once, "x", [model("FORD", "puma")]) == (once, 0)


@pytest.mark.parametrize("text", ["Ford Ka\nVW Golf\n", "Ford,Ka\n", 'make,model\n"Ford,Ka\n'])
def test_a_list_that_cannot_be_joined_is_one_line(text):
    with pytest.raises(QueryError) as caught:
        merged_list(text, "x.csv", [])
    assert "\n" not in str(caught.value)
