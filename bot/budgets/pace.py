"""The pace: what a budget's period comes to if it goes on like this, and when its limit is used up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.budgets.evaluator import BudgetPolicy
from bot.budgets.rules import TEAM, BudgetLimit, BudgetPeriod
from bot.budgets.store import Case, by_span
from bot.database.reader import Reader
from bot.domain.forecast import Forecast, days_seen, forecast
from bot.domain.periods import Unit, Window, buckets, local_day, period
from bot.ledger.daily_spend import daily_spend, first_charges, team_daily_spend
from bot.ledger.freshness import beginning, freshness
from bot.ledger.scope import EVERYTHING

_EARLY = 0.1  # of a day or week, before which its end is not foretold
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """A period's end, between two amounts in nanos, and the day by whose end the limit is used up, if it will be.

    Without amounts it is too early to tell: a month takes five whole days of data, of which `days_seen` were seen.
    """

    low_nanos: int | None = None
    high_nanos: int | None = None
    passes: date | None = None
    days_seen: int | None = None


NOTHING_TO_TELL = Pace()


def paces(
    reader: Reader, limits: Mapping[Case, BudgetLimit], spent: Mapping[Case, int], policy: BudgetPolicy, now: datetime
) -> dict[Case, Pace]:
    """The pace of each case that has a limit, within the caller's snapshot."""
    found: dict[Case, Pace] = {}
    for span, subjects in by_span(limits).items():
        if span.unit is Unit.MONTH and now in span.window:
            found |= _of_months(reader, span, subjects, limits, spent, policy, now)
        else:
            found |= {
                (subject, span): _even(span, spent[subject, span], limits[subject, span].nanos, policy, now)
                for subject in subjects
            }
    return found


def _even(period: BudgetPeriod, spent: int, limit: int, policy: BudgetPolicy, now: datetime) -> Pace:
    """Of a day or week: as much an hour as so far."""
    whole, gone = period.window.end - period.window.start, now - period.window.start
    if gone < whole * _EARLY or gone >= whole or spent <= 0:
        return NOTHING_TO_TELL
    micro = timedelta(microseconds=1)
    end = spent * (whole // micro) // (gone // micro)
    if not spent < limit <= end:
        return Pace(end, end)
    used_up = period.window.start + micro * ((gone // micro) * limit // spent)  # a timedelta holds no such product
    return Pace(end, end, local_day(used_up, policy.zone))


def _of_months(  # noqa: PLR0917 - private, and each is one thing
    reader: Reader, period: BudgetPeriod, subjects: Iterable[int], limits: Mapping[Case, BudgetLimit],
    spent: Mapping[Case, int],
    policy: BudgetPolicy, now: datetime,
) -> dict[Case, Pace]:  # fmt: skip
    foretold = months(reader, list(subjects), now, policy)
    since, today = first_days(reader, list(foretold), now, policy), local_day(now, policy.zone)
    cases = {(subject, period): each for subject, each in foretold.items()}
    return {
        case: _pace(each, limits[case].nanos, spent[case], days_seen(since[case[0]], today))
        for case, each in cases.items()
    }


def _pace(found: Forecast | None, limit: int, spent: int, seen: int) -> Pace:
    if found is None:
        return Pace(days_seen=seen)
    return Pace(found.low_nanos, found.high_nanos, found.passes(limit) if spent < limit else None)


def months(reader: Reader, subjects: Iterable[int], now: datetime, policy: BudgetPolicy) -> dict[int, Forecast | None]:
    """Where the present month ends for each subject; None from too few days."""
    today, whole = local_day(now, policy.zone), _month(now, policy)
    days = list(buckets(Unit.DAY, Window(whole.start, now + timedelta(microseconds=1)), policy.zone))
    names = [date.fromisoformat(each.label) for each in days]
    windows = [each.window for each in days]
    windows[-1] = Window(windows[-1].start, whole.end)  # what is booked ahead counts as today's
    members = [subject for subject in subjects if subject != TEAM]
    spent = daily_spend(reader, members, windows, policy.basis) if members else {}
    if len(members) < len(list(subjects)):
        spent[TEAM] = team_daily_spend(reader, windows, policy.basis)
    since, end = first_days(reader, list(spent), now, policy), local_day(whole.end, policy.zone)
    return {
        subject: forecast(dict(zip(names, nanos, strict=True)), since[subject], today, end)
        for subject, nanos in spent.items()
    }


def first_days(reader: Reader, subjects: Sequence[int], now: datetime, policy: BudgetPolicy) -> dict[int, date]:
    """The first whole day of the present month that the ledger holds of each subject.

    Where it holds all there ever was, that is the day of their own first charge: nobody's pace tells of others'.
    """
    fresh = freshness(reader, now)
    team = beginning(reader, fresh, EVERYTHING)
    begins: dict[int, datetime | None] = dict.fromkeys(subjects, team)
    if fresh.since == 0:
        own = first_charges(reader, [subject for subject in subjects if subject != TEAM])
        begins |= {subject: own.get(subject) for subject in subjects if subject != TEAM}
    return {subject: _first_day(begun, now, policy) for subject, begun in begins.items()}


def _first_day(begins: datetime | None, now: datetime, policy: BudgetPolicy) -> date:
    first = local_day(_month(now, policy).start, policy.zone)
    if begins is None:
        return local_day(now, policy.zone)
    return max(first, local_day(begins - timedelta(microseconds=1), policy.zone) + _ONE)


def _month(now: datetime, policy: BudgetPolicy) -> Window:
    return period(Unit.MONTH, local_day(now, policy.zone), policy.zone)
