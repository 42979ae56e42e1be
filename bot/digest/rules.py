"""When a digest is due, which days it tells of, and what it carries besides; dates are local, moments UTC."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.formatting import weekday
from bot.domain.periods import Unit, Window, day_start, instant, local_day

if TYPE_CHECKING:
    from bot.settings.model import Settings

CATCH_UP = timedelta(hours=12)  # a digest that is later is skipped, and the next one says so
PATIENCE = timedelta(hours=1)  # for which it waits for complete data
LAST_CALL = timedelta(minutes=10)  # before it is too late, in which it waits no more
FULL_AFTER = timedelta(hours=12)  # after which it is no longer edited when the data is complete
_ONE = timedelta(days=1)
_LONGEST = 366  # days that are looked back


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """When digests come: at a local time, on days of the week (0 is Monday), by the clock of a zone."""

    at: time
    days: frozenset[int]
    zone: tzinfo

    @classmethod
    def from_settings(cls, settings: "Settings") -> "DigestSchedule":
        """Return the policy that the settings ask for."""
        return cls(settings.digest_at, settings.digest_days, settings.timezone)

    def moment(self, day: date) -> datetime:
        """When the digest of a day is due; a time in the missing hour of spring is the first moment after it."""
        return instant(datetime.combine(day, self.at), self.zone)

    def dates(self, after: date, now: datetime) -> list[date]:
        """The days whose digest has come due since the one of that day, the oldest first."""
        last = local_day(now, self.zone) + _ONE  # which another zone may have begun
        first = max(after + _ONE, last - timedelta(days=_LONGEST))
        return [day for day in _each(first, last) if day.weekday() in self.days and self.moment(day) <= now]


class DigestOutcome(StrEnum):
    """What is made of a digest that has come due."""

    OWED = "owed"
    SKIPPED = "skipped"
    PAST = "past"  # from before the channel's digest was switched off and on again


def digest_outcomes(
    plan: DigestSchedule, after: date, now: datetime, awake: datetime, *, complete: bool
) -> dict[date, DigestOutcome]:
    """What to make of the digests that have come due since the one of a day.

    Only the last can still be told, and only if it is not too late. It waits a while for complete data (and is left
    out as long as it does), counted from when it was due, or from when somebody was `awake` to read any.
    """
    due = plan.dates(after, now)
    found = dict.fromkeys(due, DigestOutcome.SKIPPED)
    if not due:
        return found
    moment = plan.moment(due[-1])
    if now < moment + CATCH_UP:
        patience = min(max(moment, awake) + PATIENCE, moment + CATCH_UP - LAST_CALL)
        if complete or now >= patience:
            found[due[-1]] = DigestOutcome.OWED
        else:
            del found[due[-1]]
    return found


@dataclass(frozen=True, slots=True)
class DigestDays:
    """The days that a digest tells of: from `first` until the one before `day`, which is its own.

    Between two time zones they are no whole days: it `begins` where the digest before it ended.
    """

    first: date
    day: date
    begins: datetime | None = None
    ends: datetime | None = None

    @property
    def last(self) -> date:
        """The last of them."""
        return self.day - _ONE

    @property
    def count(self) -> int:
        """How many they are."""
        return (self.day - self.first).days

    def window(self, zone: tzinfo) -> Window:
        """Their moments."""
        end = self.ends or day_start(self.day, zone)
        return Window(min(self.begins or day_start(self.first, zone), end), end)

    def before(self) -> "DigestDays":
        """As many days before them."""
        return DigestDays(self.first - timedelta(days=self.count), self.first)

    def earlier(self, weeks: int) -> "DigestDays":
        """The same days of the week, so many weeks before."""
        back = timedelta(weeks=weeks)
        return DigestDays(self.first - back, self.day - back)

    def ended(self, unit: Unit) -> date | None:
        """The first day of the week or month that ended with one of the days since the digest before; None if none."""
        present = unit.first_day(self.day)
        return unit.shift(present, -1) if present > self.first else None


def _each(start: date, end: date) -> Iterator[date]:
    while start <= end:
        yield start
        start += _ONE


def listed(days: Collection[date]) -> str:
    """Days in words: `Thu 26 Nov`, or the first and the last of several."""
    ordered = sorted(days)
    if len(ordered) <= 2:  # noqa: PLR2004 - a pair
        return " and ".join(map(weekday, ordered))
    return f"{weekday(ordered[0])} to {weekday(ordered[-1])}"
