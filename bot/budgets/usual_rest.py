"""The usual rest: what subjects spent in earlier days or weeks from the same point on, and the forecast by it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import Connection

from bot.budgets.first_days import first_whole_days
from bot.budgets.periods import BudgetPeriod
from bot.budgets.policy import BudgetPolicy
from bot.budgets.spend import spend_by_window
from bot.domain.forecast import Forecast, is_weekend, rest_forecast
from bot.domain.periods import Unit, Window, day_start, instant, local_day
from bot.ledger.freshness import freshness

_BACK = {Unit.DAY: 28, Unit.WEEK: 8}  # how many periods before the present one count
_ONE = timedelta(days=1)
_QUARTER_MINUTES = 15  # at which the team's totals are kept


@dataclass(frozen=True, slots=True)
class _Rest:
    """An earlier period from the same point on: the day on which it began, and the windows of its days."""

    began: date
    windows: Sequence[Window]


def rest_forecasts(
    connection: Connection, period: BudgetPeriod, spent: Mapping[int, int], policy: BudgetPolicy, now: datetime
) -> dict[int, Forecast | None]:
    """Return where the present day or week ends for each subject, by what each has spent so far (nanos).

    Only periods that the ledger holds as a whole count, and only from a subject's own first charge on. A day is
    compared with working days or with days of the weekend.
    """
    fresh, calendar = freshness(connection, now), period.calendar(policy.zone)
    read_until = max(period.window.start, min(now, fresh.as_of or now))
    rests = list(_rests(period, calendar, read_until))
    windows = [window for rest in rests for window in rest.windows]
    nanos = spend_by_window(connection, list(spent), windows, policy.basis, period.narrowing)
    since = first_whole_days(connection, list(spent), fresh, calendar)
    days = _days(local_day(read_until, calendar), _last_day(period, calendar))
    return {
        subject: rest_forecast(so_far, list(_held(rests, nanos[subject], since.get(subject))), days)
        for subject, so_far in spent.items()
    }


def _held(rests: Sequence[_Rest], nanos: Sequence[int], since: date | None) -> Iterator[Sequence[int]]:
    """Yield what each day of the rests cost that began on `since` or later; `nanos` are those of all, in order."""
    amounts = iter(nanos)
    for rest in rests:
        of_days = [next(amounts) for _ in rest.windows]
        if since is not None and rest.began >= since:
            yield of_days


def _rests(period: BudgetPeriod, calendar: tzinfo, point: datetime) -> Iterator[_Rest]:
    """Yield the earlier periods of the same kind, from the local time of `point` on, at a quarter of an hour."""
    local = point.astimezone(calendar).replace(tzinfo=None)
    local = local.replace(minute=local.minute // _QUARTER_MINUTES * _QUARTER_MINUTES, second=0, microsecond=0)
    first, last = local_day(period.window.start, calendar), _last_day(period, calendar)
    for back in range(1, _BACK[period.unit] + 1):
        began = period.unit.shift(first, -back)
        if period.unit is Unit.WEEK or is_weekend(began) == is_weekend(first):
            earlier = first - began
            yield _Rest(began, list(_day_windows(local - earlier, last - earlier, calendar)))


def _day_windows(start: datetime, last: date, calendar: tzinfo) -> Iterator[Window]:
    """Yield the rest of a day from a local time on, and each day after it until the last."""
    begins = instant(start, calendar)
    for day in _days(start.date(), last):
        ends = max(begins, day_start(day + _ONE, calendar))
        yield Window(begins, ends)
        begins = ends


def _last_day(period: BudgetPeriod, calendar: tzinfo) -> date:
    return local_day(period.window.end - timedelta.resolution, calendar)


def _days(first: date, last: date) -> list[date]:
    return [first + _ONE * number for number in range((last - first).days + 1)]
