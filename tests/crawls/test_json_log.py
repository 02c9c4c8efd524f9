"""Whole crawls that log JSON: every line is an object, and none holds the key."""

import json

import pytest

CANARY = "CANARYKEY123"
QUERY = {"query": "red ford mustang", "per_query": 3}


@pytest.mark.parametrize("to_file", [False, True])
def test_every_line_of_a_crawl_is_an_object_without_the_key(crawls, dataset, tmp_path, to_file):
    log = tmp_path / "crawl.log"
    run = crawls.run(
        "flickr",
        dataset.folder,
        QUERY,
        {"FLICKR_API_KEY": CANARY},
        LOG_JSON=True,
        LOG_LEVEL="DEBUG",
        PROGRESS_INTERVAL=0.5,
        **({"LOG_FILE": log} if to_file else {}),
    )
    assert run.returncode == 0, run.stderr[-3000:]
    text = log.read_text() if to_file else run.stderr
    lines = [json.loads(line) for line in text.splitlines()]
    assert "" not in {line["message"] for line in lines}
    assert {line["logger"] for line in lines} >= {"scrapy.utils.log", "carsets.extensions.ledger"}
    assert any("api.flickr.com" in line["message"] for line in lines)
    assert CANARY not in run.stdout + run.stderr + text
    assert not to_file or run.stderr == ""


def test_how_a_run_ends_is_an_object_too(crawls, dataset):
    run = crawls.run("flickr", dataset.folder, QUERY, {"FLICKR_API_KEY": ""}, LOG_JSON=True)
    assert run.returncode == 2
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert lines[-1]["level"] == "ERROR"
    assert "FLICKR_API_KEY" in lines[-1]["message"]
    assert lines[-1]["message"].endswith("(exit code 2)")
