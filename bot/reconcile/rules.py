"""The rules of comparing totals: which days, which credits, what counts as the same, and when it is due."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from bot.domain.tasks import Task
from bot.domain.usage_total import NO_USAGE, UsageTotal, agrees
from bot.ledger.neo_agreement import CreditReading, NeoAgreement
from bot.ledger.neo_totals import LedgerTask, LedgerTotal
from bot.reconcile.measures import usage_of

ONE_DAY = timedelta(days=1)
CLOSED_FOR = ONE_DAY  # what was executed late may still be added to a day that ended later
RETRY = timedelta(hours=6)  # while there is nothing to compare with
CONTINUED_WITHIN = timedelta(days=14)  # of its creation, a task is executed again


BothTotals = tuple[UsageTotal, UsageTotal]
"""What the ledger and Neo count."""


@dataclass(frozen=True, slots=True)
class Days:
    """UTC days from the first to the last, both included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The moment at which they begin."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The moment at which they end."""
        return datetime.combine(self.last, time(), UTC) + ONE_DAY

    @property
    def halves(self) -> tuple["Days", "Days"]:
        """The first half of several days, and the second."""
        middle = self.first + (self.last - self.first) // 2
        return Days(self.first, middle), Days(middle + ONE_DAY, self.last)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __iter__(self) -> Iterator[date]:
        return iter(self.first + ONE_DAY * each for each in range((self.last - self.first).days + 1))


def closed_days(start: datetime, end: datetime, now: datetime) -> Days | None:
    """Return the UTC days that lie in `[start, end)` as a whole and have been over for a day; None if there is none."""
    until = min(end, now - CLOSED_FOR).astimezone(UTC)
    since = start.astimezone(UTC)
    first = since.date() + (ONE_DAY if since.time() != time() else timedelta())
    last = until.date() - ONE_DAY
    return Days(first, last) if first <= last else None


def merged_agreement(former: NeoAgreement, found: NeoAgreement, days: Days) -> NeoAgreement:
    """Return what was found on some days, with what was known of other days."""
    others = [each for each in former.differences if each.day not in days]
    members = [*(each for each in former.members if each.day not in days), *found.members]
    settled = {day: both for day, both in former.settled.items() if day > days.last} | found.settled
    differences = sorted([*others, *found.differences], key=lambda each: each.day)
    through = _through(former.through, found.through, days)
    return replace(
        found,
        through=through,
        differences=tuple(differences),
        settled=settled,
        members=tuple(sorted(members, key=lambda each: (each.day, each.member))),
    )


def _through(former: date | None, found: date | None, days: Days) -> date | None:
    """Return the day through which all agree: it moves only by days that follow on it or were looked at again."""
    if former is None:
        return found
    if days.first > former + ONE_DAY:
        return former
    return max(former, days.last) if found == days.last else found or days.first - ONE_DAY


# --- totals --------------------------------------------------------------------------------------


def credit_reading(
    ours: Mapping[date, LedgerTotal], neos: Mapping[date, UsageTotal], former: CreditReading
) -> CreditReading:
    """Return the reading of credits under which the most days agree; of those, the one that held before."""

    def agreeing(reading: CreditReading) -> tuple[int, bool]:
        days = sum(agrees(usage_of(ours[day], reading), neos[day]) for day in ours.keys() & neos.keys())
        return days, reading is former

    return max(CreditReading, key=agreeing)


def differing_days(ours: Mapping[date, UsageTotal], neos: Mapping[date, UsageTotal], days: Days) -> list[date]:
    """Return the days on which the two are not the same, in order."""
    return [day for day in days if not agrees(ours.get(day, NO_USAGE), neos.get(day, NO_USAGE))]


# --- tasks ---------------------------------------------------------------------------------------


def is_recorded(row: Task, stored: LedgerTask | None) -> bool:
    """Return whether the ledger holds a task as it is listed."""
    return stored is not None and (row.neo_credits, row.llm_cost, row.neo_cost) == (
        stored.neo_credits,
        stored.llm_cost,
        stored.neo_cost,
    )


def may_be_part(row: Task, stored: LedgerTask | None) -> bool:
    """Return whether a row may be a part of a task that the ledger holds as a whole, cut by the window."""
    return stored is not None and (row.stream_count or 0) < (stored.stream_count or 0)
