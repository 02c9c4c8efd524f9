"""Starts the built-in web as a process of its own, and talks to its control host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.client import HTTPConnection
from typing import Any, Self

from carsets.fakeweb.corpus import PER_COMBINATION
from carsets.fakeweb.names import CONTROL_HOST
from carsets.fakeweb.server import REAL_HOST


class FakeWebProcess:
    """The built-in web in a child process; it ends with this one, however that ends."""

    def __init__(self, per_combination: int = PER_COMBINATION) -> None:
        self._per_combination = per_combination
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.tls_port = 0  # for browsers

    def start(self) -> Self:
        """Start, and wait until it listens. Raises RuntimeError if it does not."""
        command = [sys.executable, "-m", "carsets.fakeweb", "--until-stdin-closes"]
        command += ["--per-combination", str(self._per_combination)]
        # The child must find the package where this process found it.
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self._process.stdout is not None
        lines = [self._process.stdout.readline().strip() for _ in range(2)]
        if not all(line.isdigit() for line in lines):
            self.stop()
            raise RuntimeError("the built-in web did not start: see the messages above")
        self.port, self.tls_port = map(int, lines)
        return self

    def stop(self) -> None:
        """End the process."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stats(self) -> dict[str, Any]:
        """Return what the hosts have seen: requests, most at once, rate, paths, headers."""
        answer: dict[str, Any] = self._ask("GET", "/stats")
        return answer

    def mode(self, host: str, name: str, **details: Any) -> None:
        """Let a host misbehave (see ``modes.MODES``); the name "" ends that.

        Details are ``after``, ``times``, ``retry_after`` and ``paths``: see ``traffic.Mode``.
        """
        self._ask("POST", "/mode", {"host": host, "name": name, **details})

    def reset(self) -> None:
        """Forget all counts and modes."""
        self._ask("POST", "/reset", {})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {REAL_HOST: CONTROL_HOST})
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise ValueError(content.decode(errors="replace"))
            return json.loads(content)
        finally:
            connection.close()
