"""Runs ``scrapy`` commands in processes of their own, forked from one that has imported it all.

To import Scrapy and carsets takes longer than most of these crawls do. A command is one line of
JSON on stdin: its number, words, environment, folder, and files for stdout and stderr. Two lines
answer it: ``NUMBER started PID`` and ``NUMBER ended STATUS``. Settings are read after the fork.
"""

import importlib
import json
import os
import signal
import sys

PRELOADED = (
    "scrapy.cmdline",
    "scrapy.commands.crawl",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.pipelines.images",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "carsets.catalog.catalog",
    "carsets.vision.copies",
    "rich.live",
    "flickrapi",
)


def serve() -> None:
    """Answer until stdin closes."""
    for name in PRELOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    for line in sys.stdin:
        if os.fork() == 0:
            watch(json.loads(line))


def watch(command: dict) -> None:
    """Start one command and tell how it ended, as a process of its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        become(command)
    say(f"{command['number']} started {pid}")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    say(f"{command['number']} ended {status}")
    os._exit(0)


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # so short that no other line can come in between


def become(command: dict) -> None:
    """Be ``python -m scrapy`` with these words: a group of processes with its own output."""
    os.setsid()
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    places = os.environ["PYTHONPATH"].split(os.pathsep)
    sys.path[:0] = [place for place in places if place not in sys.path]
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        place = os.open(command[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(place, number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["scrapy", *command["words"]]
    sys.orig_argv = [sys.executable, "-m", "scrapy", *command["words"]]
    from scrapy.cmdline import execute

    status = 1
    try:
        execute()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
