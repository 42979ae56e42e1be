"""What the passing of time brings about: temporary limits end, periods begin, snoozes end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.budgets import rezone
from bot.budgets.begun_periods import BegunPeriods, begun_periods, present_periods, put_begun_periods
from bot.budgets.booked_amounts import BookedAmounts
from bot.budgets.crossing_store import crossed_subjects
from bot.budgets.due_store import due_state
from bot.budgets.keys import BudgetTopic
from bot.budgets.limit_changes import LimitChanges
from bot.budgets.limit_store import expired_budgets, limited_units, outdated_budgets
from bot.budgets.periods import PeriodName, budget_period, named_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.budgets.snooze_end import end_snooze
from bot.budgets.snooze_store import ended_snoozes
from bot.ledger.charge_queries import members_charged_within
from bot.outbox.live_store import request_edits

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reader


@dataclass(frozen=True, slots=True)
class DueBudgets:
    """Applies what is due, inside the transaction that depends on it."""

    changes: LimitChanges

    @property
    def _policy(self) -> BudgetPolicy:
        return self.changes.recorder.policy

    def due(self, reader: "Reader", now: datetime) -> bool:
        """Return whether `apply_due` would change anything now."""
        state = due_state(reader, now)
        if not state.has_budgets:
            return False
        return state.has_ended or begun_periods(reader) != present_periods(now, self._policy.zone)

    def apply_due(self, connection: "Connection", now: datetime, booked_after: BookedAmounts | None = None) -> None:
        """End temporary limits, begin periods, end snoozes. `booked_after` was booked only after these were due."""
        begun, present = begun_periods(connection), present_periods(now, self._policy.zone)
        is_new = begun != present  # also where a clock was set back: limits end with a day
        if is_new and (former := begun.former_zone(self._policy.zone)) is not None:
            request_edits(connection, rezone.move(connection, former, self._policy.zone, now))
            begun = BegunPeriods()  # every period is another one now
        for budget in (*expired_budgets(connection, now), *(outdated_budgets(connection, now) if is_new else ())):
            self.changes.restore(connection, budget, now, booked_after)
        if is_new:
            put_begun_periods(connection, present)
            self._edit_ended(connection, set(begun.names) - set(present.names))
            self._record_begun(connection, begun, now, booked_after)
        for snooze in ended_snoozes(connection, now):
            end_snooze(connection, snooze, self._policy, now)

    def _edit_ended(self, connection: "Connection", names: Iterable[PeriodName]) -> None:
        """Have the live messages of periods that have ended edited."""
        for name in names:
            period = named_period(name, self._policy.zone)
            topics = [BudgetTopic.of(subject, period) for subject in crossed_subjects(connection, period)]
            request_edits(connection, topics)

    def _record_begun(
        self, connection: "Connection", begun: BegunPeriods, now: datetime, booked_after: BookedAmounts | None
    ) -> None:
        """Record the steps passed in periods that begin now; charges may have been booked into them ahead."""
        for unit in limited_units(connection):
            period = budget_period(unit, now, self._policy.zone)
            if period.name not in begun.names:
                cases = [(subject, period) for subject in (*members_charged_within(connection, period.window), TEAM)]
                self.changes.recorder.record(connection, cases, now, None, booked_after)
