"""What a receipt says, and what it must not say."""

import json
import os
from hashlib import sha256

import pytest
from scrapy import Request, signals
from scrapy.utils.project import get_project_settings

from carsets.extensions import receipt as module
from carsets.extensions.receipt import changed_settings, steps
from carsets.ledger.receipt_file import write_whole
from carsets.net import redaction
from carsets.outcomes import ExitCode, Outcome

FIELDS = (
    "run command source started finished found outcomes kept bytes queries steps settings versions "
    "exit_code exit_reason"
)


async def whole_run(crawl):
    await crawl.open()
    a, b = await crawl.page(1, "a", "b")
    await crawl.keep(a)
    await crawl.drop(b, Outcome.NOT_A_CAR)
    await crawl.end_query(note="the end")
    for url in ("https://a.test/1", "https://A.test:443/2", "https://b.test/", "data:,1"):
        await crawl.send(signals.request_reached_downloader, request=Request(url))
    await crawl.close()


def test_a_receipt_has_the_fields_that_other_programs_read(play):
    receipt = play(whole_run).receipt()
    assert receipt.keys() >= set(FIELDS.split(" "))
    assert (receipt["source"], receipt["found"], receipt["kept"]) == ("played", 2, 1)
    assert receipt["outcomes"] == {"stored": 1, "not_a_car": 1}
    assert (receipt["exit_code"], receipt["exit_reason"]) == (
        0,
        "1 images kept, all queries answered",
    )
    assert receipt["hosts"] == {"a.test": 2, "b.test": 1}
    assert receipt["versions"]["scrapy"].startswith("2.")
    assert receipt["started"] <= receipt["finished"]


def test_a_receipt_tells_of_every_query(play):
    (line,) = play(whole_run).receipt()["queries"]
    assert line["text"] == "red Ford Mustang"
    assert (line["pages"], line["found"], line["outcome"]) == (1, 2, "results")
    assert line["outcomes"] == {"not_a_car": 1, "stored": 1}
    assert line["note"] == "the end"


def test_the_steps_are_read_from_the_stats():
    stats = {
        "carsets/mime/in": 9,
        "carsets/mime/out": 7,
        "carsets/mime/seconds": 1.23456,
        "carsets/license/in": 7,
        "carsets/outcome/html": 2,
        "carsets/license/by/4.0": 3,
        "downloader/in": 3,
    }
    assert steps(stats) == {
        "mime": {"in": 9, "out": 7, "seconds": 1.235},
        "license": {"in": 7, "out": 0, "seconds": 0.0},
    }


def test_the_lists_are_named_with_their_hashes(play, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("make,model\nFord,Mustang\n")
    lists = play(whole_run, list=str(path)).receipt()["lists"]
    assert lists[f"list={path}"] == sha256(path.read_bytes()).hexdigest()
    assert "carsets/data/colors.csv" in lists


def test_no_secret_gets_into_a_receipt(play, monkeypatch):
    secret = "s3cr3t-value-of-a-key"
    monkeypatch.setattr(redaction, "_secrets", {})
    monkeypatch.setattr(redaction, "_pattern", None)
    redaction.register_secret(secret)
    monkeypatch.setattr("sys.orig_argv", ["scrapy", "crawl", "played", "-a", f"token={secret}"])
    crawl = play(whole_run, {"FLICKR_API_KEY": secret, "OTHER": f"x{secret}y"}, token=secret)
    text = json.dumps(crawl.receipt())
    assert secret not in text
    assert "FLICKR_API_KEY" in text
    with crawl.state.catalog._read() as connection:
        assert secret not in connection.exec_driver_sql("SELECT arguments FROM runs").scalar()


def test_the_command_is_the_one_that_was_typed(play, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/scrapy", "played"])  # Scrapy has eaten "crawl"
    monkeypatch.setattr(
        "sys.orig_argv", ["/usr/bin/python3", "/usr/bin/scrapy", "crawl", "played", "-a", "x=a b"]
    )
    assert play(whole_run).receipt()["command"] == "scrapy crawl played -a 'x=a b'"


def test_a_receipt_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "receipts" / "r.json"
    write_whole(path, "first")

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "second")
    assert path.read_text() == "first"
    assert [entry.name for entry in path.parent.iterdir()] == ["r.json"]


def test_a_place_that_takes_no_receipt_is_a_failure_of_the_store(play, tmp_path):
    (tmp_path / "taken").write_text("a file")
    crawl = play(whole_run, {"RECEIPTS_DIR": str(tmp_path / "taken")})
    assert crawl.exit_code() == ExitCode.STORE_FAILED
    assert "cannot be written" in crawl.crawler.stats.get_value("carsets/exit_reason")


def test_hosts_beyond_a_number_are_counted_together(play, monkeypatch):
    monkeypatch.setattr(module, "MOST_HOSTS", 1)
    assert play(whole_run).receipt()["hosts"] == {"a.test": 2, "(others)": 1}


def test_a_receipt_tells_who_made_the_dataset_and_what_for():
    settings = get_project_settings()
    settings.set("ORGANIZATION", "Škoda Museum", priority="cmdline")
    told = redaction.redact_settings(changed_settings(settings))
    assert (told["PURPOSE"], told["ORGANIZATION"]) == ("research", "Škoda Museum")
