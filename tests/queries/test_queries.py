"""From lists to queries."""

import subprocess
import sys
import tracemalloc
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.problems import UserError
from carsets.queries import PLAN_ARGUMENTS, Query, QueryError, Vehicle, build_plan
from carsets.queries.plan import Plan
from carsets.queries.template import Template
from carsets.queries.vehicles import load_vehicles, read_vehicles


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def texts(**arguments):
    return [query.text for query in build_plan(**arguments)]


# --- The product -------------------------------------------------------------------------------


def test_ten_colors_and_1046_vehicles_make_10460_queries(write):
    lines = "".join(f"make {n % 79},model {n}\n" for n in range(1046))
    plan = build_plan(vehicles=write("cars", lines), colors="all", per_query="100")
    queries = list(plan)
    assert len(plan) == len(queries) == 10_460
    assert len({query.query_id for query in queries}) == 10_460
    assert len(plan) * plan.per_query == 1_046_000
    assert queries == list(plan)


def test_lists_like_those_of_the_2016_crawl_load_unchanged(write):
    cars = write("cars", "acura,cl\nalfa romeo,164\ncitroën,2cv\nchrysler,town & country\n")
    colors = write("colors", "white\nblack\norange")  # no newline at the end
    types = write("types", "car\nsuv\ntruck\nvan")
    plan = build_plan(vehicles=cars, colors=colors, words=types)
    assert len(plan) == len(list(plan)) == 4 * 3 * 4
    assert next(iter(plan)).text == "white acura cl car"
    assert [query.word for query in islice(plan, 4)] == ["car", "suv", "truck", "van"]
    assert "orange chrysler town & country van" in [query.text for query in plan]


def test_four_words_a_vehicle_make_the_count_queries(write):
    plan = build_plan(vehicles="Ford Mustang", words="car,suv,truck,van")
    assert [query.text for query in plan] == [
        "Ford Mustang car",
        "Ford Mustang suv",
        "Ford Mustang truck",
        "Ford Mustang van",
    ]


def test_the_order_is_vehicle_then_color_then_word():
    assert texts(vehicles="Ford Focus,Fiat Uno", colors="red,blue", words="a,b") == [
        "red Ford Focus a",
        "red Ford Focus b",
        "blue Ford Focus a",
        "blue Ford Focus b",
        "red Fiat Uno a",
        "red Fiat Uno b",
        "blue Fiat Uno a",
        "blue Fiat Uno b",
    ]


def test_a_plan_is_made_lazily():
    vehicles = tuple(Vehicle(make="M", model=str(n)) for n in range(1000))
    words = tuple(map(str, range(100_000)))
    plan = Plan(template=Template("{make} {model} {word}"), vehicles=vehicles, words=words)
    tracemalloc.start()
    assert len(plan) == 100_000_000
    assert len(list(islice(plan, 5))) == 5
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


SOME = read_vehicles(
    "make,model,bodies,first_year,last_year\n"
    "Ford,Focus,hatchback;wagon,1998,\n"
    "VW,Golf,,,\n"
    "VW,Passat,wagon,1973,2000\n"
    "Fiat,X1/9,,1972,1974\n",
    "some",
)


@settings(deadline=None, max_examples=60)
@given(
    fields=st.sets(st.sampled_from(["color", "make", "model", "body", "year", "word"]), min_size=1),
    colors=st.sampled_from([(), ("gray",), ("red", "gray", "mauve")]),
    words=st.sampled_from([(), ("car", "van")]),
    bodies=st.sampled_from([(), ("wagon",), ("suv", "wagon")]),
    years=st.sampled_from([(), (1973, 1999), (1900,)]),
    languages=st.sampled_from([(), ("en",), ("de", "fr", "en")]),
    synonyms=st.booleans(),
    noun=st.booleans(),
)
def test_the_length_is_exact_and_no_query_comes_twice(
    fields, colors, words, bodies, years, languages, synonyms, noun
):
    plan = Plan(
        template=Template(" ".join(f"{{{field}}}" for field in sorted(fields))),
        vehicles=SOME,
        colors=colors if "color" in fields else (),
        words=words if "word" in fields else (),
        bodies=bodies,
        years=years,
        languages=languages if {"color", "body"} & fields else (),
        synonyms=synonyms,
        noun=noun and "word" in fields,
    )
    queries = list(plan)
    assert len(plan) == len(queries)
    assert len({query.query_id for query in queries}) == len(queries)
    assert all(set(query.labels) <= fields and all(query.labels.values()) for query in queries)


# --- Labels and ids ----------------------------------------------------------------------------


def test_labels_are_only_what_the_words_stand_for():
    [query] = build_plan(vehicles="VW Golf", colors="grey", template="{color} {make} car")
    assert query.text == "grey VW car"
    assert query.labels == {"color": "gray", "make": "VW"}


def test_a_free_query_has_no_labels():
    [query] = build_plan(query="  red  Ford Mustang ", limit="20")
    assert (query.text, query.labels) == ("red Ford Mustang", {})


def test_a_vehicle_without_known_years_gets_no_year_label(write):
    path = write("v.csv", "make,model,first_year,last_year\nFiat,Uno,,\nFiat,Tipo,1988,1989\n")
    queries = list(build_plan(vehicles=path, years="all"))
    assert [query.labels.get("year") for query in queries] == [None, "1988", "1989"]


def test_query_ids_never_change():
    query = Query(text="red Škoda 100", labels={"make": "Škoda", "color": "red"})
    assert query.query_id == "1f8259c57522"
    assert query == Query(text="red Škoda 100", labels={"color": "red", "make": "Škoda"})
    assert hash(query) == hash(Query(text="red Škoda 100"))


def test_query_ids_are_the_same_in_another_process():
    code = (
        "from carsets.queries import build_plan;"
        "print(*[q.query_id for q in build_plan(vehicles='Ford Focus', colors='all')])"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = " ".join(q.query_id for q in build_plan(vehicles="Ford Focus", colors="all"))
    assert answers == {here + "\n"}


def test_other_labels_make_another_query():
    same = {"text": "red Mustang"}
    ids = {
        Query(**same).query_id,
        Query(**same, labels={"color": "red"}).query_id,
        Query(**same, labels={"make": "red"}).query_id,
    }
    assert len(ids) == 3


# --- Splitting and leaving out -----------------------------------------------------------------


def test_years_outside_of_production_are_not_asked(write):
    path = write("v.csv", "make,model,years\nFord,Focus,1998-2004\nFiat,Uno,1983-1999\n")
    assert texts(vehicles=path, years="1982-1983,1999", colors="red") == [
        "red Ford Focus 1999 car",
        "red Fiat Uno 1983 car",
        "red Fiat Uno 1999 car",
    ]


def test_a_vehicle_is_split_by_its_own_body_styles(write):
    path = write("v.csv", "make,model,body\nChevrolet,El Camino,pickup/coupe\nVW,Golf,\n")
    queries = list(build_plan(vehicles=path, bodies="all"))
    assert [(query.text, query.labels.get("body")) for query in queries] == [
        ("Chevrolet El Camino pickup", "pickup"),
        ("Chevrolet El Camino coupe", "coupe"),
        ("VW Golf car", None),
    ]


def test_body_styles_and_years_choose_vehicles_where_the_template_does_not_say_them(write):
    path = write("v.csv", "make,model,body,years\nVW,Golf,hatchback,1974-\nVW,Sharan,mpv,1995-\n")
    template = "{make} {model}"
    assert texts(vehicles=path, bodies="minivan", template=template) == ["VW Sharan"]
    assert texts(vehicles=path, years="1980", template=template) == ["VW Golf"]


def test_makes_choose_and_exclude_leaves_out():
    given_ = {
        "vehicles": "VW Golf,Volkswagen Polo,Ford Focus,Ford Ka",
        "template": "{make} {model}",
    }
    assert texts(**given_, makes="volkswagen") == ["VW Golf", "Volkswagen Polo"]
    assert texts(**given_, exclude="Ford Ka,VW") == ["Ford Focus"]
    assert texts(**given_, exclude="volkswagen golf,ford") == ["Volkswagen Polo"]


def test_models_of_one_make_are_one_query_where_only_the_make_is_said():
    assert texts(vehicles="VW Golf,VW Polo,Ford Ka", template="{make} logo") == [
        "VW logo",
        "Ford logo",
    ]


def test_languages_say_color_and_body_style_and_keep_the_labels():
    queries = list(
        build_plan(vehicles="VW Golf", colors="grey,orange", languages="de,fr", bodies="estate")
    )
    assert [query.text for query in queries] == [
        "grau VW Golf Kombi",
        "gris VW Golf break",
        "orange VW Golf Kombi",
        "orange VW Golf break",
    ]
    assert {query.labels["body"] for query in queries} == {"wagon"}
    assert [query.labels["color"] for query in queries] == ["gray", "gray", "orange", "orange"]


def test_a_word_that_is_the_same_in_two_languages_is_asked_once():
    assert texts(
        vehicles="VW Golf", colors="orange", languages="de,fr", template="{color} {model}"
    ) == ["orange Golf"]


def test_synonyms_ask_with_every_name():
    asked = texts(bodies="wagon", synonyms="yes")
    assert {"wagon", "station wagon", "estate", "touring"} <= set(asked)
    assert {query.labels["body"] for query in build_plan(bodies="wagon", synonyms="yes")} == {
        "wagon"
    }


def test_accents_in_two_characters_make_the_same_query(write):
    [one] = build_plan(vehicles=write("nfd", "Citroe\u0308n,2CV"))
    [other] = build_plan(vehicles=write("nfc", "Citroën,2CV"))
    assert one.query_id == other.query_id
    assert build_plan(query="Citroe\u0308n").fixed[0].text == "Citroën"


# --- The template ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{color} {make} {model} {body} car", "VW Golf car"),
        ("{make} {model} ({body}), {color}", "VW Golf"),
        ('"{make} {model}" "{color}"', '"VW Golf"'),
        ("{color}, {make} , {word}", "VW"),
        ("{{{make}}}", "{VW}"),
        ("{model} by {make}", "Golf by VW"),
    ],
)
def test_empty_placeholders_leave_no_trace(template, text):
    assert texts(vehicles="VW Golf", template=template) == [text]


def test_signs_in_a_list_stay_where_the_template_has_none(write):
    path = write("v.csv", 'make,model\nVW,"up! (3-door), ""beats"""\n')
    assert texts(vehicles=path, words="car") == ['VW up! (3-door), "beats" car']


def test_braces_in_a_list_are_only_text(write):
    path = write("v.csv", "make,model\nVW,{color} {0.__class__}\n")
    assert texts(vehicles=path, template="{make} {model}") == ["VW {color} {0.__class__}"]


@pytest.mark.parametrize(
    "template",
    ["{colour} {make}", "{make.__class__}", "{make!r}", "{make:>9}", "{0}", "{}", "{make", "make}"],
)
def test_a_placeholder_that_there_is_not_is_one_clear_line(template):
    with pytest.raises(QueryError, match=r"^template=[^\n]+$"):
        build_plan(vehicles="VW Golf", template=template)


# --- Reading lists -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "make,model,bodies,first_year,last_year\nŠkoda,100 MB,sedan;coupe,1964,1969\n",
        "last_year,note,model,first_year,make,bodies\n1969,x,100 MB,1964,Škoda,saloon|coupé\n",
        "\ufeffmake;model;bodies;years\r\nŠkoda;100 MB;sedan,coupe;1964-1969\r\n",
        'Make\tModel\tBody Style\tYear\n"Škoda"\t"100 MB"\t"[\'Sedan\', \'Coupe\']"\t1964–1969\n',
        "year,make,model,body_styles\n1969,Škoda,100 MB,Sedan\n1964,škoda,100 mb,Coupe\n",
        "# x\n\nMarke|Modell|body_type|from|to\n\n Škoda | 100  MB |sedan/coupe|1964|1969\n|||\n",
    ],
    ids=["plain", "other order", "semicolons, BOM", "tabs, quotes", "a row per year", "bars"],
)
def test_a_list_may_be_written_in_many_ways(write, content):
    [vehicle] = load_vehicles(write("list", content))
    assert (vehicle.make.casefold(), vehicle.model.casefold()) == ("škoda", "100 mb")
    assert vehicle.bodies == ("sedan", "coupe")
    assert vehicle.years == (1964, 1969)


def test_plain_lines_are_split_at_the_longest_known_make():
    found = read_vehicles("Alfa Romeo 164\nvw golf\nLand Rover Defender\nFoo Bar Baz\n", "list")
    assert [(one.make, one.model) for one in found] == [
        ("Alfa Romeo", "164"),
        ("vw", "golf"),
        ("Land Rover", "Defender"),
        ("Foo", "Bar Baz"),
    ]


def test_open_years_stay_open():
    [vehicle] = read_vehicles("make,model,years\nVW,Golf,1974-\nvw,golf,1974-1983\n", "list")
    assert vehicle.years == (1974, 0)
    assert not vehicle.made_in(1973)
    assert vehicle.made_in(2025)


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        ("make,model\nFord,Focus\nFord,\n", 3, "expected a make and a model"),
        ("make,model\n\n# x\nFord\n", 4, "expected a make and a model"),
        ('make,model\nVW,"Golf\nFord,Focus\n', 2, "expected one record per line"),
        ("make,model,year\nVW,Golf,74\n", 2, "expected a year like 1998, found '74'"),
        ("make,model,year\nVW,Golf,1492\n", 2, "expected a year like 1998"),
        ("make,model,years\nVW,Golf,1999-1998\n", 2, "first year before the last"),
        ("make,model,body\nVW,Golf,spaceship\n", 2, "expected a body style"),
        ("make,body\nVW,sedan\n", 1, "found no model among: make, body"),
        (b"make,model\nVW,Golf\nCitro\xebn,2CV\n", 3, "expected UTF-8"),
        (b"make,model\nVW,Go\0lf\n", 2, "zero byte"),
        ("Ford,Focus\nToyota Corolla\n", 2, "expected a make and a model"),
    ],
)
def test_a_row_that_cannot_be_read_gets_its_line_in_one_error(write, content, line, expected):
    path = write("my cars.csv", content)
    with pytest.raises(QueryError) as caught:
        build_plan(vehicles=path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert expected in message
    assert "\n" not in message


def test_all_bad_rows_are_told_at_once(write):
    path = write("v.csv", "make,model\n" + "Ford,\n" * 9)
    with pytest.raises(
        QueryError, match=r"line 2: .*\(also unreadable: line 3, 4, 5, 6, 7 and 3 more\)"
    ):
        build_plan(vehicles=path)


def test_a_list_of_words_may_be_a_file_with_a_heading(write):
    colors = write("c.csv", "\ufeffcolor;code\r\nGrey;1\r\nRed;2\r\nred;3\r\n")
    queries = list(build_plan(vehicles="VW Golf", colors=colors))
    assert [query.text for query in queries] == ["Grey VW Golf car", "Red VW Golf car"]
    assert [query.labels["color"] for query in queries] == ["gray", "red"]


def test_words_may_hold_commas_in_quotes():
    assert texts(words='"a, b",c') == ["a, b", "c"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "nothing to ask"),
        ({"vehicles": "missing.csv"}, "missing.csv: no such file"),
        ({"vehicles": "lists/cars"}, "lists/cars: no such file"),
        ({"vehicles": "al"}, 'neither "all", nor a file'),
        ({"colors": "all", "query": "red car"}, "query= is a whole query"),
        ({"query": "red car", "languages": "de"}, "query= is a whole query"),
        ({"vehicles": "VW Golf", "colors": "red", "template": "{make}"}, "colors are given"),
        ({"vehicles": "VW Golf", "template": "{color} car"}, "vehicles are given"),
        ({"vehicles": "VW Golf", "template": "car"}, "no placeholder"),
        ({"vehicles": "VW Golf", "per_query": "0"}, "per_query=0: expected a whole number"),
        ({"vehicles": "VW Golf", "per_query": "many"}, "per_query=many"),
        ({"vehicles": "VW Golf", "limit": "-1"}, "limit=-1"),
        ({"vehicles": "VW Golf", "limit": "1e3"}, "limit=1e3"),
        ({"vehicles": "VW Golf", "makes": "Fodr"}, "not in the list of vehicles: Fodr"),
        ({"vehicles": "VW Golf", "exclude": "VW Polo"}, "not in the list of vehicles: VW Polo"),
        ({"vehicles": "VW Golf", "exclude": "VW"}, "leaves no vehicle"),
        ({"makes": "VW", "query": ""}, "give vehicles=all too"),
        ({"vehicles": "VW Golf", "bodies": "spaceship"}, "'spaceship' is none of"),
        ({"vehicles": "VW Golf", "years": "98"}, "expected years like 1998"),
        ({"vehicles": "VW Golf", "years": "2007-2004"}, "expected years like 1998"),
        ({"colors": "red", "years": "all"}, "expected years like 1998"),
        ({"colors": "red", "languages": "xx"}, "'xx' is none of"),
        ({"colors": "red", "synonyms": "maybe"}, "expected yes or no"),
        ({"colors": " , "}, "the list is empty"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(arguments, problem):
    with pytest.raises(QueryError) as caught:
        build_plan(**arguments)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing\n", "make,model\n"])
def test_an_empty_list_is_an_error(write, content):
    with pytest.raises(QueryError, match=r"empty|no vehicles"):
        build_plan(vehicles=write("v.csv", content))


def test_no_combination_left_is_an_error(write):
    path = write("v.csv", "make,model,years\nVW,Golf,1974-1980\n")
    with pytest.raises(QueryError, match="nothing to ask"):
        build_plan(vehicles=path, years="1999")


def test_a_folder_is_no_list(tmp_path):
    with pytest.raises(QueryError, match="found a folder"):
        build_plan(vehicles=str(tmp_path))


def test_an_error_of_the_user_is_told_as_one():
    assert issubclass(QueryError, UserError)
    assert issubclass(QueryError, ValueError)


def test_the_arguments_have_their_names():
    assert {"vehicles", "colors", "words", "template", "per_query", "limit", "query"} <= set(
        PLAN_ARGUMENTS
    )


def test_limits_are_read():
    plan = build_plan(vehicles="VW Golf")
    assert (plan.per_query, plan.limit) == (100, 0)
    plan = build_plan(vehicles="VW Golf", per_query=" 35 ", limit="2000")
    assert (plan.per_query, plan.limit) == (35, 2000)
