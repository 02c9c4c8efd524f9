"""A worker for tests: does what the question's header says. Started with ``python -m``."""

import mmap
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from carsets.vision.worker_frames import Channel, jail, limit_memory, serve


def attempt(action: Any) -> str:
    """Return "allowed", or the name of what forbids it."""
    try:
        action()
    except Exception as error:
        return type(error).__name__
    return "allowed"


def forbidden_things() -> dict[str, str]:
    """Try everything that a decoder has no business with."""
    return {
        "socket": attempt(socket.socket),
        "pair": attempt(socket.socketpair),
        "file": attempt(lambda: Path(__file__).read_bytes()),
        "new file": attempt(lambda: Path(os.devnull).write_bytes(b"x")),
        "folder": attempt(lambda: list(Path("/").iterdir())),
        "copy of a descriptor": attempt(lambda: os.dup(0)),
        "memory": attempt(lambda: mmap.mmap(-1, 1 << 30)),
    }


def answer(header: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Do one thing."""
    match header.get("do", "echo"):
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            sys.exit("these are my last words")
        case "hang":
            time.sleep(3600)
        case "stuff":
            return {"bytes": len(payload)}, payload * 3
        case "nonsense":
            os.write(0, b"\xff" * 64)
        case "forbidden":
            return forbidden_things(), b""
        case "environment":
            return dict(os.environ), b""
    return {"pid": os.getpid(), "echo": header}, payload


def main() -> None:
    """Get ready as the setup says."""
    channel = Channel()
    first = channel.read()
    assert first is not None
    setup, _ = first
    if setup.get("fail"):
        sys.exit("the weights are missing: do this")
    if setup.get("sleep"):
        time.sleep(setup["sleep"])
    if setup.get("jail"):
        limit_memory(1 << 28)
        jail()
    channel.write({"ready": True, "pid": os.getpid()})
    serve(channel, answer)


if __name__ == "__main__":
    main()
