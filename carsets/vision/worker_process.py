"""A worker process beside the event loop: one question at a time, started again when it dies.

Used for what may crash, hang or block: decoding images and running the detector. The channel is
a socket pair, so nothing depends on signal handlers, which Twisted's reactor keeps for itself,
and it works the same under asyncio's own loop, under Scrapy's reactor and under uvloop.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from typing import IO, TYPE_CHECKING, Any

from carsets.vision.worker_frames import LENGTHS, pack, unpack_lengths

if TYPE_CHECKING:
    from collections.abc import Mapping

BUFFER = 1 << 20  # bytes; holds a whole answer of an inspection
STARTS_IN_A_ROW = 3  # a worker that cannot start thrice will not start
LAST_WORDS = 2000  # bytes of a dead worker's standard error that are shown
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class WorkerDied(Exception):
    """The worker died or took too long at this one question; the next one gets a new worker."""


class WorkerUnusable(Exception):
    """The worker cannot be started, or has been closed: asking again is of no use."""


class WorkerProcess:
    """One child process of ``python -m module`` that answers frames.

    ``setup`` is the JSON header of the first frame, answered by the worker's ``ready`` frame.
    Times are in seconds; ``job_timeout`` None means that a question may take for ever.
    ``environment`` None means ours; PYTHONPATH is always what we import from ourselves.
    """

    def __init__(
        self,
        module: str,
        setup: Mapping[str, Any],
        *,
        start_timeout: float = 60.0,
        job_timeout: float | None = 30.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.module = module
        self.setup = setup
        self.start_timeout = start_timeout
        self.job_timeout = job_timeout
        self.environment = dict(os.environ if environment is None else environment)
        self.starts = 0  # how often a process was started
        self.failed_starts = 0  # in a row
        self.closed = False
        self.ready: dict[str, Any] = {}  # what the worker said when it was ready
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._errors: IO[bytes] | None = None
        self._turn = asyncio.Lock()  # wakes its waiters in the order in which they came

    @property
    def pid(self) -> int | None:
        """The process id, or None while no process runs."""
        return None if self._process is None else self._process.pid

    async def start(self) -> dict[str, Any]:
        """Start the process unless it runs, and return what it said when it was ready.

        Raises WorkerUnusable, with what the worker last wrote, when it does not get ready.
        """
        async with self._turn:
            await self._start()
        return self.ready

    async def request(
        self, header: Mapping[str, Any], payload: bytes = b""
    ) -> tuple[dict[str, Any], bytes]:
        """Ask one question and return the answer; others wait for their turn.

        Raises WorkerDied when the process died or ran out of time over this question, and
        WorkerUnusable when there is none to ask.
        """
        async with self._turn:
            await self._start()
            try:
                async with asyncio.timeout(self.job_timeout):
                    return await self._exchange(header, payload)
            except TimeoutError:
                await self._stop()
                raise WorkerDied(f"no answer within {self.job_timeout:g} s") from None
            except (OSError, EOFError, ValueError) as error:
                raise WorkerDied(await self._cause_of_death(error)) from None
            except BaseException:
                await self._stop()  # a late answer would be taken for the next question's
                raise

    async def close(self) -> None:
        """End the process for good; a question that is being answered is given up."""
        self.closed = True
        await self._stop()

    # --- The process ---------------------------------------------------------------------------

    async def _start(self) -> None:
        if self.closed:
            raise WorkerUnusable(f"{self.module} has been closed")
        if self._process is not None and self._process.poll() is None:
            return
        if self.failed_starts >= STARTS_IN_A_ROW:
            raise WorkerUnusable(f"{self.module} failed to start {self.failed_starts} times")
        await self._stop()
        self.starts += 1
        try:
            async with asyncio.timeout(self.start_timeout):
                await self._spawn()
                self.ready, _ = await self._exchange(self.setup, b"")
        except BaseException as error:
            self.failed_starts += 1
            cause = await self._cause_of_death(error)
            if isinstance(error, (OSError, EOFError, ValueError)):
                raise WorkerUnusable(f"{self.module} did not start: {cause}") from None
            raise
        self.failed_starts = 0

    async def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, buffer, BUFFER)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _stop)
        environment = self.environment | {
            "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),  # noqa: PTH109
            "PYTHONSAFEPATH": "1",  # the working directory may hold anything
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", self.module],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=environment,
                start_new_session=True,  # Ctrl-C is for us: we end our workers ourselves
            )
        self._reader, self._writer = await asyncio.open_unix_connection(sock=ours, limit=BUFFER)

    async def _exchange(
        self, header: Mapping[str, Any], payload: bytes
    ) -> tuple[dict[str, Any], bytes]:
        assert self._reader is not None
        assert self._writer is not None
        self._writer.write(pack(header, payload))
        if payload:
            self._writer.write(payload)
        await self._writer.drain()
        lengths = unpack_lengths(await self._reader.readexactly(LENGTHS.size))
        answer = json.loads(await self._reader.readexactly(lengths[0]))
        if not isinstance(answer, dict):
            raise ValueError("an answer that is not an object")
        return answer, await self._reader.readexactly(lengths[1])

    async def _cause_of_death(self, error: BaseException) -> str:
        """Stop the process and say why it is of no more use."""
        process, errors = self._process, self._errors
        self._errors = None
        words = ""
        with errors or nullcontext():  # closed even if we are given up while we wait
            await self._stop()
            if errors is not None:
                errors.seek(max(0, errors.seek(0, os.SEEK_END) - LAST_WORDS))
                words = errors.read().decode("utf-8", "replace").strip()
        if isinstance(error, TimeoutError):
            return f"not ready within {self.start_timeout:g} s"
        if process is None:
            return str(error)
        return f"exit code {process.returncode} {words.rpartition(chr(10))[2]}".strip()

    async def _stop(self) -> None:
        process, writer, errors = self._process, self._writer, self._errors
        self._process = self._writer = self._reader = self._errors = None
        if writer is not None:
            writer.close()
        if process is not None:
            if process.poll() is None:
                process.kill()  # it holds nothing that could be lost
            await asyncio.shield(asyncio.to_thread(process.wait))
        if errors is not None:
            errors.close()
