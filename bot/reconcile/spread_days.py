"""Days that Neo counts otherwise than it lists them: whether that is its reading, or which tasks are wrong there.

If Neo counts tasks when they are executed, its total from any moment to the present exceeds the ledger's by the tasks
that were created before and executed since: never by less than nothing, and by nothing at a quiet moment.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.usage_total import UsageTotal, same_amount, sum_of_totals
from bot.ledger.neo_agreement import TaskDifference
from bot.reconcile.narrowing import Findings, Narrowing, Surplus, quiet_moments
from bot.reconcile.rules import CONTINUED_WITHIN, ONE_DAY, BothTotals, Days
from bot.reconcile.upstream import ChangingError, Heal
from bot.sync.rules import PassKind, PlannedPass

_MOST_MOMENTS = 12  # so many are tried as a boundary
_TRIES = 3  # at moments while tasks end
_LATE = timedelta(days=7)  # after its creation, a task is hardly counted for the first time
_MOST_PRICED = 3  # if only the amounts of more days differ, Neo's amounts are of another kind


class Verdict(StrEnum):
    """What days are that Neo counts otherwise than it lists them."""

    FIT = "fit"  # their tasks are counted when they are executed
    WRONG = "wrong"  # something is wrong with some
    UNDECIDED = "undecided"  # either may be


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, and what is wrong: nothing is found where no task can be told."""

    verdict: Verdict
    findings: Findings = field(default_factory=Findings)

    def wrong_days(self, days: Collection[date]) -> dict[date, list[TaskDifference]]:
        """Return the days on which something is wrong, of these and others, with the tasks that can be told.

        A task without a name is one of the first of these days that may be its own.
        """
        found: dict[date, list[TaskDifference]] = defaultdict(list)
        for each in self.findings.tasks:
            day = each.window.start.astimezone(UTC).date()
            if not each.difference.task_id and day not in days:
                day = next((other for other in sorted(days) if Days(other, other).start in each.window), day)
            found[day].append(each.difference)
        for day in days:
            if self._is_unexplained(Days(day, day)) and day not in found:
                found[day] = []
        return found

    def _is_unexplained(self, day: Days) -> bool:
        if self.verdict is not Verdict.WRONG:
            return False
        windows = self.findings.unexplained
        return not self.findings.tasks or any(each.start < day.end and day.start < each.end for each in windows)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, and by what Neo's total since then exceeds the ledger's."""

    at: datetime
    surplus: Surplus


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments up to the first of some days, the latest first: its start, quiet ones, and the start of the ledger.

    `usage` are the tasks of the two weeks before that day, which are those that may be executed after it, by creation.
    """

    each: Sequence[Moment]
    usage: Sequence[tuple[datetime, UsageTotal]]

    @property
    def fit(self) -> bool:
        """Whether all adds up since one of them."""
        return any(each.surplus.is_nothing for each in self.each)

    @property
    def are_busy(self) -> bool:
        """Whether tasks are under way at each moment, and not always the same ones."""
        recent = self._recent
        return not any(map(self.is_wrong, recent)) and any(
            not each.surplus.is_same(recent[0].surplus) for each in recent
        )

    @property
    def boundary(self) -> datetime | None:
        """The moment since when something is wrong for certain; None where tasks may only have been executed late."""
        if wrong := [each for each in self.each if self.is_wrong(each)]:
            return min(wrong, key=lambda each: each.surplus.tasks).at
        start = self.each[-1]  # no task was under way then and two weeks later, where both have the same surplus
        later = (each for each in self.each if each.at - start.at >= CONTINUED_WITHIN)
        return next((each.at for each in later if each.surplus.is_same(start.surplus)), None)

    @property
    def standing(self) -> datetime | None:
        """The moment since when something may be wrong: the surplus was as small a day before or after."""
        least = min(self._recent, key=lambda each: each.surplus.tasks)
        same = [each.at for each in self._recent if each.surplus.is_same(least.surplus)]
        return least.at if max(same) - min(same) >= ONE_DAY else None

    def is_wrong(self, moment: Moment) -> bool:
        """Return whether a surplus cannot be that of tasks that were created before a moment and executed after it."""
        surplus = moment.surplus
        if surplus.tasks <= 0 or surplus.credits < 0:
            return not surplus.is_nothing
        if moment not in self._recent:  # which tasks were executed late is unknown
            return False
        before = sorted((usage.credits for created, usage in self.usage if created < moment.at), reverse=True)
        most = sum(before[: surplus.tasks], Decimal(0))
        return surplus.credits > most and not same_amount(most, surplus.credits, surplus.given.credits)

    @property
    def _recent(self) -> Sequence[Moment]:
        return [each for each in self.each if self.each[0].at - each.at <= CONTINUED_WITHIN]


@dataclass(frozen=True, slots=True)
class SpreadDays:
    """Looks into `days`, each with both totals, by narrowing; `heal` reads passes. All raise what these two do.

    `last` is the last day that was compared, `known` are both totals of days that were found to differ before.
    `is_usual`: whether Neo was found to count tasks when they are executed; `is_systematic`: whether it was found to
    differ on most days.
    """

    narrowing: Narrowing
    heal: Heal
    days: Mapping[date, BothTotals]
    last: date
    known: Mapping[date, BothTotals]
    is_usual: bool
    is_systematic: bool

    async def outcome(self) -> Outcome:
        """Return whether these days fit, and what is wrong on them if they do not."""
        moments = await self._moments()
        if moments.fit or (self.is_usual and moments.are_busy):
            return Outcome(Verdict.FIT)
        if not self.is_systematic:
            await self.heal([PlannedPass(PassKind.FULL, self._start - CONTINUED_WITHIN, self.narrowing.now)])
            moments = await self._moments()
        if moments.fit:
            return Outcome(Verdict.FIT)
        if moments.boundary is not None:
            return Outcome(Verdict.WRONG, await self._findings(moments.boundary))
        return await self._suspected(moments)

    async def _suspected(self, moments: Moments) -> Outcome:
        """Return what is wrong where nothing proves that anything is: only what leaves no doubt."""
        found = Findings() if moments.standing is None else await self._findings(moments.standing)
        if not found.are_certain and self.last - max(self.days) >= _LATE and self._can_be_searched:
            found = await self._by_creation()
        if found.are_certain:
            return Outcome(Verdict.WRONG, found)
        return Outcome(Verdict.FIT if moments.are_busy else Verdict.UNDECIDED)

    @property
    def _start(self) -> datetime:
        first = min(self.days)
        return Days(first, first).start

    async def _moments(self) -> Moments:
        """Return the moments, up to one since when all adds up.

        Raises ChangingError if tasks end all the while, which Neo counts at once and the ledger holds later.
        """
        before = await self._recent_total()
        for _ in range(_TRIES):
            moments, after = await self._moments_once(), await self._recent_total()
            if moments.fit or after == before:
                return moments
            before = after
        raise ChangingError

    async def _recent_total(self) -> UsageTotal:
        return await self.narrowing.neo.total(Days(self.last, self.last).end, self.narrowing.now)

    async def _moments_once(self) -> Moments:
        ledger, since = self.narrowing.ledger, self._start - CONTINUED_WITHIN
        covered = await ledger.covered(self.narrowing.now)
        tasks = await ledger.tasks(since, self._start)
        begin = self._start if covered is None else min(covered.start, self._start)
        quiet = [each for each in quiet_moments(since, self._start, tasks)[:_MOST_MOMENTS] if each > begin]
        moments: list[Moment] = []
        for at in (self._start, *sorted(quiet, reverse=True), begin):
            moments.append(Moment(at, await self._surplus(at)))
            if moments[-1].surplus.is_nothing:
                break
        return Moments(moments, [(each.created_at, ledger.measure.of_task(each)) for each in tasks])

    async def _surplus(self, at: datetime) -> Surplus:
        """Return the surplus since a moment, but for what is known."""
        known = [neos - ours for day, (ours, neos) in self.known.items() if Days(day, day).start >= at]
        return (await self.narrowing.surplus(at)).without(sum_of_totals(known))

    # --- what is wrong -------------------------------------------------------------------------------

    @property
    def _can_be_searched(self) -> bool:
        are_priced = all(ours.tasks == neos.tasks for ours, neos in self.days.values())
        return not self.is_systematic and not (are_priced and len(self.days) > _MOST_PRICED)

    async def _findings(self, low: datetime) -> Findings:
        """Return what is wrong since a boundary; by day, if that names everything and this does not."""
        if not self._can_be_searched:
            return Findings()
        try:
            found = await self.narrowing.between_boundaries(low, self.narrowing.now)
            if not found.are_named:
                by_day = await self._by_creation()
                return by_day if by_day.are_certain else found
        except ChangingError:  # after too many requests: it is too much to be told
            return Findings()
        return found

    async def _by_creation(self) -> Findings:
        findings = Findings()
        for day in sorted(self.days):
            found = await self.narrowing.by_creation(Days(day, day).start, Days(day, day).end)
            findings.tasks += found.tasks
            findings.unexplained += found.unexplained
        return findings


def is_counted_once(totals: Sequence[UsageTotal], whole: UsageTotal) -> bool:
    """Return whether Neo counts each task on one day: on all days so many as in all."""
    return sum_of_totals(totals).tasks == whole.tasks
