"""Reads the commands of a page of docs/, and the mark above each.

A page is Markdown. Above every fenced ``sh`` block stands one mark, on a line of its own:

    <!-- command: NAME -->                 the block is run, and has to end with exit code 0
    <!-- command: NAME, exit code 4 -->    the same, with another exit code
    <!-- not run: WHY -->                  the block is not run, for a reason that readers see too

The blocks of a page are run in order, in one shell, in an empty folder, against the built-in web.
``tests/docs/PAGE.sh``, where there is one, is sourced first: it starts the servers that the page
needs and sets the variables that the page tells its readers to set (see ``scrapyd.sh``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MARK = re.compile(
    r"<!-- (?:command: (?P<name>[\w -]+?)(?:, exit code (?P<code>\d+))?"
    r"|not run: (?P<why>[^>]+?)) -->"
)
FENCE = re.compile(r"(?P<indent> *)```(?P<language>\w*)\s*")


@dataclass(frozen=True)
class Block:
    """One fenced block of shell commands."""

    line: int  # of its fence, from 1
    text: str
    name: str = ""  # "" when it is not run
    exit_code: int = 0
    why_not: str = ""

    @property
    def is_marked(self) -> bool:
        return bool(self.name or self.why_not)


def read_blocks(page: Path) -> list[Block]:
    """Return the shell blocks of a page, in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    blocks, place = [], 0
    while place < len(lines):
        fence = FENCE.fullmatch(lines[place])
        if not fence:
            place += 1
            continue
        end = next(n for n in range(place + 1, len(lines)) if lines[n].strip() == "```")
        if fence["language"] in {"sh", "bash", "shell", "console"}:
            mark = MARK.fullmatch(lines[place - 1].strip()) if place else None
            text = "\n".join(lines[place + 1 : end])
            blocks.append(_block(place + 1, text, mark))
        place = end + 1
    return blocks


def _block(line: int, text: str, mark: re.Match[str] | None) -> Block:
    if mark is None:
        return Block(line, text)
    return Block(line, text, mark["name"] or "", int(mark["code"] or 0), mark["why"] or "")


def script(page: Path, setup: Path | None) -> str:
    """Return the Bash script that runs a page; each block says its name before it begins."""
    parts = ["set -eu -o pipefail"]
    if setup is not None:
        parts.append(f"source '{setup}'")
    for block in read_blocks(page):
        if block.name:
            parts.append(f"echo '== {page.name}:{block.line} {block.name}' >&2")
            parts.append(block.text if not block.exit_code else _expect(block))
    return "\n".join(parts) + "\necho '== all blocks were run' >&2\n"


def _expect(block: Block) -> str:
    return (
        f"set +e\n(\nset -e\n{block.text}\n)\ncode=$?\nset -e\n"
        f'test "$code" = {block.exit_code} || {{ echo "exit code $code" >&2; exit 1; }}'
    )
