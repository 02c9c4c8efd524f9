"""Which addresses a sweep asks, what it remembers, and when a file is a placeholder."""

import pytest

from carsets.catalog.rows import RunEnd, RunRow
from carsets.catalog.verifications import VerificationRow
from carsets.integrity.verdicts import BYTES_NOW, SAME_ON_URLS
from carsets.outcomes import Outcome

SHA = "c" * 64


@pytest.fixture
def filled(catalog, image, sighting):
    for number in range(7):
        catalog.admit(image(str(number)), sighting=sighting(f"https://a.test/{number}.jpg"))
    return catalog


def row(image_id, verdict="same_bytes", note="", run_id="s1", url="https://a.test/0.jpg"):
    return VerificationRow(run_id=run_id, image_id=image_id, url=url, verdict=verdict, note=note)


def ids_of(catalog):
    rows, _, _ = catalog.addresses("s", 0, 100)
    return [one.image_id for one in rows]


def test_pages_follow_each_other_to_the_end(filled):
    seen, last = [], 0
    while True:
        rows, _, last = filled.addresses("s1", last, 3)
        if not last:
            break
        seen += [one.url for one in rows]
    assert seen == [f"https://a.test/{number}.jpg" for number in range(7)]


def test_images_that_no_address_has_brought_do_not_end_the_run(catalog, image, sighting):
    for number in range(3):
        catalog.admit(image(f"alone {number}"))
    catalog.admit(image("found"), sighting=sighting("https://a.test/found.jpg"))
    rows, _, last = catalog.addresses("s1", 0, 2)
    assert (rows, last) == ([], 2)
    rows, _, last = catalog.addresses("s1", last, 2)
    assert ([one.url for one in rows], last) == (["https://a.test/found.jpg"], 4)
    assert catalog.addresses("s1", last, 2)[2] == 0


def test_what_is_done_is_known_by_sweep(filled):
    first, second, *_ = ids_of(filled)
    filled.record_verifications([row(first), row(second)])
    filled.record_verifications([row(first, verdict="gone")])  # a second process: the first counts
    _, done, _ = filled.addresses("s1", 0, 100)
    assert done == {first, second}
    assert filled.addresses("s2", 0, 100)[1] == set()
    assert filled.verdict_totals() == {"s1": {"same_bytes": 2}}


def test_a_sample_is_the_same_for_the_same_sweep(filled):
    sample = filled.sample_images(3, "s1").tolist()
    assert len(sample) == 3
    assert sample == sorted(sample) == filled.sample_images(3, "s1").tolist()
    others = {tuple(filled.sample_images(3, f"s{number}").tolist()) for number in range(20)}
    assert len(others) > 5
    assert filled.sample_images(100, "s1").tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_one_file_at_many_addresses_is_a_placeholder(filled):
    ids = ids_of(filled)
    alike = [row(i, "replaced", f"{BYTES_NOW}{SHA}: bits {n}") for n, i in enumerate(ids[:3])]
    other = row(ids[3], "replaced", f"{BYTES_NOW}{'d' * 64}: bits")
    damaged = row(ids[4], "replaced", "undecodable")
    filled.record_verifications([*alike, other, damaged])
    assert filled.name_placeholders("s1", 20) == SAME_ON_URLS == 3
    assert filled.verdict_totals()["s1"] == {"placeholder": 3, "replaced": 2}
    assert filled.name_placeholders("s1", 20) == 0


def test_a_file_that_the_catalog_knows_from_many_pages_is_one_too(filled, image, sighting):
    known = filled.admit(image("known"), sighting=sighting("https://b.test/0", page_url="p0"))
    from carsets.catalog.rows import Batch

    filled.write(
        Batch(
            sightings=[
                sighting(f"https://b.test/{n}", Outcome.DUPLICATE_BYTES,
                         image_id=known.image_id, page_url=f"p{n}")
                for n in range(1, 5)
            ]
        )
    )  # fmt: skip
    note = f"{BYTES_NOW}{image('known').sha256}: bits"
    filled.record_verifications([row(ids_of(filled)[0], "replaced", note)])
    assert filled.name_placeholders("s1", 6) == 0
    assert filled.name_placeholders("s1", 5) == 1


def test_continuations_belong_to_the_run_that_they_continue(catalog):
    def run(run_id, began, code=None, **arguments):
        catalog.start_run(
            RunRow(run_id=run_id, source="verify", started_at=began, arguments=arguments)
        )
        if code is not None:
            catalog.finish_run(
                run_id,
                RunEnd(finished_at=began, found=0, kept=0, bytes=0, outcomes={}, exit_code=code,
                       exit_reason=""),
            )  # fmt: skip

    run("v1", "2026-01-01", 0)
    run("v2", "2026-02-01", sample="5")  # killed
    run("v3", "2026-02-02", 4, sample="5", sweep="v2")
    assert [(s.run_id, s.ended) for s in catalog.sweeps()] == [("v1", True), ("v2", False)]
    run("v4", "2026-02-03", 0, sample="5", sweep="v2")
    [_, second] = catalog.sweeps()
    assert (second.ended, second.started_at, second.arguments) == (
        True,
        "2026-02-01",
        {"sample": "5"},
    )
