"""Bringing a list up to date from the register of the built-in web."""

import json
from pathlib import Path

import pytest

import carsets
from carsets.queries.vehicles import read_vehicles


def asked(web):
    return [path for path in web.stats()["hosts"]["vpic.nhtsa.dot.gov"]["paths"] if "api" in path]


def test_a_list_gets_what_it_lacks_and_keeps_what_it_has(crawls, dataset, tmp_path, web):
    mine = tmp_path / "mine.csv"
    mine.write_text("make,model,bodies\nVW,Golf,hatchback\nMy,Own,coupe\n")
    run = crawls.run("vpic", dataset.folder, {"file": mine, "makes": "Volkswagen,Kia"})
    assert run.returncode == 0, run.stderr
    text = mine.read_text()
    assert text.startswith("make,model,bodies\nVW,Golf,hatchback\nMy,Own,coupe\n")
    vehicles = {(one.make, one.model): one.bodies for one in read_vehicles(text, "mine")}
    assert vehicles[("Volkswagen", "Passat")] == ()
    assert vehicles[("Kia", "Sportage")] == ()
    assert ("VW", "Golf") in vehicles
    assert ("Volkswagen", "Golf") not in vehicles
    assert not [make for make, _ in vehicles if "MARDIKIAN" in make]
    # Three lists of makes, then the wanted makes alone: Volkswagen among the cars, Kia the MPVs.
    assert len(asked(web)) == 5
    [receipt] = dataset.receipts
    assert receipt["collected"]["kept"] == 3
    assert "3 models, all queries answered" in receipt["exit_reason"]
    again = crawls.run("vpic", dataset.folder, {"file": mine, "makes": "Volkswagen,Kia"})
    assert again.returncode == 0, again.stderr
    assert mine.read_text() == text


def test_a_register_that_changed_leaves_the_list_alone(crawls, dataset, tmp_path, web):
    mine = tmp_path / "mine.csv"
    mine.write_text("make,model\nVW,Golf\n")
    web.mode("vpic.nhtsa.dot.gov", "changed")
    run = crawls.run("vpic", dataset.folder, {"file": mine})
    assert run.returncode == 4, run.stderr
    assert "format_changed" in run.stderr
    assert mine.read_text() == "make,model\nVW,Golf\n"
    saved = [path.name for path in (dataset.folder / "pages").iterdir()]
    assert len(saved) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "name the list to bring up to date"),
        ({"file": "SHIPPED"}, "the list that ships with carsets stays as is"),
        ({"file": "nowhere/list.csv"}, "there is no folder"),
        ({"file": "plain.csv"}, "first line names make and model"),
        ({"file": "new.csv", "types": "car,boat"}, "types=boat: it can be car, mpv, truck"),
        ({"file": "new.csv", "year": "soon"}, "expected a year like 2020"),
    ],
)
def test_wrong_use_asks_nobody(crawls, dataset, tmp_path, web, arguments, words):
    (tmp_path / "plain.csv").write_text("Ford Ka\nVW Golf\n")
    shipped = Path(carsets.__file__).parent / "data" / "vehicles.csv"
    before = shipped.read_bytes()
    if "file" in arguments:
        file = shipped if arguments["file"] == "SHIPPED" else tmp_path / arguments["file"]
        arguments = arguments | {"file": file}
    run = crawls.run("vpic", dataset.folder, arguments)
    assert run.returncode == 2, run.stderr
    assert words in run.stderr
    assert "vpic.nhtsa.dot.gov" not in json.dumps(web.stats())
    assert shipped.read_bytes() == before
