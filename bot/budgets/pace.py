"""The pace: what a budget's period comes to if its rest is as usual, and when its limit is used up."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.budgets.first_days import first_whole_days
from bot.budgets.periods import Case
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import BudgetLimit
from bot.budgets.spend import spend_by_window
from bot.budgets.usual_rest import rest_forecasts
from bot.domain.forecast import EARLIER_DAYS, Forecast, days_seen, forecast
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit, Window, buckets, day_start, local_day, period
from bot.ledger.freshness import freshness

if TYPE_CHECKING:
    from bot.budgets.periods import BudgetPeriod


@dataclass(frozen=True, slots=True)
class Pace:
    """A period's end, between two amounts in nanos, and the day by whose end the limit is used up, if it will be.

    Without amounts it is too early to tell: a month takes five whole days of data, of which `days_seen` were seen; a
    day or week takes earlier ones to compare it with.
    """

    low_nanos: int | None = None
    high_nanos: int | None = None
    used_up_on: date | None = None
    days_seen: int | None = None


NO_PACE = Pace()


@dataclass(frozen=True, slots=True)
class LimitedCase:
    """A case with its limit and what it has spent."""

    case: Case
    limit: BudgetLimit
    spend_nanos: int


def pace_of(connection: Connection, case: LimitedCase, policy: BudgetPolicy, now: datetime) -> Pace:
    """Return the pace of one case, within the caller's snapshot; there is none once its period has ended."""
    return paces(connection, [case], policy, now)[case.case]


def paces(
    connection: Connection, cases: Iterable[LimitedCase], policy: BudgetPolicy, now: datetime
) -> dict[Case, Pace]:
    """Return the pace of each case, within the caller's snapshot."""
    by_period: dict[BudgetPeriod, list[LimitedCase]] = defaultdict(list)
    for each in cases:
        by_period[each.case[1]].append(each)
    pace_by_case: dict[Case, Pace] = {}
    for budget_period, of_period in by_period.items():
        if now not in budget_period.window:
            pace_by_case |= {each.case: NO_PACE for each in of_period}
        elif budget_period.unit is Unit.MONTH:
            pace_by_case |= _month_paces(connection, of_period, policy, now)
        else:
            pace_by_case |= _rest_paces(connection, budget_period, of_period, policy, now)
    return pace_by_case


def _rest_paces(
    connection: Connection, period: "BudgetPeriod", cases: Collection[LimitedCase], policy: BudgetPolicy, now: datetime
) -> dict[Case, Pace]:
    spent = {each.case[0]: each.spend_nanos for each in cases}
    forecasts = rest_forecasts(connection, period, spent, policy, now)
    return {each.case: _pace_by(forecasts[each.case[0]], each) for each in cases}


def _pace_by(forecast: Forecast | None, case: LimitedCase) -> Pace:
    if forecast is None:
        return NO_PACE
    limit = case.limit.nanos
    return Pace(forecast.low_nanos, forecast.high_nanos, forecast.passes(limit) if case.spend_nanos < limit else None)


# --- months --------------------------------------------------------------------------------------


def _month_paces(
    connection: Connection, cases: Collection[LimitedCase], policy: BudgetPolicy, now: datetime
) -> dict[Case, Pace]:
    narrowing = next(each.case[1].narrowing for each in cases)  # all are of one period
    forecasts = month_forecasts(connection, [each.case[0] for each in cases], now, policy, narrowing)
    since, today = first_days(connection, list(forecasts), now, policy), local_day(now, policy.zone)
    return {
        each.case: _month_pace(forecasts[each.case[0]], each, days_seen(since[each.case[0]], today)) for each in cases
    }


def _month_pace(month: Forecast | None, case: LimitedCase, seen: int) -> Pace:
    return Pace(days_seen=seen) if month is None else _pace_by(month, case)


def month_forecasts(
    connection: Connection,
    subjects: Collection[int],
    now: datetime,
    policy: BudgetPolicy,
    narrowing: TaskNarrowing = ALL_TASKS,
) -> dict[int, Forecast | None]:
    """Return where the present month ends for each subject, of these tasks; None from too few days of it."""
    today, whole = local_day(now, policy.zone), _present_month(now, policy)
    start = min(whole.start, day_start(today - timedelta(days=EARLIER_DAYS), policy.zone))
    days = list(buckets(Unit.DAY, Window(start, now + timedelta.resolution), policy.zone))
    names = [date.fromisoformat(each.label) for each in days]
    windows = [each.window for each in days]
    windows[-1] = Window(windows[-1].start, whole.end)  # what is booked ahead counts as today's
    spent = spend_by_window(connection, subjects, windows, policy.basis, narrowing)
    since = first_whole_days(connection, subjects, freshness(connection, now), policy.zone)
    end = local_day(whole.end, policy.zone)
    return {
        subject: forecast(dict(zip(names, nanos, strict=True)), since.get(subject, today), today, end)
        for subject, nanos in spent.items()
    }


def first_days(connection: Connection, subjects: Sequence[int], now: datetime, policy: BudgetPolicy) -> dict[int, date]:
    """Return the first whole day of the present month that the ledger holds of each subject; today if there is none."""
    today = local_day(now, policy.zone)
    whole = first_whole_days(connection, subjects, freshness(connection, now), policy.zone)
    return {subject: max(today.replace(day=1), whole.get(subject, today)) for subject in subjects}


def _present_month(now: datetime, policy: BudgetPolicy) -> Window:
    return period(Unit.MONTH, local_day(now, policy.zone), policy.zone)
