"""Counting crawls of the built-in web: what is written, resumed, refused, and not downloaded."""

import time

WORDS = ("car", "suv", "truck", "van")
PLAN = {"vehicles": "Ford Mustang,Chevrolet El Camino,Jeep Wrangler"}


def counts(dataset):
    sql = "SELECT source, text, total, word, language FROM counts ORDER BY count_id"
    return dataset.rows(sql)


def test_counts_come_with_engine_word_and_language_and_no_image_is_asked_for(
    crawls, dataset, web, scrapy
):
    run = crawls.run("counts", dataset.folder, {**PLAN, "engine": "flickr,openverse,bing,yandex"})
    assert run.returncode == 0, run.stderr
    rows = counts(dataset)
    assert len(rows) == 3 * 4 * 4
    assert {row[3] for row in rows} == set(WORDS)
    languages = {(row[0], row[4]) for row in rows}
    assert languages == {("flickr", ""), ("openverse", ""), ("bing", "en"), ("yandex", "ru")}
    assert all(total > 0 for _, _, total, _, _ in rows)
    hosts = {
        host for host, seen in web.stats()["hosts"].items() if set(seen["paths"]) - {"/robots.txt"}
    }
    assert hosts == {"api.flickr.com", "api.openverse.org", "www.bing.com", "yandex.ru"}
    [receipt] = dataset.receipts
    assert receipt["collected"] == {"what": "totals", "kept": 48, "without": 0, "before": 0}
    assert (receipt["found"], receipt["kept"], receipt["outcomes"]) == (0, 0, {})
    assert len(receipt["queries"]) == 48
    assert not (dataset.folder / "images").exists()
    table = scrapy.run("counts", settings={"DATA_DIR": dataset.folder})
    assert table.returncode == 0, table.stderr
    lines = {line.split("  ")[0]: line for line in table.stdout.splitlines() if "  " in line}
    bing = table.stdout.partition("Results for proposed body style labels, bing,")[0]
    assert "ambiguous" in next(line for line in bing.splitlines() if "El Camino" in line)
    assert "Vehicle" in lines


def test_a_killed_count_goes_on_where_it_was(crawls, dataset, web):
    plan = {"vehicles": "all", "makes": "Jeep", "engine": "flickr,bing"}
    run = crawls.start("counts", dataset.folder, plan, DOWNLOAD_DELAY=0.02)
    until = time.monotonic() + 120
    while time.monotonic() < until and not run.over:
        if dataset.catalog.exists() and (done := written(dataset)) > 20:
            break
        time.sleep(0.05)
    run.kill()
    done = written(dataset)
    assert done > 20
    again = crawls.run("counts", dataset.folder, plan)
    assert again.returncode == 0, again.stderr
    whole = dataset.rows("SELECT count(DISTINCT source || query_id), count(*) FROM counts")
    [(different, rows)] = whole
    assert different == rows > done, "every question once"
    collected = dataset.receipts[-1]["collected"]
    assert collected["kept"] + collected["without"] + collected["before"] == rows
    assert collected["before"] >= done
    third = crawls.run("counts", dataset.folder, plan)
    assert third.returncode == 0, third.stderr
    assert dataset.receipts[-1]["exit_reason"].startswith("nothing new")
    # Two questions, one an engine, may have been under way when it was killed.
    asked = sum(
        number
        for host in ("api.flickr.com", "www.bing.com")
        for path, number in web.stats()["hosts"][host]["paths"].items()
        if path != "/robots.txt"
    )
    lost = asked - rows
    assert 0 <= lost <= rows - done + 2


def written(dataset):
    try:
        return dataset.rows("SELECT count(*) FROM counts")[0]
    except Exception:
        return 0


def test_an_engine_that_refuses_is_benched_and_the_others_go_on(crawls, dataset, web):
    web.mode("www.bing.com", "captcha", after=3)
    run = crawls.run("counts", dataset.folder, {**PLAN, "engine": "bing,yandex"})
    assert run.returncode == 4, run.stderr
    engines = [row[0] for row in counts(dataset)]
    assert (engines.count("bing"), engines.count("yandex")) == (3, 12)
    asked = web.stats()["hosts"]["www.bing.com"]["paths"]
    assert sum(number for path, number in asked.items() if path != "/robots.txt") == 4
    [receipt] = dataset.receipts
    assert "1 captcha" in receipt["exit_reason"]
    [saved] = (dataset.folder / "pages").iterdir()
    assert "counts-bing-captcha" in saved.name
    web.reset()
    again = crawls.run("counts", dataset.folder, {**PLAN, "engine": "bing,yandex"})
    assert again.returncode == 0, again.stderr
    assert len(counts(dataset)) == 24


def test_totals_that_are_not_told_are_null_and_no_success(crawls, dataset):
    plan = {"query": "Ford Mustang no-count", "engine": "bing"}
    run = crawls.run("counts", dataset.folder, plan)
    assert run.returncode == 3, run.stderr
    assert "no totals; 1 answers without" in run.stderr
    assert dataset.rows("SELECT total FROM counts WHERE raw = ''") == [None]


def test_the_counts_can_be_a_feed_and_hold_no_key(crawls, dataset, tmp_path):
    feed = tmp_path / "counts.csv"
    given = {"query": "Ford Mustang", "engine": "flickr"}
    words = [f"-a{name}={value}" for name, value in given.items()]
    settings = {"DATA_DIR": dataset.folder, "FAKEWEB_PORT": crawls.web.port}
    run = crawls.scrapy.run("crawl", "counts", *words, f"-O{feed}", settings=settings)
    assert run.returncode == 0, run.stderr
    heading, line = feed.read_text().splitlines()
    assert heading.startswith("source,query,query_id,labels,word,total,raw")
    assert line.startswith("flickr,Ford Mustang,")
    everything = [path.read_bytes() for path in dataset.folder.rglob("*") if path.is_file()]
    assert not [body for body in (*everything, run.stderr.encode()) if b"0" * 32 in body]
