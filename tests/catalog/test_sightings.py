"""What is remembered of a URL, and which outcomes give way to which."""

import pytest
from sqlalchemy import select

from carsets.catalog.entries import found_again
from carsets.catalog.known_urls import KnownUrls
from carsets.catalog.rows import Batch
from carsets.catalog.schema import sightings
from carsets.outcomes import Outcome

URL = "https://a.test/1.jpg"


def row_of(catalog, url=URL):
    with catalog._read() as connection:
        return connection.execute(select(sightings).where(sightings.c.url == url)).one()


def record(catalog, *rows):
    catalog.write(Batch(sightings=list(rows)))


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        (Outcome.HTTP_404, Outcome.KNOWN_URL, Outcome.HTTP_404),
        (Outcome.STORED, Outcome.DUPLICATE_BYTES, Outcome.STORED),
        (Outcome.NEAR_DUPLICATE, Outcome.STORED, Outcome.NEAR_DUPLICATE),
        (Outcome.TIMEOUT, Outcome.CANCELLED, Outcome.TIMEOUT),
        (Outcome.TIMEOUT, Outcome.OVER_LIMIT, Outcome.TIMEOUT),
        (Outcome.TIMEOUT, Outcome.KNOWN_URL, Outcome.TIMEOUT),
        (Outcome.LICENSE_EXCLUDED, Outcome.KNOWN_URL, Outcome.LICENSE_EXCLUDED),
        (Outcome.TIMEOUT, Outcome.DNS, Outcome.DNS),
        (Outcome.TIMEOUT, Outcome.STORED, Outcome.STORED),
        (Outcome.CANCELLED, Outcome.HTTP_5XX, Outcome.HTTP_5XX),
        (Outcome.KNOWN_URL, Outcome.LICENSE_EXCLUDED, Outcome.LICENSE_EXCLUDED),
        (Outcome.LICENSE_EXCLUDED, Outcome.STORED, Outcome.STORED),
    ],
)
def test_what_says_less_never_overwrites(catalog, sighting, first, second, stays):
    record(catalog, sighting(outcome=first, note="first"))
    record(catalog, sighting(outcome=second, note="second", run_id="run2"))
    row = row_of(catalog)
    assert row.outcome == stays.value
    assert row.note == ("second" if stays is second and first is not second else "first")
    assert (row.first_run_id, row.last_run_id) == ("run1", "run2")


def test_all_facts_of_a_source_are_kept(catalog, sighting):
    record(
        catalog,
        sighting(
            page=2,
            rank=36,
            page_url="https://a.test/page",
            thumbnail="https://a.test/t.jpg",
            source_id="4711",
            width=1024,
            height=768,
            title="Ein schöner Käfer 🚗",
            description="long",
            tags=("vw", "beetle"),
            labels={"make": "Volkswagen"},
            extra={"deep": [1, {"x": None}]},
            license="by-sa-4.0",
            license_evidence=5,
            license_url="https://creativecommons.org/licenses/by-sa/4.0/",
            license_raw="4",
            author="O'Brien",
            author_url="https://a.test/people/1",
            attribution="Photo by O'Brien",
        ),
    )
    row = row_of(catalog)
    assert (row.title, row.author, row.license) == ("Ein schöner Käfer 🚗", "O'Brien", "by-sa-4.0")
    assert (row.rank, row.page, row.width, row.height) == (36, 2, 1024, 768)
    assert row.tags == ["vw", "beetle"]
    assert row.extra == {"deep": [1, {"x": None}]}


def test_every_query_that_shows_a_url_has_its_own_row(catalog, sighting):
    record(
        catalog,
        sighting(),
        sighting(query_id="q2", outcome=Outcome.KNOWN_URL),
        sighting(source="flickr", outcome=Outcome.KNOWN_URL),
    )
    with catalog._read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sightings").scalar() == 3
    assert catalog.lookup_url(URL) == (Outcome.STORED, None)


def test_a_known_url_learns_to_which_image_it_led(catalog, sighting, image):
    admission = catalog.admit(image(), sighting=sighting())
    record(catalog, sighting(query_id="q2", outcome=Outcome.KNOWN_URL, run_id="run2"))
    with catalog._read() as connection:
        ids = connection.exec_driver_sql("SELECT image_id FROM sightings").scalars().all()
    assert ids == [admission.image_id, admission.image_id]


def test_the_same_url_twice_in_one_batch_is_one_row(catalog, sighting):
    record(catalog, sighting(), sighting(outcome=Outcome.KNOWN_URL))
    assert row_of(catalog).outcome == "stored"


def test_smaller_copies_are_kept_while_a_url_may_be_tried_again(catalog, sighting):
    copies = ("https://a.test/1_b.jpg", "https://b.test/1_s.jpg")
    record(catalog, sighting(outcome=Outcome.TIMEOUT, alternates=copies))
    [row] = catalog.unfinished("bing")
    assert found_again(row).alternates == copies
    record(catalog, sighting(outcome=Outcome.HTTP_404, alternates=copies, run_id="run2"))
    assert row_of(catalog).alternates == ""


def test_smaller_copies_are_few_and_short(catalog, sighting):
    many = [f"https://a.test/{number}.jpg" for number in range(2, 50)]
    odd = [URL, "", "https://a.test/a b", "https://a.test/a\nb", f"https://a.test/{'x' * 3000}"]
    record(catalog, sighting(outcome=Outcome.TIMEOUT, alternates=(*odd, *many)))
    [row] = catalog.unfinished("bing")
    assert list(found_again(row).alternates) == many[:8]


def test_an_image_that_is_stored_after_all_needs_its_smaller_copies_no_more(
    catalog, sighting, image
):
    copies = ("https://a.test/1_b.jpg",)
    record(catalog, sighting(outcome=Outcome.TIMEOUT, alternates=copies))
    catalog.admit(image(), sighting=sighting(alternates=copies))
    assert row_of(catalog).alternates == ""


def test_transient_failures_are_tried_again_up_to_a_limit(catalog, sighting):
    for run in (1, 2):
        record(catalog, sighting(outcome=Outcome.TIMEOUT, run_id=f"run{run}"))
        assert URL not in KnownUrls.load(catalog, max_attempts=3)
    record(catalog, sighting(outcome=Outcome.HTTP_5XX, run_id="run3"))
    assert row_of(catalog).attempts == 3
    assert URL in KnownUrls.load(catalog, max_attempts=3)
    assert URL not in KnownUrls.load(catalog, max_attempts=4)


def test_only_what_is_final_is_known(catalog, sighting):
    known = {outcome for outcome in Outcome if outcome.retry.value == "never"}
    known.discard(Outcome.KNOWN_URL)
    record(catalog, *(sighting(f"https://a.test/{o.value}", o) for o in Outcome))
    urls = KnownUrls.load(catalog)
    assert {o for o in Outcome if f"https://a.test/{o.value}" in urls} == known


def test_what_waits_for_another_try_can_be_listed(catalog, sighting):
    record(catalog, *(sighting(f"https://a.test/{n}", Outcome.TIMEOUT) for n in range(1_200)))
    record(catalog, sighting("https://a.test/cut", Outcome.CANCELLED))
    record(catalog, sighting("https://a.test/gone", Outcome.HTTP_404))
    waiting = [row.url for row in catalog.unfinished("bing")]
    assert waiting == [*(f"https://a.test/{n}" for n in range(1_200)), "https://a.test/cut"]
    assert list(catalog.unfinished("flickr")) == []


def test_a_query_knows_its_own_urls(catalog, sighting):
    record(catalog, sighting("https://a.test/1"), sighting("https://a.test/2", query_id="q2"))
    urls = [f"https://a.test/{n}" for n in range(3)]
    assert catalog.found_by("bing", "q1", urls) == {"https://a.test/1"}


def test_kept_images_are_counted_by_query(catalog, sighting):
    record(
        catalog,
        sighting("https://a.test/1"),
        sighting("https://a.test/2"),
        sighting("https://a.test/3", query_id="q2"),
        sighting("https://a.test/4", Outcome.HTTP_404),
        sighting("https://a.test/5", source="flickr"),
    )
    assert catalog.kept_by_query("bing") == {"q1": 2, "q2": 1}


def test_a_url_with_broken_characters_is_kept(catalog, sighting):
    strange = "https://a.test/caf\u00e9 \u202e'\"%00.jpg"
    record(catalog, sighting(strange))
    assert catalog.lookup_url(strange) == (Outcome.STORED, None)
