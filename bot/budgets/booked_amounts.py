"""Booked amounts: what a booking has changed in the spend of budgets, also of those that count only some tasks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection

from bot.budgets.periods import Case
from bot.budgets.rules import TEAM
from bot.domain.narrowing import TaskNarrowing, TaskTraits
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import to_us
from bot.ledger.charge_queries import charges_of_tasks

if TYPE_CHECKING:
    from bot.ledger.booking_result import TaskChange


class BookedAmount(NamedTuple):
    """An amount booked at a moment (microseconds), which counts for budgets of tasks with these traits.

    If it was there before, it counts no more for those of tasks with the `former` traits.
    """

    at: int
    platform_nanos: int
    provider_nanos: int
    traits: TaskTraits
    former: TaskTraits | None = None

    def sign(self, narrowing: TaskNarrowing) -> int:
        """Return 1 if a budget that counts such tasks has gained the amount, -1 if it has lost it, else 0."""
        is_lost = self.former is not None and narrowing.counts(self.former)
        return narrowing.counts(self.traits) - is_lost


_Amounts = Mapping[int, Sequence[BookedAmount]]


@dataclass(frozen=True, slots=True)
class BookedAmounts:
    """The amounts of a booking by subject, and what that makes of narrowed budgets.

    `moved` are the charges of tasks whose traits are others now, those just booked included: as every amount in
    `amounts` has the traits before, both together say what a budget has gained. `history` is the part that was found
    while reading history, of which nobody is notified.
    """

    basis: SpendBasis = SpendBasis.TOTAL
    amounts: _Amounts = field(default_factory=dict)
    moved: _Amounts = field(default_factory=dict)
    history: "BookedAmounts | None" = None

    def within(self, case: Case) -> int:
        """Return by how much the spend of a subject's budget in a period has grown, in nanos."""
        subject, period = case
        low, high = to_us(period.window.start), to_us(period.window.end)
        return sum(
            each.sign(period.narrowing) * self.basis.spend(each.platform_nanos, each.provider_nanos)
            for each in self.narrowed(subject)
            if low <= each.at < high
        )

    def narrowed(self, subject: int) -> Sequence[BookedAmount]:
        """Return all that narrowed budgets of a subject may have gained or lost."""
        amounts, moved = self.amounts.get(subject, ()), self.moved.get(subject)
        return [*amounts, *moved] if moved else amounts

    def members(self) -> list[int]:
        """Return the members whose budgets may have gained or lost anything."""
        return [subject for subject in {**self.amounts, **self.moved} if subject != TEAM]

    def moments(self) -> set[int]:
        """Return every moment at which an amount is booked, in microseconds."""
        return {each.at for each in self.amounts.get(TEAM, ())}


def booked_amounts(changes: "Sequence[TaskChange]", basis: SpendBasis, moved: _Amounts | None = None) -> BookedAmounts:
    """Return the amounts that changes of tasks have booked, by member and for the team, with what has `moved`."""
    amounts: dict[int, list[BookedAmount]] = defaultdict(list)
    for change in changes:
        traits = change.former or change.traits
        for entry in change.entries:
            amount = BookedAmount(entry.booked_at, entry.platform_nanos, entry.provider_nanos, traits)
            amounts[change.member].append(amount)
            amounts[TEAM].append(amount)
    return BookedAmounts(basis, amounts, moved or {})


def moved_amounts(connection: Connection, changes: "Iterable[TaskChange]") -> _Amounts:
    """Return all charges of the known tasks whose traits have changed, by the member who was charged, and the team."""
    changed = {each.id: each for each in changes if each.former is not None and each.former != each.traits}
    amounts: dict[int, list[BookedAmount]] = defaultdict(list)
    for task, member, at, platform, provider in charges_of_tasks(connection, changed):
        amount = BookedAmount(at, platform, provider, changed[task].traits, changed[task].former)
        amounts[member].append(amount)
        amounts[TEAM].append(amount)
    return amounts
