"""The pool: order, what a broken image costs, and processes that die or hang."""

import io
import os
import signal
import threading
import time
from hashlib import sha256
from itertools import count

import psutil
import pytest
from PIL import Image

from carsets.release import deriver as pool
from carsets.release.credit import Credit
from carsets.release.derived import Change, Size, derive
from carsets.release.deriver import WINDOW, Deriver, Fault, Job, NoFile
from carsets.release.record import Record

SIZE = Size(16, 16, "pad")


def picture(number):
    file = io.BytesIO()
    Image.new("RGB", (40 + number, 30), (number % 256, 80, 120)).save(file, "PNG")
    return file.getvalue()


def record_of(body, **changes):
    digest = sha256(body).hexdigest()
    facts = {
        "image_id": digest[:16],
        "sha256": digest,
        "md5": "",
        "path": f"{digest[:2]}/{digest}.png",
        "width": 40,
        "height": 30,
        "bytes": len(body),
        "format": "PNG",
        "mime": "image/png",
    }
    return Record(**(facts | changes))


def job(body, size=SIZE, **changes):
    return Job(record_of(body, **changes), body, Change(size), Credit(title="A car", author="Eve"))


@pytest.fixture
def deriver():
    with Deriver(2) as made:
        yield made


def worker_pids():
    return {
        child.pid
        for child in psutil.Process().children(recursive=True)
        if pool.WORKER in child.cmdline()
    }


def test_files_come_in_the_order_of_the_jobs_and_are_those_of_one_process(deriver):
    jobs = [job(picture(number)) for number in range(30)]
    found = list(deriver.run(jobs))
    assert [record for record, _ in found] == [one.record for one in jobs]
    for one, (_, file) in zip(jobs, found, strict=True):
        alone = derive(one.original, one.change.size, one.credit)
        assert (file.data, file.width, file.height) == (alone.data, 16, 16)
        assert (file.size, file.sha256) == (len(file.data), sha256(file.data).hexdigest())
        assert file.changed


def test_without_a_size_the_original_is_handed_out_byte_for_byte(deriver, tmp_path):
    body = picture(1)
    path = tmp_path / "a.png"
    path.write_bytes(body)
    [(_, file)] = deriver.run([Job(record_of(body), path)])
    assert (file.data, file.extension, file.changed) == (body, "png", False)
    assert (file.width, file.height, file.sha256) == (40, 30, sha256(body).hexdigest())
    assert not worker_pids()  # nothing had to be decoded


def test_one_broken_image_costs_one_image(deriver, tmp_path):
    good, cut = picture(1), picture(2)[:60]
    altered = tmp_path / "altered.png"
    altered.write_bytes(good + b"x")
    jobs = [
        job(good),
        job(b"<html>", format="JPEG"),
        job(cut),
        Job(record_of(good), tmp_path / "missing.png", Change(SIZE)),
        Job(record_of(good), altered, Change(SIZE)),
        Job(record_of(good), tmp_path, Change(SIZE)),
        job(good),
    ]
    found = [file for _, file in deriver.run(jobs)]
    assert [getattr(file, "fault", None) for file in found] == [
        None,
        Fault.BROKEN,
        Fault.BROKEN,
        Fault.MISSING,
        Fault.ALTERED,
        Fault.UNREADABLE,
        None,
    ]
    assert all(file.note for file in found if isinstance(file, NoFile))


def test_who_takes_nothing_stops_the_making():
    made = count()
    body = picture(1)

    def endless():
        for _ in made:
            yield job(body)

    with Deriver(2) as deriver:
        files = deriver.run(endless())
        for _ in range(50):
            next(files)
        assert next(made) <= 50 + 2 * WINDOW + 1
        assert deriver.most_held <= 2 * WINDOW
        files.close()
    assert not worker_pids()


def test_a_process_that_dies_is_replaced_and_nobody_waits_for_it():
    body = picture(1)
    with Deriver(1) as deriver:
        files = deriver.run(job(body) for _ in range(200))
        next(files)
        [pid] = worker_pids()
        os.kill(pid, signal.SIGKILL)
        left = [file for _, file in files]
        assert len(left) == 199
        lost = [file for file in left if isinstance(file, NoFile)]
        assert len(lost) <= 1  # it may have died between two images
        assert all(file.fault is Fault.CRASHED for file in lost)


def test_a_process_that_hangs_is_ended():
    body = picture(1)
    with Deriver(1, timeout=1.0) as deriver:
        next(deriver.run([job(body)]))
        [pid] = worker_pids()
        os.kill(pid, signal.SIGSTOP)
        found = [file for _, file in deriver.run([job(body), job(body)])]
        assert found[0].fault is Fault.CRASHED
        assert found[1].width == 16
        assert pid not in worker_pids()


def test_leaving_early_leaves_no_process_and_no_thread_behind():
    before = threading.active_count()
    with Deriver(2) as deriver:
        for number, _ in enumerate(deriver.run(job(picture(n)) for n in count())):
            if number == 5:
                break
    end = time.monotonic() + 10
    while (worker_pids() or threading.active_count() > before) and time.monotonic() < end:
        time.sleep(0.05)
    assert not worker_pids()
    assert threading.active_count() <= before


def test_a_worker_can_open_no_file(deriver):
    """The decoder of a hostile file finds nothing to read and nothing to talk to."""
    next(deriver.run([job(picture(1))]))
    [pid] = worker_pids()
    limits = psutil.Process(pid).rlimit(psutil.RLIMIT_NOFILE)
    assert limits == (0, 0)


def test_a_picture_that_is_too_large_when_decoded_costs_itself():
    file = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(file, "PNG")
    with Deriver(1, memory=64 << 20) as deriver:
        found = [made for _, made in deriver.run([job(file.getvalue()), job(picture(1))])]
    assert found[0].fault in (Fault.BROKEN, Fault.CRASHED)
    assert found[1].width == 16


def test_every_kind_of_odd_file_passes_through_the_jail(deriver, shared):
    """What the worker loads late it loads before its jail: no format fails inside alone."""
    bodies = [path.read_bytes() for path in sorted((shared / "data/photos").glob("*/*"))[::20]]
    bodies += [
        path.read_bytes()
        for path in sorted((shared / "data/odd").glob("*_ok_*"))
        if path.suffix in (".png", ".webp", ".gif", ".avif", ".bmp")
    ]
    for one, (_, file) in zip(bodies, deriver.run([job(body) for body in bodies]), strict=True):
        try:
            wanted = derive(one, SIZE, Credit(title="A car", author="Eve")).data
        except Exception:
            assert isinstance(file, NoFile)
        else:
            assert file.data == wanted
