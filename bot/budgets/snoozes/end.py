"""The end of a snooze: the highest step that was deferred is notified, if its period still is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.audiences import Audience, OperatorAudience
from bot.budgets.crossings.recorder import crossing_notification
from bot.budgets.crossings.store import NotifiedCrossing, crossed_steps, set_decision
from bot.budgets.keys import BudgetTopic, CrossingKey
from bot.budgets.limits.store import limits, narrowings_of
from bot.budgets.periods import LATE, BudgetPeriod, budget_period, previous_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import BudgetLimit, CrossingDecision
from bot.budgets.snoozes import deferral_store
from bot.budgets.snoozes.deferral_store import WaitingCrossing
from bot.budgets.snoozes.store import EndedSnooze, delete_snooze
from bot.domain.narrowing import TaskNarrowing
from bot.domain.periods import Unit
from bot.outbox.destinations import OperatorDestination
from bot.outbox.live_store import request_edits
from bot.outbox.queries import is_dropped_as_empty, is_enqueued
from bot.outbox.store import NewNotification, enqueue, enqueue_again


@dataclass(frozen=True, slots=True)
class _NotifiedPeriod:
    """A period whose crossings are still notified, and the revision of the subject's limit in it."""

    period: BudgetPeriod
    revision: int | None

    def is_news(self, snooze: EndedSnooze, crossing: WaitingCrossing) -> bool:
        """Return whether a crossing that has waited for the end of a snooze is to be notified.

        Whoever snoozes a budget until its period ends wants to be notified only of late crossings of it.
        """
        is_wanted = crossing.late or snooze.until != self.period.window.end
        return crossing.revision == self.revision and is_wanted


def end_snooze(connection: Connection, snooze: EndedSnooze, policy: BudgetPolicy, now: datetime) -> None:
    """Delete a snooze that is over, and enqueue the highest step of each period that it has deferred."""
    delete_snooze(connection, snooze.id)
    narrowings = narrowings_of(connection, snooze.unit)
    periods = (period for each in narrowings for period in _notified_periods(snooze.unit, policy, now, each))
    cases = [(snooze.subject, period) for period in periods]
    limits_by_case = limits(connection, cases, now)
    notified = {case[1].label: _notified_period(case[1], limits_by_case.get(case)) for case in cases}
    if isinstance(snooze.audience, OperatorAudience):
        _notify_operator(connection, snooze, snooze.audience, notified, now)
    else:
        _notify_audience(connection, snooze, snooze.audience, notified, now)
    request_edits(connection, [BudgetTopic.of(*case) for case in cases])


def _notified_period(period: BudgetPeriod, limit: BudgetLimit | None) -> _NotifiedPeriod:
    return _NotifiedPeriod(period, None if limit is None else limit.revision)


def _notified_periods(unit: Unit, policy: BudgetPolicy, now: datetime, narrowing: TaskNarrowing) -> list[BudgetPeriod]:
    """Return the present period, and the one before as long as late crossings of it are notified."""
    present = budget_period(unit, now, policy.zone, narrowing)
    before = previous_period(present, policy.zone)
    return [present, before] if before.is_notified(now) else [present]


# --- the member's direct messages, or the channel -------------------------------------------------


def _notify_audience(
    connection: Connection,
    snooze: EndedSnooze,
    audience: Audience,
    periods: Mapping[str, _NotifiedPeriod],
    now: datetime,
) -> None:
    waiting = deferral_store.waiting_crossings(connection, snooze.subject, snooze.unit, audience)
    highest = {  # they ascend: the last one of each period stays
        each.label: each for each in waiting if each.label in periods and periods[each.label].is_news(snooze, each)
    }
    for each in waiting:
        if highest.get(each.label) != each:
            _drop(connection, each, audience, _outcome(snooze, each, periods.get(each.label)))
    for each in highest.values():
        deferral_store.end_deferral(connection, each.id, audience)
        crossing = NotifiedCrossing(each.id, snooze.subject, periods[each.label].period, each.step)
        enqueue(connection, [crossing_notification(crossing, audience)], now)


def _outcome(snooze: EndedSnooze, crossing: WaitingCrossing, period: _NotifiedPeriod | None) -> CrossingDecision:
    """Return why a crossing is not notified at the end of a snooze."""
    if period is None or snooze.until == period.period.window.end:
        return CrossingDecision.DROPPED
    return CrossingDecision.LOWER if crossing.revision == period.revision else CrossingDecision.REPLACED


def _drop(connection: Connection, crossing: WaitingCrossing, audience: Audience, outcome: CrossingDecision) -> None:
    """End a deferral without a notification. If no other audience has one either, that decides about the crossing."""
    deferral_store.end_deferral(connection, crossing.id, audience, outcome)
    if not deferral_store.is_waiting(connection, crossing.id) and not is_enqueued(connection, CrossingKey(crossing.id)):
        set_decision(connection, crossing.id, outcome)


# --- an operator's own direct messages ------------------------------------------------------------


def _notify_operator(
    connection: Connection,
    snooze: EndedSnooze,
    audience: OperatorAudience,
    periods: Mapping[str, _NotifiedPeriod],
    now: datetime,
) -> None:
    """Enqueue for an operator the highest step of each period that was left unsent because of their snooze."""
    destination = OperatorDestination(audience.user)
    for each in periods.values():
        crossing = _highest_unsent(connection, snooze, each, destination)
        if crossing is not None:
            topic = BudgetTopic.of(snooze.subject, each.period)
            new = NewNotification(CrossingKey(crossing), destination, topic, each.period.window.end + LATE)
            enqueue_again(connection, new, now)


def _highest_unsent(
    connection: Connection, snooze: EndedSnooze, period: _NotifiedPeriod, destination: OperatorDestination
) -> int | None:
    steps = crossed_steps(connection, snooze.subject, period.period)
    unsent = (
        each.id
        for each in sorted(steps, key=lambda each: each.step, reverse=True)
        if each.revision == period.revision
        and (each.late or snooze.until != period.period.window.end)
        and is_dropped_as_empty(connection, CrossingKey(each.id), destination)
    )
    return next(unsent, None)
