"""Old models: who asks for a Passat of 2014 does not want one of 1998."""

from types import SimpleNamespace

import pytest

from carsets.curation.texts import NOTHING, OTHER, SAME, read_says
from carsets.curation.years import YearFault, year_fault, years_named

PASSAT = {"make": "Volkswagen", "model": "Passat", "year": "2014"}


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1998 VW Passat", {"1998"}),
        ("my '98 Passat and a ’14 Golf", {"1998", "2014"}),
        ("MY2014 wagon", {"2014"}),
        ("IMG_1998.jpg, DSC 2014, photo 2003, #1999, no. 2001", set()),
        ("2014-05-01 and 1/2014", set()),
        ("room 19981, 120 km, 1885", set()),
        ("", set()),
    ],
)
def test_years_are_read_and_other_numbers_are_not(text, years):
    assert years_named(text) == years


def test_a_model_that_is_called_like_a_year_is_none():
    assert years_named("Peugeot 2008 in 2015", model="2008") == {"2015"}


@pytest.mark.parametrize(
    ("caption", "taken", "says"),
    [
        ("1998 VW Passat", "", OTHER),
        ("2014 VW Passat", "", SAME),
        ("2013 VW Passat", "", SAME),  # sold before its year
        ("2014 and 1998 together", "", SAME),
        ("VW Passat, car show 2019", "2019", NOTHING),
        ("VW Passat", "", NOTHING),
    ],
)
def test_a_caption_may_name_another_year(caption, taken, says):
    assert read_says(caption, "", PASSAT, taken).of["year"][0] == says


@pytest.mark.parametrize(
    ("dates", "fault"),
    [
        ({"taken": "1999-07-01 12:00:00"}, YearFault.TAKEN),
        ({"uploaded": "2009-01-01T00:00:00", "taken": "2016-01-01"}, YearFault.UPLOADED),
        ({"taken": "2013-12-24", "uploaded": "2020-01-01"}, YearFault.NONE),
        ({"taken": "yesterday"}, YearFault.NONE),
        ({}, YearFault.NONE),
    ],
)
def test_a_photo_is_not_older_than_its_car(dates, fault):
    assert year_fault(PASSAT, SimpleNamespace(**{"taken": "", "uploaded": None} | dates)) == fault


def test_a_model_of_other_years_cannot_be_of_this_one():
    nothing = SimpleNamespace(taken="", uploaded="")
    spider = {"make": "Abarth", "model": "124 Spider"}  # 2016 to 2019
    assert year_fault({**spider, "year": "2014"}, nothing) == YearFault.NOT_MADE
    assert year_fault({**spider, "year": "2017"}, nothing) == YearFault.NONE
    assert year_fault({"make": "My", "model": "Own", "year": "1950"}, nothing) == YearFault.NONE
    assert year_fault({**spider, "year": "soon"}, nothing) == YearFault.NONE
