"""What hosts have given on a day, added up by several who tell at once."""

from concurrent.futures import ThreadPoolExecutor

from carsets.catalog.catalog import Catalog

DAY = "2026-11-30"


def test_what_all_tell_adds_up_and_another_day_begins_anew(catalog):
    assert catalog.add_host_bytes(DAY, {"a.test": 5, "b.test": 0}) == {"a.test": 5}
    assert catalog.add_host_bytes(DAY, {"a.test": 7, "b.test": 1}) == {"a.test": 12, "b.test": 1}
    assert catalog.add_host_bytes(DAY, {}) == {"a.test": 12, "b.test": 1}
    assert catalog.add_host_bytes("2026-12-01", {"a.test": 3}) == {"a.test": 3}


def test_nothing_is_lost_when_workers_tell_at_the_same_moment(catalog, url):
    def tell(_):
        other = Catalog.open(url)
        for _ in range(5):
            other.add_host_bytes(DAY, {f"{name}.test": 10 for name in "cba"})
        other.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(tell, range(4)))
    assert catalog.add_host_bytes(DAY, {}) == {f"{name}.test": 200 for name in "abc"}
