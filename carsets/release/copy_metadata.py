"""What a copy says of itself: its credit, and the rights statements of its original.

Written new, from nothing: positions, serial numbers, owners' names, previews and maker notes of
the original cannot slip through. What is carried on are statements about rights (see
``vision.embedded_rights``): copyright notices, usage terms, and reservations of data mining.
A C2PA manifest is not: it is signed for the original's bytes. What it says against mining is said
in the copy's XMP instead.

XMP holds everything. EXIF is for programs that read nothing else, and is ASCII: a name that
cannot be written in ASCII by leaving out accents is left out rather than spoiled.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from PIL import Image

from carsets.reservations.embedded import of_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from carsets.release.credit import Credit

# A packet has room for 65,502 bytes, and one character may need five of them.
MOST_TEXT = 300  # characters of a title or a name; the whole is in ATTRIBUTION.csv
MOST_NOTICE = 600  # of what the original says of its copyright, and of its use
MOST_ADDRESS = 1_500  # a longer one is left out: half an address leads nowhere

IMAGE_DESCRIPTION, ARTIST, COPYRIGHT = 0x010E, 0x013B, 0x8298
# X and Y resolution, their unit (inches), centered colors: EXIF of a JPEG has to name them.
REQUIRED = {0x011A: 72.0, 0x011B: 72.0, 0x0128: 2, 0x0213: 1}

NAMESPACES = {
    "cc": "http://creativecommons.org/ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "tdm": "http://www.w3.org/ns/tdmrep#",
    "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
}
# Statements of the original that are carried on under their own names.
CARRIED = (
    "plus:DataMining",
    "plus:OtherConstraints",
    "tdm:reservation",
    "tdm:policy",
    "photoshop:Credit",
    "Iptc4xmpExt:DigitalSourceType",
)
# What the original says, in whatever form, of its copyright and of how it may be used.
NOTICES = ("dc:rights", "exif:Copyright", "iptc:CopyrightNotice", "png:Copyright")
TERMS = ("xmpRights:UsageTerms",)
# What C2PA and CAWG call their statement on mining.
MINING = ".training-mining"
SEE_CONSTRAINT = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-SEECONSTRAINT"
# XML 1.0 has no room for these at all.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def copy_metadata(credit: Credit | None, statements: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Return EXIF and XMP for a copy; b"" for each where there is nothing to say.

    ``statements`` are those of the original, as ``embedded_rights`` returns them.
    """
    credit = None if credit is None else _bounded(credit)
    said = [_joined(statements, NOTICES), credit.line if credit else ""]
    rights = "; ".join(filter(None, said))
    elements = [*_credit_elements(credit, rights, statements), *_carried(statements)]
    return _exif(credit, rights), _packet(elements) if elements else b""


def _bounded(credit: Credit) -> Credit:
    return replace(
        credit,
        title=_short(credit.title),
        author=_short(credit.author),
        source=credit.source if len(credit.source) <= MOST_ADDRESS else "",
    )


# --- XMP --------------------------------------------------------------------------------------


def _credit_elements(
    credit: Credit | None, rights: str, statements: Mapping[str, str]
) -> Iterator[str]:
    if rights:
        yield _list("dc:rights", "Alt", [rights])
        yield _text("xmpRights:Marked", statements.get("xmpRights:Marked", "True"))
    terms = [_joined(statements, TERMS), _terms(credit)]
    if any(terms):
        yield _list("xmpRights:UsageTerms", "Alt", ["; ".join(filter(None, terms))])
    if credit is None:
        return
    if credit.title:
        yield _list("dc:title", "Alt", [credit.title])
    if credit.author:
        yield _list("dc:creator", "Seq", [credit.author])
        yield _text("cc:attributionName", credit.author)
    if credit.source:
        yield _text("dc:source", credit.source)
        yield _resource("cc:attributionURL", credit.source)
    if credit.license_url:
        yield _text("xmpRights:WebStatement", credit.license_url)
        yield _resource("cc:license", credit.license_url)
    if credit.changes:
        yield _history(credit.changes)


def _terms(credit: Credit | None) -> str:
    if credit is None or not credit.license_name:
        return ""
    return f"{credit.license_name}{', ' if credit.license_url else ''}{credit.license_url}"


def _carried(statements: Mapping[str, str]) -> Iterator[str]:
    mining = {name: value for name, value in statements.items() if name.endswith(MINING)}
    if any(signal.reserved for signal in of_file(mining)):
        said = "; ".join(f"{name}: {value}" for name, value in sorted(mining.items()))
        constraints = [statements.get("plus:OtherConstraints", ""), said]
        statements = {
            "plus:DataMining": SEE_CONSTRAINT,  # unless the original has a word of its own
            **statements,
            "plus:OtherConstraints": "; ".join(filter(None, constraints)),
        }
    for name in CARRIED:
        if value := statements.get(name, ""):
            yield _text(name, _short(value))


def _packet(elements: Iterable[str]) -> bytes:
    names = " ".join(f'xmlns:{name}="{uri}"' for name, uri in NAMESPACES.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {names}><rdf:Description rdf:about="">{"".join(elements)}'
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def _text(name: str, value: str) -> str:
    return f"<{name}>{escape(_legal(value))}</{name}>"


def _resource(name: str, url: str) -> str:
    return f"<{name} rdf:resource={quoteattr(_legal(url))}/>"


def _list(name: str, kind: str, values: Iterable[str]) -> str:
    language = ' xml:lang="x-default"' if kind == "Alt" else ""
    entries = "".join(f"<rdf:li{language}>{escape(_legal(value))}</rdf:li>" for value in values)
    return f"<{name}><rdf:{kind}>{entries}</rdf:{kind}></{name}>"


def _history(changes: str) -> str:
    event = _text("stEvt:action", "converted") + _text("stEvt:parameters", changes)
    event += _text("stEvt:softwareAgent", "carsets")
    return (
        '<xmpMM:History><rdf:Seq><rdf:li rdf:parseType="Resource">'
        f"{event}</rdf:li></rdf:Seq></xmpMM:History>"
    )


def _joined(statements: Mapping[str, str], names: Iterable[str]) -> str:
    values = dict.fromkeys(statements.get(name, "") for name in names)
    return _short("; ".join(filter(None, values)), MOST_NOTICE)


def _legal(text: str) -> str:
    return _NO_XML.sub(" ", text)


def _short(text: str, most: int = MOST_TEXT) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


# --- EXIF -------------------------------------------------------------------------------------


def _exif(credit: Credit | None, rights: str) -> bytes:
    tags = {
        IMAGE_DESCRIPTION: credit.title if credit else "",
        ARTIST: credit.author if credit else "",
        COPYRIGHT: rights,
    }
    exif = Image.Exif()
    for tag, text in tags.items():
        if plain := ascii_text(text):
            exif[tag] = plain
    if not len(exif):
        return b""
    exif.update(REQUIRED)
    return exif.tobytes()


def ascii_text(text: str) -> str:
    """Return the text in ASCII: ``Citroën`` as ``Citroen``; "" where more than accents is lost."""
    plain = text.replace("…", "...").replace("“", '"').replace("”", '"').replace("’", "'")
    plain = plain.replace("©", "(c)").replace("–", "-").replace("—", "-")
    parts = unicodedata.normalize("NFKD", plain)
    kept = " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())
    return kept if kept.isascii() and kept.isprintable() else ""
