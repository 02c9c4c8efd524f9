"""WebDataset, read back by the library of that name, by GNU tar and by Python's tarfile."""

import json
import re
import subprocess
import tarfile
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

import carsets.exports.webdataset
from carsets.exports.tar_shard import TarShard, count_samples, header
from carsets.exports.webdataset import WebDatasetFormat, caption
from carsets.problems import UserError
from tests.exports.hostile_texts import HALF, TITLES
from tests.exports.image_releases import ask, files_of, hand_out, picture


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(carsets.exports.webdataset, "MOST_SAMPLES", 4)


def by_id(pairs):
    """Return pairs as a release gives them to a format that wants them shuffled."""
    return sorted(pairs, key=lambda pair: pair[0].image_id)


@pytest.fixture
def pairs(make_record):
    formats = ("JPEG", "PNG", "GIF", "WEBP")
    return by_id(
        (
            make_record(
                n,
                label="Ford",
                split=("train", "test")[n % 5 == 0],
                title=TITLES[n % len(TITLES)],
                description="Ein Käfer 🚗\nעברית" if n % 2 else "",
                tags=("vw", "käfer"),
            ),
            picture(n, formats[n % 4]),
        )
        for n in range(45)
    )


@pytest.fixture
def facts(make_facts):
    return make_facts(splits={"train": 36, "test": 9}, total=45)


LIBRARY = """
import hashlib, json, sys
import webdataset
found = {}
for sample in webdataset.WebDataset(sys.argv[1:], shardshuffle=False):
    found[sample.pop("__key__")] = {
        name: data.decode() if name in ("txt", "json") else hashlib.sha256(data).hexdigest()
        for name, data in sample.items()
        if not name.startswith("__")
    }
print(json.dumps(found))
"""


def read(*paths):
    """Return the samples of shards by key."""
    found = {}
    for path in paths:
        with tarfile.open(path, errorlevel=2) as tar:
            for member in tar:
                key, _, extension = member.name.partition(".")
                found.setdefault(key, {})[extension] = tar.extractfile(member).read()
    return found


def shards_of(path, split):
    return sorted(path.glob(f"cars-{split}-*.tar"))


def test_the_fields_own_library_reads_every_sample(folder, facts, pairs):
    hand_out(WebDatasetFormat(folder, facts), pairs)

    for split in ("train", "test"):
        samples = json.loads(ask(LIBRARY, *shards_of(folder.path, split)))
        wanted = {
            record.image_id: (record, image) for record, image in pairs if record.split == split
        }
        assert list(samples) == list(wanted)
        for key, (record, image) in wanted.items():
            assert samples[key][image.extension] == image.sha256
            assert samples[key]["txt"] == caption(record)
            told = json.loads(samples[key]["json"])
            assert (told["label"], told["license"], told["tags"]) == (
                "Ford",
                "by-2.0",
                ["vw", "käfer"],
            )
            assert (told["title"] or "") == record.title
            assert told["sha256"] == image.sha256


def test_gnu_tar_lists_the_same_and_finds_nothing_odd(folder, facts, pairs):
    hand_out(WebDatasetFormat(folder, facts), pairs)
    [shard] = shards_of(folder.path, "train")

    listed = subprocess.run(
        ["tar", "--list", "--verbose", "--numeric-owner", "--utc", "--full-time", "--file", shard],
        capture_output=True,
        text=True,
        check=True,
    )

    assert listed.stderr == ""
    lines = [line.split() for line in listed.stdout.splitlines()]
    assert {tuple(line[:2] + line[3:5]) for line in lines} == {
        ("-rw-r--r--", "0/0", "1970-01-01", "00:00:00")
    }
    names = [line[5] for line in lines]
    keys = [record.image_id for record, _ in pairs if record.split == "train"]
    assert [name.split(".")[0] for name in names] == [key for key in keys for _ in range(3)]
    assert names[:3] == sorted(names[:3])
    assert shard.stat().st_size % 10_240 == 0


def test_shards_are_cut_by_count_and_listed(folder, facts, pairs, small_shards):
    hand_out(WebDatasetFormat(folder, facts), pairs)

    told = json.loads((folder.path / "cars-train.json").read_text("ascii"))["shardlist"]

    assert [shard["nsamples"] for shard in told] == [4] * 9
    for shard in told:
        path = folder.path / shard["url"]
        assert path.stat().st_size == shard["filesize"]
        assert len(read(path)) == count_samples(path) == shard["nsamples"]
    assert len(read(*shards_of(folder.path, "train"))) == 36


def test_shards_are_cut_by_size(folder, facts, pairs, monkeypatch):
    monkeypatch.setattr(carsets.exports.webdataset, "MOST_BYTES", 20_000)
    large = BytesIO()
    large.write(b"x" * 50_000)
    pairs = [
        (record, replace(image, data=large.getvalue()) if n == 7 else image)
        for n, (record, image) in enumerate(pairs)
    ]

    hand_out(WebDatasetFormat(folder, facts), pairs)

    shards = [path for split in ("train", "test") for path in shards_of(folder.path, split)]
    assert sum(len(read(path)) for path in shards) == 45
    # 20,000 bytes fill two records of a tar file, and its end a third. What is larger holds one
    # image that does not fit into any shard.
    assert {len(read(path)) for path in shards if path.stat().st_size > 30_720} == {1}
    assert max(len(read(path)) for path in shards) > 1


@pytest.mark.parametrize("stop_after", [0, 3, 4, 17, 44])
def test_a_killed_pass_goes_on_behind_its_finished_shards(
    open_folder, facts, pairs, small_shards, stop_after
):
    first = open_folder()
    half = WebDatasetFormat(first, facts)
    for record, image in pairs[:stop_after]:
        half.needs_bytes(record)
        half.add(record, image)
    packed = {
        path.name: path.stat().st_mtime_ns
        for path in first.path.glob("*.tar")
        if first.has(path.name)
    }
    del half
    first.close()

    again = open_folder()
    format = WebDatasetFormat(again, facts)
    # Copies are made ahead, in other processes: all are asked for before the first one comes.
    needed = [format.needs_bytes(record) for record, _ in pairs]
    for (record, image), wanted in zip(pairs, needed, strict=True):
        format.add(record, image if wanted else replace(image, data=None))
    format.finish()

    assert needed.count(False) == 4 * len(packed)
    for name, when in packed.items():
        assert (again.path / name).stat().st_mtime_ns == when
    whole = open_folder("cars2")
    hand_out(WebDatasetFormat(whole, facts), pairs)
    assert files_of(again.path) == files_of(whole.path)


def test_a_shard_that_got_lost_is_packed_again(open_folder, facts, pairs, small_shards):
    first = open_folder()
    hand_out(WebDatasetFormat(first, facts), pairs)
    wanted = files_of(first.path)
    first.close()
    (first.path / "cars-train-000002.tar").unlink()

    again = open_folder()
    hand_out(WebDatasetFormat(again, facts), pairs)

    assert files_of(again.path) == wanted


def test_a_pass_that_died_after_its_shards_writes_the_same_list(
    open_folder, facts, pairs, small_shards
):
    first = open_folder()
    hand_out(WebDatasetFormat(first, facts), pairs)
    wanted = files_of(first.path)
    first.close()
    (first.path / "cars-train.json").unlink()

    again = open_folder()
    format = WebDatasetFormat(again, facts)
    for record, image in pairs:
        assert not format.needs_bytes(record)
        format.add(record, replace(image, data=None))
    format.finish()

    assert files_of(again.path) == wanted


@pytest.mark.parametrize("name", ["my cars {1..3}/ü", "..", "-rf", "x" * 255])
def test_odd_names_of_releases_make_plain_names_of_shards(folder, facts, pairs, name):
    hand_out(WebDatasetFormat(folder, replace(facts, name=name)), pairs)
    names = [path.name for path in folder.path.glob("*.tar")]
    assert names
    assert all(
        re.fullmatch(r"\w[\w.-]*-(train|test)-000000\.tar", name, re.ASCII) for name in names
    )
    assert len(read(*sorted(folder.path.glob("*.tar")))) == 45


def test_releases_without_splits_are_for_training(folder, make_facts, make_record):
    hand_out(WebDatasetFormat(folder, make_facts(splits={"": 1})), [(make_record(1), picture(1))])
    assert [path.name for path in folder.path.glob("*.tar")] == ["cars-train-000000.tar"]


@pytest.mark.parametrize("title", [*TITLES, HALF])
def test_captions_are_text_that_can_be_shown(make_record, title):
    text = caption(make_record(1, title=title, description="second line"))
    text.encode()
    assert text.endswith("second line")
    assert not {"\x00", "\x07", "\x1b", "\r", "\x85", "\x7f"} & set(text)


def test_it_is_refused_without_image_files(folder, make_facts):
    with pytest.raises(UserError, match="webdataset is made of image files"):
        WebDatasetFormat(folder, make_facts(mode="urls"))


@given(
    st.lists(
        st.dictionaries(
            st.from_regex("[a-z0-9]{1,8}", fullmatch=True), st.binary(max_size=1500), min_size=1
        ),
        max_size=8,
    )
)
def test_python_reads_any_members(samples):
    file = BytesIO()
    shard = TarShard(file)
    for number, members in enumerate(samples):
        shard.add(f"{number:016x}", members)
    shard.end()

    with tarfile.open(fileobj=BytesIO(file.getvalue()), errorlevel=2) as tar:
        read = [(m.name, m.mtime, m.uid, m.uname, m.type, tar.extractfile(m).read()) for m in tar]
    assert read == [
        (f"{number:016x}.{extension}", 0, 0, "", tarfile.REGTYPE, data)
        for number, members in enumerate(samples)
        for extension, data in sorted(members.items())
    ]
    assert len(file.getvalue()) == -(-(shard.size + 1024) // 10_240) * 10_240


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        header("x" * 101, 1)
    with pytest.raises(ValueError, match="does not fit"):
        header("x", 8**11)
