"""What a run tells the shell, and why: one function over plain facts.

The first rule that applies decides. A source that refused comes before "nothing kept", because it
is what the user has to know; and a run that kept nothing is fine in one case alone, when earlier
runs have already done all that it was asked to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carsets.outcomes import ExitCode, Outcome, QueryOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Closing reasons under which all that was planned has been done.
COMPLETE = {"finished", "limit_reached"}
# What GuardProbe closes a run with that could reach private addresses.
UNGUARDED = "unguarded"
# Why a run stops that cannot keep what it finds.
STORE_FAULTS = {
    "catalog_failed": "the catalog cannot be written: mend that, then give the command again",
    "store_failed": "the image store cannot be written: mend that, then give the command again",
    "disk_full": "no space left for images (see DISK_FREE_MIN): make room, then give the command "
    "again",
}
# Outcomes of URLs about which there was nothing left to do.
DONE_BEFORE = {Outcome.KNOWN_URL, Outcome.OVER_LIMIT}


@dataclass(slots=True, kw_only=True)
class Collected:
    """What a run brings that is after something else than images: totals, vehicles.

    Kept up to date by the spider, in its attribute ``collected``.
    """

    what: str  # in the plural, for people
    kept: int = 0
    without: int = 0  # answers that did not hold what was asked for
    before: int = 0  # questions that an earlier run has settled


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """All that the exit code depends on."""

    found: int  # URLs
    outcomes: Mapping[Outcome, int]
    queries: Mapping[QueryOutcome, int] = field(default_factory=dict)  # how those asked ended
    unended: int = 0  # queries that were asked and never ended
    closed: str = "finished"  # Scrapy's closing reason
    stopped: str = ""  # why the run had to end early, see STORE_FAULTS
    bad_use: str = ""  # what the user has to mend
    fault: str = ""  # what the catalog or the store complained of
    dataset: int = 0  # images that the dataset has at the end
    collected: Collected | None = None  # of a run that is not after images
    failed_checks: Sequence[str] = ()  # see ledger/run_checks.py


@dataclass(frozen=True, slots=True)
class Verdict:
    """The exit code and its reason, in one line."""

    code: ExitCode
    reason: str


def judge(facts: RunFacts) -> Verdict:
    """Return how the run ends."""
    if facts.bad_use:
        return Verdict(ExitCode.BAD_USE, facts.bad_use)
    if facts.closed == UNGUARDED:
        return Verdict(ExitCode.BAD_USE, "the address guard cannot protect this run: see the log")
    if failed := _store_fault(facts):
        return Verdict(ExitCode.STORE_FAILED, failed)
    ended = sum(facts.outcomes.values())
    if ended != facts.found:
        return Verdict(
            ExitCode.UNBALANCED, f"{facts.found} URLs were found, and {ended} outcomes written"
        )
    if partial := [line for line in (_partial(facts), *facts.failed_checks) if line]:
        return Verdict(ExitCode.PARTIAL, "; ".join(partial))
    if facts.collected is not None:
        return _judge_collected(facts.collected)
    kept = facts.outcomes.get(Outcome.STORED, 0)
    if kept:
        return Verdict(ExitCode.OK, f"{kept} images kept, all queries answered")
    if facts.dataset and not set(_present(facts.outcomes)) - DONE_BEFORE:
        return Verdict(
            ExitCode.OK, f"nothing new: all was done before, the dataset has {facts.dataset} images"
        )
    return Verdict(ExitCode.NOTHING_KEPT, _why_nothing(facts))


def _judge_collected(collected: Collected) -> Verdict:
    """Return how a run ends that is not after images: well, if every question got its answer."""
    what = collected.what
    without = f"; {collected.without} answers without" if collected.without else ""
    if collected.kept:
        return Verdict(ExitCode.OK, f"{collected.kept} {what}, all queries answered{without}")
    if collected.before and not collected.without:
        reason = f"nothing new: {collected.before} questions were answered before"
        return Verdict(ExitCode.OK, reason)
    return Verdict(ExitCode.NOTHING_KEPT, f"no {what}{without}")


def _store_fault(facts: RunFacts) -> str:
    meaning = STORE_FAULTS.get(facts.stopped) or STORE_FAULTS.get(facts.closed)
    if facts.fault:
        return facts.fault
    if meaning:
        return meaning
    for outcome in (Outcome.DISK_FULL, Outcome.STORE_FAILED):
        if count := facts.outcomes.get(outcome, 0):
            return f"{count} images could not be stored: {outcome.meaning}"
    return ""


def _partial(facts: RunFacts) -> str:
    lost = {outcome: n for outcome, n in facts.queries.items() if n and not outcome.is_answer}
    if lost:
        return "queries without an answer: " + ", ".join(
            f"{n} {outcome.value}" for outcome, n in sorted(lost.items(), key=lambda pair: -pair[1])
        )
    if facts.closed not in COMPLETE or facts.stopped not in {"", *COMPLETE}:
        return f"the run was stopped early: {facts.stopped or facts.closed}"
    if faults := facts.outcomes.get(Outcome.ERROR, 0):
        return f"{faults} images met a fault of carsets: the log has the traceback"
    if facts.unended:
        return f"{facts.unended} queries did not end"
    return ""


def _why_nothing(facts: RunFacts) -> str:
    present = _present(facts.outcomes)
    if not present:
        return "nothing kept: no image was found"
    most = sorted(present.items(), key=lambda pair: -pair[1])[:3]
    return "nothing kept: " + ", ".join(f"{n} {outcome.value}" for outcome, n in most)


def _present(outcomes: Mapping[Outcome, int]) -> dict[Outcome, int]:
    return {outcome: n for outcome, n in outcomes.items() if n}
