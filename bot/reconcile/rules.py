"""The rules of comparing totals: which days, which credits, what counts as the same, and when it is due."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from bot.domain.tasks import Task
from bot.domain.usage_total import NO_USAGE, UsageTotal, agrees, same_amount
from bot.ledger.neo_agreement import CreditReading, DayDifference, DayReading, NeoAgreement
from bot.ledger.neo_totals import LedgerTask, LedgerTotal
from bot.reconcile.measures import usage_of

ONE_DAY = timedelta(days=1)
CLOSED_FOR = ONE_DAY  # what was executed late may still be added to a day that ended later
RETRY = timedelta(hours=6)  # while there is nothing to compare with
CONTINUED_WITHIN = timedelta(days=14)  # of its creation, a task is executed again
MOST_SEPARATE_DAYS = 3  # if a part of the total differs on more, Neo sums that part in a way of its own
_LATELY = timedelta(days=2)  # for so long it is said that a difference is over
_SETTLED_FOR = timedelta(days=100)  # longer than any night compares where nothing differs

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


async def days_by_halving(days: Days, differ: Callable[[Days], Awaitable[bool]]) -> Sequence[date]:
    """Return each of some days that differs by itself, or more than MOST_SEPARATE_DAYS where there are so many."""
    if not await differ(days):
        return []
    if days.first == days.last:
        return [days.first]
    before, after = days.halves
    found = await days_by_halving(before, differ)
    return found if len(found) > MOST_SEPARATE_DAYS else [*found, *await days_by_halving(after, differ)]


def nightly_start(agreement: NeoAgreement, previous_month: datetime) -> datetime:
    """Return from when on the days of a night are compared: the previous month, or what is to be compared before it.

    That is the day after the last one through which all agree, and every day that differs, or on which a part may: else
    a difference that has grown older than the previous month would never be over.
    """
    before = [] if agreement.through is None else [agreement.through + ONE_DAY]
    parts = (each.first for each in agreement.parts_apart)
    since = min([*before, *agreement.differing_days, *parts], default=None)
    return previous_month if since is None else min(previous_month, Days(since, since).start)


def merged_agreement(former: NeoAgreement, found: NeoAgreement, days: Days) -> NeoAgreement:
    """Return what was found on some days, with what was known of them and of other days."""
    others = [each for each in former.differences if each.day not in days]
    members = [*(each for each in former.members if each.day not in days), *found.members]
    oldest_settled = days.last - _SETTLED_FOR
    settled = {day: both for day, both in former.settled.items() if day not in days and day > oldest_settled}
    differences = sorted([*others, *_dated(former, found)], key=lambda each: (each.day, each.counted))
    merged = replace(
        found,
        through=_through(former.through, found.through, days),
        days=former.days if settled and found.days is DayReading.CREATED else found.days,
        differences=tuple(differences),
        settled=settled | found.settled,
        members=tuple(sorted(members, key=lambda each: (each.day, each.member))),
    )
    return replace(merged, over=_over(former, merged))


# --- differences ---------------------------------------------------------------------------------


def _dated(former: NeoAgreement, found: NeoAgreement) -> Iterator[DayDifference]:
    """Yield the differences found, those that were known before with the moment at which they were."""
    known = {(each.day, each.counted): each for each in former.differences}
    for each in found.differences:
        if former.is_systematic and each in found.unnamed:  # one more day of the same
            yield replace(each, since=min(unnamed.since for unnamed in former.unnamed))
        elif (before := known.get((each.day, each.counted))) is None:
            yield each
        else:
            since = before.since if _holds(before, each) else each.since
            yield replace(each, since=since, tasks=each.tasks or before.tasks)


def _over(former: NeoAgreement, merged: NeoAgreement) -> dict[date, datetime]:
    """Return the days that differ no more, and since when, while others do."""
    now, differing = merged.compared_at, set(merged.differing_days)
    if now is None or not differing:
        return {}
    ended = dict.fromkeys(set(former.differing_days) - differing, now)
    lately = {day: at for day, at in former.over.items() if day not in differing and now - at < _LATELY}
    return ended | lately


def _holds(known: DayDifference, found: DayDifference) -> bool:
    """Return whether what was found on a day is no more than what was known of it."""
    if found.tasks:
        return Counter(found.tasks) <= Counter(known.tasks)
    (amount, tasks), (known_amount, known_tasks) = _gap(found), _gap(known)
    whole = max(found.ours.credits, found.neos.credits)
    return tasks <= known_tasks and (amount <= known_amount or same_amount(amount, known_amount, whole))


def _gap(difference: DayDifference) -> tuple[Decimal, int]:
    gap = difference.neos - difference.ours
    return abs(gap.credits), abs(gap.tasks)


# --- days that agree -----------------------------------------------------------------------------


def runs(days: Days, apart: Collection[date]) -> list[Days]:
    """Return the runs of days without those that are `apart`, longest first."""
    found: list[Days] = []
    for day in days:
        if day in apart:
            continue
        if found and found[-1].last == day - ONE_DAY:
            found[-1] = Days(found[-1].first, day)
        else:
            found.append(Days(day, day))
    return sorted(found, key=lambda run: run.first - run.last)


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
