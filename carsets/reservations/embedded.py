"""What stands inside the file: PLUS Data Mining, TDMRep, and C2PA's training and data mining."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carsets.reservations.headers import tdm_reservation
from carsets.reservations.signal import judged, strictest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from carsets.reservations.signal import Signal


def of_file(embedded: Mapping[str, str]) -> Iterator[Signal]:
    """Yield the signals among the statements that ``vision.embedded_rights`` found."""
    for name, judge in _JUDGES.items():
        if name in embedded:
            yield judged(name, embedded[name], judge)


def _data_mining(value: str) -> bool | None:
    """PLUS Data Mining: everything but "unspecified" and "allowed" reserves."""
    return strictest([_data_mining_term(term) for term in value.split(";")])


def _data_mining_term(term: str) -> bool | None:
    said = term.strip().upper().rpartition("/")[2].rpartition("#")[2]
    if said in {"DMI-UNSPECIFIED", "DMI-ALLOWED"}:
        return False
    return True if said.startswith("DMI-PROHIBITED") else None


def _training_mining(value: str) -> bool | None:
    """C2PA: one ``use=allowed``, ``notAllowed`` or ``constrained`` for each use.

    A constraint says under which terms a use would be allowed: nobody has agreed on them here.
    """
    said = [part.rpartition("=")[2] for part in re.split(r"[\s,;]+", value.strip().lower())]
    return strictest([_C2PA.get(use) for use in said])


_C2PA = {"allowed": False, "notallowed": True, "constrained": True}
_JUDGES: Mapping[str, Callable[[str], bool | None]] = {
    "plus:DataMining": _data_mining,
    "tdm:reservation": tdm_reservation,
    "c2pa.training-mining": _training_mining,
    "cawg.training-mining": _training_mining,
}
