"""The inspection worker, but for some bodies over which it dies, hangs or answers nonsense."""

import faulthandler
import os
import signal
import time
from typing import Any

from carsets.vision import inspection_worker
from carsets.vision.inspection import Limits
from carsets.vision.inspection_worker import answer, main


def crash_or_answer(limits: Limits, body: bytes) -> tuple[Any, bytes]:
    """Answer as the real worker, unless the body says what goes wrong."""
    match body:
        case b"segfault":
            faulthandler._sigsegv()
        case b"kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"hang":
            time.sleep(3600)
        case b"nonsense":
            return {"surprise": True}, b""
        case b"wrong size":
            return {"inspection": {"small_shape": [256, 384, 3]}}, b"short"
    return answer(limits, body)


if __name__ == "__main__":
    inspection_worker.answer = crash_or_answer
    main()
