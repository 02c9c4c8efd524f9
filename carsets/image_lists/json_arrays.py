"""Large JSON objects whose members are arrays, read element by element.

COCO's own file has 450 MB: parsed as a whole it would fill 3 GB. Here no more than one element
and a block of text are in memory.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

BLOCK = 1 << 18  # characters read at a time
MAX_ELEMENT = 1 << 23  # characters of one element; the outline of a crowd has below 200,000
_CLOSING, _AFTER = '"]}', " \t\r\n,]}"  # what can end a value, and what can stand behind it
_SPACE = re.compile(r"[ \t\r\n]*")


class JsonShapeError(ValueError):
    """The text is not what it should be; the message says where and why, for people."""


def read_members(stream: TextIO, wanted: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield ``(name, element)`` for the elements of the arrays that are members of an object.

    A wanted member that is no array is yielded whole; what is not wanted is parsed and dropped.
    Raises JsonShapeError for what is no JSON object, is cut off or has an element too large.
    """
    text = _Text(stream)
    text.expect("{")
    if text.peek() == "}":
        return
    while True:
        name = text.value()
        if not isinstance(name, str):
            raise JsonShapeError(f"a name was expected {text.where}")
        text.expect(":")
        if text.peek() != "[":
            value = text.value()
            if name in wanted:
                yield name, value
        else:
            for element in _elements(text):
                if name in wanted:
                    yield name, element
        if text.peek() != ",":
            text.expect("}")
            return
        text.expect(",")


def _elements(text: _Text) -> Iterator[Any]:
    text.expect("[")
    if text.peek() == "]":
        text.expect("]")
        return
    while True:
        yield text.value()
        if text.peek() != ",":
            text.expect("]")
            return
        text.expect(",")


class _Text:
    """The part of a stream that is being read."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._block = ""
        self._place = 0
        self._before = 0  # characters before the block
        self._decoder = json.JSONDecoder()

    @property
    def where(self) -> str:
        return f"at character {self._before + self._place}"

    def _more(self) -> bool:
        block = self._stream.read(BLOCK)
        self._before += self._place
        self._block = self._block[self._place :] + block
        self._place = 0
        return bool(block)

    def peek(self) -> str:
        """Return the next character that is no space. Raises JsonShapeError at the end."""
        while True:
            match = _SPACE.match(self._block, self._place)
            assert match is not None
            self._place = match.end()
            if self._place < len(self._block):
                return self._block[self._place]
            if not self._more():
                raise JsonShapeError(f"the text ends {self.where}")

    def expect(self, character: str) -> None:
        """Pass over a character."""
        found = self.peek()
        if found != character:
            raise JsonShapeError(f"{character!r} was expected {self.where}, not {found!r}")
        self._place += 1

    def value(self) -> Any:
        """Return the next value. Raises JsonShapeError."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._block, self._place)
            except RecursionError:
                raise JsonShapeError(f"nested too deeply {self.where}") from None
            except ValueError as error:
                problem = str(error)
            else:
                # A number may go on in the next block, so what follows it has to be seen.
                following = self._block[end : end + 1]
                if self._block[end - 1] in _CLOSING or (following and following in _AFTER):
                    self._place = end
                    return value
                problem = f"{following!r} after a value" if following else ""
            if len(self._block) - self._place > MAX_ELEMENT:
                raise JsonShapeError(
                    f"an element of more than {MAX_ELEMENT} characters {self.where}"
                )
            if not self._more():
                raise JsonShapeError(f"not JSON {self.where}: {problem or 'it ends here'}")
