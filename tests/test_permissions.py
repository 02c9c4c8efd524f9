"""What may be done under each license, in full, as the licenses themselves say it.

The table below is written from the texts of the licenses and not from ``data/licenses.csv``.
"""

from itertools import product

import pytest

import carsets.settings
from carsets.licenses import (
    NO_LICENSE,
    DeclaredLicense,
    Evidence,
    LicensePolicy,
    flickr_license,
    license_table,
    read_license,
)
from carsets.permissions import (
    ACCEPTED,
    TEXTS,
    Answer,
    Mode,
    Permission,
    Purpose,
    Why,
    augment_allowed,
    license_of_changed,
    may,
)

SAYS = {
    "ok": ("yes", "allowed"),
    "sa": ("yes", "share-alike"),
    "pd": ("yes", "public-domain"),
    "us": ("yes", "us-only"),
    "in": ("yes", "internal-only"),
    "ask": ("review", "not-a-license"),
    "part": ("review", "parts-only"),
    "COPY": ("no", "no-copies"),
    "ND": ("no", "no-changes"),
    "NC": ("no", "no-commercial-use"),
    "ARR": ("no", "rights-reserved"),
    "?": ("no", "unknown-license"),
}

# "commerce" is a commercial purpose in mode cc, or mode cc-commercial with any purpose.
TABLE = """
key                 | published        | published, commerce | internal,
                    | as is    changed | as is       changed | commerce
cc0-1.0             | ok       ok      | ok          ok      | in
cc0                 | ok       ok      | ok          ok      | in
pdm-1.0             | pd       pd      | pd          pd      | in
pdm                 | pd       pd      | pd          pd      | in
pddc                | pd       pd      | pd          pd      | in
us-gov              | us       us      | us          us      | in
by-4.0              | ok       ok      | ok          ok      | in
by-3.0              | ok       ok      | ok          ok      | in
by-2.5              | ok       ok      | ok          ok      | in
by-2.1              | ok       ok      | ok          ok      | in
by-2.0              | ok       ok      | ok          ok      | in
by-1.0              | ok       ok      | ok          ok      | in
by                  | ok       ok      | ok          ok      | in
by-sa-4.0           | ok       sa      | ok          sa      | in
by-sa-3.0           | ok       sa      | ok          sa      | in
by-sa-2.5           | ok       sa      | ok          sa      | in
by-sa-2.1           | ok       sa      | ok          sa      | in
by-sa-2.0           | ok       sa      | ok          sa      | in
by-sa-1.0           | ok       sa      | ok          sa      | in
by-sa               | ok       sa      | ok          sa      | in
by-nc-4.0           | ok       ok      | NC          NC      | NC
by-nc-3.0           | ok       ok      | NC          NC      | NC
by-nc-2.5           | ok       ok      | NC          NC      | NC
by-nc-2.1           | ok       ok      | NC          NC      | NC
by-nc-2.0           | ok       ok      | NC          NC      | NC
by-nc-1.0           | ok       ok      | NC          NC      | NC
by-nc               | ok       ok      | NC          NC      | NC
by-nc-sa-4.0        | ok       sa      | NC          NC      | NC
by-nc-sa-3.0        | ok       sa      | NC          NC      | NC
by-nc-sa-2.5        | ok       sa      | NC          NC      | NC
by-nc-sa-2.1        | ok       sa      | NC          NC      | NC
by-nc-sa-2.0        | ok       sa      | NC          NC      | NC
by-nc-sa-1.0        | ok       sa      | NC          NC      | NC
by-nc-sa            | ok       sa      | NC          NC      | NC
by-nd-4.0           | ok       ND      | ok          ND      | in
by-nd-3.0           | ok       ND      | ok          ND      | in
by-nd-2.5           | ok       ND      | ok          ND      | in
by-nd-2.1           | ok       ND      | ok          ND      | in
by-nd-2.0           | ok       ND      | ok          ND      | in
by-nd-1.0           | ok       ND      | ok          ND      | in
by-nd               | ok       ND      | ok          ND      | in
by-nc-nd-4.0        | ok       ND      | NC          ND      | NC
by-nc-nd-3.0        | ok       ND      | NC          ND      | NC
by-nc-nd-2.5        | ok       ND      | NC          ND      | NC
by-nc-nd-2.1        | ok       ND      | NC          ND      | NC
by-nc-nd-2.0        | ok       ND      | NC          ND      | NC
by-nc-nd-1.0        | ok       ND      | NC          ND      | NC
by-nc-nd            | ok       ND      | NC          ND      | NC
sa-1.0              | ok       sa      | ok          sa      | in
nc-1.0              | ok       ok      | NC          NC      | NC
nc-sa-1.0           | ok       sa      | NC          NC      | NC
nd-1.0              | ok       ND      | ok          ND      | in
nc-nd-1.0           | ok       ND      | NC          ND      | NC
sampling+-1.0       | ok       part    | part        part    | part
nc-sampling+-1.0    | ok       part    | NC          NC      | NC
sampling-1.0        | COPY     COPY    | COPY        COPY    | part
no-known-copyright  | ask      ask     | ask         ask     | ask
arr                 | ARR      ARR     | ARR         ARR     | ARR
unknown             | ?        ?       | ?           ?       | ?
"""
ROWS = {
    line.split()[0]: line.replace("|", " ").split()[1:] for line in TABLE.strip().splitlines()[2:]
}
EVERYTHING = list(product(Purpose, Mode, (False, True)))
BELIEVED = (Evidence.API, Evidence.PAGE)
LISTS_AND_FILES = (Evidence.LIST, Evidence.FILE)
NOBODY = (Evidence.NONE, Evidence.ENGINE_FILTER)


def expected(key, purpose, mode, modified):
    """Return what the table says when the evidence is good enough."""
    if mode == "urls":
        return ("yes", "no-pixels")
    as_is, changed, commerce, commerce_changed, internal_commerce = ROWS[key]
    if mode == "internal":
        return SAYS["in"] if purpose == "research" else SAYS[internal_commerce]
    if mode == "cc" and purpose == "research":
        return SAYS[changed if modified else as_is]
    return SAYS[commerce_changed if modified else commerce]


def needs_no_license(purpose, mode):
    return mode == "urls" or (mode == "internal" and purpose == "research")


def declared(key, evidence):
    return DeclaredLicense(key, evidence, "", "")


def said(permission):
    return (permission.answer.value, permission.why.value)


def test_the_truth_table_has_every_license():
    assert ROWS.keys() == license_table().keys()
    assert {len(row) for row in ROWS.values()} == {5}


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.parametrize("evidence", BELIEVED, ids=lambda one: one.name)
def test_what_the_source_or_the_page_says(key, evidence):
    for purpose, mode, modified in EVERYTHING:
        permission = may(declared(key, evidence), purpose, mode, modified)
        assert said(permission) == expected(key, purpose, mode, modified), (purpose, mode, modified)


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.parametrize("evidence", LISTS_AND_FILES, ids=lambda one: one.name)
def test_what_a_list_or_the_file_says_is_for_people_to_accept(key, evidence):
    for purpose, mode, modified in EVERYTHING:
        answer = expected(key, purpose, mode, modified)
        if answer[0] == "yes" and not needs_no_license(purpose, mode):
            answer = ("review", "weak-evidence")
        permission = may(declared(key, evidence), purpose, mode, modified)
        assert said(permission) == answer, (purpose, mode, modified)


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.parametrize("evidence", LISTS_AND_FILES, ids=lambda one: one.name)
def test_a_list_or_the_file_can_be_accepted(key, evidence):
    for purpose, mode, modified in EVERYTHING:
        permission = may(declared(key, evidence), purpose, mode, modified, ACCEPTED | {evidence})
        assert said(permission) == expected(key, purpose, mode, modified), (purpose, mode, modified)


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.parametrize("evidence", NOBODY, ids=lambda one: one.name)
def test_the_filter_of_an_engine_is_no_evidence_whatever_is_accepted(key, evidence):
    for purpose, mode, modified in EVERYTHING:
        answer = ("no", "no-evidence")
        if needs_no_license(purpose, mode) or key in {"arr", "unknown"}:
            answer = expected(key, purpose, mode, modified)
        for accept in (ACCEPTED, frozenset(Evidence)):
            permission = may(declared(key, evidence), purpose, mode, modified, accept)
            assert said(permission) == answer, (purpose, mode, modified)


def test_even_a_page_can_be_left_out():
    by = declared("by-4.0", Evidence.PAGE)
    permission = may(by, Purpose.RESEARCH, Mode.CC, False, frozenset({Evidence.API}))
    assert said(permission) == ("review", "weak-evidence")


@pytest.mark.parametrize(
    ("code", "like"),
    [("by-sa-3.0-es", "by-sa-3.0"), ("by-nc-nd-2.0-uk", "by-nc-nd-2.0"), ("gratis", "unknown")],
)
def test_ported_licenses_are_like_their_kind_and_others_unknown(code, like):
    for purpose, mode, modified in EVERYTHING:
        permission = may(declared(code, Evidence.API), purpose, mode, modified)
        assert said(permission) == expected(like, purpose, mode, modified)


def test_the_modes_and_purposes_may_be_plain_texts_but_no_others():
    by_nc = declared("by-nc-4.0", Evidence.API)
    assert may(by_nc, "research", "cc-commercial", False).why is Why.NO_COMMERCIAL_USE
    assert may(by_nc, "commercial", "cc", False).why is Why.NO_COMMERCIAL_USE
    with pytest.raises(ValueError, match="open"):
        may(by_nc, "research", "open", False)
    with pytest.raises(ValueError, match="fun"):
        may(by_nc, "fun", "cc", False)


def test_every_reason_has_words_and_one_answer():
    assert TEXTS.keys() == set(Why)
    answers = {}
    for key, evidence, (purpose, mode, modified) in product(ROWS, Evidence, EVERYTHING):
        permission = may(declared(key, evidence), purpose, mode, modified)
        assert permission.text
        assert "\n" not in permission.text
        answers.setdefault(permission.why, set()).add(permission.answer)
    assert answers.keys() == set(Why)
    assert {len(of_one) for of_one in answers.values()} == {1}


def test_a_permission_is_small_and_the_same_every_time():
    first = may(read_license("CC BY 4.0"), Purpose.RESEARCH, Mode.CC, False)
    again = may(read_license("cc-by-4.0"), Purpose.RESEARCH, Mode.CC, False)
    assert first is again
    assert first == Permission(Answer.YES, Why.ALLOWED)


# --- Changed copies ---------------------------------------------------------------------------


def test_nothing_may_be_augmented_but_what_may_be_changed():
    """Source 2: no data augmentation of ND. What only parts allow, or nobody said, is no yes."""
    for key, row in ROWS.items():
        free = row[1] in {"ok", "sa", "pd", "us"}
        for evidence in Evidence:
            heard = evidence not in NOBODY
            assert augment_allowed(declared(key, evidence)) is (free and heard), (key, evidence)


@pytest.mark.parametrize(
    ("code", "carries"),
    [
        ("by-sa-4.0", "by-sa-4.0"),
        ("by-sa-3.0-es", "by-sa-3.0-es"),
        ("by-nc-sa-2.0", "by-nc-sa-2.0"),
        ("by-sa", "by-sa"),
        ("sa-1.0", "sa-1.0"),
        ("by-4.0", ""),
        ("by-nc-2.0", ""),
        ("cc0-1.0", ""),
        ("by-nd-4.0", ""),  # there can be no changed copy
        ("arr", ""),
        ("unknown", ""),
    ],
)
def test_share_alike_orders_the_license_of_changed_copies(code, carries):
    assert license_of_changed(declared(code, Evidence.API)) == carries


def test_whoever_owes_share_alike_is_told():
    for key in ROWS:
        license = declared(key, Evidence.API)
        told = may(license, Purpose.RESEARCH, Mode.CC, True).why is Why.SHARE_ALIKE
        assert told is bool(license_of_changed(license))


# --- The conclusions of source 2 --------------------------------------------------------------

RESERVED = flickr_license(0)
SEARCH_RESULT = NO_LICENSE
CC = [flickr_license(number) for number in (1, 2, 3, 4, 5, 6, 9, 11, 12, 13, 14, 15, 16)]


def test_store_unless_prohibited():
    """What no metadata prohibits may be stored.

    No license keeps an image out of the store; reservations of rights do (test_license.py).
    """
    policy = LicensePolicy(carsets.settings.LICENSE_ALLOWED)
    for license in [RESERVED, SEARCH_RESULT, *CC]:
        assert policy.allows(license)
        kept = may(license, Purpose.RESEARCH, Mode.INTERNAL, True)
        assert said(kept) == ("yes", "internal-only")
        assert "do not publish" in kept.text
        assert may(license, Purpose.RESEARCH, Mode.URLS, False).answer == "yes"


def test_no_redistribution_of_arr():
    """Copyrighted images may not be passed on, and what nobody speaks of is copyrighted."""
    for license, purpose, modified in product([RESERVED, SEARCH_RESULT], Purpose, (False, True)):
        for mode in (Mode.CC, Mode.CC_COMMERCIAL):
            assert may(license, purpose, mode, modified, frozenset(Evidence)).answer == "no"


def test_redistribute_cc():
    """Images under a CC license may be passed on: as they are, and changed unless ND."""
    for license in CC:
        assert may(license, Purpose.RESEARCH, Mode.CC, False).answer == "yes"
        changed = may(license, Purpose.RESEARCH, Mode.CC, True).answer
        assert changed == ("no" if "nd" in license.code else "yes")
        sold = may(license, Purpose.RESEARCH, Mode.CC_COMMERCIAL, False).answer
        assert sold == ("no" if "nc" in license.code else "yes")
