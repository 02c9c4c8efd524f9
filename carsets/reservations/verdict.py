"""Joins all signals about one image into a verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from carsets.reservations.embedded import of_file
from carsets.reservations.headers import of_headers
from carsets.reservations.policy import ReservationPolicy, note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from carsets.reservations.signal import Signal

# Where TDMRep can be said: what comes later is nearer to the image, and takes its place.
_TDM_PLACES = ("tdmrep.json", "tdm-reservation", "page:tdm-reservation")


@dataclass(frozen=True, slots=True)
class Reservation:
    """The verdict on one image, with its evidence and the time of reading (ISO 8601, UTC)."""

    reserved: bool
    signals: tuple[Signal, ...]
    checked_at: str
    note: str = ""  # the signals that decided, in one line, for people


def read_reservation(
    headers: Mapping[str, str],
    embedded: Mapping[str, str],
    policy: ReservationPolicy | str = "strict",
    now: datetime | None = None,
    others: Iterable[Signal] = (),
) -> Reservation:
    """Join what headers, the file and ``others`` (host and page) say.

    ``headers`` as ``of_headers`` wants them; ``embedded`` holds the rights statements found in
    the original bytes, by their names. Raises ValueError for an unknown policy, never for
    anything that a server or a file says.
    """
    if isinstance(policy, str):
        policy = ReservationPolicy.of(policy)
    now = now or datetime.now(UTC)
    signals = [*others, *of_headers(headers, now, policy.agents), *of_file(embedded)]
    signals = _nearest(signals)
    deciding = policy.deciding(signals)
    return Reservation(
        reserved=bool(deciding),
        signals=tuple(signals),
        checked_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        note=note(deciding),
    )


def _nearest(signals: list[Signal]) -> list[Signal]:
    """Lift the reservations of TDMRep that a nearer 0 takes back, as its rules want it.

    What is absent or malformed takes nothing back, and what is malformed stays a reservation.
    """
    lifted: set[str] = set()
    for place, name in enumerate(_TDM_PLACES):
        said = [signal for signal in signals if signal.name == name]
        if said and not any(signal.reserved for signal in said):
            lifted |= {*_TDM_PLACES[:place]}
    return [
        replace(signal, reserved=False) if signal.name in lifted and signal.understood else signal
        for signal in signals
    ]
