"""One comparison: closed days of the ledger with Neo's totals, and what is wrong on those that differ."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from bot.database.engine import Database
from bot.domain.usage_total import NO_USAGE, agrees
from bot.ledger.neo_agreement import (
    DAY_BY_DAY,
    Counted,
    CreditReading,
    DayDifference,
    DayReading,
    NeoAgreement,
    TaskDifference,
    TaskProblem,
)
from bot.ledger.neo_totals import LedgerTotal, totals_by_day
from bot.ledger.task_fingerprint import forget_fingerprints
from bot.neo.client import NeoClient
from bot.neo.summary import Summary
from bot.reconcile.ledger_reader import LedgerReader
from bot.reconcile.measures import Measure, credit_measure
from bot.reconcile.narrowing import Narrowing
from bot.reconcile.parts_comparison import FoundParts, PartsComparison
from bot.reconcile.rules import ONE_DAY, BothTotals, Days, credit_reading, differing_days, is_recorded, may_be_part
from bot.reconcile.spread_days import Outcome, SpreadDays, Verdict, is_counted_once
from bot.reconcile.upstream import ChangingError, Heal, NeoReader, NeoWindow
from bot.sync.rules import PassKind, PlannedPass

_MOST_KEPT = 100  # tasks of a day
_MOST_LOOKUPS = 20  # of tasks that a day's list lacks: where Neo lists by execution, there may be many
_LONGEST = 1200.0  # seconds for which Neo is asked, however slow it is


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found.

    `days` are those it was about; None if there was nothing to compare with. `undecided` are those of them that could
    not be compared now, as they change while they are read. `members` are those whose
    totals differ, by e-mail, where Neo sums by person in a way of its own. `own_keys` are both totals of a cost of
    tasks on keys of the team's own where Neo counts it in a way of its own. `emails` are those of the members in which
    a day differs, by id.
    """

    agreement: NeoAgreement
    days: Days | None = None
    undecided: tuple[date, ...] = ()
    members: Mapping[str, BothTotals] = field(default_factory=dict)
    own_keys: Mapping[Counted, BothTotals] = field(default_factory=dict)
    emails: Mapping[int, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether every day was compared, and nothing differs: in total, by person, or in what own keys cost."""
        agreement, otherwise = self.agreement, self.members or self.own_keys
        return not (self.undecided or agreement.differing_days or agreement.unavailable or otherwise) and (
            agreement.through is not None
        )


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
    spread_reading: DayReading = DayReading.SPREAD
    until: float = 0.0
    lookups: int = 0
    has_read_up_to_now: bool = False

    async def run(self) -> Comparison:
        """Compare, and return what was found. Raises NeoError and LedgerError."""
        self.until = asyncio.get_running_loop().time() + _LONGEST
        start, end = self.days.start, self.days.end
        reading = asyncio.create_task(self.database.read(partial(totals_by_day, start=start, end=end)))
        try:  # meanwhile
            summary = await self._neo.summary(start, end, by_day=True)
        finally:
            in_ledger = await reading
        differing = await self._compare_days(in_ledger, summary)
        is_spread = self._is_spread or not self.readings <= DAY_BY_DAY
        parts = PartsComparison(self._narrowing, self.heal, self.days, self.former, in_ledger, is_spread=is_spread)
        found = await parts.run(summary, differing)
        undecided = tuple(sorted(self.undecided))
        return Comparison(self._agreement(found), self.days, undecided, found.members, found.own_keys)

    async def _compare_days(self, in_ledger: Mapping[date, LedgerTotal], summary: Summary) -> list[date]:
        """Compare each day, look into those that differ, and return them."""
        neos = summary.by_day or {}
        self.credits = credit_reading(in_ledger, neos, self.former.credits)
        ours = {day: self._measure.of_total(total) for day, total in in_ledger.items()}
        is_once = is_counted_once([neos.get(day, NO_USAGE) for day in self.days], summary.total)
        self.spread_reading = DayReading.EXECUTION if is_once else DayReading.SPREAD
        differing = differing_days(ours, neos, self.days)
        for day in differing:
            await self._compare_day(day, (ours.get(day, NO_USAGE), neos.get(day, NO_USAGE)))
        if self.spread:
            await self._narrow()
        self._keep_former(self.undecided)
        return differing

    @property
    def _measure(self) -> Measure:
        return credit_measure(self.credits)

    @property
    def _ledger(self) -> LedgerReader:
        return LedgerReader(self.database, self._measure)

    @property
    def _neo(self) -> NeoReader:
        return NeoReader(self.client, self._ledger, self.until)

    @property
    def _narrowing(self) -> Narrowing:
        return Narrowing(self._neo, self.now)

    # --- what was found ------------------------------------------------------------------------------

    def _agreement(self, found: FoundParts) -> NeoAgreement:
        strongest = [each for each in DayReading if each in self.readings]
        return NeoAgreement(
            through=self._through(),
            days=strongest[-1] if strongest else DayReading.CREATED,
            credits=self.credits,
            differences=(*self.differences.values(), *found.own_keys_differences),
            settled=self.settled,
            own_keys_apart=found.own_keys_apart,
            members=tuple(found.member_differences),
            members_apart=found.members_apart,
            has_whole_days_only=not found.is_compared,
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

    @property
    def _known(self) -> dict[date, DayDifference]:
        return {each.day: each for each in self.former.differences if each.counted is Counted.CREDITS}

    def _keep_former(self, days: Iterable[date]) -> None:
        """Keep the differences that were found before on days that are not compared now."""
        kept = set(days) - self.differences.keys()
        self.differences |= {day: each for day, each in self._known.items() if day in kept}

    def _add(self, day: date, both: BothTotals, tasks: Iterable[TaskDifference] = ()) -> None:
        self.differences[day] = DayDifference(day, *both, self.now, tuple(tasks)[:_MOST_KEPT])

    # --- one day -------------------------------------------------------------------------------------

    async def _compare_day(self, day: date, both: BothTotals) -> None:
        """Look into a day on which the totals differ, unless they are what they were when it was looked into."""
        known, settled = self._known.get(day), self.former.settled.get(day)
        if self._known and self._is_spread:  # whether one is gone may show on another day
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

    @property
    def _is_spread(self) -> bool:
        """Whether Neo was found to count tasks when they are executed."""
        return self.former.days not in DAY_BY_DAY

    def _settle(self, day: date, both: BothTotals, reading: DayReading) -> None:
        """Record that a reading explains how the totals of a day differ."""
        self.settled[day] = both
        self.readings.add(reading)

    async def _look_into(self, day: date, both: BothTotals) -> None:
        """Read a day again, have the ledger healed, and record what is left of the difference."""
        days, neo, ledger = Days(day, day), self._neo, self._ledger
        window = await neo.window(days.start, days.end)
        if passes := await self._cure(days, window):
            await self.heal(passes)
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

    async def _cure(self, days: Days, window: NeoWindow) -> list[PlannedPass]:
        """Return what is to be read again where the ledger lacks tasks of a day, or holds others than Neo lists."""
        if unrecorded := await _unrecorded(self._neo, self._ledger, window):
            await self.database.write(partial(forget_fingerprints, task_ids=unrecorded))
        # only a pass up to now tells which tasks are listed no more; it tells it of all later days, too
        if not self.has_read_up_to_now and await self._has_dropped(window):
            self.has_read_up_to_now = True
            return [PlannedPass(PassKind.FULL, days.start - ONE_DAY, self.now)]
        return [PlannedPass(PassKind.HISTORY, days.start, days.end)] if unrecorded else []

    async def _has_dropped(self, window: NeoWindow) -> bool:
        """Return whether Neo lists a task no more that the ledger holds of a window: not there, nor alone."""
        listed = {*(each.task_id for each in window.rows), *(each.key for each in window.refused)}
        for task in await self._ledger.tasks(window.start, window.end):
            if task.task_id in listed or self.lookups >= _MOST_LOOKUPS:
                continue
            self.lookups += 1
            if not await self._neo.lists(task.task_id):
                return True
        return False

    # --- days that Neo counts otherwise than it lists them ---------------------------------------------

    async def _narrow(self) -> None:
        """Find what makes days differ, if not what Neo counts a task by is the reason."""
        known = {} if self._is_spread else {day: (each.ours, each.neos) for day, each in self.differences.items()}
        is_systematic = self.former.is_systematic
        days = SpreadDays(
            self._narrowing, self.heal, self.spread, self.days.last, known, self._is_spread, is_systematic
        )
        try:
            outcome = await days.outcome()
        except ChangingError:
            self.undecided |= self.spread.keys()
            return
        for day, (_, neos) in self.spread.items():  # which may have been healed
            self.spread[day] = await self._ledger.total(Days(day, day).start, Days(day, day).end), neos
        match outcome.verdict:
            case Verdict.FIT:
                self._settle_spread()
            case Verdict.UNDECIDED:
                self.undecided |= self.spread.keys()
            case Verdict.WRONG:
                await self._add_wrong(outcome)

    def _settle_spread(self) -> None:
        for day, both in self.spread.items():
            if day not in self.differences and not agrees(*both):
                self._settle(day, both, self.spread_reading)

    async def _add_wrong(self, outcome: Outcome) -> None:
        """Record the tasks that are wrong, and the days on which some are that cannot be told."""
        for day, tasks in outcome.wrong_days(self.spread.keys()).items():
            if day in self.days and (tasks or day not in self.differences):
                self._add(day, self.spread.get(day) or await self._both_totals(day), tasks)
        self._settle_spread()

    async def _both_totals(self, day: date) -> BothTotals:
        window = Days(day, day).start, Days(day, day).end
        return await self._ledger.total(*window), await self._neo.total(*window)


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


def _are_unchanged(former: BothTotals, both: BothTotals) -> bool:
    return all(agrees(*each) for each in zip(former, both, strict=True))
