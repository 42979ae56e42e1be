"""What subjects have spent in their periods, and what a transaction has just booked for them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.budgets.periods import Case, subjects_by_period
from bot.budgets.rules import TEAM
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, to_us
from bot.ledger import quarter_hour_totals
from bot.ledger.charge_queries import spend_by_member
from bot.ledger.daily_spend import daily_spend, team_daily_spend

if TYPE_CHECKING:
    from bot.ledger.booking_result import TaskChange


def spends(connection: Connection, cases: Iterable[Case], basis: SpendBasis) -> dict[Case, int]:
    """Return what each case has spent, in nanos."""
    spend_by_case: dict[Case, int] = {}
    for period, subjects in subjects_by_period(cases):
        members = [subject for subject in subjects if subject != TEAM]
        if members:
            by_member = spend_by_member(connection, members, period.window, basis)
            spend_by_case |= {(member, period): nanos for member, nanos in by_member.items()}
        if TEAM in subjects:
            start, end = to_us(period.window.start), to_us(period.window.end)
            spend_by_case[TEAM, period] = basis.spend(*quarter_hour_totals.nanos_between(connection, start, end))
    return spend_by_case


def spend_by_window(
    connection: Connection, subjects: Collection[int], windows: Sequence[Window], basis: SpendBasis
) -> dict[int, list[int]]:
    """Return what each subject spent within each window, in nanos. The team's are of whole quarters of an hour."""
    members = [subject for subject in subjects if subject != TEAM]
    spent = daily_spend(connection, members, windows, basis) if members else {}
    if TEAM in subjects:
        spent[TEAM] = team_daily_spend(connection, windows, basis)
    return spent


@dataclass(frozen=True, slots=True)
class BookedAmounts:
    """Amounts in nanos with the moments (microseconds) at which they are booked, by subject.

    `history` is the part that was found while reading history, of which nobody is notified.
    """

    amounts: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    history: "BookedAmounts | None" = None

    def within(self, case: Case) -> int:
        """Return the sum of a subject's amounts in a period."""
        subject, period = case
        return sum(nanos for at, nanos in self.amounts.get(subject, ()) if from_us(at) in period.window)

    def moments(self) -> set[int]:
        """Return every moment at which an amount is booked, in microseconds."""
        return {at for at, _ in self.amounts.get(TEAM, ())}


def booked_amounts(changes: "Iterable[TaskChange]", basis: SpendBasis) -> BookedAmounts:
    """Return the amounts that changes of tasks have booked, by member and for the team."""
    amounts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for change in changes:
        for entry in change.entries:
            part = entry.booked_at, basis.spend(entry.platform_nanos, entry.provider_nanos)
            amounts[change.member].append(part)
            amounts[TEAM].append(part)
    return BookedAmounts(amounts)
