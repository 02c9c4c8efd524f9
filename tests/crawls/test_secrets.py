"""A key never leaves the process but to the source that it is for."""

import pytest

CANARY = "CANARYKEY123"
QUERY = {"query": "red ford mustang", "per_query": 3}
TROUBLES = {
    "none": ("", {}),
    "bad key": ("bad_key", {}),
    "unavailable": ("unavailable", {"FLICKR_RETRY_DELAY": 0}),
    "changed": ("changed", {}),
    "not JSON": ("not_json", {"FLICKR_RETRY_DELAY": 0}),
    "500": ("500", {}),
    "reset": ("reset", {}),
    "hang": ("hang", {"DOWNLOAD_TIMEOUT": 1}),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_byte_that_is_left_behind_holds_the_key(trouble, crawls, dataset, web, tmp_path):
    mode, settings = TROUBLES[trouble]
    if mode:
        web.mode("api.flickr.com", mode)
    log = tmp_path / "crawl.log"
    for more in ({}, {"LOG_FILE": log}):
        run = crawls.run(
            "flickr",
            dataset.folder,
            QUERY,
            {"FLICKR_API_KEY": CANARY},
            LOG_LEVEL="DEBUG",
            STATS_DUMP=True,
            **settings,
            **more,
        )
        assert run.returncode == (0 if trouble == "none" else 4), run.stderr[-2000:]
        assert CANARY not in run.stdout + run.stderr
    assert web.stats()["hosts"]["api.flickr.com"]["requests"] >= 1
    assert log.stat().st_size > 1000
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"catalog.sqlite", "crawl.log"} <= {path.name for path in left}
    assert [path for path in left if path.suffix == ".json"]
    if trouble in {"changed", "not JSON"}:
        assert [path for path in left if path.parent.name == "pages"]
    holding = [str(path) for path in left if CANARY.encode() in path.read_bytes()]
    assert not holding


def test_the_key_is_sent_so_that_the_test_can_fail(crawls, dataset, web):
    """Without redaction the key would be seen: it is in the request that DEBUG would show."""
    run = crawls.run("flickr", dataset.folder, QUERY, {"FLICKR_API_KEY": CANARY})
    assert run.returncode == 0, run.stderr
    headers = web.stats()["hosts"]["api.flickr.com"]["headers"]
    assert int(headers["content-length"]) > len(CANARY)
