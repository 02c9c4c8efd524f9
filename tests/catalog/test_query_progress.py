"""How far queries have come, over runs."""

import pytest
from sqlalchemy import select

from carsets.catalog.rows import Batch, PageRow, QueryEndRow, QueryProgress
from carsets.catalog.schema import queries
from carsets.outcomes import QueryOutcome


@pytest.fixture
def page(query):
    def build(number, found=35, outcome=QueryOutcome.RESULTS, **more):
        return PageRow(
            source="bing",
            query=query,
            page=number,
            outcome=outcome,
            found=found,
            run_id=more.pop("run_id", "run1"),
            **more,
        )

    return build


@pytest.fixture
def end(query):
    def build(outcome=QueryOutcome.RESULTS, note=""):
        return QueryEndRow(source="bing", query=query, outcome=outcome, note=note, run_id="run1")

    return build


def test_a_query_goes_on_after_its_last_page(catalog, page):
    catalog.write(Batch(pages=[page(1, next="token"), page(2, found=30, next=71)]))
    assert catalog.query_progress("bing") == {"q1": QueryProgress(3, 65, None, 71)}
    assert catalog.query_progress("flickr") == {}


def test_a_page_read_again_counts_once_and_never_goes_back(catalog, page):
    catalog.write(Batch(pages=[page(1), page(2, next="third")]))
    catalog.write(Batch(pages=[page(1, found=40, run_id="run2", next="second")]))
    assert catalog.query_progress("bing")["q1"] == QueryProgress(3, 75, None, "third")


@pytest.mark.parametrize("outcome", [QueryOutcome.BLOCKED, QueryOutcome.HTTP_ERROR])
def test_a_refused_page_is_asked_again(catalog, page, end, outcome):
    catalog.write(Batch(pages=[page(1, next=2), page(2, 0, outcome)], ends=[end(outcome, "why")]))
    assert catalog.query_progress("bing")["q1"] == QueryProgress(2, 35, None, 2)


@pytest.mark.parametrize("outcome", [QueryOutcome.RESULTS, QueryOutcome.NO_RESULTS])
def test_an_answered_query_is_finished(catalog, page, end, outcome):
    catalog.write(Batch(pages=[page(1, outcome=outcome)], ends=[end(outcome)]))
    assert catalog.query_progress("bing")["q1"].outcome == outcome.value


@pytest.mark.parametrize(("wanted", "done"), [(20, True), (35, True), (36, False), (0, False)])
def test_a_query_that_was_cut_short_is_done_for_plans_that_want_no_more(
    catalog, page, end, wanted, done
):
    catalog.write(Batch(pages=[page(1)], ends=[end(note="per_query reached")]))
    assert catalog.query_progress("bing")["q1"].is_done(wanted) is done


@pytest.mark.parametrize("wanted", [20, 50, 0])
def test_a_query_that_ended_by_itself_is_done_whatever_is_wanted(catalog, page, end, wanted):
    catalog.write(Batch(pages=[page(1)], ends=[end(note="the last page")]))
    assert catalog.query_progress("bing")["q1"].is_done(wanted)


def test_labels_with_quotes_are_only_text(catalog, page, query):
    query.labels["make"] = "'); DROP TABLE sightings; --"
    catalog.write(Batch(pages=[page(1)]))
    with catalog._read() as connection:
        labels = connection.scalar(select(queries.c.labels))
        assert labels == query.labels
        assert connection.exec_driver_sql("SELECT count(*) FROM sightings").scalar() == 0
