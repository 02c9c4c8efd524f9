"""The worker's end of ``worker_process``: frames, limits that it puts on itself, and its loop.

A frame is two unsigned 32-bit lengths, a JSON header and a payload of raw bytes. The channel is
the worker's standard input, a socket pair: when the other end closes, the worker leaves.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answer = tuple[Mapping[str, Any], bytes]
    Handler = Callable[[dict[str, Any], bytes], Answer]

LENGTHS = struct.Struct("!II")  # bytes of the header, bytes of the payload
MOST_HEADER = 1 << 24  # bytes; what is longer is not a frame of ours
MOST_PAYLOAD = 1 << 29

MOST_WRITTEN = 1 << 20  # bytes of standard error, the one file that a worker has open
CPU_SECONDS = 30 * 24 * 3600  # a worker's whole life; single jobs are ended by the other side


def pack(header: Mapping[str, Any], payload: bytes) -> bytes:
    """Return what goes before the payload: both lengths and the header."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return LENGTHS.pack(len(text), len(payload)) + text


def unpack_lengths(start: bytes | bytearray) -> tuple[int, int]:
    """Return the lengths of a frame; raises ValueError when they cannot be ours."""
    header, payload = LENGTHS.unpack(start)
    if header > MOST_HEADER or payload > MOST_PAYLOAD:
        raise ValueError(f"a frame of {header} + {payload} bytes")
    return header, payload


class Channel:
    """The socket that is a worker's standard input."""

    def __init__(self) -> None:
        self.socket = socket.socket(fileno=os.dup(0))
        self.socket.setblocking(True)

    def read(self) -> tuple[dict[str, Any], bytes] | None:
        """Return the next frame, or None when the other end has closed."""
        start = self._exactly(LENGTHS.size)
        if start is None:
            return None
        header_size, payload_size = unpack_lengths(start)
        header, payload = self._exactly(header_size), self._exactly(payload_size)
        if header is None or payload is None:
            return None
        return json.loads(bytes(header)), bytes(payload)

    def write(self, header: Mapping[str, Any], payload: bytes = b"") -> None:
        """Send one frame."""
        self.socket.sendall(pack(header, payload))
        if payload:
            self.socket.sendall(payload)

    def _exactly(self, size: int) -> bytearray | None:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count = self.socket.recv_into(view)
            if not count:
                return None
            view = view[count:]
        return data


def serve(channel: Channel, handler: Handler) -> None:
    """Answer frames, one at a time, until the other end closes."""
    try:
        while (frame := channel.read()) is not None:
            channel.write(*handler(*frame))
    except (BrokenPipeError, ConnectionResetError):
        return  # the other end went away while we worked


def limit_memory(headroom: int) -> None:
    """Allow ``headroom`` bytes of address space beyond what is used now; Linux only.

    Elsewhere (no /proc, or a system that does not enforce it) this does nothing.
    """
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return
    most = pages * resource.getpagesize() + headroom
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def jail() -> None:
    """Give up opening files and sockets, writing core dumps, and endless processor time.

    Call it after every import: from here on not even a module can be loaded from disk. What is
    already open stays usable, which is the channel and standard output and error.
    """
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    seconds = CPU_SECONDS if hard == resource.RLIM_INFINITY else min(CPU_SECONDS, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # no children; root is not held by this
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    # Descriptors are given out from the lowest free number: with none free below the limit,
    # every open() and socket() fails.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
