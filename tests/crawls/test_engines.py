"""Short crawls of the search engines of the built-in web, well and badly answered."""

from carsets.fakeweb.corpus import truth
from carsets.outcomes import Outcome

HOSTS = {
    "baidu": "image.baidu.com",
    "brave": "search.brave.com",
    "duckduckgo": "duckduckgo.com",
    "ecosia": "www.ecosia.org",
    "yandex": "yandex.com",
}
# Nobody is hurt by haste here, nor by an engine without safe search.
QUICK = {"DOWNLOAD_DELAY": 0, "DOWNLOAD_SLOTS": "{}", "SAFE_SEARCH_OFF_ALLOWED": True}
PLAN = {"query": "blue toyota rav4", "per_query": 36}
# They all know the same web, so each is asked for something else.
WORDS = {
    "baidu": "blue toyota rav4",
    "brave": "red ford mustang",
    "duckduckgo": "white volkswagen golf",
    "ecosia": "black bmw 3 series",
    "yandex": "green jeep wrangler",
}


def test_every_engine_is_crawled_to_a_dataset_that_is_whole(crawls, dataset):
    web = crawls.web
    runs = {
        source: crawls.start(source, dataset.folder, PLAN | {"query": words}, **QUICK)
        for source, words in WORDS.items()
    }
    for source, run in runs.items():
        assert run.wait().returncode == 0, f"{source}: {run.stderr[-3000:]}"
        assert "Traceback" not in run.stderr
    dataset.assert_whole()
    receipts = {receipt["source"]: receipt for receipt in dataset.receipts}
    assert {source: receipt["found"] for source, receipt in receipts.items()} == dict.fromkeys(
        HOSTS, 36
    )
    wrong = {}
    for url, outcomes in dataset.outcomes().items():
        about = truth(url)
        allowed = about.outcomes | about.alone
        if about.fate == "placeholder" or Outcome.NOT_A_CAR in allowed:
            allowed |= {Outcome.STORED}  # nobody looks for cars here, or has seen it before
        if not outcomes <= {outcome.value for outcome in allowed}:
            wrong[url] = (outcomes, about.fate)
    assert not wrong
    declared = set(dataset.rows("SELECT DISTINCT license FROM sightings"))
    assert declared == {"unknown"}
    hosts = web.stats()["hosts"]
    # One page of tokens or cookies, and as many pages as 36 images need.
    asked = {source: hosts[host]["requests"] for source, host in HOSTS.items()}
    assert asked == {"baidu": 3, "brave": 1, "duckduckgo": 2, "ecosia": 2, "yandex": 2}
    cookies = {source: hosts[host]["headers"].get("cookie", "") for source, host in HOSTS.items()}
    assert cookies["baidu"].startswith("BAIDUID=")
    assert "safesearch=strict" in cookies["brave"]
    assert cookies["yandex"] == "yp=2147483647.sp.family%3A2"
    images = [seen for host, seen in hosts.items() if host.endswith(".test")]
    assert images
    assert not any("cookie" in seen["headers"] for seen in images)
    assert len({next(iter(hosts[host]["agents"])) for host in HOSTS.values()}) == 1


MODES = {  # what each engine is switched to
    "baidu": "blocked",
    "brave": "429",
    "duckduckgo": "captcha",
    "ecosia": "changed",
    "yandex": "consent",
}
OUTCOMES = {"429": "blocked", "changed": "format_changed"}
TWO = {"vehicles": "Toyota RAV4,Ford Focus", "words": "car", "per_query": 10}


def test_an_engine_that_does_not_answer_well_ends_with_that_name(crawls, dataset):
    for source, mode in MODES.items():
        paths = "/search/" if source == "baidu" else ""  # its first page is well
        crawls.web.mode(HOSTS[source], mode, paths=paths)
    runs = {source: crawls.start(source, dataset.folder, TWO, **QUICK) for source in HOSTS}
    for source, run in runs.items():
        mode = MODES[source]
        assert run.wait().returncode == 4, f"{source}: {run.stderr[-3000:]}"
        assert "Traceback" not in run.stderr
        [receipt] = [receipt for receipt in dataset.receipts if receipt["source"] == source]
        ends = {query["outcome"] for query in receipt["queries"]}
        assert ends - {None} == {OUTCOMES.get(mode, mode)}, source
        assert list((dataset.folder / "pages").glob(f"*-{source}-*"))
    hosts = crawls.web.stats()["hosts"]
    for source, mode in MODES.items():
        # One that refuses is left alone at once; one more question may be on its way by then.
        asked = hosts[HOSTS[source]]["requests"]
        assert asked <= (2 if mode != "changed" and source != "baidu" else 4), (source, asked)


def test_the_api_of_brave_is_asked_with_the_key_and_its_quota_is_named(crawls, dataset):
    key = {"BRAVE_API_KEY": "BSAkeykeykeykey12345"}
    run = crawls.run("brave", dataset.folder, PLAN, key, **QUICK)
    assert run.returncode == 0, run.stderr[-3000:]
    assert key["BRAVE_API_KEY"] not in run.stderr + str(dataset.receipts)
    hosts = crawls.web.stats()["hosts"]
    assert hosts["api.search.brave.com"]["headers"]["x-subscription-token"] == key["BRAVE_API_KEY"]
    assert "search.brave.com" not in hosts
    crawls.web.mode("api.search.brave.com", "429")
    other = {"query": "red ford mustang", "per_query": 5}
    assert crawls.run("brave", dataset.folder, other, key, **QUICK).returncode == 4
    assert [query["outcome"] for query in dataset.receipts[-1]["queries"]] == ["quota"]
