"""What a hash list names is not kept, not shown, and not named in the log."""

import hashlib


def test_what_a_list_names_is_never_written(crawls, dataset, tmp_path):
    query = {"query": "red ford mustang", "limit": 6}
    crawls.run("openverse", tmp_path / "before", query)
    before = type(dataset)(tmp_path / "before")
    sha256 = before.kept()[min(before.kept())]
    [phash] = before.rows("SELECT phash FROM images WHERE path = ?", sorted(before.kept())[1])
    [other] = before.rows("SELECT sha256 FROM images WHERE phash = ?", phash)
    named = tmp_path / "hotline.txt"
    named.write_text(f"{sha256}\n{phash % 2**64:016x}\n")
    run = crawls.run("openverse", dataset.folder, query, HASH_LISTS=named)
    found = dataset.rows(
        "SELECT url, page_url, title, author, thumbnail, note FROM sightings"
        " WHERE outcome = 'quarantined'"
    )
    assert len(found) >= 2
    assert dataset.receipts[0]["outcomes"]["quarantined"] == len(found)
    assert not {sha256, other} & set(dataset.kept().values())
    bytes_ = {hashlib.sha256(file.read_bytes()).hexdigest() for file in dataset.files().values()}
    assert not {sha256, other} & bytes_
    assert not dataset.rows("SELECT 1 FROM images WHERE sha256 IN (?, ?)", sha256, other)
    for url, page, title, author, thumbnail, note in found:
        assert url.startswith("http")
        assert page.startswith("http")
        assert (title, author, thumbnail) == ("", "", "")
        assert "hotline.txt" in note
        assert url not in run.stderr
    dataset.assert_whole()
