"""The budget evaluator: applies what bookings, new limits, merged members and repricing mean for budgets."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.budgets import narrowed_totals
from bot.budgets.booked_amounts import BookedAmounts, booked_amounts, moved_amounts
from bot.budgets.crossings.recorder import CrossingRecorder
from bot.budgets.due_work import DueWork
from bot.budgets.limits.effects import LimitEffects
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.limits.store import (
    StoredBudget,
    has_narrowed_budgets,
    limited_kinds,
    limited_units,
    narrowed_budgets,
)
from bot.budgets.narrowed_cases import touched_cases
from bot.budgets.periods import BudgetPeriod, Case, budget_period, notified_periods
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM, CrossingDecision
from bot.budgets.upkeep.member_merge import merge_budgets
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us
from bot.ledger.charge_queries import members_charged_within

if TYPE_CHECKING:
    from bot.ledger.booking_result import BookingResult


class BudgetEvaluator:
    """Evaluates budgets inside the transaction that changes spend or limits."""

    def __init__(self, policy: BudgetPolicy) -> None:
        self.policy = policy
        self._recorder = CrossingRecorder(policy)
        self._effects = LimitEffects(self._recorder)
        self.due_work = DueWork(self._effects)

    def set_limit(self, connection: Connection, setting: LimitSetting, now: datetime) -> int:
        """Set or remove a limit, and enqueue what follows from it. Returns the revision's id."""
        return self.set_limits(connection, [setting], now)[-1]

    def set_limits(self, connection: Connection, settings: Sequence[LimitSetting], now: datetime) -> list[int]:
        """Set or remove several limits, and enqueue what follows from all of them. Returns the revisions' ids."""
        self.due_work.apply_due(connection, now)
        return self._effects.apply_settings(connection, settings, now)

    def merge_members(self, connection: Connection, old: int, new: int, now: datetime) -> None:
        """Move the budgets of member `old` to `new`, and record the steps that their joint spend has passed."""
        narrowed_totals.forget(connection, [old, new])
        self.due_work.apply_due(connection, now)
        merge_budgets(connection, old, new, now)
        zone = self.policy.zone
        cases = [(new, budget_period(unit, now, zone, narrowing)) for unit, narrowing in limited_kinds(connection)]
        self._recorder.record(connection, cases, now)

    def record_repricing(self, connection: Connection, now: datetime) -> None:
        """Record the steps that repricing has passed, without notifying anybody.

        This covers every period whose crossings are still notified.
        """
        narrowed_totals.forget_all(connection)
        for unit, narrowing in limited_kinds(connection):
            for period in notified_periods(unit, now, self.policy.zone, narrowing):
                subjects = [*members_charged_within(connection, period.window), TEAM]
                cases = [(subject, period) for subject in subjects]
                self._recorder.record(connection, cases, now, CrossingDecision.REPRICED)

    # --- bookings ----------------------------------------------------------------------------------

    def record_booking(self, connection: Connection, result: "BookingResult") -> None:
        """Record and enqueue the crossings that a booking has caused. Called inside the booking transaction."""
        units, changes, now = limited_units(connection), result.changes, result.at
        # what a narrowed budget counts may change without any charge, as when a task fails
        is_narrowed = bool(changes) and has_narrowed_budgets(connection)
        if not is_narrowed and not (units and result.members):
            return
        moved = moved_amounts(connection, changes) if is_narrowed else {}
        booked = booked_amounts(changes, self.policy.basis, moved)
        budgets = narrowed_budgets(connection, {*booked.members(), TEAM, DEFAULT}) if is_narrowed else []
        narrowed_totals.add(connection, booked, budgets, now)
        history = [each for each in changes if each.backfill and each.entries]
        if not history:
            self.due_work.apply_due(connection, now, booked)
            self._recorder.record(connection, self._touched(booked, units, budgets, now), now)
            return
        news = [each for each in changes if not each.backfill]
        booked_history = booked_amounts(history, self.policy.basis)
        booked_news = booked_amounts(news, self.policy.basis, moved)  # what was known before is no history
        self.due_work.apply_due(connection, now, replace(booked, history=booked_history))
        # what history alone has passed is recorded silently before the news is evaluated
        cases = self._touched(booked_history, units, budgets, now)
        self._recorder.record(connection, cases, now, CrossingDecision.HISTORY, booked_news)
        self._recorder.record(connection, self._touched(booked_news, units, budgets, now), now)

    def _touched(
        self, booked: BookedAmounts, units: Collection[Unit], budgets: Sequence[StoredBudget], now: datetime
    ) -> list[Case]:
        """Return the cases that a booking has changed the spend of, of periods whose crossings are still notified.

        Those of budgets of all tasks come first, in the order of what was booked, then those of narrowed `budgets`.
        """
        known = [budget_period(unit, now, self.policy.zone) for unit in units]
        periods = {at: list(self._notified_periods(known, units, from_us(at), now)) for at in booked.moments()}
        cases = (
            (subject, period)
            for subject, amounts in booked.amounts.items()
            for at in dict.fromkeys(each.at for each in amounts)
            for period in periods[at]
        )
        return [*dict.fromkeys(cases), *touched_cases(booked, budgets, self.policy.zone, now)]

    def _notified_periods(
        self, known: list[BudgetPeriod], units: Collection[Unit], moment: datetime, now: datetime
    ) -> Iterator[BudgetPeriod]:
        """Yield the periods that hold a moment and whose crossings are still notified. Adds new ones to `known`."""
        for unit in units:
            period = next((each for each in known if each.unit is unit and moment in each.window), None)
            if period is None:
                period = budget_period(unit, moment, self.policy.zone)
                known.append(period)
            if period.window.start <= now and period.is_notified(now):
                yield period
