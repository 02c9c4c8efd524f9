"""How many images are kept, and how many are on their way at once."""


def test_exactly_as_many_images_are_kept_as_were_asked_for(crawls, dataset):
    run = crawls.run("bing", dataset.folder, {"query": "red ford mustang", "limit": 20})
    assert run.returncode == 0, run.stderr
    [receipt] = dataset.receipts
    assert receipt["kept"] == len(dataset.kept()) == 20
    assert receipt["outcomes"]["over_limit"] > 0
    dataset.assert_whole()
