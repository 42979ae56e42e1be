"""One comparison: closed days of the ledger with Neo's totals, and what is wrong on those that differ."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial

from bot.database.engine import Database
from bot.domain.usage_total import NO_USAGE, UsageTotal, agrees, sum_of_totals
from bot.ledger.neo_agreement import (
    Counted,
    CreditReading,
    DayDifference,
    DayReading,
    NeoAgreement,
    TaskDifference,
    TaskProblem,
)
from bot.ledger.neo_totals import LedgerTotal, totals_by_day
from bot.neo.client import NeoClient, QueryWindow
from bot.neo.summary import Summary
from bot.reconcile.ledger_reader import LedgerReader
from bot.reconcile.measures import OWN_KEYS, Measure, credit_measure
from bot.reconcile.members_comparison import FoundMembers, MembersComparison
from bot.reconcile.narrowing import FoundTask, Narrowing
from bot.reconcile.own_keys import OwnKeysComparison
from bot.reconcile.rules import BothTotals, Days, credit_reading, differing_days, is_recorded, may_be_part
from bot.reconcile.spread_days import SpreadDays
from bot.reconcile.upstream import ChangingError, Heal, NeoReader, NeoWindow
from bot.sync.rules import PassKind, PlannedPass

_MOST_UNNAMED = 3  # days on which no task can be told
_MOST_KEPT = 100  # tasks of a day
_LONGEST = 3600.0  # seconds for which Neo is asked, however slow it is


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found.

    `members` are those whose totals differ, by e-mail, where Neo sums by person in a way of its own. `own_keys` are
    both totals of the costs of tasks on keys of the team's own where Neo counts them in a way of its own, else None.
    `emails` are those of the members in which a day differs, by id.
    """

    agreement: NeoAgreement
    members: Mapping[str, BothTotals] = field(default_factory=dict)
    own_keys: BothTotals | None = None
    emails: Mapping[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class DaysComparison:
    """One comparison at the moment `now`. What it finds of single days is collected in the last fields.

    `former` is what the last comparison found; `heal` reads passes.
    """

    database: Database
    client: NeoClient
    heal: Heal
    days: Days
    former: NeoAgreement
    now: datetime
    credits: CreditReading = CreditReading.ALL
    readings: set[DayReading] = field(default_factory=set)
    undecided: set[date] = field(default_factory=set)
    spread: dict[date, BothTotals] = field(default_factory=dict)
    settled: dict[date, BothTotals] = field(default_factory=dict)
    differences: dict[date, DayDifference] = field(default_factory=dict)
    own_keys_otherwise: bool = False
    until: float = 0.0
    members: FoundMembers = field(default_factory=FoundMembers)

    async def run(self) -> Comparison:
        """Compare, and return what was found. Raises NeoError and LedgerError."""
        self.until = asyncio.get_running_loop().time() + _LONGEST
        start, end = self.days.start, self.days.end
        reading = asyncio.create_task(self.database.read(partial(totals_by_day, start=start, end=end)))
        try:  # meanwhile
            summary = await self.client.summary(QueryWindow(start, end), by_day=True)
        finally:
            in_ledger = await reading
        differing = await self._compare_days(in_ledger, summary.by_day or {})
        if differing:  # of whole windows there is only what Neo counts by creation
            self._keep_former(Counted.OWN_KEYS, self.days)
            self.own_keys_otherwise = self.former.own_keys_otherwise
            self.members = FoundMembers(self._members_comparison.known)
            return Comparison(replace(self._agreement(), members_otherwise=self.former.members_otherwise))
        own_keys = await self._compare_own_keys(in_ledger.values(), summary)
        await self._compare_members(summary)
        return Comparison(self._agreement(), self.members.otherwise, own_keys)

    async def _compare_days(self, in_ledger: Mapping[date, LedgerTotal], neos: Mapping[date, UsageTotal]) -> list[date]:
        """Compare each day, look into those that differ, and return them."""
        self.credits = credit_reading(in_ledger, neos, self.former.credits)
        ours = {day: self._measure.of_total(total) for day, total in in_ledger.items()}
        differing = differing_days(ours, neos, self.days)
        for day in differing:
            await self._compare_day(day, (ours.get(day, NO_USAGE), neos.get(day, NO_USAGE)))
        if self.spread:
            await self._narrow()
        self._keep_former(Counted.CREDITS, self.undecided)
        return differing

    @property
    def _measure(self) -> Measure:
        return credit_measure(self.credits)

    def _narrowing(self, measure: Measure) -> Narrowing:
        return Narrowing(NeoReader(self.client, measure, self.until), LedgerReader(self.database, measure), self.now)

    # --- what was found ------------------------------------------------------------------------------

    def _agreement(self) -> NeoAgreement:
        strongest = [each for each in DayReading if each in self.readings]
        return NeoAgreement(
            through=self._through(),
            days=strongest[-1] if strongest else DayReading.CREATED,
            credits=self.credits,
            differences=tuple(self.differences.values()),
            settled=self.settled,
            own_keys_otherwise=self.own_keys_otherwise,
            members=self.members.differences,
            members_otherwise=bool(self.members.otherwise),
        )

    def _through(self) -> date | None:
        """Return the last day up to which nothing differs and all was compared; None if that is none."""
        through = None
        differing = self.differences.keys() | self.undecided
        for day in self.days:
            if day in differing:
                break
            through = day
        return through

    def _former(self, counted: Counted) -> dict[date, DayDifference]:
        return {each.day: each for each in self.former.differences if each.counted is counted}

    def _keep_former(self, counted: Counted, days: Iterable[date]) -> None:
        """Keep the differences that were found before on days that are not compared now."""
        kept = set(days) - self.differences.keys()
        self.differences |= {day: each for day, each in self._former(counted).items() if day in kept}

    def _add(
        self, day: date, both: BothTotals, tasks: Iterable[TaskDifference], counted: Counted = Counted.CREDITS
    ) -> None:
        known, found = self._former(counted).get(day), tuple(tasks)[:_MOST_KEPT]
        is_known = known is not None and Counter(found) <= Counter(known.tasks)
        since = known.since if known is not None and is_known else self.now
        self.differences[day] = DayDifference(day, *both, since, found, counted)

    # --- of the whole window ---------------------------------------------------------------------------

    async def _compare_own_keys(self, in_ledger: Iterable[LedgerTotal], summary: Summary) -> BothTotals | None:
        """Compare the costs of tasks on own keys; return both totals if Neo counts them in a way of its own."""
        both = sum_of_totals(map(OWN_KEYS.of_total, in_ledger)), OWN_KEYS.of_summary(summary)
        if summary.byok is None or agrees(*both):
            return None
        try:
            await self._look_into_own_keys(both)
        except ChangingError:
            self._keep_former(Counted.OWN_KEYS, self.days)
        return both if self.own_keys_otherwise else None

    async def _look_into_own_keys(self, both: BothTotals) -> None:
        if self.former.own_keys_otherwise:
            self.own_keys_otherwise = True
            return
        differing = await OwnKeysComparison(self._narrowing(OWN_KEYS), self.heal).differing(self.days, both)
        self.own_keys_otherwise = differing is None
        for each in differing or ():
            self._add(each.day, (each.ours, each.neos), each.tasks, Counted.OWN_KEYS)

    async def _compare_members(self, summary: Summary) -> None:
        comparison = self._members_comparison
        try:
            self.members = await comparison.run(summary)
        except ChangingError:
            self.members = FoundMembers(comparison.known)

    @property
    def _members_comparison(self) -> MembersComparison:
        return MembersComparison(self._narrowing(self._measure), self.heal, self.days, self.former)

    # --- one day -------------------------------------------------------------------------------------

    async def _compare_day(self, day: date, both: BothTotals) -> None:
        """Look into a day on which the totals differ, unless they are what they were when it was looked into."""
        differences = self._former(Counted.CREDITS)
        known, settled = differences.get(day), self.former.settled.get(day)
        if differences and self.former.days is DayReading.SPREAD:  # whether one is gone may show on another day
            known = settled = None
        if known is not None and _are_unchanged((known.ours, known.neos), both):
            self.differences[day] = known
        elif settled is not None and _are_unchanged(settled, both):
            self._settle(day, both, self.former.days)
        else:
            try:
                await self._look_into(day, both)
            except ChangingError:
                self.undecided.add(day)

    def _settle(self, day: date, both: BothTotals, reading: DayReading) -> None:
        """Record that a reading explains how the totals of a day differ."""
        self.settled[day] = both
        self.readings.add(reading)

    async def _look_into(self, day: date, both: BothTotals) -> None:
        """Read a day again, have the ledger healed, and record what is left of the difference."""
        days, neo = Days(day, day), NeoReader(self.client, self._measure, self.until)
        ledger = LedgerReader(self.database, self._measure)
        window = await neo.window(days.start, days.end)
        if await _unrecorded(neo, ledger, window):
            await self.heal([PlannedPass(PassKind.HISTORY, days.start, days.end)])
            window = await neo.window(days.start, days.end)
            both = await ledger.total(days.start, days.end), both[1]
        unrecorded = await _unrecorded(neo, ledger, window)
        if unrecorded:
            self._add(day, both, [TaskDifference(each, TaskProblem.NOT_RECORDED) for each in unrecorded])
        elif agrees(both[0], window.total):
            self._settle(day, both, DayReading.CREATED)
        elif window.agrees:
            self._settle(day, both, DayReading.LISTED)
        else:
            self.spread[day] = both

    # --- days that Neo counts otherwise than it lists them ---------------------------------------------

    async def _narrow(self) -> None:
        """Find the tasks that make days differ, if not what Neo counts a task by is the reason."""
        first = min(self.spread)
        narrowing = self._narrowing(self._measure)
        try:
            found = await SpreadDays(narrowing, self.heal, Days(first, first).start).wrong_tasks()
            if found is None:
                self._add_unnamed()
                return
            for day, tasks in self._by_day(found).items():
                self._add(day, self.spread.get(day) or await _both_totals(narrowing, day), tasks)
        except ChangingError:
            self.undecided |= self.spread.keys() - self.differences.keys()
        else:
            for day in self.spread.keys() - self.differences.keys():
                self._settle(day, self.spread[day], DayReading.SPREAD)

    def _by_day(self, found: Iterable[FoundTask]) -> Mapping[date, Sequence[TaskDifference]]:
        """Return what is wrong on the compared days, by day."""
        by_day: dict[date, list[TaskDifference]] = defaultdict(list)
        for each in found:
            if self.days.start <= each.at < self.days.end:
                by_day[each.at.astimezone(UTC).date()].append(each.difference)
        return by_day

    def _add_unnamed(self) -> None:
        """Record that something is wrong on the days that differ, unless these are too many to tell which it is."""
        if len(self.spread) > _MOST_UNNAMED:
            self.undecided |= self.spread.keys()
            return
        for day, both in self.spread.items():
            self._add(day, both, ())


async def _unrecorded(neo: NeoReader, ledger: LedgerReader, window: NeoWindow) -> Sequence[str]:
    """Return the ids of the tasks that Neo lists in a window and the ledger does not hold like that."""
    stored = await ledger.by_id(row.task_id for row in window.rows)
    missing = [each.key for each in window.refused]
    for row in window.rows:
        known = stored.get(row.task_id)
        whole = await neo.alone(row.task_id) if may_be_part(row, known) else row
        if whole is not None and not is_recorded(whole, known):
            missing.append(row.task_id)
    return missing


async def _both_totals(narrowing: Narrowing, day: date) -> BothTotals:
    window = Days(day, day).start, Days(day, day).end
    return await narrowing.ledger.total(*window), await narrowing.neo.total(*window)


def _are_unchanged(former: BothTotals, both: BothTotals) -> bool:
    return all(agrees(*each) for each in zip(former, both, strict=True))
