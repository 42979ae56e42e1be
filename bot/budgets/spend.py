"""What subjects have spent in their periods."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection

from bot.budgets import narrowed_totals
from bot.budgets.periods import Case, subjects_by_period
from bot.budgets.rules import TEAM
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import to_us
from bot.ledger import quarter_hour_totals
from bot.ledger.charge_queries import ChargeRange, range_spend, spend_by_member
from bot.ledger.daily_spend import daily_spend, team_daily_spend
from bot.ledger.task_queries import without_cost_by_member, without_cost_count


def spends(connection: Connection, cases: Iterable[Case], basis: SpendBasis) -> dict[Case, int]:
    """Return what each case has spent, in nanos."""
    spend_by_case: dict[Case, int] = {}
    for period, subjects in subjects_by_period(cases):
        spent = _spend_within(connection, subjects, period.window, basis, period.narrowing)
        spend_by_case |= {(subject, period): nanos for subject, nanos in spent.items()}
    return spend_by_case


def without_cost_of(connection: Connection, case: Case) -> int:
    """Return how many tasks of a case have a cost that is unknown, by when they were created."""
    subject, period = case
    return without_cost_count(connection, period.window, None if subject == TEAM else subject, period.narrowing)


def unknown_costs(connection: Connection, spend_by_case: Mapping[Case, int]) -> dict[Case, int]:
    """Return how many tasks of unknown cost those cases have of which no spend is known; the others are left out."""
    return without_costs(connection, (case for case, nanos in spend_by_case.items() if not nanos))


def without_costs(connection: Connection, cases: Iterable[Case]) -> dict[Case, int]:
    """Return how many tasks of unknown cost each case has that has any, by when they were created."""
    counts: dict[Case, int] = {}
    for period, subjects in subjects_by_period(cases):
        by_member = without_cost_by_member(connection, period.window, period.narrowing)
        by_subject = by_member | {TEAM: sum(by_member.values())}
        counts |= {(subject, period): count for subject in subjects if (count := by_subject.get(subject))}
    return counts


def _spend_within(
    connection: Connection, subjects: Collection[int], window: Window, basis: SpendBasis, narrowing: TaskNarrowing
) -> dict[int, int]:
    if narrowing:
        return _narrowed_spend(connection, subjects, window, basis, narrowing)
    members = [subject for subject in subjects if subject != TEAM]
    spent = spend_by_member(connection, members, window, basis) if members else {}
    if TEAM in subjects:
        spent[TEAM] = basis.spend(
            *quarter_hour_totals.nanos_between(connection, to_us(window.start), to_us(window.end))
        )
    return spent


def _narrowed_spend(
    connection: Connection, subjects: Collection[int], window: Window, basis: SpendBasis, narrowing: TaskNarrowing
) -> dict[int, int]:
    spent = narrowed_totals.spend_between(connection, subjects, window, narrowing, basis)
    left = [subject for subject in subjects if subject not in spent]
    if members := [subject for subject in left if subject != TEAM]:
        spent |= spend_by_member(connection, members, window, basis, narrowing)
    if TEAM in left:
        spent[TEAM] = range_spend(connection, ChargeRange(window, narrowing=narrowing), basis)
    return spent


def spend_by_window(
    connection: Connection,
    subjects: Collection[int],
    windows: Sequence[Window],
    basis: SpendBasis,
    narrowing: TaskNarrowing = ALL_TASKS,
) -> dict[int, list[int]]:
    """Return what each subject spent within each window on these tasks, in nanos.

    What the team spent on all tasks is of whole quarters of an hour.
    """
    members = [subject for subject in subjects if subject != TEAM]
    spent = daily_spend(connection, members, windows, basis, narrowing) if members else {}
    if TEAM in subjects and narrowing:
        spent[TEAM] = [_narrowed_spend(connection, [TEAM], each, basis, narrowing)[TEAM] for each in windows]
    elif TEAM in subjects:
        spent[TEAM] = team_daily_spend(connection, windows, basis)
    return spent
