"""A host gives no more than its bytes of a day, in this run and in the next one."""

CAP = 60_000  # bytes; a picture of the built-in web has about 15,000


def test_a_host_gives_its_bytes_of_the_day_and_no_more(crawls, dataset):
    query = {"query": "red ford mustang", "per_query": 30}
    limits = {"HOST_BYTES_PER_DAY": CAP, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}
    crawls.run("bing", dataset.folder, query, **limits)
    [first] = dataset.receipts
    ended = first["outcomes"]
    assert ended["host_day_limit"] > 0
    assert ended["stored"] > 0
    given = dict(dataset.rows("SELECT host, bytes FROM host_bytes"))
    images = {host for host in given if "bing" not in host}
    assert images
    for host in images:
        assert given[host] == first["load"][host]["bytes"]
        assert given[host] < CAP + 200_000  # what was under way when it was reached
    full = [host for host in images if given[host] >= CAP]
    assert full
    crawls.run("bing", dataset.folder, query, **limits)
    second = dataset.receipts[-1]
    assert second["outcomes"]["host_day_limit"] > 0
    assert not set(full) & {host for host, load in second["load"].items() if load["requests"] > 1}
