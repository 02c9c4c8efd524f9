"""Which signals there are, and which of them count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from carsets.reservations.ai_agents import ai_agents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from scrapy.settings import BaseSettings

    from carsets.reservations.signal import Signal

POLICIES = ("strict", "research", "custom")

# Every signal by its name in the catalog and in RESERVATION_SIGNALS, and where it stands.
SIGNALS: Mapping[str, str] = {
    "denied-host": "the user's own list, RESERVATION_DENIED_HOSTS",
    "robots.txt:ai-agents": "robots.txt: an AI crawler may not have the path",
    "robots.txt:content-usage": "robots.txt: Content-Usage (AIPREF)",
    "robots.txt:content-signal": "robots.txt: Content-Signal (Cloudflare)",
    "tdmrep.json": "/.well-known/tdmrep.json of the host (TDMRep)",
    "x-robots-tag": "a header of the image",
    "tdm-reservation": "a header of the image (TDMRep)",
    "content-usage": "a header of the image (AIPREF)",
    "content-signal": "a header of the image (Cloudflare)",
    "page:robots": "a meta element of the page",
    "page:tdm-reservation": "a meta element of the page (TDMRep)",
    "plus:DataMining": "inside the file (IPTC/PLUS)",
    "tdm:reservation": "inside the file (TDMRep in XMP)",
    "c2pa.training-mining": "inside the file (C2PA)",
    "cawg.training-mining": "inside the file (C2PA, as the CAWG writes it)",
}


@dataclass(frozen=True, slots=True)
class ReservationPolicy:
    """What counts.

    - ``strict``: every signal, and so does one that cannot be understood or asked for.
    - ``research`` (article 3 of the EU directive 2019/790): none; all are recorded.
    - ``custom``: those that are listed, each as strictly as under ``strict``.

    The rules that robots.txt has for us, and a host's refusal to answer, are obeyed under each.
    """

    name: str
    counted: frozenset[str]  # names of SIGNALS
    agents: frozenset[str]  # crawlers, in lower case: what is said to them is said to us

    @classmethod
    def of(
        cls, name: str = "strict", signals: Iterable[str] = (), agents: Collection[str] = ("*",)
    ) -> Self:
        """Build a policy. ``signals`` are those of ``custom``; of ``agents`` "*" means our list.

        Raises ValueError, in one line for people, for what does not exist.
        """
        if name not in POLICIES:
            raise ValueError(f"unknown policy {name!r} for reservations; use one of {POLICIES}")
        listed = frozenset(signals)
        if unknown := sorted(listed - SIGNALS.keys()):
            raise ValueError(f"unknown signal {unknown[0]!r}; use some of {', '.join(SIGNALS)}")
        if name == "custom" and not listed:
            raise ValueError("the policy custom needs a list of signals that count")
        counted = {"strict": frozenset(SIGNALS), "research": frozenset[str](), "custom": listed}
        own = frozenset(agent.strip().lower() for agent in agents)
        return cls(name, counted[name], own - {"*"} | (ai_agents() if "*" in own else frozenset()))

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Build the policy that the settings of a crawl describe. Raises ValueError as ``of``."""
        return cls.of(
            settings.get("RESERVATION_POLICY", "strict"),
            settings.getlist("RESERVATION_SIGNALS"),
            settings.getlist("RESERVATION_AI_AGENTS", ["*"]),
        )

    def deciding(self, signals: Iterable[Signal]) -> list[Signal]:
        """Return the signals because of which an image must stay away."""
        return [s for s in signals if s.reserved and s.name in self.counted]


def note(signals: Iterable[Signal]) -> str:
    """Return the signals that decided, in one line, for people."""
    return "; ".join(f"{s.name}: {' '.join(s.value[:200].split())}" for s in signals)
