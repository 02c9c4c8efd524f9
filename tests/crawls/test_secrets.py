"""A key never leaves the process but to the source that it is for."""

import pytest

CANARY = "CANARYKEY123"
QUERY = {"query": "red ford mustang", "per_query": 3}
# How Flickr fails, settings, and whether the log goes to a file.
TROUBLES = {
    "none": ("", {}, False),
    "none, log in a file": ("", {}, True),
    "bad key": ("bad_key", {}, True),
    "unavailable": ("unavailable", {"FLICKR_RETRY_DELAY": 0}, False),
    "changed": ("changed", {}, True),
    "500": ("500", {}, False),
    "hang": ("hang", {"DOWNLOAD_TIMEOUT": 1}, True),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_byte_that_is_left_behind_holds_the_key(trouble, crawls, dataset, web, tmp_path):
    mode, settings, to_file = TROUBLES[trouble]
    if mode:
        web.mode("api.flickr.com", mode)
    log = tmp_path / "crawl.log"
    run = crawls.run(
        "flickr",
        dataset.folder,
        QUERY,
        {"FLICKR_API_KEY": CANARY},
        LOG_LEVEL="DEBUG",
        STATS_DUMP=True,
        **settings,
        **({"LOG_FILE": log} if to_file else {}),
    )
    assert run.returncode == (4 if mode else 0), run.stderr[-2000:]
    assert CANARY not in run.stdout + run.stderr
    assert web.stats()["hosts"]["api.flickr.com"]["requests"] >= 1
    logged = log if to_file else run.stderr_path
    assert "api.flickr.com" in logged.read_text(), "the log tells of the requests"
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert "catalog.sqlite" in {path.name for path in left}
    assert [path for path in left if path.suffix == ".json"]
    if trouble == "changed":
        assert [path for path in left if path.parent.name == "pages"]
    holding = [str(path) for path in left if CANARY.encode() in path.read_bytes()]
    assert not holding


def test_the_key_is_sent_so_that_the_test_can_fail(crawls, dataset, web):
    """Without redaction the key would be seen: it is in the request that DEBUG would show."""
    run = crawls.run("flickr", dataset.folder, QUERY, {"FLICKR_API_KEY": CANARY})
    assert run.returncode == 0, run.stderr
    headers = web.stats()["hosts"]["api.flickr.com"]["headers"]
    assert int(headers["content-length"]) > len(CANARY)
