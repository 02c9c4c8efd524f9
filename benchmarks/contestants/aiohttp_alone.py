"""The least that Python can do: fetch and write, 64 at a time, no check: LIST STORE."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp

url_list, store = Path(sys.argv[1]), Path(sys.argv[2])


async def main() -> None:
    store.mkdir(parents=True, exist_ok=True)
    waiting = iter(url_list.read_text().split())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:

        async def work() -> None:
            for url in waiting:
                async with session.get(url) as answer:
                    answer.raise_for_status()
                    body = await answer.read()
                (store / url.rpartition("/")[2]).write_bytes(body)

        await asyncio.gather(*(work() for _ in range(64)))


asyncio.run(main())
