"""Progress in a pipe: plain lines, and not too many."""

from io import StringIO

from carsets.release.progress import ExportProgress, in_words


def test_plain_lines_name_the_rate_and_what_is_left(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("carsets.release.progress.monotonic", lambda: clock[0])
    stream = StringIO()
    with ExportProgress(10.0, stream) as progress:
        progress.begin("exporting", 1000)
        for _ in range(10):
            clock[0] += 5
            progress.advance(50)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[0] == "exporting: 100 of 1,000 images, 10 images/s, about 90 s to go".replace(
        "90 s", "2 min"
    )
    assert lines[-1] == "exporting: 500 of 1,000 images, 10 images/s, about 50 s to go"


def test_silence(capsys):
    with ExportProgress(0, StringIO()) as progress:
        progress.begin("exporting", 10)
        progress.advance(10)
    assert progress.console.file.getvalue() == ""


def test_words():
    assert [in_words(s) for s in (1, 600, 9000)] == ["1 s", "10 min", "2.5 h"]
