"""Sources that want a key in the address: whole crawls, and every byte that they leave."""

import pytest

KEY = "CANARYKEY12345"


def leftovers(dataset, command):
    """Return what a crawl has left that holds the key: files, and what it has printed."""
    found = [
        str(path)
        for path in dataset.folder.rglob("*")
        if path.is_file() and KEY.encode() in path.read_bytes()
    ]
    return found + [text for text in (command.stdout, command.stderr) if KEY in text]


ENVIRONMENTS = {
    "google": {"GOOGLE_API_KEY": KEY, "GOOGLE_CX": "0:abc"},
    "instagram": {"INSTAGRAM_TOKEN": KEY, "INSTAGRAM_USER_ID": "17841405309211844"},
}
HOSTS = {"google": "customsearch.googleapis.com", "instagram": "graph.facebook.com"}


@pytest.mark.parametrize("source", ENVIRONMENTS)
def test_a_crawl_leaves_no_trace_of_the_key(crawls, dataset, web, source):
    plan = {"query": "ford mustang", "per_query": 60 if source == "instagram" else 15}
    settings = {"LOG_LEVEL": "DEBUG"}
    command = crawls.run(source, dataset.folder, plan, ENVIRONMENTS[source], **settings)
    assert command.returncode == 0, command.stderr[-3000:]
    dataset.assert_whole()
    assert dataset.receipts[-1]["found"] == plan["per_query"]
    asked = web.stats()["hosts"][HOSTS[source]]
    assert any(KEY in path for path in asked["paths"])  # the key was sent, or this test is none
    assert leftovers(dataset, command) == []


@pytest.mark.parametrize(
    ("source", "mode", "outcome"),
    [
        ("google", "quota", "quota"),
        ("google", "bad_key", "blocked"),
        ("instagram", "bad_key", "blocked"),
        ("instagram", "tags_used_up", "quota"),
        ("instagram", "changed", "format_changed"),
    ],
)
def test_a_refusal_is_named_and_the_saved_page_tells_no_key(
    crawls, dataset, web, source, mode, outcome
):
    web.mode(HOSTS[source], mode)
    command = crawls.run(
        source, dataset.folder, {"query": "ford mustang"}, ENVIRONMENTS[source], LOG_LEVEL="DEBUG"
    )
    assert command.returncode == 4
    assert f"1 {outcome}" in dataset.receipts[-1]["exit_reason"]
    assert "Traceback" not in command.stderr
    assert leftovers(dataset, command) == []
