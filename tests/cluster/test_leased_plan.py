"""A worker walks its plan, takes what is free, and waits for what others may not finish."""

import asyncio

from carsets.catalog.query_leases import Leased
from carsets.cluster import leased_plan
from carsets.cluster.leased_plan import LeasedPlan
from carsets.queries import Query

PLAN = [Query(text=f"car {number}") for number in range(5)]
IDS = [query.query_id for query in PLAN]


class Catalog:
    """Hands out leases, and remembers who has what."""

    def __init__(self, others=(), bench=""):
        self.others = set(others)
        self.ours: list[str] = []
        self.bench = bench
        self.asked: list[int] = []

    def lease(self, wanted, most):
        self.asked.append(len(wanted))
        free = [name for name, _ in wanted if name not in self.others and name not in self.ours]
        elsewhere = {name for name, _ in wanted} & self.others
        if self.bench:
            return Leased({}, frozenset(free) | elsewhere, frozenset(), self.bench)
        self.ours += free[:most]
        left = frozenset(free[most:]) | elsewhere
        return Leased(dict.fromkeys(free[:most]), left, frozenset(), "")


def walk(catalog, rest=None, stopping=lambda: False):
    """Return the queries that a worker gets, and its plan."""

    async def no_rest():
        raise AssertionError("there is nothing to wait for")

    plan = LeasedPlan(PLAN, catalog.lease, rest or no_rest, stopping)

    async def everything():
        return [query async for query, _ in plan.queries()]

    return asyncio.run(everything()), plan


def test_all_that_is_free_is_taken_in_the_order_of_the_plan():
    assert walk(Catalog())[0] == PLAN


def test_a_long_plan_is_walked_in_short_steps(monkeypatch):
    monkeypatch.setattr(leased_plan, "WINDOW", 2)
    catalog = Catalog()
    assert walk(catalog)[0] == PLAN
    assert max(catalog.asked) == 2


def test_what_a_dead_worker_leaves_is_taken_over():
    catalog = Catalog(others=IDS[:2])
    rests = []

    async def rest():
        rests.append(len(catalog.ours))
        if len(rests) == 3:
            catalog.others.discard(IDS[1])  # it has died
        if len(rests) == 5:
            catalog.others.clear()
            catalog.ours.append(IDS[0])  # it has been answered

    found, _ = walk(catalog, rest)
    assert found == [*PLAN[2:], PLAN[1]]
    assert len(rests) == 5


def test_who_is_stopped_waits_no_longer():
    catalog = Catalog(others=IDS)
    rests = []

    async def rest():
        rests.append(1)

    assert walk(catalog, rest, lambda: len(rests) >= 2)[0] == []
    assert len(rests) == 2


def test_a_refusal_of_another_worker_ends_the_walk():
    found, plan = walk(Catalog(bench="captcha"))
    assert found == []
    query, bench = plan.refused
    assert query in PLAN
    assert bench == "captcha"
