"""Totals of tasks in Neo's own unit, and whether two of them are the same beyond how they were rounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

_RELATIVE = Decimal("1e-6")  # what sums of many floats may differ by
_HALF = Decimal("0.5")
_PLACES = 400  # beyond which a last digit is nothing, and Decimal does not compute


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """Neo credits and a number of tasks."""

    credits: Decimal
    tasks: int

    def __add__(self, other: "UsageTotal") -> "UsageTotal":
        return UsageTotal(self.credits + other.credits, self.tasks + other.tasks)

    def __sub__(self, other: "UsageTotal") -> "UsageTotal":
        return UsageTotal(self.credits - other.credits, self.tasks - other.tasks)


NO_USAGE = UsageTotal(Decimal(0), 0)


def sum_of_totals(totals: Iterable[UsageTotal]) -> UsageTotal:
    """Return the sum of any number of totals."""
    return sum(totals, start=NO_USAGE)


def agrees(ours: UsageTotal, given: UsageTotal, whole: Decimal = Decimal(0)) -> bool:
    """Return whether a total is the one that was given: as many tasks, and the credits but for rounding.

    If both are a part of a `whole` that agrees, they may differ as much as that may.
    """
    return ours.tasks == given.tasks and same_amount(ours.credits, given.credits, whole)


def same_amount(ours: Decimal, given: Decimal, whole: Decimal = Decimal(0)) -> bool:
    """Return whether an amount is the one that was given, within 1e-6 or half a unit of its last digit."""
    exponent = given.as_tuple().exponent
    half_unit = _HALF.scaleb(max(min(exponent, 0), -_PLACES)) if isinstance(exponent, int) else Decimal(0)
    return abs(ours - given) <= max(_RELATIVE * max(abs(ours), abs(given), abs(whole)), half_unit)
