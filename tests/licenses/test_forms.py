"""Addresses and names of licenses, in the shapes in which the web has them."""

import pytest
from license_expression import get_spdx_licensing

from carsets.licenses import Evidence, commons_license, license_table, read_license

CC = "creativecommons.org"
BY = f"https://{CC}/licenses/by/4.0/"


@pytest.mark.parametrize(
    "address",
    [
        BY,
        f"http://{CC}/licenses/by/4.0",
        f"http://www.{CC}/licenses/by/4.0/",
        f"//{CC}/licenses/by/4.0/",
        f"{CC}/licenses/by/4.0/",
        f"https://{CC}:443/licenses/by/4.0/",
        f"http://{CC}:80/licenses/by/4.0/",
        f"https://{CC}/licenses/by/4.0/?ref=chooser-v1",
        f"https://{CC}/licenses/by/4.0/#deed",
        f"https://{CC}//licenses//by/4.0//",
        *(
            f"https://{CC}/licenses/by/4.0/{page}"
            for page in (
                *("deed", "deed.de", "deed.en", "deed.pt_BR", "deed.zh-hans", "deed.en/"),
                *("deed.en?x=1", "legalcode", "legalcode.es", "legalcode.txt", "legalcode-plain"),
                *("legalcode.zh-Hans", "rdf"),
            )
        ),
        f"<{BY}>",
        f"({BY})",
        f"{BY}.",
        f"{BY}),",
        f'"{BY}"',
        f"{BY}';",
        f"{BY}]]",
        f"  {BY}\n",
        "https://i.creativecommons.org/l/by/4.0/88x31.png",
        "https://licensebuttons.net/l/by/4.0/80x15.png",
        "https://spdx.org/licenses/CC-BY-4.0.html",
        "https://spdx.org/licenses/CC-BY-4.0",
        "https://spdx.org/licenses/CC-BY-4.0.json",
    ],
)
def test_one_license_has_many_addresses(address):
    found = read_license(address)
    assert (found.code, found.url) == ("by-4.0", BY)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"https://{CC}/publicdomain/zero/1.0/legalcode.de", "cc0-1.0"),
        (f"https://{CC}/publicdomain/zero/1.0/us/", "cc0-1.0"),
        (f"https://{CC}/publicdomain/mark/1.0/deed.en.", "pdm-1.0"),
        ("https://licensebuttons.net/p/zero/1.0/88x31.png", "cc0-1.0"),
        ("https://i.creativecommons.org/p/mark/1.0/88x31.png", "pdm-1.0"),
        ("https://licensebuttons.net/l/by-nc-sa/3.0/us/88x31.png", "by-nc-sa-3.0-us"),
        ("http://rightsstatements.org/vocab/InC/1.0/", "arr"),
        ("https://rightsstatements.org/page/InC-NC/1.0/", "arr"),
        ("http://rightsstatements.org/vocab/NKC/1.0/", "no-known-copyright"),
    ],
)
def test_other_addresses(address, code):
    assert read_license(address).code == code


@pytest.mark.parametrize(
    "address",
    [
        f"https://{CC}@evil.test/licenses/by/4.0/",
        f"https://evil.test/{CC}/licenses/by/4.0/",
        f"https://not{CC}/licenses/by/4.0/",
        f"https://{CC}.evil.test/licenses/by/4.0/",
        f"evil.test/https://{CC}/licenses/by/4.0/",
        f"https://web.archive.org/web/2015/https://{CC}/licenses/by/4.0/",
        f"https://{CC}:8080/licenses/by/4.0/",
        f"https://{CC}/licenses/by/4.0/deed.de/more/and/more",
        f"https://{CC}/licenses/by/4.0/ but not the logo",
        f"not https://{CC}/licenses/by/4.0/",
        f"https://{CC}/licenses/by-nc/",
        f"https://{CC}/licenses/",
        f"https://{CC}/publicdomain/",
        f"https://{CC}/publicdomain/mark/2.0/",
        f"https://{CC}/licences/by/4.0/",
        f"javascript://{CC}/licenses/by/4.0/",
        "https://licensebuttons.net/l/by/4.0/",
        "https://licensebuttons.net/q/by/4.0/88x31.png",
        "https://licensebuttons.net/l/free/4.0/88x31.png",
        "https://spdx.org/licenses/MIT.html",
        "https://spdx.org/licenses/",
        "http://rightsstatements.org/vocab/NoC-NC/1.0/",
        "https://www.flickr.com/photos/somebody/1/",
    ],
)
def test_addresses_of_anything_else_are_unknown(address):
    assert read_license(address).code == "unknown"


def test_addresses_codes_and_spdx_ids_go_round():
    """What a license is written as is read as the same license again."""
    ported = [f"{key}-{port}" for key, row in license_table().items() for port in row.spdx_ports]
    for code in [*license_table(), *ported]:
        found = read_license(code)
        if found.code == "unknown":
            assert code == "unknown"
            continue
        assert found.code == code
        again = read_license(found.url)
        if found.url and found.version:
            assert (again.code, again.url) == (code, found.url)
        if found.spdx:
            assert read_license(found.spdx).code == code


def test_the_spdx_ids_are_those_of_the_spdx_list():
    official = {name for name in get_spdx_licensing().known_symbols if name.startswith("CC")}
    official -= {name for name in official if not name.startswith(("CC-", "CC0"))}
    assert len(official) > 50
    for name in official:
        found = read_license(name, Evidence.LIST)
        assert found.spdx == name
        elements = set(name.lower().split("-"))
        assert ("nc" in elements) == (found.terms.com == "no")
        assert ("nd" in elements) == (found.terms.mod == "no")
        assert ("sa" in elements) == found.terms.sa
    for terms in license_table().values():
        ours = {terms.spdx, *(f"CC-{terms.key}-{port}".upper() for port in terms.spdx_ports)}
        assert {name for name in ours if name and not name.startswith("LicenseRef-")} <= official


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("CC BY 4.0.", "by-4.0"),
        ("CC-BY 4.0", "by-4.0"),
        ("CC_BY_NC_4.0", "by-nc-4.0"),
        ("CC BY-NC-ND 2.0 DEED", "by-nc-nd-2.0"),
        ("CC BY v4.0", "by-4.0"),
        ("CC BY\u2011SA 4.0", "by-sa-4.0"),
        ("Attribution\u2013NonCommercial 2.0 Generic", "by-nc-2.0"),
        ("CC Attribution 2.0", "by-2.0"),
        ("Creative Commons Attribution 4.0 International Public License", "by-4.0"),
        ("Creative Commons Attribution 4.0 International (CC BY 4.0)", "by-4.0"),
        (
            "Attribution-NonCommercial-ShareAlike 4.0 International (CC BY-NC-SA 4.0)",
            "by-nc-sa-4.0",
        ),
        ("Creative Commons Attribution-Non Commercial-No Derivatives 4.0", "by-nc-nd-4.0"),
        ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "cc0-1.0"),
        ("Creative Commons Zero", "cc0"),
        ("CC Zero 1.0", "cc0-1.0"),
        ("Creative Commons Public Domain Mark 1.0", "pdm-1.0"),
        ("No restrictions", "no-known-copyright"),
        ("© Ann. ALL RIGHTS RESERVED", "arr"),
        ("Alle Rechte vorbehalten", "arr"),
        ("Tous droits réservés", "arr"),
        ("© 2020 - Все права защищены", "arr"),
        ("版权所有", "arr"),
        ("All right reserved", "arr"),
    ],
)
def test_names_as_people_write_them(name, code):
    assert read_license(name).code == code


@pytest.mark.parametrize(
    "name",
    [
        "0",  # Flickr's number of "all rights reserved"
        "4",
        "zero",
        "CC BY 4",
        "CC BY 4.0 (CC BY-NC 4.0)",
        "Attribution 4.0 International (CC BY-NC 4.0)",
        "CC BY 4.0 (see below)",
        "CC BY 4.0 OR MIT",
        "CC BY 4.0 and CC BY-NC 4.0",
        "CC-BYSA-4.0",
        "CC BY-NC-SA-ND 4.0",
        "CC BY 4.0 4.0",
        "CC BY 4.0 de fr",
        "CC BY 3.0 d e",
        "some rights reserved",
        "no rights reserved",
        "open access",
        "Creative Commons",
        "GFDL",
        "FAL",
        "MIT",
        "Copyrighted free use",
        "creative commons zero dollars",
    ],
)
def test_names_that_are_nearly_one(name):
    assert read_license(name).code == "unknown"


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (
            ("https://creativecommons.org/licenses/by-sa/4.0", "cc-by-sa-4.0", "CC BY-SA 4.0"),
            "by-sa-4.0",
        ),
        (("", "cc-by-sa-4.0", "CC BY-SA 4.0"), "by-sa-4.0"),
        (("", "pd", "Public domain"), "pdm"),
        (("https://www.flickr.com/commons/usage/", "", "No restrictions"), "no-known-copyright"),
        (("", "", "No restrictions"), "no-known-copyright"),
        (
            (
                "http://creativecommons.org/licenses/by/3.0/es/deed.en",
                "cc-by-3.0-es",
                "CC BY 3.0 es",
            ),
            "by-3.0-es",
        ),
        (("http://creativecommons.org/publicdomain/zero/1.0/deed.en", "cc0", "CC0"), "cc0-1.0"),
        (("", "cc-by-sa-3.0-migrated", "CC BY-SA 3.0"), "by-sa-3.0"),
        (("", "cc-by-sa-3.0,2.5,2.0,1.0", "CC BY-SA 3.0-2.5-2.0-1.0"), "by-sa-3.0"),
        (("", "cc-by-sa-2.5,2.0,1.0", "CC BY-SA 2.5"), "by-sa-2.5"),
        (("", "cc-sa-1.0", "CC SA 1.0"), "sa-1.0"),
        (("https://creativecommons.org/licenses/by/3.0/igo/", "", "CC BY 3.0 IGO"), "by-3.0-igo"),
        (("", "attribution", "Attribution"), "unknown"),
        (("", "", "Copyrighted free use"), "unknown"),
        (("http://www.gnu.org/copyleft/fdl.html", "gfdl", "GFDL"), "unknown"),
        (("http://artlibre.org/licence/lal/en", "fal", "FAL"), "unknown"),
        (("https://creativecommons.org/licenses/by/4.0", "cc-by-sa-4.0", ""), "unknown"),
        (("https://creativecommons.org/licenses/by/4.0", "cc-by-3.0", ""), "unknown"),
        (("", "", ""), "unknown"),
    ],
)
def test_templates_of_commons(texts, code):
    found = commons_license(*texts)
    assert (found.code, found.evidence) == (code, Evidence.API)
    assert found.raw == " | ".join(dict.fromkeys(text for text in texts if text))


def test_what_commons_marks_as_non_free_is_unknown():
    assert commons_license("", "cc-by-4.0", "CC BY 4.0", non_free=True).code == "unknown"


@pytest.mark.parametrize(
    "name", ["CC BY 3.0 or", "CC BY 3.0 xx", "CC BY 4.0 de", f"https://{CC}/licenses/by/4.0/de/"]
)
def test_only_jurisdictions_that_there_are_have_ports(name):
    assert read_license(name).code == "unknown"
