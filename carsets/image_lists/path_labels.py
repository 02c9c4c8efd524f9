"""Labels that are in the names of folders."""

from __future__ import annotations

import re

from carsets.image_lists.columns import LABELS
from carsets.problems import UserError


class PathLabels:
    """Read labels off the folders that a file lies in, by a pattern such as ``{make}/{model}``."""

    def __init__(self, pattern: str) -> None:
        seen: set[str] = set()
        parts: list[str] = []
        for text, name in re.findall(r"([^{}]*)(?:\{([^{}]*)\})?", pattern.strip("/")):
            parts.append(re.escape(text).replace(r"\*", "[^/]*"))
            if not name:
                continue
            if name not in LABELS or name in seen:
                raise UserError(
                    f"pattern {pattern!r}: {{{name}}} is no label or comes twice; "
                    f"the labels are {', '.join(f'{{{label}}}' for label in LABELS)}"
                )
            seen.add(name)
            parts.append(f"(?P<{name}>[^/]+?)")
        if not seen or pattern.count("{") != len(seen) or pattern.count("}") != len(seen):
            raise UserError(
                f"pattern {pattern!r}: name at least one label, as in {{make}}/{{model}}"
            )
        self._match = re.compile("".join(parts) + "(?:/.*)?", re.DOTALL).fullmatch

    def read(self, name: str) -> dict[str, str]:
        """Return the labels of a file from its path inside the folder; {} when none fit."""
        match = self._match(name.rpartition("/")[0])
        return {label: text.strip() for label, text in match.groupdict().items()} if match else {}


class ParentLabel:
    """Take the name of the folder that a file lies in as its label."""

    def read(self, name: str) -> dict[str, str]:
        """Return ``{"label": folder}``; {} for a file at the top."""
        parent = name.rpartition("/")[0].rpartition("/")[2]
        return {"label": parent} if parent else {}
