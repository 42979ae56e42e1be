"""The facts of a backtest: whom a limit would have notified, read from the ledger; nothing is written."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.budgets.backtest.rules import BacktestAlert, PeriodEnds, backtest_alerts, peak_spends
from bot.budgets.limits.store import limited_members
from bot.budgets.periods import LATE, BudgetPeriod, budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM
from bot.budgets.scopes import email_of
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit, Window, day_start, local_day
from bot.domain.timestamps import from_us, to_us
from bot.ledger.charge_history import HistoricCharge, HistoryRange, member_history, members_history, team_history
from bot.ledger.freshness import beginning, freshness
from bot.ledger.scope import EVERYTHING

DAYS = 90  # that are looked at, unless it is said


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """A limit to try, of whose budget (a scope), how many days back, and which tasks it counts."""

    nanos: int
    unit: Unit
    scope: int = DEFAULT
    days: int = DAYS
    narrowing: TaskNarrowing = ALL_TASKS


@dataclass(frozen=True, slots=True)
class WouldNotify:
    """A step that would have been notified: in which period, when, and at what spend; `late` after the period."""

    period: BudgetPeriod
    step: int
    at: datetime
    spend_nanos: int

    @property
    def late(self) -> bool:
        """Whether the period had ended by then."""
        return self.at >= self.period.window.end


@dataclass(frozen=True, slots=True)
class NotifiedSubject:
    """Who would have been notified, by their e-mail (None: the team), and of what, in order."""

    email: str | None
    alerts: tuple[WouldNotify, ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a limit would have brought about in whole periods up to now.

    `email` is whose limit it is, None for the team and the default. `first_day` is the first day that was looked at
    and that the ledger holds. `members` counts those with spend whom a default limit would apply to, `own` those with
    a budget of their own, which are left out.
    """

    request: BacktestRequest
    email: str | None
    first_day: date
    last_day: date
    members: int
    own: int
    notified: tuple[NotifiedSubject, ...]

    @property
    def alert_count(self) -> int:
        """How often somebody would have been notified."""
        return sum(len(each.alerts) for each in self.notified)


def backtest(connection: Connection, request: BacktestRequest, policy: BudgetPolicy, now: datetime) -> Backtest:
    """Try a limit on the ledger's history, in one snapshot. The most often notified come first.

    Whole periods are looked at: the first one is that of the first of the days. Whoever has a budget of their own for
    that unit is left out of a default.
    """
    periods = periods_back(request.unit, request.days, policy, now)
    whole = HistoryRange(Window(periods[0].window.start, now), policy.basis, LATE, request.narrowing)
    charges, own = _charges(connection, request, whole)
    found: dict[int, list[BacktestAlert]] = defaultdict(list)
    for alert in backtest_alerts(charges, _ends(periods), request.nanos, policy.steps):
        found[alert.subject].append(alert)
    return Backtest(
        request=request,
        email=email_of(connection, request.scope),
        first_day=first_day(connection, periods[0], policy, now),
        last_day=local_day(now, policy.zone),
        members=len({subject for subject, *_ in charges}),
        own=own,
        notified=tuple(
            NotifiedSubject(email_of(connection, subject), tuple(_would_notify(each, periods) for each in alerts))
            for subject, alerts in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        ),
    )


def periods_back(unit: Unit, days: int, policy: BudgetPolicy, now: datetime) -> list[BudgetPeriod]:
    """Return the periods of so many days up to today, oldest first."""
    first = day_start(local_day(now, policy.zone) - timedelta(days=days - 1), policy.zone)
    periods = [budget_period(unit, first, policy.zone)]
    while now >= periods[-1].window.end:
        periods.append(budget_period(unit, periods[-1].window.end, policy.zone))
    return periods


def first_day(connection: Connection, first: BudgetPeriod, policy: BudgetPolicy, now: datetime) -> date:
    """Return the first day from a period's first on that the ledger holds."""
    begins = beginning(connection, freshness(connection, now), EVERYTHING)
    start = first.window.start if begins is None else max(first.window.start, begins)
    return local_day(start, policy.zone)


def _charges(
    connection: Connection, request: BacktestRequest, whole: HistoryRange
) -> tuple[Sequence[HistoricCharge], int]:
    """Return the charges that count, and how many members with a budget of their own are left out of a default."""
    if request.scope == TEAM:
        return team_history(connection, whole), 0
    if request.scope != DEFAULT:
        return member_history(connection, request.scope, whole), 0
    return default_charges(connection, request.unit, whole)


def default_charges(connection: Connection, unit: Unit, whole: HistoryRange) -> tuple[Sequence[HistoricCharge], int]:
    """Return the charges of all whom a default limit applies to, and how many others have a budget of their own."""
    charges = members_history(connection, whole)
    own = {*limited_members(connection, unit, whole.narrowing)}
    if not own:
        return charges, 0
    left_out = own.intersection(subject for subject, *_ in charges)
    return [charge for charge in charges if charge[0] not in left_out], len(left_out)


def _would_notify(alert: BacktestAlert, periods: Sequence[BudgetPeriod]) -> WouldNotify:
    return WouldNotify(periods[alert.period], alert.step, from_us(alert.at_us), alert.spend_nanos)


def default_peaks(connection: Connection, unit: Unit, days: int, policy: BudgetPolicy, now: datetime) -> list[int]:
    """Return the most that each member whom a default limit applies to had spent in a period, in nanos."""
    periods = periods_back(unit, days, policy, now)
    whole = HistoryRange(Window(periods[0].window.start, now), policy.basis, LATE)
    charges, _ = default_charges(connection, unit, whole)
    return list(peak_spends(charges, _ends(periods)).values())


def _ends(periods: Sequence[BudgetPeriod]) -> list[PeriodEnds]:
    return [PeriodEnds(to_us(each.window.start), to_us(each.window.end + LATE)) for each in periods]
