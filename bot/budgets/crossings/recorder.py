"""The crossing recorder: finds the steps that were passed, records them, and enqueues their notifications."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.audiences import Audience, SnoozeAudience, audience_destination, crossing_audiences
from bot.budgets.booked_amounts import BookedAmounts
from bot.budgets.crossings.store import NewCrossings, NotifiedCrossing, record_crossings, recorded_steps
from bot.budgets.keys import BudgetTopic, CrossingEventKey, CrossingKey
from bot.budgets.limits.store import limits
from bot.budgets.periods import LATE, Case
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import CrossingDecision, crossing_decisions, reached_steps
from bot.budgets.snoozes.store import snoozed_audiences
from bot.budgets.spend import spends
from bot.outbox.live_store import request_edits
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.webhook_queue import NewEvent, enqueue_events


@dataclass(frozen=True, slots=True)
class CrossingRecorder:
    """Finds, records and enqueues crossings inside the caller's transaction."""

    policy: BudgetPolicy

    def record(
        self,
        connection: Connection,
        cases: Collection[Case],
        now: datetime,
        silence_reason: CrossingDecision | None = None,
        excluded: BookedAmounts | None = None,
    ) -> None:
        """Record the steps passed in those cases, enqueue their notifications, and have live messages edited.

        Args:
            connection: the transaction.
            cases: where steps may have been passed.
            now: the moment.
            silence_reason: why nobody is notified, if so.
            excluded: booked amounts that do not count.
        """
        self.record_and_enqueue(connection, self.new_crossings(connection, cases, now, silence_reason, excluded), now)
        request_edits(connection, [BudgetTopic.of(*case) for case in cases])

    def new_crossings(
        self,
        connection: Connection,
        cases: Collection[Case],
        now: datetime,
        silence_reason: CrossingDecision | None = None,
        excluded: BookedAmounts | None = None,
    ) -> list[NewCrossings]:
        """Return the steps passed in those cases that are not recorded yet. The arguments are those of `record`."""
        limit_of = limits(connection, cases, now)
        spent = spends(connection, limit_of, self.policy.basis)
        if excluded is not None:
            spent = {case: nanos - excluded.within(case) for case, nanos in spent.items()}
        reached = {case: reached_steps(limit.nanos, spent[case], self.policy.steps) for case, limit in limit_of.items()}
        recorded = recorded_steps(connection, {case: limit_of[case] for case, steps in reached.items() if steps})
        return [
            NewCrossings(*case, limit_of[case], spent[case], crossing_decisions(steps, recorded[case], silence_reason))
            for case, steps in reached.items()
            if steps and not recorded[case].issuperset(steps)  # of hundreds of cases few have
        ]

    def record_and_enqueue(self, connection: Connection, crossings: Sequence[NewCrossings], now: datetime) -> None:
        """Record crossings, and enqueue their notifications for all audiences that have not snoozed the budget."""
        if not crossings:
            return
        snoozed = snoozed_audiences(connection, now)
        notified = record_crossings(connection, crossings, snoozed, now)
        new = (
            notification
            for each in notified
            for notification in _notifications(each, snoozed.get((each.subject, each.period.unit), ()))
        )
        enqueue(connection, new, now)
        # no snooze concerns the webhook, which nobody has to read
        enqueue_events(connection, map(_event, notified), now)


def _notifications(crossing: NotifiedCrossing, snoozed: Iterable[SnoozeAudience]) -> Iterator[NewNotification]:
    for audience in crossing_audiences(crossing.subject, crossing.step):
        if audience not in snoozed:
            yield crossing_notification(crossing, audience)


def _event(crossing: NotifiedCrossing) -> NewEvent:
    return NewEvent(CrossingEventKey(crossing.id), BudgetTopic.of(crossing.subject, crossing.period))


def crossing_notification(crossing: NotifiedCrossing, audience: Audience) -> NewNotification:
    """Return the notification of a crossing for one of its audiences."""
    subject, period = crossing.subject, crossing.period
    topic = BudgetTopic.of(subject, period)
    return NewNotification(
        CrossingKey(crossing.id), audience_destination(subject, audience), topic, period.window.end + LATE
    )
