"""What people write around a picture: titles, authors, tags, some of them hostile."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.fakeweb.facts import uploaded_of

if TYPE_CHECKING:
    from carsets.fakeweb.facts import Facts

# Titles and author names that break programs which trust them.
HOSTILE = (
    '<img src=x onerror="alert(1)">',
    "</script><script>alert(document.cookie)</script>",
    '=HYPERLINK("http://evil.test/","click")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "-2+3",
    "a title\nof two lines\r\nand a tab\there",
    "\x1b[2J\x1b[31mred terminal\x07",
    "x" * 10_000,
    "Citroën Škoda Ünïcode",
    "سيارة حمراء \u202eexe.gpj",
    "🚗🚙🏎️ 赤い車",
    "'); DROP TABLE images;--",
    "../../../../etc/passwd",
    "con.aux\x00.jpg",
    "",
)
_FIRST = ("Jane", "Alex", "Maria", "Piotr", "Yuki", "Omar", "Lena", "Tom", "Ines", "Raj")
_LAST = ("Photographer", "Okafor", "Müller", "Nowak", "Tanaka", "Silva", "Haddad", "O'Brien")
_PLACES = ("at the show", "in the street", "for sale", "side view", "in the sun", "after a wash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of one image."""

    title: str
    description: str
    tags: tuple[str, ...]
    author: str
    author_id: str  # in Flickr's form: digits@Nxx
    alias: str  # "" = none
    hostile: bool
    uploaded: int  # seconds since 1970


def wording(facts: Facts) -> Wording:
    """Return the words of an image, from its number alone."""
    rng = random.Random(f"words {facts.number}")
    person = rng.randrange(400)
    vehicle = f"{facts.asked.make} {facts.asked.model}"
    title = f"{facts.year} {vehicle}, {facts.asked_color}, {rng.choice(_PLACES)}"
    author = f"{_FIRST[person % 10]} {_LAST[person // 10 % 8]} {person}"
    hostile = rng.random() < 0.05
    if hostile:
        title = rng.choice(HOSTILE)
        author = rng.choice((author, rng.choice(HOSTILE)))
    return Wording(
        title=title,
        description=f"Seen <b>{rng.choice(_PLACES)}</b>." if rng.random() < 0.6 else "",
        tags=("car", facts.asked.make.lower(), facts.asked_color, facts.asked.body),
        author=author,
        author_id=f"{10_000_000 + person}@N{person % 90 + 10:02d}",
        alias=f"person{person}" if person % 3 else "",
        hostile=hostile,
        uploaded=uploaded_of(facts.number),
    )
