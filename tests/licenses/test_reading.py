"""Reading licenses, and what a dataset accepts. Unknown is never free; versions are not guessed."""

import csv
import re

import pytest

from carsets.licenses import (
    LONGEST_TEXT,
    NO_LICENSE,
    DeclaredLicense,
    Evidence,
    LicensePolicy,
    flickr_license,
    license_table,
    openverse_license,
    read_license,
)

CC = "creativecommons.org"

# text, code, SPDX id
READ = [
    # Addresses
    (f"https://{CC}/licenses/by/4.0/", "by-4.0", "CC-BY-4.0"),
    (f"http://{CC}/licenses/by/2.0", "by-2.0", "CC-BY-2.0"),
    (f"https://www.{CC}/licenses/by-sa/4.0/deed.de", "by-sa-4.0", "CC-BY-SA-4.0"),
    (f"//{CC}/licenses/by-sa/4.0/legalcode", "by-sa-4.0", "CC-BY-SA-4.0"),
    (f"https://{CC}/licenses/by-nc/4.0/legalcode.txt", "by-nc-4.0", "CC-BY-NC-4.0"),
    (f"HTTPS://{CC.upper()}/LICENSES/BY/2.5/", "by-2.5", "CC-BY-2.5"),
    (f"https://{CC}/licenses/by/4.0/?ref=chooser-v1#top", "by-4.0", "CC-BY-4.0"),
    (f"https://{CC}/licenses/by-nd-nc/2.0/", "by-nc-nd-2.0", "CC-BY-NC-ND-2.0"),
    (f"https://{CC}/licenses/nd-nc/1.0/", "nc-nd-1.0", "LicenseRef-cc-nc-nd-1.0"),
    (f"https://{CC}/licenses/nc-sa/1.0/", "nc-sa-1.0", "LicenseRef-cc-nc-sa-1.0"),
    (f"https://{CC}/licenses/by-sa/3.0/es/", "by-sa-3.0-es", "LicenseRef-cc-by-sa-3.0-es"),
    (f"https://{CC}/licenses/by-sa/3.0/de/deed.de", "by-sa-3.0-de", "CC-BY-SA-3.0-DE"),
    (f"https://{CC}/licenses/by/3.0/igo/", "by-3.0-igo", "CC-BY-3.0-IGO"),
    (f"https://{CC}/licenses/by/2.5/scotland/", "by-2.5-scotland", None),
    (f"https://{CC}/publicdomain/zero/1.0/deed.fr", "cc0-1.0", "CC0-1.0"),
    (f"http://{CC}/publicdomain/mark/1.0", "pdm-1.0", "CC-PDM-1.0"),
    (f"http://{CC}/licenses/publicdomain/", "pddc", "CC-PDDC"),
    (f"https://{CC}/licenses/sampling+/1.0/", "sampling+-1.0", None),
    (f"https://{CC}/licenses/nc-sampling+/1.0/", "nc-sampling+-1.0", None),
    ("https://www.flickr.com/commons/usage/", "no-known-copyright", None),
    ("https://www.usa.gov/government-copyright", "us-gov", None),
    ("http://www.usa.gov/copyright.shtml", "us-gov", None),
    # SPDX ids
    ("CC-BY-SA-4.0", "by-sa-4.0", "CC-BY-SA-4.0"),
    ("cc-by-nc-nd-2.0", "by-nc-nd-2.0", "CC-BY-NC-ND-2.0"),
    ("CC-BY-NC-SA-2.0-UK", "by-nc-sa-2.0-uk", "CC-BY-NC-SA-2.0-UK"),
    ("CC0-1.0", "cc0-1.0", "CC0-1.0"),
    ("CC-PDM-1.0", "pdm-1.0", "CC-PDM-1.0"),
    ("CC-PDDC", "pddc", "CC-PDDC"),
    ("LicenseRef-us-government-work", "us-gov", "LicenseRef-us-government-work"),
    # Names
    ("CC BY-SA 4.0", "by-sa-4.0", "CC-BY-SA-4.0"),
    ("CC BY 2.0 de", "by-2.0-de", None),
    ("cc-by-sa-3.0", "by-sa-3.0", "CC-BY-SA-3.0"),
    ("CC BY-SA 2.1 jp", "by-sa-2.1-jp", "CC-BY-SA-2.1-JP"),
    ("by-nc-sa-4.0", "by-nc-sa-4.0", "CC-BY-NC-SA-4.0"),
    ("Creative Commons Attribution-ShareAlike 4.0 International", "by-sa-4.0", None),
    ("Creative Commons Attribution 3.0 Unported", "by-3.0", None),
    ("Attribution-NonCommercial-NoDerivs 2.0 Generic", "by-nc-nd-2.0", None),
    ("Attribution-Noncommercial-No Derivative Works 2.0", "by-nc-nd-2.0", None),
    ("CC0", "cc0", ""),
    ("CC0 1.0 Universal", "cc0-1.0", "CC0-1.0"),
    ("Public Domain Dedication (CC0)", "cc0", ""),
    ("Public domain", "pdm", ""),
    ("Public Domain Mark 1.0", "pdm-1.0", "CC-PDM-1.0"),
    ("No known copyright restrictions", "no-known-copyright", None),
    ("United States Government Work", "us-gov", None),
    ("All Rights Reserved", "arr", ""),
    ("© 2011 Jane Photographer. All rights reserved.", "arr", ""),
    ("  CC   BY\n4.0 ", "by-4.0", "CC-BY-4.0"),
    # No version: none is guessed
    ("CC BY", "by", ""),
    ("by-sa", "by-sa", ""),
    ("by-nd-nc", "by-nc-nd", ""),
    ("Attribution License", "by", ""),
    ("Attribution-NonCommercial-ShareAlike License", "by-nc-sa", ""),
    ("Creative Commons Attribution-ShareAlike", "by-sa", ""),
]
UNKNOWN = [
    "free to use",
    "royalty free",
    "https://example.org/licenses/by/4.0/",
    f"https://{CC}.example.org/licenses/by/4.0/",
    f"https://example.org/?{CC}/licenses/by/4.0/",
    f"ftp://{CC}/licenses/by/4.0/",
    f"https://{CC}/licenses/by/5.0/",
    f"https://{CC}/licenses/by/",
    f"https://{CC}/licenses/by/4.0/de/extra/",
    f"https://{CC}/licenses/by/4.0/9x/",
    f"https://{CC}/licenses/by-nd-sa/4.0/",
    f"https://{CC}/licenses/by-by/4.0/",
    f"https://{CC}/",
    "https://[",
    "not under CC BY 4.0",
    "CC BY 4.0 except the logo",
    "by Jane Photographer",
    "CC",
    "CC 4.0",
    "CC BY 9.9",
    "CC BY-ND-SA 4.0",
    "17",
    "-",
    "by-4.0 " * LONGEST_TEXT,
    "\x00",
]


@pytest.mark.parametrize(("text", "code", "spdx"), READ)
def test_reads_addresses_ids_and_names(text, code, spdx):
    found = read_license(text, Evidence.PAGE)
    assert found.code == code
    assert found.evidence is Evidence.PAGE
    assert found.raw == " ".join(text.split())
    if spdx is not None:
        assert found.spdx == spdx


@pytest.mark.parametrize("text", UNKNOWN, ids=lambda text: text[:40])
def test_what_cannot_be_read_as_a_whole_is_unknown_and_kept(text):
    found = read_license(text, Evidence.API)
    assert (found.code, found.family, found.openness) == ("unknown", "unknown", 0)
    assert found.raw == " ".join(text.split())[:LONGEST_TEXT]
    assert not LicensePolicy(["by", "cc0", "pdm"]).allows(found)


def test_nothing_said_is_no_license():
    assert read_license("") == read_license(" \n") == NO_LICENSE
    assert flickr_license(None) == flickr_license("") == openverse_license("", "") == NO_LICENSE


def test_an_unversioned_license_has_a_family_and_no_version():
    found = read_license("CC BY-NC-SA")
    assert (found.code, found.family, found.version, found.url) == (
        "by-nc-sa",
        "by-nc-sa",
        "",
        "",
    )


def test_a_ported_license_keeps_its_jurisdiction_in_code_and_address():
    found = read_license("CC BY-SA 3.0 es")
    assert found.url == f"https://{CC}/licenses/by-sa/3.0/es/"
    assert read_license(found.url).code == found.code == "by-sa-3.0-es"
    assert (found.family, found.version) == ("by-sa", "3.0")


@pytest.mark.parametrize("key", [key for key in license_table() if key != "unknown"])
def test_every_key_spdx_id_and_address_of_the_table_is_read_as_itself(key):
    terms = license_table()[key]
    assert read_license(key).code == key
    if terms.spdx:
        assert read_license(terms.spdx).code == key
    if terms.url and terms.version:
        assert read_license(terms.url).code == key


def test_the_table_says_what_the_elements_of_a_license_mean():
    """What a name says (nc, nd, sa, by) and what the columns say must agree."""
    for terms in license_table().values():
        elements = set(terms.family.split("-"))
        if elements <= {"by", "nc", "nd", "sa"}:
            assert terms.dist == "yes"
            assert terms.com == ("no" if "nc" in elements else "yes")
            assert terms.mod == ("no" if "nd" in elements else "yes")
            assert terms.sa == ("sa" in elements)
            assert terms.att == ("by" in elements)
        if terms.family in {"arr", "unknown"}:
            assert {terms.dist, terms.mod, terms.com} == {"no"}
            assert terms.openness == 0
        else:
            assert terms.openness > 0


def test_openness_orders_licenses_by_what_they_allow():
    order = [
        "cc0-1.0",
        "pdm-1.0",
        "by-4.0",
        "by-sa-4.0",
        "by-nc-4.0",
        "by-nc-sa-4.0",
        "by-nc-nd-4.0",
        "arr",
    ]
    openness = [read_license(code).openness for code in order]
    assert openness == sorted(openness, reverse=True)
    assert len(set(openness)) == len(order)


# --- Flickr -----------------------------------------------------------------------------------


def test_flickr_numbers_agree_with_the_published_list(shared):
    with (shared / "formats" / "flickr-licenses.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [str(number) for number in range(17)]
    for row in rows:
        found = flickr_license(row["id"])
        assert found.spdx == row["spdx"]
        assert found.evidence is Evidence.API
        if row["spdx"]:
            assert found.url == row["url"]
        terms = found.terms
        said = {"true": "yes", "false": "no", "unknown": "ask"}
        assert terms.com == said[row["commercial_ok"]]
        assert terms.mod == said[row["derivatives_ok"]]
        assert terms.sa == (row["share_alike"] == "true")


def test_flickr_numbers_agree_with_the_recorded_answer(shared):
    text = (shared / "captures" / "flickr" / "licenses_getInfo_2025.vcr.yml").read_text()
    pattern = r'<license id=\\"(\d+)\\" name=\\"([^\\]*)\\"\s+url=\\"([^\\]*)\\"'
    answered = re.findall(pattern, " ".join(text.replace("\\n", " ").replace("\\t", " ").split()))
    assert {int(number) for number, _, _ in answered} == set(range(17))
    for number, name, url in answered:
        found = flickr_license(number)
        assert read_license(name).family == found.family
        if CC in url:
            assert read_license(url).code == found.code
            assert found.url == url


@pytest.mark.parametrize("number", ["17", 17, "-1", "4.0", "04", "x", "٤"])
def test_a_number_outside_flickrs_table_is_unknown(number):
    found = flickr_license(number)
    assert (found.code, found.evidence, found.raw) == ("unknown", Evidence.API, str(number))


# --- Openverse --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "version", "url", "expected"),
    [
        ("by", "2.0", f"https://{CC}/licenses/by/2.0/", "by-2.0"),
        ("by-nc-nd", "4.0", "", "by-nc-nd-4.0"),
        ("cc0", "1.0", f"https://{CC}/publicdomain/zero/1.0/", "cc0-1.0"),
        ("pdm", "1.0", f"https://{CC}/publicdomain/mark/1.0/", "pdm-1.0"),
        ("sampling+", "1.0", f"https://{CC}/licenses/sampling+/1.0/", "sampling+-1.0"),
        ("nc-sampling+", "1.0", "", "nc-sampling+-1.0"),
        ("by-sa", "3.0", f"https://{CC}/licenses/by-sa/3.0/es/", "by-sa-3.0-es"),
        ("by", "", "", "by"),
        ("by", "2.0", f"https://{CC}/licenses/by-nc/2.0/", "unknown"),
        ("by", "4.0", f"https://{CC}/licenses/by/2.0/", "unknown"),
        ("by", "4.0", "https://example.org/", "unknown"),
        ("free", "1.0", "", "unknown"),
    ],
)
def test_reads_the_license_of_an_openverse_record(code, version, url, expected):
    found = openverse_license(code, version, url)
    assert (found.code, found.evidence) == (expected, Evidence.API)


# --- The policy -------------------------------------------------------------------------------


def said(code, evidence=Evidence.API):
    return read_license(code, evidence) if code != "unknown" else read_license("?", evidence)


@pytest.mark.parametrize(
    ("allowed", "code", "expected"),
    [
        (["by"], "by-4.0", True),
        (["by"], "by", True),
        (["by"], "by-3.0-de", True),
        (["by"], "by-sa-4.0", False),
        (["by-4.0"], "by-4.0", True),
        (["by-4.0"], "by-2.0", False),
        (["by-4.0"], "by", False),
        (["by-sa-3.0"], "by-sa-3.0-es", True),
        (["by-sa-3.0-es"], "by-sa-3.0-es", True),
        (["by-sa-3.0-es"], "by-sa-3.0-de", False),
        (["BY-NC "], "by-nc-2.0", True),
        (["no-known-copyright"], "no-known-copyright", True),
        (["nkc"], "no-known-copyright", True),
        (["by", "cc0", "pdm"], "unknown", False),
        (["by", "cc0", "pdm"], "arr", False),
        (["unknown"], "unknown", True),
        (["unknown"], "arr", False),
        (["*"], "arr", True),
        (["*"], "unknown", True),
    ],
)
def test_a_policy_allows_families_codes_or_everything(allowed, code, expected):
    assert LicensePolicy(allowed).allows(said(code)) is expected


def test_a_policy_names_the_families_to_ask_a_source_for():
    allowed = ["by-4.0", "by-sa", "by-nc-3.0-de", "nkc", "sampling+-1.0"]
    assert LicensePolicy(allowed).families == {"by", "by-sa", "by-nc", "nkc", "sampling+"}
    assert LicensePolicy(["*"]).families == {terms.family for terms in license_table().values()}


@pytest.mark.parametrize("evidence", [Evidence.NONE, Evidence.ENGINE_FILTER])
def test_what_only_a_filter_says_counts_as_unknown(evidence):
    guess = DeclaredLicense("by-4.0", evidence, "", "license-L2")
    assert not LicensePolicy(["by"]).allows(guess)
    assert LicensePolicy(["unknown"]).allows(guess)
    assert LicensePolicy(["*"]).allows(guess)


@pytest.mark.parametrize("evidence", [Evidence.LIST, Evidence.FILE, Evidence.PAGE, Evidence.API])
def test_other_evidence_counts(evidence):
    assert LicensePolicy(["by"]).allows(DeclaredLicense("by-4.0", evidence, "", ""))


def test_a_code_outside_the_table_allows_nothing():
    odd = DeclaredLicense("gratis-1.0", Evidence.API, "", "")
    assert (odd.family, odd.openness, odd.spdx) == ("unknown", 0, "")
    assert not LicensePolicy(["by", "cc0"]).allows(odd)


@pytest.mark.parametrize("allowed", [["by", "gpl"], ["by-5.0"], [""], []])
def test_an_unknown_entry_is_one_clear_line(allowed):
    with pytest.raises(ValueError, match="LICENSE_ALLOWED") as caught:
        LicensePolicy(allowed)
    assert "\n" not in str(caught.value)
