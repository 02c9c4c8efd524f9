"""Hosts that opt out say so in the way that their entry says, and all others are silent."""

import json
from io import BytesIO

import pytest
from PIL import Image
from protego import Protego

from carsets.fakeweb.opt_outs import DOMAIN, SITES, TDM_FILE, photo_url

SILENT = (
    *("photos-00.carpix.test", "mirror-00.copypix.test", "closed.carpix.test"),
    *("www.bing.com", "live.staticflickr.com", "graph.facebook.com", "hostile.carsets.test"),
    *("bulk-00.carpix.test", "upload.wikimedia.org", f"silent.{DOMAIN}"),
)


@pytest.mark.parametrize("host", SILENT)
def test_hosts_have_no_tdm_file(ask, host):
    assert ask(f"https://{host}{TDM_FILE}").status == 404


@pytest.mark.parametrize("name", SITES)
def test_a_host_says_what_its_entry_says(ask, name):
    site = SITES[name]
    photo = ask(photo_url(name))
    assert photo.status == 200
    assert Image.open(BytesIO(photo.body)).size == (640, 480)
    for header, value in site.headers.items():
        assert photo.headers[header.lower()] == value
    assert ask(f"https://{name}.{DOMAIN}/robots.txt").text == site.robots
    file = ask(f"https://{name}.{DOMAIN}{TDM_FILE}")
    assert file.status == (404 if site.tdm_file is None else site.tdm_status)
    if site.signal == "tdmrep.json" and name == "tdm-file":
        assert json.loads(file.body)[0]["tdm-reservation"] == 1


def test_pillow_reads_the_statements_inside_the_files(ask):
    for name, words in (("plus", b"DMI-PROHIBITED-SEECONSTRAINT"), ("tdm-xmp", b"tdm:reservation")):
        picture = Image.open(BytesIO(ask(photo_url(name)).body))
        assert words in picture.info["xmp"]
    with Image.open(BytesIO(ask(photo_url("c2pa")).body)) as picture:
        assert any(b"c2pa.training-mining" in data for kind, data in picture.applist)


def test_only_the_host_with_rules_for_all_shuts_us_out(ask):
    for name in SITES:
        rules = Protego.parse(ask(f"https://{name}.{DOMAIN}/robots.txt").text)
        assert rules.can_fetch(photo_url(name), "carsets") is (name != "rules")


def test_every_picture_is_another(ask):
    bodies = {ask(photo_url(name, number)).body for name in SITES for number in range(2)}
    assert len(bodies) == 2 * len(SITES)
    assert ask(photo_url("silent").replace("0.jpg", "1000.jpg")).status == 404
