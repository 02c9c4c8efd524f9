"""What a batch of questions costs, before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal, InvalidOperation

from carsets.problems import UserError

CENT = Decimal("0.01")
MANY = 10  # answers to one question from which Mechanical Turk's fee is twice as high


@dataclass(frozen=True, slots=True)
class Price:
    """Questions, answers to each, and US dollars for each answer; ``fee`` is a share of these."""

    questions: int
    answers: int
    reward: Decimal
    fee: Decimal
    least_fee: Decimal = Decimal(0)  # for one answer

    @property
    def rewards(self) -> Decimal:
        """What people get."""
        return self.questions * self.answers * self.reward

    @property
    def fees(self) -> Decimal:
        """What the site gets."""
        share = self.fee * 2 if self.answers >= MANY else self.fee
        of_one = max(self.reward * share, self.least_fee)
        return (self.questions * self.answers * of_one).quantize(CENT, ROUND_UP)

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.rewards + self.fees

    def __str__(self) -> str:
        return (
            f"{self.questions:,} questions x {self.answers} answers x ${self.reward} = "
            f"${self.rewards:,.2f}, and ${self.fees:,.2f} for the site: ${self.total:,.2f}"
        )


def read_amount(option: str, value: object, most: int = 1_000_000) -> Decimal:
    """Return an amount from 0 on. Raises UserError for anything else."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= most:
        raise UserError(f"{option} {str(value)[:80]!r}: expected a number from 0 to {most:,}")
    return amount
