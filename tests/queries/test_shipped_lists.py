"""The lists that come with carsets."""

import csv
from importlib.resources import files

import pytest

from carsets.queries import build_plan
from carsets.queries.makes import make_aliases
from carsets.queries.vehicle_rows import NEWEST_YEAR, OLDEST_YEAR
from carsets.queries.vehicles import builtin_vehicles
from carsets.queries.vocabulary import (
    LANGUAGES,
    bodies,
    body_named,
    broader_bodies,
    color_named,
    colors,
    open_images_mid,
)

# D9: what the body styles are called in Open Images.
OPEN_IMAGES = {
    "car": "/m/0k4j",
    "truck": "/m/07r04",
    "van": "/m/0h2r6",
    "minivan": "/m/057gn",
    "suv": "/m/0ctrp",
    "compact_suv": "/m/0539n0",
    "crossover": "/m/03p66g",
    "sedan": "/m/021mp2",
    "hatchback": "/m/01cmcs",
    "convertible": "/m/019qw9",
    "sports_car": "/m/012mq4",
    "pickup": "/m/0cvq3",
    "compact_car": "/m/02swz_",
    "subcompact_car": "/m/03txxp",
    "city_car": "/m/0369ss",
    "mid_size_car": "/m/03vnt4",
    "full_size_car": "/m/03vntj",
    "family_car": "/m/088l6h",
    "limousine": "/m/01lcw4",
    "ambulance": "/m/012n7d",
    "taxi": "/m/0pg52",
    "bus": "/m/01bjv",
    "race_car": "/m/0ncqpsr",
    "vintage_car": "/m/01xq49",
    "classic_car": "/m/01xsb3",
}


def rows(name):
    text = files("carsets.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), strict=True))


def vehicle(make, model):
    [found] = [one for one in builtin_vehicles() if (one.make, one.model) == (make, model)]
    return found


def test_there_are_more_than_a_thousand_vehicles_of_more_than_seventy_makes():
    assert len(builtin_vehicles()) >= 1000
    assert len({one.make for one in builtin_vehicles()}) >= 70


def test_no_vehicle_is_listed_twice():
    raw = rows("vehicles.csv")
    names = {(row["make"].casefold(), row["model"].casefold()) for row in raw}
    assert len(names) == len(raw) == len(builtin_vehicles())


def test_every_row_of_every_list_is_complete():
    for name in ("vehicles.csv", "makes.csv", "colors.csv", "bodies.csv", "reference_counts.csv"):
        for row in rows(name):
            assert None not in row, (name, row)
            assert None not in row.values(), (name, row)
            assert all(value == value.strip() for value in row.values()), (name, row)


def test_years_are_sane():
    for one in builtin_vehicles():
        first, last = one.years or (0, 0)
        assert first == 0 or OLDEST_YEAR <= first <= NEWEST_YEAR, one
        assert last == 0 or first <= last <= NEWEST_YEAR, one
        assert first or not last, one  # nobody knows only when it ended


def test_every_vehicle_has_a_body_style_of_the_vocabulary():
    for row in rows("vehicles.csv"):
        styles = row["bodies"].split(";")
        assert set(styles) <= set(bodies()), row
        assert len(styles) == len(set(styles)), row


def test_makes_and_vehicles_name_the_same_makes():
    makes = {row["make"] for row in rows("makes.csv")}
    assert makes == {one.make for one in builtin_vehicles()}
    assert all(len(row["country"]) == 2 for row in rows("makes.csv"))


def test_no_name_stands_for_two_makes():
    names = [
        name.casefold()
        for row in rows("makes.csv")
        for name in {row["make"], *filter(None, row["aliases"].split("|"))}
    ]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("make", "model"),
    [
        ("Volkswagen", "Passat"),
        ("Ford", "Focus"),
        ("Toyota", "Corolla"),
        ("Mitsubishi", "Lancer"),
        ("Ford", "Mustang"),
        ("Citroën", "2CV"),
        ("Škoda", "Octavia"),
        ("Hindustan", "Ambassador"),
        ("Lada", "Niva"),
        ("BYD", "Dolphin"),
    ],
)
def test_the_examples_are_listed(make, model):
    assert vehicle(make, model).years is not None


def test_the_el_camino_is_no_one_body_style():
    assert vehicle("Chevrolet", "El Camino").bodies == ("pickup", "coupe")


@pytest.mark.parametrize(
    ("written", "make"),
    [("VW", "Volkswagen"), ("citroen", "Citroën"), ("SKODA", "Škoda"), ("Chevy", "Chevrolet")],
)
def test_makes_are_known_by_their_other_names(written, make):
    assert make_aliases()[written.casefold()] == make


def test_the_ten_colors_are_those_of_the_article_in_its_order():
    assert [name for name, term in colors().items() if term.top_ten] == (
        ["white", "black", "silver", "gray", "red", "blue", "brown", "yellow", "green", "orange"]
    )


def test_every_term_has_a_name_in_every_language():
    for term in [*colors().values(), *bodies().values()]:
        for language in LANGUAGES:
            assert all(term.names[language]), (term.name, language)


@pytest.mark.parametrize(
    ("word", "color"),
    [("grey", "gray"), ("Rot", "red"), ("чёрный", "black"), ("白色", "white"), ("mauve", "mauve")],
)
def test_colors_are_known_in_other_languages(word, color):
    assert color_named(word) == color


@pytest.mark.parametrize(
    ("word", "body"),
    [
        ("Estate", "wagon"),
        ("touring", "wagon"),
        ("saloon", "sedan"),
        ("Kombi", "wagon"),
        ("people carrier", "minivan"),
        ("pick-up", "pickup"),
        ("sports car", "sports_car"),
        ("limousine", "limousine"),  # in German a sedan: the label's own name wins
        ("cabriolet", "convertible"),
        ("spaceship", None),
    ],
)
def test_body_styles_are_known_by_their_synonyms(word, body):
    assert body_named(word) == body


def test_body_styles_form_a_hierarchy_without_circles():
    for name in bodies():
        assert set(broader_bodies(name)) <= set(bodies()) - {name}
    assert broader_bodies("compact_suv") == ("suv", "car")


def test_body_styles_map_to_open_images():
    assert {name: bodies()[name].mid for name in OPEN_IMAGES} == OPEN_IMAGES
    assert open_images_mid("roadster") == OPEN_IMAGES["convertible"]
    assert open_images_mid("wagon") == OPEN_IMAGES["car"]


def test_open_images_calls_the_labels_as_the_list_says(shared):
    path = shared / "captures" / "openimages" / "dict_v1_mid_names.csv"
    with path.open(encoding="utf-8", newline="") as file:
        names = dict(csv.reader(file))
    for row in rows("bodies.csv"):
        if row["mid"]:
            assert names[row["mid"]] == row["mid_name"], row


def test_the_reference_counts_are_the_four_of_the_source():
    counts = {row["query"]: int(row["count"]) for row in rows("reference_counts.csv")}
    assert counts == {
        "VW Passat": 57702,
        "Ford Focus": 187344,
        "Toyota Corolla": 81529,
        "Mitsubishi Lancer": 126242,
    }
    assert all(row["date"] and row["engine"] for row in rows("reference_counts.csv"))


def test_every_list_tells_where_it_comes_from():
    text = files("carsets.data").joinpath("README.md").read_text(encoding="utf-8")
    for name in ("vehicles.csv", "makes.csv", "colors.csv", "bodies.csv", "reference_counts.csv"):
        assert f"`{name}`" in text


def test_the_built_in_lists_make_a_plan_of_all_combinations():
    assert len(build_plan(vehicles="all", colors="all")) == 10 * len(builtin_vehicles())
