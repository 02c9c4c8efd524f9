"""The crawlers that collect what models are trained on: what a host tells them, it tells us.

A host that shuts out GPTBot or CCBot and has never heard of us says what it thinks of datasets
like ours. The list (``data/ai_agents.csv``) holds crawlers that collect for training or for
datasets; those that answer one person's question, and search engines, are not on it.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

OWN_NAME = "carsets"


@cache
def ai_agents() -> frozenset[str]:
    """Return the names under which robots.txt files know these crawlers, in lower case."""
    text = files("carsets").joinpath("data/ai_agents.csv").read_text(encoding="utf-8")
    return frozenset(row["agent"].lower() for row in csv.DictReader(text.splitlines()))
