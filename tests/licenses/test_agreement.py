"""Several statements about one image."""

from itertools import permutations, product

import pytest

from carsets.licenses import (
    NO_LICENSE,
    DeclaredLicense,
    Evidence,
    license_table,
    read_license,
    together,
    weightiest,
)

FREEDOM = {"no": 0, "ask": 1, "yes": 2}


def said(code, evidence=Evidence.PAGE, raw=""):
    return DeclaredLicense(code, evidence, "", raw or f"says {code}")


@pytest.mark.parametrize(
    ("codes", "holds"),
    [
        (["by-4.0", "by-nc-4.0"], "by-nc-4.0"),
        (["by-4.0", "by-sa-4.0"], "by-sa-4.0"),
        (["by-4.0", "cc0-1.0"], "by-4.0"),
        (["by-4.0", "arr"], "arr"),
        (["by-4.0", "unknown"], "unknown"),
        (["arr", "unknown"], "arr"),
        (["by-nc-4.0", "by-nc-nd-4.0", "by-4.0"], "by-nc-nd-4.0"),
        (["by-sa-4.0", "by-nc-sa-4.0"], "by-nc-sa-4.0"),
        (["by-sa-4.0", "by-nd-4.0"], "by-nd-4.0"),
        (["cc0-1.0", "pdm-1.0"], "pdm-1.0"),
        (["us-gov", "by-2.0"], "by-2.0"),
        (["no-known-copyright", "by-2.0"], "no-known-copyright"),
        # Each is freer in something: obeying one of them is not enough.
        (["by-nc-4.0", "by-nd-4.0"], "unknown"),
        (["by-nc-4.0", "by-sa-4.0"], "unknown"),
        (["nc-1.0", "by-4.0"], "unknown"),
        # One family: the one that says most, and no version is guessed.
        (["by", "by-4.0"], "by-4.0"),
        (["by-3.0", "by-3.0-es"], "by-3.0-es"),
        (["by-2.0", "by-4.0"], "by"),
        (["by-3.0-es", "by-3.0-de"], "by"),
        (["sa-1.0", "sa-1.0"], "sa-1.0"),
        (["by-nc-4.0", "by-4.0", "by-nc-2.0"], "by-nc"),
    ],
)
def test_of_equal_evidence_the_stricter_holds_in_any_order(codes, holds):
    for order in permutations(codes):
        found = together([said(code) for code in order])
        assert found.code == holds
        assert found.evidence is Evidence.PAGE
        for code in set(codes):
            if len(set(codes)) > 1:
                assert f"says {code}" in found.raw


def test_whoever_obeys_what_holds_obeys_every_statement():
    for first, second in product(license_table().values(), repeat=2):
        holds = together([said(first.key), said(second.key)]).terms
        for terms in (first, second):
            for right in ("dist", "mod", "com"):
                assert FREEDOM[getattr(holds, right)] <= FREEDOM[getattr(terms, right)]
            assert holds.att or not terms.att or holds.dist == "no"
            assert holds.sa or not terms.sa or holds.mod == "no"


def test_better_evidence_counts_whatever_it_says():
    api, file = said("by-4.0", Evidence.API), said("arr", Evidence.FILE)
    assert weightiest(file, api) == weightiest(api, file) == api
    unknown = said("unknown", Evidence.API)
    assert weightiest(unknown, said("by-4.0", Evidence.FILE)) == unknown
    assert weightiest(NO_LICENSE, file) == file


def test_nothing_said_is_no_license():
    assert together([]) == weightiest() == weightiest(NO_LICENSE, NO_LICENSE) == NO_LICENSE
    by = read_license("CC BY 4.0")
    assert together([NO_LICENSE, by, by]) == by


def test_what_was_said_is_kept_and_cut():
    found = together([said("by-4.0", raw="a" * 300), said("by-nc-4.0", raw="b" * 300)])
    assert len(found.raw) == 400
    assert found.raw.startswith("aaa")
    assert "b" in found.raw


def test_a_code_that_is_none_is_unknown():
    assert together([said("gratis"), said("by-4.0")]).code == "unknown"
