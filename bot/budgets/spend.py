"""What subjects have spent in their periods."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.budgets.cases import Case, subjects_by_period
from bot.budgets.rules import TEAM
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import to_us
from bot.ledger import quarter_hour_totals
from bot.ledger.charge_queries import spend_by_member

if TYPE_CHECKING:
    from bot.database.reader import Reads


def spends(reads: "Reads", cases: Iterable[Case], basis: SpendBasis) -> dict[Case, int]:
    """Return what each case has spent, in nanos."""
    spend_by_case: dict[Case, int] = {}
    for period, subjects in subjects_by_period(cases).items():
        members = [subject for subject in subjects if subject != TEAM]
        if members:
            by_member = spend_by_member(reads, members, period.window, basis)
            spend_by_case |= {(member, period): nanos for member, nanos in by_member.items()}
        if TEAM in subjects:
            start, end = to_us(period.window.start), to_us(period.window.end)
            spend_by_case[TEAM, period] = basis.spend(*quarter_hour_totals.nanos_between(reads, start, end))
    return spend_by_case
