from carsets.catalog.schema import scores
from carsets.curation.kinds import Kind


def test_every_kind_fits_its_column_and_says_what_it_means():
    for kind in Kind:
        assert len(kind.value) <= scores.c.kind.type.length
        assert kind.meaning
        assert Kind(kind.value) is kind
