"""``python -m carsets.fakeweb``: the built-in web as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import sys

from carsets.fakeweb.corpus import PER_COMBINATION
from carsets.fakeweb.server import FakeWebServer


async def _serve(port: int, per_combination: int, *, until_stdin_closes: bool) -> None:
    server = FakeWebServer(per_combination)
    # The port and the one for browsers, a line each: all that ever goes to stdout.
    print(await server.start(port), server.tls_port, sep="\n", flush=True)
    try:
        if until_stdin_closes:
            # Whoever started this holds the other end: when it dies, however, so does this.
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
            await reader.read()
        else:
            await asyncio.Event().wait()
    finally:
        await server.close()


def main() -> None:
    """Serve until interrupted, or until the standard input closes."""
    parser = argparse.ArgumentParser(prog="python -m carsets.fakeweb", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 = any free one; it is printed")
    parser.add_argument(
        "--per-combination",
        type=int,
        default=PER_COMBINATION,
        help="images that each source finds for one vehicle in one color",
    )
    parser.add_argument("--until-stdin-closes", action="store_true")
    options = parser.parse_args()
    try:
        asyncio.run(
            _serve(
                options.port,
                options.per_combination,
                until_stdin_closes=options.until_stdin_closes,
            )
        )
    except KeyboardInterrupt:
        pass
    except OSError as error:
        sys.exit(f"cannot listen on port {options.port}: {error.strerror}")


if __name__ == "__main__":
    main()
