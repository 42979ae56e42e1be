"""Changes of limits: a limit is set or comes back into force, with all that follows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection

from bot.budgets import narrowed_totals
from bot.budgets.booked_amounts import BookedAmounts
from bot.budgets.crossings.recorder import CrossingRecorder
from bot.budgets.crossings.store import delete_replaced
from bot.budgets.keys import BudgetTopic, LimitKey, SummaryKey
from bot.budgets.limits.revision_store import LimitSetting, append_revision, restore_limit
from bot.budgets.limits.store import BudgetIdentity, StoredBudget, limits
from bot.budgets.periods import LATE, BudgetPeriod, Case, budget_period
from bot.budgets.requests.store import open_topics_of
from bot.budgets.rules import DEFAULT, MANY, BudgetLimit, CrossingDecision
from bot.domain.keys import NotificationKey
from bot.ledger.charge_queries import members_charged_within
from bot.outbox.destinations import AlertDestination
from bot.outbox.live_store import live_messages, request_edits
from bot.outbox.store import NewNotification, enqueue


@dataclass(frozen=True, slots=True)
class _LimitChange:
    """A change of limits.

    `cases` are those that it may concern, `before` their former limits, `summary` the key of the one notification
    that is sent if it concerns many, and `booked_after` what was booked only after it.
    """

    cases: Sequence[Case]
    before: Mapping[Case, BudgetLimit]
    summary: NotificationKey
    booked_after: BookedAmounts | None = None


@dataclass(frozen=True, slots=True)
class LimitEffects:
    """Changes limits inside a transaction in which everything due was applied before."""

    recorder: CrossingRecorder

    def apply_settings(self, connection: Connection, settings: Sequence[LimitSetting], now: datetime) -> list[int]:
        """Set or remove limits, and enqueue what follows once all of them are in force. Returns the revisions' ids.

        Of several limits for one budget the last one is in force, unless it ends.
        """
        concerned = {
            setting.budget: self._concerned(connection, setting.scope, self._present_period(setting, now))
            for setting in settings
        }
        left = {*chain.from_iterable(concerned.values())}
        before = limits(connection, left, now)
        revisions = [append_revision(connection, setting, now) for setting in settings]
        _keep_totals(connection, settings, now)
        last = {setting.budget: revision for setting, revision in zip(settings, revisions, strict=True)}
        for budget in sorted(last, key=lambda each: each.scope == DEFAULT):  # first those that come before the default
            cases = [case for case in concerned[budget] if case in left]
            left -= {*cases}
            changed = self._follow_up(connection, _LimitChange(cases, before, SummaryKey(last[budget])), now)
            _edit_requests(connection, budget)
            _enqueue_in_threads(connection, [case for case in changed if case in before], last[budget], now)
        return revisions

    def apply_end(
        self, connection: Connection, budget: StoredBudget, now: datetime, booked_after: BookedAmounts | None
    ) -> None:
        """Put the limit in force that follows one that has ended, and enqueue what follows from that."""
        period = self._present_period(budget, now)
        cases = self._concerned(connection, budget.scope, period)
        before = limits(connection, cases, now)
        revision = restore_limit(connection, budget, now)
        change = _LimitChange(cases, before, LimitKey(revision, period.name), booked_after)
        self._follow_up(connection, change, now)
        _edit_requests(connection, budget.identity)

    def _present_period(self, budget: LimitSetting | StoredBudget, now: datetime) -> BudgetPeriod:
        return budget_period(budget.unit, now, self.recorder.policy.zone, budget.narrowing)

    @staticmethod
    def _concerned(connection: Connection, scope: int, period: BudgetPeriod) -> list[Case]:
        subjects = members_charged_within(connection, period.window) if scope == DEFAULT else [scope]
        return [(subject, period) for subject in subjects]

    def _follow_up(self, connection: Connection, change: _LimitChange, now: datetime) -> list[Case]:
        """Record the steps passed: silently for a raise; of a new or lowered limit, the highest is notified.

        Returns:
            The cases whose limit was changed or removed.
        """
        after = limits(connection, change.cases, now)
        changed = [case for case in change.cases if after.get(case) != change.before.get(case)]
        raised = [case for case in changed if _is_not_lowered(change.before.get(case), after.get(case))]
        others = [case for case in changed if case not in raised]
        self.recorder.record(connection, raised, now, CrossingDecision.RAISED, change.booked_after)
        delete_replaced(connection, {case: after[case] for case in others if case in after})
        self._record_or_summarize(connection, others, change, now)
        request_edits(connection, [BudgetTopic.of(*case) for case in others])
        return changed

    def _record_or_summarize(
        self, connection: Connection, cases: Collection[Case], change: _LimitChange, now: datetime
    ) -> None:
        """Record the steps passed, each with its notification or, if there are many, with one summary."""
        history = change.booked_after and change.booked_after.history  # which the booking itself records silently
        crossings = self.recorder.new_crossings(connection, cases, now, None, history)
        if len(crossings) > MANY:
            crossings = self.recorder.new_crossings(connection, cases, now, CrossingDecision.SUMMARY, history)
            enqueue(connection, [NewNotification(change.summary, AlertDestination())], now)
        self.recorder.record_and_enqueue(connection, crossings, now)


def _is_not_lowered(before: BudgetLimit | None, after: BudgetLimit | None) -> bool:
    return before is not None and after is not None and after.nanos >= before.nanos


def _keep_totals(connection: Connection, settings: Iterable[LimitSetting], now: datetime) -> None:
    """Have what a member or the team spends on some tasks summed once they have a budget that counts these."""
    for each in settings:
        if each.narrowing and each.scope != DEFAULT:  # whom a default applies to is seen when they spend
            narrowed_totals.keep(connection, each.narrowing, each.scope, now)


def _edit_requests(connection: Connection, budget: BudgetIdentity) -> None:
    """Have the open requests edited that show the limit of a budget; all of them are for budgets that count all."""
    if not budget.narrowing:
        request_edits(connection, open_topics_of(connection, budget.scope, budget.unit))


def _enqueue_in_threads(connection: Connection, cases: Sequence[Case], revision: int, now: datetime) -> None:
    """Enqueue the new limit for the threads of the cases' live messages."""
    by_topic = {BudgetTopic.of(*case): case for case in cases}
    for topic, destination in live_messages(connection, by_topic):
        subject, period = by_topic[topic]
        new = NewNotification(LimitKey(revision, subject), destination, topic, period.window.end + LATE)
        enqueue(connection, [new], now)
