"""Whose an image is, as licenses ask it to be told: title, author, source, license (TASL).

What a credit needs, where a license asks for one: an author, a source and a license with an
address. None of the three is ever invented. The title is shown where the source gave one: the
licenses up to 3.0 ask for a title "if supplied", and 4.0 does not ask for it, so its absence is
no fault, and a number or a file name is not put in its place. ``Credit.missing`` names what a
release may not do without.

A changed copy carries the license of its original: share-alike licenses ask for that, and
carsets claims nothing in a resized picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from carsets.licenses import DeclaredLicense
    from carsets.release.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What is said of whose an image is. Texts are as the source gave them."""

    title: str = ""  # "" where the source gave none
    author: str = ""
    author_url: str = ""
    source: str = ""  # the page that shows the image, else the image's own address
    license_name: str = ""  # "CC BY 4.0"; of the original and of the copy
    license_url: str = ""
    notice: str = ""  # the line that the source asks to be shown
    changes: str = ""  # what was done to the copy; "" for the original's own bytes
    missing: tuple[str, ...] = ()  # what the license asks for and nobody said

    @property
    def line(self) -> str:
        """The whole credit as one line."""
        title = f'"{self.title}" by ' if self.title else "By "
        author = self.author or "an unknown author"
        license_ = f"{self.license_name} ({self.license_url})" if self.license_url else ""
        parts = [
            f"{title}{author}",
            self.source,
            license_ or self.license_name,
            f"changes: {self.changes}" if self.changes else "",
        ]
        return ", ".join(filter(None, parts))


def credit_of(record: Record, changes: str = "") -> Credit:
    """Return the credit of an image; ``changes`` is what was done to its copy."""
    return Credit(
        title=one_line(record.title),
        author=one_line(record.author),
        author_url=web_address(record.author_url),
        source=web_address(record.page_url) or web_address(record.url),
        license_name=record.license.terms.name,
        license_url=web_address(record.license.url),
        notice=one_line(record.attribution),
        changes=changes,
        missing=missing_parts(record.license, record.author, record.page_url, record.url),
    )


def missing_parts(
    license_: DeclaredLicense, author: str, page_url: str, url: str
) -> tuple[str, ...]:
    """Return what a credit lacks of "author", "source" and "license"; () where none is owed."""
    if not license_.terms.att:
        return ()
    present = {
        "author": bool(author.strip()),
        "source": bool(web_address(page_url) or web_address(url)),
        "license": bool(web_address(license_.url)),  # "CC BY" without a version has no address
    }
    return tuple(part for part, there in present.items() if not there)


def one_line(text: str) -> str:
    """Return the text without line ends, and without characters that are none."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def web_address(url: str) -> str:
    """Return a web address as it is, and anything else (``javascript:`` too) as ""."""
    try:
        parts = urlsplit(url)
    except ValueError:  # an unfinished IPv6 address
        return ""
    return url if parts.scheme in {"http", "https"} and parts.hostname else ""
