"""Three crawls at the same moment, in three processes, into one dataset."""

from carsets.fakeweb.corpus import SOURCES, truth


def test_they_ran_at_the_same_time(built):
    started = built.dataset.rows(
        "SELECT max(started_at) FROM runs WHERE source IN ('bing', 'flickr', 'openverse')"
    )
    ended = built.dataset.rows(
        "SELECT min(finished_at) FROM runs WHERE source IN ('bing', 'flickr', 'openverse')"
    )
    assert started[0] <= ended[0]


def test_no_sighting_is_lost(built):
    for receipt in built.dataset.receipts:
        if receipt["source"] in SOURCES:
            rows = built.dataset.rows(
                "SELECT url FROM sightings WHERE source = ?", receipt["source"]
            )
            assert len(rows) == len(set(rows)) == receipt["found"] == 45


def test_copies_across_processes_leave_one_image(built):
    clusters: dict[int, set[str]] = {}
    sources: dict[int, set[str]] = {}
    for url, source, image_id in built.dataset.rows(
        "SELECT url, source, image_id FROM sightings "
        "WHERE image_id IS NOT NULL AND url LIKE 'http%'"
    ):
        about = truth(url)
        if about.cluster is not None and about.copy_how != "cropped":
            clusters.setdefault(about.cluster, set()).add(image_id)
            sources.setdefault(about.cluster, set()).add(source)
    across = [number for number, names in sources.items() if len(names & set(SOURCES)) > 1]
    assert len(across) >= 5
    assert not {number: ids for number, ids in clusters.items() if len(ids) > 1}


def test_every_image_that_a_sighting_names_exists(built):
    lost = built.dataset.rows(
        "SELECT s.url FROM sightings s LEFT JOIN images i USING (image_id) "
        "WHERE s.image_id IS NOT NULL AND i.image_id IS NULL"
    )
    assert not lost


def test_the_sums_of_all_receipts_are_the_dataset(built):
    kept = sum(receipt["kept"] for receipt in built.dataset.receipts)
    stored = built.dataset.rows("SELECT count(*) FROM sightings WHERE outcome = 'stored'")[0]
    assert len(built.dataset.kept()) == stored
    # A receipt is written when its run ends: what another run replaces later stays in it.
    replaced = built.dataset.rows("SELECT count(*) FROM images WHERE verdict = 'superseded'")[0]
    assert stored <= kept <= stored + replaced
