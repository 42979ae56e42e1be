"""What the passing of time brings about: temporary limits end, periods begin, snoozes end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, bindparam, exists, or_, select

from bot.budgets import narrowed_totals, tables
from bot.budgets.booked_amounts import BookedAmounts
from bot.budgets.crossings.store import crossed_subjects
from bot.budgets.keys import BudgetTopic
from bot.budgets.limits.effects import LimitEffects
from bot.budgets.limits.store import expired_budgets, limited_kinds, narrowings_of, outdated_budgets
from bot.budgets.periods import UNITS, PeriodName, budget_period, named_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.budgets.snoozes.end import end_snooze
from bot.budgets.snoozes.store import IS_ENDED, ended_snoozes, ending_moment
from bot.budgets.upkeep import time_zone_change
from bot.database import metadata
from bot.domain.timestamps import from_us, to_us
from bot.ledger.charge_queries import members_charged_within
from bot.ledger.quarter_hour_totals import QUARTER_US
from bot.outbox.live_store import request_edits

_KEY = "budget_periods"
_ZONE = "zone="


@dataclass(frozen=True, slots=True)
class BegunPeriods:
    """The names of the periods in progress, and the time zone of their calendar ("" if it is unknown)."""

    names: tuple[PeriodName, ...] = ()
    zone: str = ""

    def encode(self) -> str:
        """Return the names and `zone=<zone>`, separated by spaces."""
        zone = [f"{_ZONE}{self.zone}"] if self.zone else []
        return " ".join([*(name.encode() for name in self.names), *zone])

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the periods that a string stands for. Raises MalformedKeyError if it names none."""
        parts = text.split()
        zones = [part.removeprefix(_ZONE) for part in parts if part.startswith(_ZONE)]
        names = tuple(PeriodName.decode(part) for part in parts if not part.startswith(_ZONE))
        return cls(names, zones[0] if zones else "")

    def former_zone(self, present: ZoneInfo) -> ZoneInfo | None:
        """Return the time zone if it is known and not the present one."""
        if self.zone in {"", present.key}:
            return None
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):  # this machine does not know it any more
            return None


def present_periods(now: datetime, zone: ZoneInfo) -> BegunPeriods:
    """Return the periods in progress."""
    # each day begins on a quarter of an hour; asked every second, the calendar is looked at once in a quarter
    return _periods_at(to_us(now) // QUARTER_US, zone)


@lru_cache(maxsize=8)
def _periods_at(quarter: int, zone: ZoneInfo) -> BegunPeriods:
    start = from_us(quarter * QUARTER_US)
    return BegunPeriods(tuple(budget_period(unit, start, zone).name for unit in UNITS), zone.key)


def put_begun_periods(connection: Connection, periods: BegunPeriods) -> None:
    """Record the periods that the ledger is evaluated in."""
    metadata.write(connection, _KEY, periods.encode())


_HAS_LIMIT_ENDED = exists().where(tables.budget.c.ends_at <= bindparam("now"))
_HAS_SNOOZE_ENDED = exists().select_from(tables.snooze).where(IS_ENDED)
_DUE = select(
    exists().select_from(tables.budget).label("has_budgets"),
    or_(_HAS_LIMIT_ENDED, _HAS_SNOOZE_ENDED).label("has_ended"),
    metadata.value_of(_KEY).label("begun"),
)


class DueState(NamedTuple):
    """What is due at a moment.

    Whether there is, or ever was, a budget; whether a temporary limit or a snooze is over; and the periods that the
    ledger was last evaluated in, encoded ("" if it never was).
    """

    has_budgets: bool
    has_ended: bool
    begun: str

    def is_outside(self, periods: BegunPeriods) -> bool:
        """Return whether the ledger was last evaluated in other periods than those."""
        return self.begun != periods.encode() and BegunPeriods.decode(self.begun) != periods


def due_state(connection: Connection, now: datetime) -> DueState:
    """Return what is due at a moment, read by one statement: that is asked every second."""
    has_budgets, has_ended, begun = connection.execute(_DUE, ending_moment(now)).one()
    return DueState(bool(has_budgets), bool(has_ended), begun or "")


@dataclass(frozen=True, slots=True)
class DueWork:
    """Applies what is due, inside the transaction that depends on it."""

    effects: LimitEffects

    @property
    def _policy(self) -> BudgetPolicy:
        return self.effects.recorder.policy

    def due(self, connection: Connection, now: datetime) -> bool:
        """Return whether `apply_due` would change anything now."""
        state = due_state(connection, now)
        if not state.has_budgets:
            return False
        present = present_periods(now, self._policy.zone)
        return state.has_ended or state.is_outside(present)

    def apply_due(self, connection: Connection, now: datetime, booked_after: BookedAmounts | None = None) -> None:
        """End temporary limits, begin periods, end snoozes. `booked_after` was booked only after these were due."""
        state, present = due_state(connection, now), present_periods(now, self._policy.zone)
        is_new = state.is_outside(present)  # also where a clock was set back: limits end with a day
        if not is_new and not state.has_ended:
            return
        begun = BegunPeriods.decode(state.begun)
        if is_new and (former := begun.former_zone(self._policy.zone)) is not None:
            request_edits(connection, time_zone_change.move_periods(connection, former, self._policy.zone, now))
            begun = BegunPeriods()  # every period is another one now
        for budget in (*expired_budgets(connection, now), *(outdated_budgets(connection, now) if is_new else ())):
            self.effects.apply_end(connection, budget, now, booked_after)
        if is_new:
            put_begun_periods(connection, present)
            narrowed_totals.prune(connection, now)
            self._edit_ended(connection, set(begun.names) - set(present.names))
            self._record_begun(connection, begun, now, booked_after)
        for snooze in ended_snoozes(connection, now):
            end_snooze(connection, snooze, self._policy, now)

    def _edit_ended(self, connection: Connection, names: Iterable[PeriodName]) -> None:
        """Have the live messages of periods that have ended edited."""
        narrowed = [name.narrowed(each) for name in names for each in narrowings_of(connection, name.unit)]
        for period in (named_period(name, self._policy.zone) for name in narrowed):
            topics = [BudgetTopic.of(subject, period) for subject in crossed_subjects(connection, period)]
            request_edits(connection, topics)

    def _record_begun(
        self, connection: Connection, begun: BegunPeriods, now: datetime, booked_after: BookedAmounts | None
    ) -> None:
        """Record the steps passed in periods that begin now; charges may have been booked into them ahead."""
        for unit, narrowing in limited_kinds(connection):
            period = budget_period(unit, now, self._policy.zone, narrowing)
            if PeriodName(unit, period.days) not in begun.names:
                cases = [(subject, period) for subject in (*members_charged_within(connection, period.window), TEAM)]
                self.effects.recorder.record(connection, cases, now, None, booked_after)
