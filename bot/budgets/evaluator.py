"""The budget evaluator: records the steps that a booking or the time brings members over, and enqueues their alerts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.budgets import merge, rezone, store
from bot.budgets.keys import BudgetTopic, CrossingKey, LimitKey, SummaryKey
from bot.budgets.rules import (
    DEFAULT,
    LATE,
    MANY,
    STEPS,
    TEAM,
    UNITS,
    Audience,
    BudgetLimit,
    BudgetPeriod,
    CrossingDecision,
    audiences,
    budget_period,
    named_period,
    operator_of,
    passed,
    verdicts,
)
from bot.budgets.store import Case, LimitSetting, NewCrossing, StoredBudget
from bot.database import metadata
from bot.database.reader import plain_rows
from bot.domain.keys import NotificationKey
from bot.domain.periods import Unit
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, to_us
from bot.domain.visibility import Privacy
from bot.outbox.destinations import (
    AlertDestination,
    Destination,
    MemberDestination,
    OperatorDestination,
    OperatorsDestination,
)
from bot.outbox.live_store import live_messages, request_edits
from bot.outbox.store import NewNotification, enqueue, enqueue_again

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reader
    from bot.ledger.booking_result import BookingResult, TaskChange
    from bot.settings.model import Settings

_BEGUN = "budget_periods"  # the note of which periods have begun
_ZONE = "zone="  # what stands before the zone's name in it


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """What every budget rests on."""

    zone: ZoneInfo
    basis: SpendBasis
    steps: tuple[int, ...] = STEPS
    privacy: Privacy = Privacy.NAMED

    @classmethod
    def from_settings(cls, settings: "Settings") -> "BudgetPolicy":
        """Return the policy that the settings ask for."""
        return cls(settings.timezone, settings.spend_basis, settings.budget_steps, settings.alert_privacy)


@dataclass(frozen=True, slots=True)
class _Fresh:
    """What a transaction has just booked: amounts with when they are booked (microseconds), by subject.

    Of what is `history`, a part of it in the same form, nobody is told.
    """

    amounts: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    history: "_Fresh | None" = None

    def within(self, case: Case) -> int:
        subject, span = case
        return sum(nanos for at, nanos in self.amounts.get(subject, ()) if from_us(at) in span.window)


@dataclass(frozen=True, slots=True)
class BudgetEvaluator:
    """Evaluates budgets inside the transaction that changes what they rest on."""

    policy: BudgetPolicy

    def observe(self, connection: "Connection", result: "BookingResult") -> None:
        """Tell what a booking has brought about; to be called by `book`."""
        units = store.any_budget(connection)
        if not units or not result.members:
            return
        history = self._fresh(each for each in result.changes if each.backfill)
        news = self._fresh(each for each in result.changes if not each.backfill) if history.amounts else None
        fresh = replace(self._fresh(result.changes), history=history if history.amounts else None)
        self.apply_due(connection, result.at, fresh)
        if news is not None:  # what is passed by history alone is recorded before what is news is looked at
            cases = self._touched(history, units, result.at)
            self._tell(connection, cases, result.at, CrossingDecision.HISTORY, news)
        self._tell(connection, self._touched(fresh if news is None else news, units, result.at), result.at)

    def _fresh(self, changes: "Iterable[TaskChange]") -> _Fresh:
        amounts: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for change in changes:
            for entry in change.entries:
                part = entry.booked_at, self.policy.basis.spend(entry.platform_nanos, entry.provider_nanos)
                amounts[change.member].append(part)
                amounts[TEAM].append(part)
        return _Fresh(amounts)

    def _touched(self, fresh: _Fresh, units: Collection[Unit], now: datetime) -> set[Case]:
        """The periods that charges fell into: present ones, and those that ended a short while ago."""
        known = [budget_period(unit, now, self.policy.zone) for unit in units]
        spans: dict[int, list[BudgetPeriod]] = {}
        for at, _ in fresh.amounts.get(TEAM, ()):  # which holds all of them
            if at not in spans:
                spans[at] = list(self._told_of(known, units, from_us(at), now))
        return {
            (subject, span) for subject, amounts in fresh.amounts.items() for at, _ in amounts for span in spans[at]
        }

    def _told_of(
        self, known: list[BudgetPeriod], units: Collection[Unit], moment: datetime, now: datetime
    ) -> Iterator[BudgetPeriod]:
        """The periods that hold a moment, if what is passed in them now is still told; each is kept in `known`."""
        for unit in units:
            span = next((span for span in known if span.unit is unit and moment in span.window), None)
            if span is None:
                span = budget_period(unit, moment, self.policy.zone)
                known.append(span)
            if span.window.start <= now < span.window.end + LATE:
                yield span

    # --- evaluation --------------------------------------------------------------------------------

    def _tell(
        self,
        connection: "Connection",
        cases: Collection[Case],
        now: datetime,
        silent: CrossingDecision | None = None,
        fresh: _Fresh | None = None,
    ) -> None:
        """Record the steps that were passed, owe what is to be told of them, and have the messages there are edited."""
        self._record(connection, list(self._passings(connection, cases, now, silent, fresh)), now)
        request_edits(connection, [BudgetTopic.of(*case) for case in cases])

    def _passings(
        self,
        connection: "Connection",
        cases: Collection[Case],
        now: datetime,
        silent: CrossingDecision | None,
        fresh: _Fresh | None = None,
    ) -> Iterator[NewCrossing]:
        """The steps that were passed and are not recorded; without what is `fresh`, if that is to be left out."""
        limits = store.limits(connection, cases, now)
        spent = store.spends(connection, limits, self.policy.basis)
        if fresh is not None:
            spent = {case: nanos - fresh.within(case) for case, nanos in spent.items()}
        reached = {case: passed(limit.nanos, spent[case], self.policy.steps) for case, limit in limits.items()}
        known = store.known(connection, {case: limits[case] for case, steps in reached.items() if steps})
        for case, steps in reached.items():
            recorded = known.get(case, ())
            if any(step not in recorded for step in steps):  # of hundreds touched, few have passed one
                yield NewCrossing(*case, limits[case], spent[case], verdicts(steps, recorded, silent))

    def _record(self, connection: "Connection", passings: Sequence[NewCrossing], now: datetime) -> None:
        if not passings:
            return
        quiet = store.snoozed(connection, now)
        to_tell = store.record(connection, passings, quiet, now)
        enqueue(connection, (owed for row in to_tell for owed in self._owed(*row, quiet)), now)

    def _owed(
        self, key: int, passing: NewCrossing, step: int, quiet: Mapping[tuple[int, Unit], str]
    ) -> Iterator[NewNotification]:
        left_alone = quiet.get((passing.subject, passing.span.unit), "").split()
        for audience in Audience:
            if audience not in left_alone:
                yield from self._owed_to(audience, key, step, passing.subject, passing.span)

    def _owed_to(
        self, audience: Audience, key: int, step: int, subject: int, period: BudgetPeriod
    ) -> Iterator[NewNotification]:
        """What an audience is owed of a crossing: its message in one destination, or nothing."""
        if audience not in audiences(subject, step):
            return
        destination: Destination = AlertDestination(team=subject == TEAM)
        if audience is Audience.DM:
            destination = OperatorsDestination() if subject == TEAM else MemberDestination(subject)
        yield NewNotification(CrossingKey(key), destination, BudgetTopic.of(subject, period), period.window.end + LATE)

    # --- limits that change ------------------------------------------------------------------------

    def set(self, connection: "Connection", setting: LimitSetting, now: datetime) -> int:
        """Set or remove a limit, and tell what follows from it; returns the revision's key."""
        self.apply_due(connection, now)
        span = budget_period(setting.unit, now, self.policy.zone)
        cases = self._concerned(connection, setting.scope, span)
        before = store.limits(connection, cases, now)
        revision = store.write(connection, setting, now)
        moved = self._changed(connection, cases, before, now, SummaryKey(revision))
        request_edits(connection, store.open_requests(connection, setting.scope, setting.unit))
        self._say_in_threads(connection, [case for case in moved if case in before], revision, now)
        return revision

    def _concerned(self, connection: "Connection", scope: int, period: BudgetPeriod) -> list[Case]:
        subjects = store.spenders(connection, period) if scope == DEFAULT else [scope]
        return [(subject, period) for subject in subjects]

    def _changed(  # noqa: PLR0917 - what a change is made of
        self,
        connection: "Connection",
        cases: Sequence[Case],
        before: Mapping[Case, BudgetLimit],
        now: datetime,
        summary: NotificationKey,
        fresh: _Fresh | None = None,
    ) -> list[Case]:
        """A limit was replaced: a raise is silent, a new or lowered one tells the highest step passed.

        Args:
            connection: a transaction of the ledger's.
            cases: whom it may concern.
            before: the limits before.
            now: the moment.
            summary: the key of the one summary that is sent if it concerns many.
            fresh: what was booked only after it.

        Returns:
            The cases whose limit is another now, or gone.
        """
        after = store.limits(connection, cases, now)
        moved = [case for case in cases if after.get(case) != before.get(case)]
        raised = [
            case for case in moved if case in before and case in after and after[case].nanos >= before[case].nanos
        ]
        others = [case for case in moved if case not in raised]
        self._tell(connection, raised, now, CrossingDecision.RAISED, fresh)
        store.arm_again(connection, {case: after[case] for case in others if case in after})
        history = fresh and fresh.history  # which the booking itself records, untold
        found = list(self._passings(connection, others, now, None, history))
        if len(found) > MANY:
            found = list(self._passings(connection, others, now, CrossingDecision.SUMMARY, history))
            enqueue(connection, [NewNotification(summary, AlertDestination())], now)
        self._record(connection, found, now)
        request_edits(connection, [BudgetTopic.of(*case) for case in others])
        return moved

    def _say_in_threads(self, connection: "Connection", cases: Sequence[Case], revision: int, now: datetime) -> None:
        """Where a subject's budget was told of already, its thread hears of the new limit."""
        by_topic = {BudgetTopic.of(*case): case for case in cases}
        for topic, destination in live_messages(connection, by_topic):
            subject, span = by_topic[topic]
            key = LimitKey(revision, subject)
            enqueue(connection, [NewNotification(key, destination, topic, span.window.end + LATE)], now)

    # --- what time brings about ----------------------------------------------------------------------

    def due(self, reader: "Reader", now: datetime) -> bool:
        """Whether `settle` would do anything now."""
        row = reader.one(
            "SELECT EXISTS (SELECT 1 FROM budget WHERE ends_at <= :now)"  # noqa: S608 - our own
            f" OR EXISTS (SELECT 1 FROM snooze WHERE NOT ({store.SNOOZED})), EXISTS (SELECT 1 FROM budget)",
            {"now": to_us(now)},
        )
        if row is None or not row[1]:
            return False
        return bool(row[0]) or metadata.read(reader, _BEGUN) != self._present(now)

    def apply_due(self, connection: "Connection", now: datetime, fresh: _Fresh | None = None) -> None:
        """End limits that were for a while, begin periods, end snoozes; `fresh` was booked after they were due."""
        begun = self._begun(connection)
        anew = begun != self._present(now)  # also where a clock was set back: limits end with a day
        if anew and (zone := self._zone_before(begun)) is not None:
            request_edits(connection, rezone.move(connection, zone, self.policy.zone, now))
            begun = ""  # every period is another one now
        for budget in (*store.ended(connection, now), *(store.astray(connection, now) if anew else ())):
            self._restore(connection, budget, now, fresh)
        if anew:
            self._begin_periods(connection, begun, now, fresh or _Fresh())
        for snooze in store.snoozes_ended(connection, now):
            self._end_snooze(connection, snooze, now)

    def _restore(self, connection: "Connection", budget: StoredBudget, now: datetime, fresh: _Fresh | None) -> None:
        """Put the limit in force that is to hold now, and tell what follows from it."""
        span = budget_period(budget.unit, now, self.policy.zone)
        cases = self._concerned(connection, budget.scope, span)
        before = store.limits(connection, cases, now)
        revision = store.restore(connection, budget, now)
        self._changed(connection, cases, before, now, LimitKey(revision, span.name), fresh)
        request_edits(connection, store.open_requests(connection, budget.scope, budget.unit))

    def _end_snooze(self, connection: "Connection", snooze: store.Ended, now: datetime) -> None:
        spans = {span.label: span for span in self._tellable(snooze.unit, now)}
        cases = [(snooze.subject, span) for span in spans.values()]
        limits = store.limits(connection, cases, now)
        periods = [
            store.Tellable(case[1].label, limits[case].revision if case in limits else None, case[1].window.end)
            for case in cases
        ]
        operator = operator_of(snooze.audience)
        if operator is not None:
            self._end_of_operator(connection, snooze, operator, periods, now)
        else:
            for label, highest in store.release(connection, snooze, periods).items():
                owed = self._owed_to(Audience(snooze.audience), *highest, snooze.subject, spans[label])
                enqueue(connection, owed, now)
        request_edits(connection, [BudgetTopic.of(*case) for case in cases])

    def _tellable(self, unit: Unit, now: datetime) -> Iterator[BudgetPeriod]:
        """The present period, and the one before as long as it is told what came late."""
        present = budget_period(unit, now, self.policy.zone)
        yield present
        before = budget_period(unit, present.window.start - timedelta.resolution, self.policy.zone)
        if now < before.window.end + LATE:
            yield before

    def _end_of_operator(
        self, connection: "Connection", snooze: store.Ended, operator: str, periods: Sequence[store.Tellable],
        now: datetime,
    ) -> None:  # fmt: skip
        """Owe an operator the highest step of each period that their own snooze has kept from them."""
        for period in periods:
            highest = store.release_operator(connection, snooze, period)
            if highest is not None:
                topic = BudgetTopic(snooze.subject, snooze.unit, period.label)
                new = NewNotification(CrossingKey(highest), OperatorDestination(operator), topic, period.end + LATE)
                enqueue_again(connection, new, now)

    def _present(self, now: datetime) -> str:
        """The periods that go on, and by which zone's calendar."""
        names = [budget_period(unit, now, self.policy.zone).name for unit in UNITS]
        return " ".join([*names, f"{_ZONE}{self.policy.zone.key}"])

    def _zone_before(self, begun: str) -> ZoneInfo | None:
        """The zone whose calendar was looked at before, if it is another one."""
        names = [each.removeprefix(_ZONE) for each in begun.split() if each.startswith(_ZONE)]
        if not names or names[0] == self.policy.zone.key:
            return None
        try:
            return ZoneInfo(names[0])
        except (ZoneInfoNotFoundError, ValueError):  # this machine does not know it any more
            return None

    @staticmethod
    def _begun(connection: "Connection") -> str:
        found = plain_rows(connection, "SELECT value FROM note WHERE key = ?", (_BEGUN,))
        return found[0][0] if found else ""

    def _begin_periods(self, connection: "Connection", before: str, now: datetime, fresh: _Fresh) -> None:
        """Charges may have been booked ahead into a period that begins now; what ended is to be shown as ended."""
        present = self._present(now)
        metadata.write(connection, _BEGUN, present)
        for name in set(before.split()) - set(present.split()):
            if name.startswith(_ZONE):
                continue
            unit, _, label = name.partition(":")
            over = named_period(Unit(unit), label, self.policy.zone)
            request_edits(
                connection, [BudgetTopic.of(subject, over) for subject in store.subjects_told(connection, over)]
            )
        for unit in store.any_budget(connection):
            span = budget_period(unit, now, self.policy.zone)
            if span.name not in before.split():
                cases = [(subject, span) for subject in (*store.spenders(connection, span), TEAM)]
                self._tell(connection, cases, now, None, fresh)

    def join(self, connection: "Connection", old: int, new: int, now: datetime) -> None:
        """Two members are one: budgets and what was told are joined, and what both passed together is told."""
        self.apply_due(connection, now)
        merge.join(connection, old, new, now)
        cases = [(new, budget_period(unit, now, self.policy.zone)) for unit in store.any_budget(connection)]
        self._tell(connection, cases, now)

    def forget(self, connection: "Connection", now: datetime) -> None:
        """Amounts were priced again: what was passed by that is recorded, and nobody is told.

        That is so of every period of which a charge could still tell: the present ones, and those that ended of late.
        """
        for unit in store.any_budget(connection):
            for span in self._still_told(unit, now):
                subjects = [*store.spenders(connection, span), TEAM]
                self._tell(connection, [(subject, span) for subject in subjects], now, CrossingDecision.REPRICED)

    def _still_told(self, unit: Unit, now: datetime) -> Iterator[BudgetPeriod]:
        """The periods of a unit in which what is passed now is told, the present one first."""
        span = budget_period(unit, now, self.policy.zone)
        while now < span.window.end + LATE:
            yield span
            span = budget_period(unit, span.window.start - timedelta(microseconds=1), self.policy.zone)
