"""How a query is worded: a template with placeholders, and the sentence made of it."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING

from carsets.queries.lists import QueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDERS = ("color", "make", "model", "body", "year", "word")


class Template:
    """A wording such as ``{color} {make} {model} car``.

    Raises QueryError for a placeholder that there is not.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts: list[tuple[str, str]] = []  # literal text, and the placeholder after it
        try:
            parts = list(Formatter().parse(text))
        except ValueError as error:
            raise QueryError(f"template={text}: {error}") from None
        for literal, field, form, conversion in parts:
            if field is not None and (field not in PLACEHOLDERS or form or conversion):
                known = ", ".join("{" + name + "}" for name in PLACEHOLDERS)
                raise QueryError(
                    f"template={text}: unknown placeholder {{{field}}}; known: {known}"
                )
            self._parts.append((literal, field or ""))
        self.fields = frozenset(field for _, field in self._parts if field)
        self._plain = not any(literal.strip() for literal, _ in self._parts)

    def fill(self, words: Mapping[str, str]) -> str:
        """Return the sentence; a placeholder without a word leaves no trace in it."""
        text = "".join(
            literal + (words.get(field, "") if field else "") for literal, field in self._parts
        )
        if self._plain:  # nothing but words and spaces: the words' own signs stay as they are
            return " ".join(text.split())
        text = re.sub(r'"([^"]*)"', lambda quoted: _quoted(quoted[1]), text)
        text = re.sub(r"\(\s*\)|\[\s*\]", " ", text)
        text = " ".join(text.split())
        text = re.sub(r"\s+(?=[,;)\]])|(?<=[(\[])\s+", "", text)
        return re.sub(r"([,;])(?:[,;])+", r"\1", text).strip(" ,;-")


def _quoted(words: str) -> str:
    """Return words in quotes again, if there are any."""
    return f'"{words.strip()}"' if words.strip() else ""
