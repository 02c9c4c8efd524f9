"""Flickr when all photos of a question were uploaded in one second, read to the end over HTTP."""

import json
from urllib.parse import urlencode

from carsets.fakeweb.flickr_api import CROWDED
from carsets.sources.date_windows import Reading, Window
from carsets.spiders.flickr import read_page, search_parameters

LICENSES = (4, 5, 6, 9, 10, 11)


def test_a_crowded_second_is_read_license_by_license(web, ask):
    web.mode("api.flickr.com", "crowded")

    def body_of(reading):
        form = search_parameters("car", reading, licenses=LICENSES) | {"api_key": "0123456789"}
        return ask(f"https://api.flickr.com/services/rest/?{urlencode(form)}").body

    whole = json.loads(body_of(Reading(500)))["photos"]
    assert int(whole["total"]) > 6_000
    assert {photo["dateupload"] for photo in whole["photo"]} == {str(CROWDED)}
    reading, found = Reading(500, (Window(CROWDED - 9, CROWDED + 9),)), []
    while reading:
        answer = read_page(body_of(reading), reading, licenses=LICENSES)
        found += [image.source_id for image in answer.images]
        reading = Reading.parse(answer.next) if answer.next else None
    assert len(found) == len(set(found)) == int(whole["total"])
    assert answer.note == ""
