"""The reconciler: compares closed days with Neo's totals, looks into those that differ, and has the ledger healed."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain.usage_total import NO_USAGE, UsageTotal, agrees, sum_of_totals
from bot.ledger.freshness import freshness
from bot.ledger.members import current_emails
from bot.ledger.neo_agreement import (
    CreditReading,
    DayDifference,
    DayReading,
    NeoAgreement,
    TaskDifference,
    TaskProblem,
)
from bot.ledger.neo_totals import LedgerTask, tasks_by_id, tasks_created, totals_by_day, totals_by_member
from bot.neo.client import NeoClient, QueryWindow
from bot.neo.errors import NeoError
from bot.neo.summary import Summary
from bot.neo.unavailable import reason
from bot.reconcile.narrowing import Narrowing
from bot.reconcile.rules import (
    CONTINUED_WITHIN,
    Days,
    credit_reading,
    differing_days,
    is_recorded,
    may_be_part,
    merged_agreement,
    usage_of,
)
from bot.reconcile.upstream import ChangingError, NeoReader, NeoWindow
from bot.sync import rate_limit
from bot.sync.rules import PassKind, PlannedPass

Connect = Callable[[], AbstractAsyncContextManager[NeoClient]]
Heal = Callable[[Sequence[PlannedPass]], Awaitable[object]]
"""Reads passes into the ledger; raises NeoError or LedgerError."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found; `members` are those whose totals differ, by e-mail: the ledger's and Neo's."""

    agreement: NeoAgreement
    members: Mapping[str, tuple[UsageTotal, UsageTotal]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Compares a ledger with the upstream that `connect` opens; `heal` reads passes, `clock` gives aware times."""

    database: Database
    connect: Connect
    heal: Heal
    clock: Callable[[], datetime]

    async def compare(self, days: Days, former: NeoAgreement) -> Comparison:
        """Return how the ledger agrees with Neo on these days, after healing what a pass can heal.

        `former` is what the last comparison found: what it says of other days stays. Where there is nothing to compare
        with, it is returned with the reason.

        Raises:
            LedgerError: the ledger cannot be written, or another process took over.
            SettingsError: there is no credential.
        """
        now = self.clock()
        try:
            await self.database.read(partial(rate_limit.require_wait_over, now=now))
            async with self.connect() as client:
                found = await _DaysComparison(self, client, days, former).run()
        except NeoError as error:
            return Comparison(replace(former, attempted_at=now, unavailable=reason(error)))
        merged = merged_agreement(former, found.agreement, days)
        return replace(found, agreement=replace(merged, attempted_at=now, compared_at=now))


@dataclass(slots=True)
class _DaysComparison:
    """One comparison of a reconciler. What it finds of single days is collected in the last four fields."""

    reconciler: Reconciler
    client: NeoClient
    days: Days
    former: NeoAgreement
    credits: CreditReading = CreditReading.ALL
    reading: DayReading = DayReading.CREATED
    undecided: set[date] = field(default_factory=set)
    spread: set[date] = field(default_factory=set)
    settled: dict[date, tuple[UsageTotal, UsageTotal]] = field(default_factory=dict)
    differences: list[DayDifference] = field(default_factory=list)

    async def run(self) -> Comparison:
        """Compare, and return what was found. Raises NeoError and LedgerError."""
        window = QueryWindow(self.days.start, self.days.end)
        summary = await self.client.summary(window, by_day=True)
        neos = summary.by_day or {}
        read = self.reconciler.database.read
        in_ledger = await read(partial(totals_by_day, start=self.days.start, end=self.days.end))
        self.credits = credit_reading(in_ledger, neos, self.former.credits)
        ours = {day: usage_of(total, self.credits) for day, total in in_ledger.items()}
        differing = differing_days(ours, neos, self.days)
        for day in differing:
            await self._compare_day(day, ours.get(day, NO_USAGE), neos.get(day, NO_USAGE))
        if self.spread:
            await self._narrow(sorted(self.spread))
        in_ledger_by_email = {} if differing else await read(partial(self._members, summary=summary))
        return Comparison(self._agreement(), in_ledger_by_email)

    def _agreement(self) -> NeoAgreement:
        return NeoAgreement(
            through=self._through(),
            days=DayReading.SPREAD if self.spread else self.reading,
            credits=self.credits,
            differences=tuple(self.differences),
            settled=self.settled,
        )

    def _members(self, connection: Connection, summary: Summary) -> dict[str, tuple[UsageTotal, UsageTotal]]:
        """Return the members whose totals differ by e-mail: the ledger's and Neo's.

        Who is not a member of the team any more is in one of the two alone, and left out.
        """
        by_email, by_day = summary.by_email, summary.by_day or {}
        if by_email is None or not agrees(sum_of_totals(by_day.values()), summary.total):
            return {}
        current = current_emails(connection)
        neos: dict[str, UsageTotal] = defaultdict(lambda: NO_USAGE)
        for email, total in by_email.items():
            neos[current.get(email, email)] += total
        stored = totals_by_member(connection, self.days.start, self.days.end)
        ours = {email: usage_of(total, self.credits) for email, total in stored.items()}
        both = sorted(ours.keys() & neos.keys())
        return {email: (ours[email], neos[email]) for email in both if not agrees(ours[email], neos[email])}

    def _through(self) -> date | None:
        """Return the last day up to which nothing differs and all was compared; None if that is none."""
        through = None
        differing = {each.day for each in self.differences} | self.undecided
        for day in self.days:
            if day in differing:
                break
            through = day
        return through

    # --- one day -------------------------------------------------------------------------------------

    async def _compare_day(self, day: date, ours: UsageTotal, neos: UsageTotal) -> None:
        """Look into a day on which the totals differ."""
        if self.former.settled.get(day) == (ours, neos):
            self.settled[day] = (ours, neos)
            return
        try:
            await self._look_into(day)
        except ChangingError:
            self.undecided.add(day)

    async def _look_into(self, day: date) -> None:
        """Read a day again, have the ledger healed, and record what is left of the difference."""
        days, reader = Days(day, day), NeoReader(self.client, self.credits)
        window = await reader.window(days.start, days.end)
        if await self._unrecorded(reader, window):
            await self.reconciler.heal([PlannedPass(PassKind.HISTORY, days.start, days.end)])
            window = await reader.window(days.start, days.end)
        ours = await self._total_created(days.start, days.end)
        unrecorded = await self._unrecorded(reader, window)
        if unrecorded:
            self._add(day, ours, window.total, [TaskDifference(each, TaskProblem.NOT_RECORDED) for each in unrecorded])
        elif window.agrees:
            self._settle(days, ours, window)
        elif not agrees(ours, window.total):
            self.spread.add(day)

    def _settle(self, days: Days, ours: UsageTotal, window: NeoWindow) -> None:
        """Record that the ledger holds each task that Neo's total of a day counts."""
        if not agrees(ours, window.total):
            self.settled[days.first] = (ours, window.total)
        if any(not days.start <= row.created_at < days.end for row in window.rows):
            self.reading = DayReading.LISTED

    async def _unrecorded(self, reader: NeoReader, window: NeoWindow) -> list[str]:
        """Return the ids of the tasks that Neo lists in a window and the ledger does not hold like that."""
        stored = await self.reconciler.database.read(
            partial(tasks_by_id, task_ids=[row.task_id for row in window.rows])
        )
        missing = [each.key for each in window.refused]
        for row in window.rows:
            known = stored.get(row.task_id)
            whole = await reader.alone(row.task_id) if may_be_part(row, known) else row
            if whole is not None and not is_recorded(whole, known):
                missing.append(row.task_id)
        return missing

    def _add(self, day: date, ours: UsageTotal, neos: UsageTotal, tasks: Sequence[TaskDifference]) -> None:
        known = next((each.since for each in self.former.differences if each.day == day), None)
        self.differences.append(DayDifference(day, ours, neos, known or self.reconciler.clock(), tuple(tasks)))

    # --- days that Neo counts otherwise than it lists them ---------------------------------------------

    async def _narrow(self, days: Sequence[date]) -> None:
        """Find the tasks that make days differ, if not what Neo counts a task by is the reason."""
        first, now = Days(days[0], days[0]), self.reconciler.clock()
        await self.reconciler.heal([PlannedPass(PassKind.FULL, first.start - CONTINUED_WITHIN, now)])
        narrowing = Narrowing(NeoReader(self.client, self.credits), self._total_created, self._tasks_created, now)
        try:
            found = await self._uncounted(narrowing, first.start)
            for day in days:
                if day not in found:
                    found[day] = await self._surplus(narrowing, Days(day, day))
            for day, tasks in sorted(found.items()):
                if tasks:
                    self.spread.discard(day)
                    await self._add_found(narrowing, Days(day, day), tasks)
        except ChangingError:
            self.undecided |= set(days)

    async def _uncounted(self, narrowing: Narrowing, since: datetime) -> dict[date, list[TaskDifference]]:
        """Return the tasks that are not counted, by the day of their creation, of the days that are compared."""
        found: dict[date, list[TaskDifference]] = defaultdict(list)
        for created_at, task in await narrowing.uncounted(since):
            if created_at < self.days.end:
                found[created_at.astimezone(UTC).date()].append(task)
        return dict(found)

    async def _surplus(self, narrowing: Narrowing, days: Days) -> list[TaskDifference]:
        """Return what is counted on a day and was neither created nor executed on it, as far as the ledger tells."""
        since = days.start - CONTINUED_WITHIN
        knows_earlier = await self.reconciler.database.read(
            lambda connection: freshness(connection, narrowing.now).covers(since, days.start)
        )
        if not knows_earlier:
            return []  # a task that the ledger does not reach back to may have been executed again
        return await narrowing.surplus(days.start, days.end, await self._tasks_created(since, days.end))

    async def _add_found(self, narrowing: Narrowing, days: Days, tasks: Sequence[TaskDifference]) -> None:
        neos = await narrowing.reader.total(days.start, days.end)
        self._add(days.first, await self._total_created(days.start, days.end), neos, tasks)

    async def _total_created(self, start: datetime, end: datetime) -> UsageTotal:
        return await self.reconciler.database.read(partial(self._sum_of, start=start, end=end))

    async def _tasks_created(self, start: datetime, end: datetime) -> list[LedgerTask]:
        return await self.reconciler.database.read(partial(tasks_created, start=start, end=end))

    def _sum_of(self, connection: Connection, start: datetime, end: datetime) -> UsageTotal:
        totals = totals_by_day(connection, start, end)
        return sum_of_totals(usage_of(each, self.credits) for each in totals.values())
