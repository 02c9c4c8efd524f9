"""A worker that cannot say that it lives hears that it has to end."""

import asyncio

import pytest

from carsets.catalog.connection import CatalogError
from carsets.catalog.workers import LeaseLostError
from carsets.cluster.membership import Membership
from carsets.cluster.switch import is_switched_on
from carsets.problems import UserError


class Catalog:
    """Counts the signs of life, and answers as it is told."""

    def __init__(self, problem=None):
        self.problem = problem
        self.alive = self.left = 0

    def join_workers(self, *_):
        return 0

    def say_alive(self, *_):
        self.alive += 1
        if self.problem:
            raise self.problem

    def leave_workers(self, *_):
        self.left += 1


def live(catalog, lease=0.09, until=lambda catalog, lost: bool(lost)):
    lost = []

    async def work():
        membership = Membership(catalog, "run1", lease, lost.append)
        membership.join("bing", "plan")
        while not until(catalog, lost):
            await asyncio.sleep(0.005)
        await membership.leave()
        await membership.leave()

    asyncio.run(asyncio.wait_for(work(), 60))
    return lost


def test_it_says_that_it_lives_and_leaves_once():
    catalog = Catalog()
    assert live(catalog, until=lambda catalog, lost: catalog.alive >= 3) == []
    assert catalog.left == 1


def test_who_was_taken_for_dead_ends_at_once():
    catalog = Catalog(LeaseLostError())
    [why] = live(catalog)
    assert isinstance(why, LeaseLostError)
    assert catalog.alive == 1


def test_a_catalog_that_is_away_for_a_moment_is_borne_and_for_a_lease_is_not():
    catalog = Catalog(CatalogError("gone"))
    [why] = live(catalog)
    assert str(why) == "gone"
    assert catalog.alive > 1


@pytest.mark.parametrize(
    ("given", "url", "on"),
    [
        ("auto", "", False),
        ("auto", "sqlite:///x", False),
        ("auto", "postgresql+psycopg://x/y", True),
        ("True", "", True),
        (True, "sqlite:///x", True),
        ("False", "postgresql://x/y", False),
        (0, "postgresql://x/y", False),
    ],
)
def test_when_workers_share(given, url, on):
    assert is_switched_on({"CLUSTER_ENABLED": given, "CATALOG_URL": url}) is on


def test_a_word_that_means_nothing_is_refused():
    with pytest.raises(UserError, match="auto, True or False is expected"):
        is_switched_on({"CLUSTER_ENABLED": "perhaps"})
