"""What a command costs: CPU time and memory of the process and of all that it starts."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

INTERVAL = 0.1  # seconds between two looks at the processes


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command cost."""

    cpu: float  # seconds, user and system, whole tree
    wall: float  # seconds
    tree_memory: int  # bytes at most at once, whole tree; pages that are shared counted once
    main_memory: int  # bytes at most, the first process alone
    processes: int  # seen in all
    exit_code: int
    most_connections: int  # at once, as the server saw them; -1 when it was not asked


class Watch(threading.Thread):
    """Look at a tree of processes until it is told to stop."""

    def __init__(self, pid: int, connections: Callable[[], int] | None) -> None:
        super().__init__(daemon=True)
        self.root = psutil.Process(pid)
        self.connections = connections
        self.over = threading.Event()
        self.tree_memory = 0
        self.main_memory = 0
        self.most_connections = 0 if connections else -1
        self.cpu_of: dict[int, float] = {}

    def run(self) -> None:
        while not self.over.wait(INTERVAL):
            self._look()
            if self.connections:
                self.most_connections = max(self.most_connections, self.connections())

    def _look(self) -> None:
        memory = 0
        try:
            processes = [self.root, *self.root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in processes:
            try:
                times = process.cpu_times()
                self.cpu_of[process.pid] = times.user + times.system
                memory += process.memory_full_info().pss
                if process.pid == self.root.pid:
                    self.main_memory = max(self.main_memory, process.memory_info().rss)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue  # it ended while we looked
        self.tree_memory = max(self.tree_memory, memory)


def cost_of(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    connections: Callable[[], int] | None = None,
) -> Cost:
    """Run a command in a folder and return what it cost; its output goes to ``log``."""
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=output, stderr=output
        )
        watch = Watch(process.pid, connections)
        watch.start()
        # wait4 tells the CPU time of the process and of every descendant that was waited for.
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.over.set()
    watch.join()
    return Cost(
        # Descendants that nobody waited for are only in the samples.
        cpu=max(usage.ru_utime + usage.ru_stime, sum(watch.cpu_of.values())),
        wall=wall,
        tree_memory=watch.tree_memory,
        main_memory=watch.main_memory,
        processes=len(watch.cpu_of),
        exit_code=process.returncode,
        most_connections=watch.most_connections,
    )
