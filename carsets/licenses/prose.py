"""What people write about rights in sentences: reservations, conditions, and the usual phrase."""

from __future__ import annotations

import re

# The set phrase in the languages of the photo sites.
_RESERVED = re.compile(
    r"all rights? (?:are )?reserved|alle rechte vorbehalten|alle rechten voorbehouden"
    r"|tous droits r[ée]serv[ée]s|todos los derechos reservados|todos os direitos reservados"
    r"|tutti i diritti (?:sono )?riservati|wszelkie prawa zastrze[żz]one"
    r"|alla rättigheter förbehåll|alle rett?igheder forbehold|все права защищены"
    r"|всі права захищені|tüm hakları saklıdır|版权所有|版權所有|保留所有权利|保留所有權利"
    r"|無断転載|無断使用"
)
# Conditions that nobody but a person can weigh.
_CONDITIONS = re.compile(
    r"\b(?:except|unless|without|permission|permitted|prohibited|forbidden|may not|must not"
    r"|do not|don't|not be|not for|no use|no unauthori[sz]ed|editorial|personal use"
    r"|private use|not under|not licensed|only|nur|ohne|keine|verboten|sauf|sans|interdit[es]*"
    r"|salvo|sin|sem|prohibid[oa]|senza|vietat[oa]|solo|uniquement|seulement)\b"
)
# "This work is licensed under a Creative Commons ... License, ADDRESS", as the license chooser of
# Creative Commons writes it into files and pages.
_LICENSED = re.compile(
    r"(?:this|the) (?:work|image|photo|photograph|picture|file) is (?:licen[cs]ed|available"
    r"|made available|released)(?: to the public)? under (?:an? |the )?"
    r"(?P<name>(?:cc|creative commons|attribution)\b[^,:]{0,120}?)"
    r"(?:[,:]? (?P<url>https?://\S{1,200}))?"
    r"(?:\.? to view a copy of (?:this|the) licen[cs]e,? visit (?P<copy>https?://\S{1,200})"
    r"(?: or send a letter to creative commons,[^:]{0,120})?)?\.?",
    re.IGNORECASE,
)


def reserves_all_rights(text: str) -> bool:
    """Say whether a text reserves all rights, whatever else stands in it."""
    return bool(_RESERVED.search(text.lower()))


def sets_conditions(text: str) -> bool:
    """Say whether a text that is no license sounds as if it limited one."""
    return bool(_CONDITIONS.search(text.lower()))


def licenses_named(text: str) -> tuple[str, ...]:
    """Return the name and the addresses in "This work is licensed under ...", or nothing."""
    match = _LICENSED.fullmatch(text)
    return tuple(filter(None, match.groups())) if match else ()
