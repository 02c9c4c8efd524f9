"""What a killed run has left in the store is settled by the next one, and by nobody before."""

import hashlib
import os
from pathlib import Path

import pytest

from carsets.pipelines.local_store import ARRIVING, LocalStore


def path_of(body):
    sha256 = hashlib.sha256(body).hexdigest()
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}.jpg"


def files(folder):
    return {str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file()}


def die(store):
    """Let go of the lock, as the end of a process does, and of nothing else."""
    os.close(store._lock)
    store._lock = -1


@pytest.fixture
def kept():
    """Return what a catalog would know: the sha256s of the kept images."""
    return set()


@pytest.fixture
def recover(kept):
    """Return what settles a store by ``kept``."""
    return lambda store, unwanted=(): store.recover(kept.__contains__, lambda: unwanted)


def test_a_file_has_its_place_when_it_is_settled_and_not_before(tmp_path):
    store = LocalStore(str(tmp_path), "run")
    store.receive(path_of(b"one"), b"one")
    assert files(tmp_path) == {f"{ARRIVING}/run/{Path(path_of(b'one')).name}"}
    store.settle(path_of(b"one"))
    store.receive(path_of(b"two"), b"two")
    store.discard(path_of(b"two"))
    store.close()
    assert files(tmp_path) == {path_of(b"one")}
    assert not (tmp_path / ARRIVING).exists()


def test_what_a_dead_run_left_is_placed_or_deleted_as_the_catalog_says(tmp_path, kept, recover):
    dead = LocalStore(str(tmp_path), "dead")
    for body in (b"admitted", b"not admitted"):
        dead.receive(path_of(body), body)
    dead.receive(path_of(b"replaced"), b"replaced")
    dead.settle(path_of(b"replaced"))
    die(dead)
    kept.add(hashlib.sha256(b"admitted").hexdigest())
    assert recover(LocalStore(str(tmp_path), "next"), [path_of(b"replaced")]) == 1
    assert files(tmp_path) == {path_of(b"admitted")}
    assert not (tmp_path / ARRIVING).exists()


def test_a_run_that_lives_is_left_alone(tmp_path, recover):
    living, other = LocalStore(str(tmp_path), "living"), LocalStore(str(tmp_path), "other")
    living.receive(path_of(b"one"), b"one")
    assert recover(other) == 0
    living.settle(path_of(b"one"))
    assert files(tmp_path) == {path_of(b"one")}
    living.close()


def test_a_folder_that_is_taken_for_a_dead_one_is_made_again(tmp_path, monkeypatch, recover):
    store, other = LocalStore(str(tmp_path), "new"), LocalStore(str(tmp_path), "other")
    real, met = os.open, []

    def open_after_the_other(path, *rest, **more):
        if not met and str(path).endswith("new"):
            met.append(path)
            assert recover(other) == 1
            store._own.mkdir(parents=True)  # so that it can be opened at all, but is another one
            descriptor = real(path, *rest, **more)
            store._own.rmdir()
            return descriptor
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", open_after_the_other)
    store.receive(path_of(b"one"), b"one")
    store.settle(path_of(b"one"))
    store.close()
    assert files(tmp_path) == {path_of(b"one")}


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    store = LocalStore(str(tmp_path), "run")

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        store.receive(path_of(b"one"), b"one")
    store.close()
    assert not files(tmp_path)
