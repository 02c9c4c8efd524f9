"""Machine-readable reservations of rights: many signals, one verdict, all evidence kept.

A signal may stand with the host (robots.txt, tdmrep.json, the user's own list of hosts), in the
headers of an answer, on the page that shows an image, and inside the file. Each has a reader here
that never raises and keeps what was said word for word. ``ReservationPolicy`` says which of them
count. Under ``strict`` all do, the strictest wins, and what cannot be understood is a reservation.
"""

from carsets.reservations.denied_hosts import DeniedHosts
from carsets.reservations.page import of_page
from carsets.reservations.policy import POLICIES, SIGNALS, ReservationPolicy
from carsets.reservations.robots_file import RobotsReservations
from carsets.reservations.signal import Signal
from carsets.reservations.tdm_file import TdmFile
from carsets.reservations.verdict import Reservation, read_reservation

__all__ = [
    "POLICIES",
    "SIGNALS",
    "DeniedHosts",
    "Reservation",
    "ReservationPolicy",
    "RobotsReservations",
    "Signal",
    "TdmFile",
    "of_page",
    "read_reservation",
]
