"""Workers that share a plan: leases, claims, one limit and one pace, through the catalog alone."""

import threading

import pytest
from sqlalchemy import func, select, update

from carsets.catalog.catalog import Catalog
from carsets.catalog.host_pace import Knock, News
from carsets.catalog.rows import Batch, PageRow, QueryEndRow
from carsets.catalog.schema import (
    host_requests,
    hosts,
    query_leases,
    url_claims,
    workers,
)
from carsets.catalog.unsigned import url_hash
from carsets.catalog.workers import LeaseLostError
from carsets.outcomes import Outcome, QueryOutcome

LONG = 3600.0  # seconds; nobody dies of it here
WANTED = [(f"q{place}", place) for place in range(5)]


@pytest.fixture
def workers_of(catalog):
    """Return a function that enters workers of a source."""

    def enter(*names, source="bing", plan="plan"):
        return [catalog.join_workers(name, source, plan, LONG) for name in names]

    return enter


@pytest.fixture
def kill(catalog):
    """Return a function after which a worker counts as dead: its time is over."""

    def kill(name):
        with catalog._write() as connection:
            connection.execute(
                update(workers).where(workers.c.run_id == name).values(expires_at=1.0)
            )

    return kill


def lease(catalog, name, most=5):
    return list(catalog.lease_queries(name, "bing", WANTED, most).queries)


def rows(catalog, table):
    with catalog._read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_each_query_goes_to_one_worker_in_the_order_of_the_plan(catalog, workers_of):
    assert workers_of("run1", "run2") == [0, 1]
    assert lease(catalog, "run1", 2) == ["q0", "q1"]
    assert lease(catalog, "run2", 9) == ["q2", "q3", "q4"]
    last = catalog.lease_queries("run1", "bing", WANTED, 9)
    assert not last.queries
    assert last.elsewhere == {"q2", "q3", "q4"}


def test_sources_do_not_meet(catalog, workers_of):
    workers_of("run1")
    workers_of("run2", source="flickr")
    assert lease(catalog, "run1", 5)
    assert len(catalog.lease_queries("run2", "flickr", WANTED, 5).queries) == 5


def test_a_dead_worker_s_query_goes_on_from_its_last_page(catalog, workers_of, kill, query):
    workers_of("run1", "run2")
    lease(catalog, "run1")
    page = PageRow(source="bing", query=type(query)("q0"), page=1, outcome=QueryOutcome.RESULTS,
                   found=35, run_id="run1", next="token")  # fmt: skip
    catalog.write(Batch(pages=[page]))
    assert lease(catalog, "run2") == []
    kill("run1")
    taken = catalog.lease_queries("run2", "bing", WANTED, 2).queries
    assert list(taken) == ["q0", "q1"]
    assert (taken["q0"].next_page, taken["q0"].found, taken["q0"].next) == (2, 35, "token")
    assert taken["q1"] is None


def test_who_was_taken_for_dead_can_do_nothing_any_more(catalog, workers_of, kill):
    workers_of("run1")
    kill("run1")
    for act in (
        lambda: catalog.say_alive("run1", LONG),
        lambda: lease(catalog, "run1"),
        lambda: catalog.claim_urls("run1", [1]),
        lambda: catalog.pace_hosts("run1", News([Knock("1", "a.test", 0, 1)])),
        lambda: catalog.share_limit("run1", limit=1, outstanding=0, wants_more=True, planned=[]),
    ):
        with pytest.raises(LeaseLostError, match="has run out"):
            act()


def test_an_answered_query_is_never_leased(catalog, workers_of, query):
    workers_of("run1", "run2")
    end = QueryEndRow(source="bing", query=type(query)("q0"), outcome=QueryOutcome.NO_RESULTS,
                      note="", run_id="run1")  # fmt: skip
    catalog.write(Batch(ends=[end]))
    assert lease(catalog, "run2") == ["q1", "q2", "q3", "q4"]


def test_a_query_without_an_answer_is_left_to_the_next_crawl(catalog, workers_of, query):
    workers_of("run1", "run2")
    lease(catalog, "run1", 2)
    end = QueryEndRow(source="bing", query=type(query)("q0"), outcome=QueryOutcome.HTTP_ERROR,
                      note="", run_id="run1")  # fmt: skip
    catalog.write(Batch(ends=[end]))
    catalog.leave_workers("run1", "bing")
    leased = catalog.lease_queries("run2", "bing", WANTED, 9)
    assert list(leased.queries) == ["q1", "q2", "q3", "q4"]
    assert leased.given_up == {"q0"}
    catalog.leave_workers("run2", "bing")
    workers_of("run3")
    assert lease(catalog, "run3", 1) == ["q0"]


def test_a_refusal_is_told_to_the_others(catalog, workers_of):
    workers_of("run1", "run2")
    catalog.say_bench("run1", "captcha")
    assert catalog.lease_queries("run2", "bing", WANTED, 1).bench == "captcha"
    catalog.leave_workers("run1", "bing")
    assert catalog.lease_queries("run2", "bing", WANTED, 1).bench == "captcha"
    catalog.leave_workers("run2", "bing")
    workers_of("run3")
    assert catalog.lease_queries("run3", "bing", WANTED, 1).bench == ""


def test_a_url_belongs_to_one_worker_until_it_dies(catalog, workers_of, kill):
    workers_of("run1", "run2")
    assert catalog.claim_urls("run1", [1, 2, 2**64 - 1]) == {1, 2, 2**64 - 1}
    assert catalog.claim_urls("run2", [2, 3]) == {3}
    assert catalog.known_among([1, 3, 4]) == {1, 3}
    kill("run1")
    assert catalog.known_among([1, 3, 4]) == {3}
    assert catalog.claim_urls("run2", [1, 2]) == {1, 2}


def test_a_url_that_has_ended_is_not_claimed(catalog, workers_of, sighting):
    workers_of("run1", "run2")
    ended, failed = "https://a.test/ended", "https://a.test/failed"
    catalog.write(Batch(sightings=[sighting(ended, Outcome.HTTP_404)]))
    hashes = [url_hash(ended), url_hash(failed)]
    assert catalog.claim_urls("run1", hashes) == {url_hash(failed)}
    catalog.write(Batch(sightings=[sighting(failed, Outcome.TIMEOUT)]))
    catalog.leave_workers("run1", "bing")
    assert catalog.claim_urls("run2", hashes) == set(), "in this crawl it has had its try"


def test_what_a_worker_leaves_undone_is_free(catalog, workers_of, sighting):
    workers_of("run1", "run2")
    catalog.claim_urls("run1", [url_hash("https://a.test/cut"), 5])
    catalog.write(Batch(sightings=[sighting("https://a.test/cut", Outcome.CANCELLED)]))
    lease(catalog, "run1")
    catalog.leave_workers("run1", "bing")
    assert catalog.claim_urls("run2", [url_hash("https://a.test/cut"), 5])
    assert len(lease(catalog, "run2")) == 5


def test_the_last_worker_of_a_source_leaves_nothing_behind(catalog, workers_of):
    workers_of("run1", "run2")
    workers_of("run3", source="flickr")
    for name in ("run1", "run3"):
        catalog.claim_urls(name, [url_hash(name)])
    lease(catalog, "run1")
    catalog.pace_hosts("run1", News([Knock("1", "a.test", 0, 1)]))
    catalog.leave_workers("run1", "bing")
    catalog.leave_workers("run2", "bing")
    assert rows(catalog, query_leases) == 0
    assert rows(catalog, url_claims) == 1, "that of the other source"
    catalog.leave_workers("run3", "flickr")
    for table in (workers, query_leases, url_claims, hosts, host_requests):
        assert rows(catalog, table) == 0, table.name


def test_the_first_worker_forgets_what_killed_ones_have_left(catalog, workers_of, kill):
    workers_of("run1")
    lease(catalog, "run1")
    catalog.claim_urls("run1", [1])
    kill("run1")
    workers_of("run2")
    assert rows(catalog, url_claims) == 0
    assert len(lease(catalog, "run2")) == 5


def test_a_batch_of_a_list_goes_to_one_worker_and_is_done_once(catalog, workers_of, kill, query):
    workers_of("run1", "run2")
    assert catalog.lease_batch("run1", "urls", "q1", 1) is True
    assert catalog.lease_batch("run2", "urls", "q1", 1) is False
    assert catalog.lease_batch("run2", "urls", "q1", 2) is True
    page = PageRow(source="urls", query=query, page=2, outcome=QueryOutcome.RESULTS, found=200,
                   run_id="run2", next=3)  # fmt: skip
    catalog.write(Batch(pages=[page]))
    assert catalog.lease_batch("run1", "urls", "q1", 2) is None
    kill("run1")
    assert catalog.lease_batch("run2", "urls", "q1", 1) is True


# --- One limit ----------------------------------------------------------------------------------


def share(catalog, name, outstanding=0, limit=20, more=True):
    return catalog.share_limit(
        name, limit=limit, outstanding=outstanding, wants_more=more, planned=["q1"]
    )


def test_no_more_is_handed_out_than_the_limit(catalog, workers_of):
    workers_of("run1", "run2")
    handed = {"run1": 0, "run2": 0}
    for _ in range(20):
        for name in handed:
            handed[name] += share(catalog, name, handed[name])[0]
    assert sum(handed.values()) == 20
    assert min(handed.values()) >= 5, "neither has taken almost all"


def test_what_is_kept_counts_and_a_dead_worker_s_share_comes_back(
    catalog, workers_of, kill, image, sighting
):
    workers_of("run1", "run2")
    assert share(catalog, "run1", limit=4) == (1, 0)
    assert share(catalog, "run1", 1, limit=4) == (1, 0)
    catalog.admit(image(), sighting=sighting())
    # The image is kept, and until the worker says so it counts as in hand too: never too many.
    assert share(catalog, "run2", limit=4) == (1, 1)
    assert share(catalog, "run2", 1, limit=4) == (0, 1)
    kill("run1")
    assert share(catalog, "run2", 1, limit=4)[0] >= 1
    assert share(catalog, "run2", 0, limit=4, more=False) == (0, 1)


def test_other_plans_have_limits_of_their_own(catalog, workers_of):
    workers_of("run1")
    workers_of("run2", plan="another")
    assert share(catalog, "run1", outstanding=20) == (0, 0)
    assert share(catalog, "run2")[0] == 10


# --- One pace -----------------------------------------------------------------------------------


def knocks(*numbers, host="a.test", delay=0.0, at_once=2):
    return [Knock(str(number), host, delay, at_once) for number in numbers]


def test_a_host_gets_no_more_at_once_than_it_may(catalog, workers_of, kill):
    workers_of("run1", "run2")
    assert catalog.pace_hosts("run1", News(knocks(1, 2))) == {"1": 0, "2": 0}
    waits = catalog.pace_hosts("run2", News([*knocks(3), *knocks(4, host="b.test")]))
    assert waits["3"] > 0
    assert waits["4"] == 0
    catalog.pace_hosts("run1", News(ended=["1"]))
    assert catalog.pace_hosts("run2", News(knocks(3, 5)))["3"] == 0
    kill("run1")
    assert catalog.pace_hosts("run2", News(knocks(5)))["5"] == 0, "the dead ask nobody"


def test_two_requests_to_a_host_are_as_far_apart_as_it_wants(catalog, workers_of):
    workers_of("run1", "run2")
    waits = catalog.pace_hosts("run1", News(knocks(1, 2, delay=30)))
    assert waits["1"] == 0
    assert 25 < waits["2"] <= 30
    waits = catalog.pace_hosts("run2", News(knocks(3, delay=30, at_once=9)))
    assert 25 < waits["3"] <= 30


def test_the_pause_begins_when_the_request_was_sent(catalog, workers_of):
    workers_of("run1", "run2")
    [late] = knocks(1, delay=30)
    assert catalog.pace_hosts("run1", News([late])) == {"1": 0}
    with catalog._write() as connection:
        connection.execute(update(hosts).values(next_at=hosts.c.next_at - 29))  # it took long
    catalog.pace_hosts("run1", News(sent=[late]))
    assert catalog.pace_hosts("run2", News(knocks(2)))["2"] > 25


def test_a_host_that_asks_to_wait_is_left_alone_by_all(catalog, workers_of):
    workers_of("run1", "run2")
    catalog.pace_hosts("run1", News(pauses={"a.test": 100.0}))
    catalog.pace_hosts("run2", News(pauses={"a.test": 1.0}))
    waits = catalog.pace_hosts("run2", News([*knocks(1), *knocks(2, host="b.test")]))
    assert waits["1"] > 90
    assert waits["2"] == 0


def test_many_threads_lease_claim_and_knock_at_once(catalog, url, workers_of):
    names = ["run1", "run2", "run3"]
    workers_of(*names)
    plan = [(f"many{place}", place) for place in range(30)]
    got: dict[str, list] = {name: [] for name in names}
    claimed: dict[str, set] = {name: set() for name in names}
    let_in: list[str] = []
    problems: list[Exception] = []

    def work(name):
        mine = Catalog.open(url)
        try:
            while taken := mine.lease_queries(name, "bing", plan, 2).queries:
                got[name] += taken
            claimed[name] = mine.claim_urls(name, range(500))
            waits = mine.pace_hosts(name, News(knocks(f"{name}-1", f"{name}-2", at_once=4)))
            let_in.extend(one for one, wait in waits.items() if not wait)
        except Exception as error:
            problems.append(error)
        finally:
            mine.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    everything = [query_id for taken in got.values() for query_id in taken]
    # What another one has locked for a moment is passed over: a worker looks again, as here.
    everything += catalog.lease_queries("run1", "bing", plan, 30).queries
    assert sorted(everything) == sorted(query_id for query_id, _ in plan)
    assert sorted(n for numbers in claimed.values() for n in numbers) == list(range(500))
    assert len(let_in) == 4
