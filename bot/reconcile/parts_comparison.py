"""Parts of Neo's total that it does not sum by day: by person, and the costs of tasks on keys of the team's own.

They are compared on each run of days that agree: a day that differs in total says nothing of its parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from bot.domain.usage_total import NO_USAGE, UsageTotal, agrees, sum_of_totals
from bot.ledger.neo_agreement import Counted, DayDifference, MemberDifference, NeoAgreement, PartDifference
from bot.ledger.neo_totals import LedgerTotal
from bot.neo.summary import Summary
from bot.reconcile.measures import OWN_KEYS, Measure
from bot.reconcile.members_comparison import FoundMembers, MembersComparison
from bot.reconcile.narrowing import Narrowing
from bot.reconcile.own_keys import OwnKeysComparison
from bot.reconcile.rules import BothTotals, Days, runs
from bot.reconcile.upstream import ChangingError, Heal

Key = TypeVar("Key")

_MOST_RUNS = 4  # of days, the longest ones: each takes a request


@dataclass(slots=True)
class FoundParts:
    """What differs by person and in the costs on own keys; both totals where Neo counts these in a way of its own.

    `is_compared`: whether any days could be compared. `members_apart`, `own_keys_apart`: where Neo counts so, as far as
    it was found now or before.
    """

    member_differences: list[MemberDifference] = field(default_factory=list)
    members: dict[str, BothTotals] = field(default_factory=dict)
    own_keys_differences: list[DayDifference] = field(default_factory=list)
    own_keys: dict[Counted, BothTotals] = field(default_factory=dict)
    is_compared: bool = False
    members_apart: PartDifference | None = None
    own_keys_apart: PartDifference | None = None


@dataclass(slots=True)
class PartsComparison:
    """Compares the parts of the total of some days; `heal` reads passes. All raise what these two do.

    `former` is what the last comparison found, which is kept of days that are not compared now; `in_ledger` are the
    ledger's totals. `is_spread`: whether Neo counts tasks when they are executed.
    """

    narrowing: Narrowing
    heal: Heal
    days: Days
    former: NeoAgreement
    in_ledger: Mapping[date, LedgerTotal]
    is_spread: bool
    found: FoundParts = field(default_factory=FoundParts)
    by_person: set[date] = field(default_factory=set)  # days that were compared so
    by_own_keys: set[date] = field(default_factory=set)

    async def run(self, summary: Summary, differing: Sequence[date]) -> FoundParts:
        """Return what differs in the parts of a summary of these days, of which those that differ are not compared."""
        compared: set[date] = set()
        for days in runs(self.days, differing)[:_MOST_RUNS]:
            of_run = summary if days == self.days else await self._summary(days)
            if of_run is not None and agrees(self._ours(days, self.narrowing.ledger.measure), of_run.total):
                compared |= set(days)
                await self._compare_members(days, of_run)
                await self._compare_own_keys(days, of_run)
        self.found.is_compared = bool(compared)
        self._keep_former(set(self.days) - compared)
        self.found.members_apart = self._apart(self.former.members_apart, self.found.members, self.by_person)
        self.found.own_keys_apart = self._apart(self.former.own_keys_apart, self.found.own_keys, self.by_own_keys)
        return self.found

    def _apart(
        self, former: PartDifference | None, found: Mapping[Key, BothTotals], compared: set[date]
    ) -> PartDifference | None:
        """Return where a part differs by now; what was found before is over once all its days were compared."""
        if not found:
            is_over = former is None or set(Days(former.first, former.last)) <= compared
            return None if is_over else former
        now = PartDifference(self.days.first, self.days.last, self.narrowing.now)
        if former is None:
            return now
        return PartDifference(min(former.first, now.first), max(former.last, now.last), former.since)

    async def _summary(self, days: Days) -> Summary | None:
        try:
            return await self.narrowing.neo.summary(days.start, days.end)
        except ChangingError:
            return None

    def _ours(self, days: Days, measure: Measure) -> UsageTotal:
        return sum_of_totals(measure.of_total(total) for day, total in self.in_ledger.items() if day in days)

    def _keep_former(self, days: set[date]) -> None:
        self.found.member_differences += [each for each in self.former.members if each.day in days]
        self._keep_own_keys(days)

    def _keep_own_keys(self, days: set[date]) -> None:
        known = (each for each in self.former.differences if each.counted is not Counted.CREDITS)
        self.found.own_keys_differences += [each for each in known if each.day in days]

    # --- parts ---------------------------------------------------------------------------------------

    async def _compare_members(self, days: Days, summary: Summary) -> None:
        comparison = MembersComparison(self.narrowing, self.heal, days, self.former, is_spread=self.is_spread)
        try:
            found = await comparison.run(summary)
            if summary.by_email is not None:
                self.by_person.update(days)
        except ChangingError:
            found = FoundMembers(comparison.known)
        self.found.member_differences += found.differences
        for email, both in found.otherwise.items():
            _add(self.found.members, email, both)

    async def _compare_own_keys(self, days: Days, summary: Summary) -> None:
        if summary.byok is None:
            self._keep_own_keys(set(days))
            return
        try:
            for counted, measure in OWN_KEYS.items():
                both = self._ours(days, measure), measure.of_summary(summary)
                if not agrees(*both):
                    await self._look_into_own_keys(days, counted, both)
            self.by_own_keys.update(days)
        except ChangingError:
            self._keep_own_keys(set(days) - {each.day for each in self.found.own_keys_differences})

    async def _look_into_own_keys(self, days: Days, counted: Counted, both: BothTotals) -> None:
        """Record the days on which a cost differs, unless another one does there."""
        narrowing = self.narrowing.by(OWN_KEYS[counted])
        differing = None
        if not self.former.own_keys_apart:
            comparison = OwnKeysComparison(narrowing, self.heal, self.days.last, is_spread=self.is_spread)
            differing = await comparison.differing(days)
        if differing is None:
            _add(self.found.own_keys, counted, both)
        known = {each.day for each in self.found.own_keys_differences}
        self.found.own_keys_differences += [
            DayDifference(each.day, each.ours, each.neos, narrowing.now, each.tasks, counted)
            for each in differing or ()
            if each.day not in known
        ]


def _add(totals: dict[Key, BothTotals], key: Key, both: BothTotals) -> None:
    ours, neos = totals.get(key, (NO_USAGE, NO_USAGE))
    totals[key] = ours + both[0], neos + both[1]
