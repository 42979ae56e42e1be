"""Merged members: the budgets of one, and what was notified about them, become the other's."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.acknowledgements.store import move_acknowledgements
from bot.budgets.crossings.store import crossing_ids, move_crossings, move_revision
from bot.budgets.forecasts.store import alert_ids, move_alerts
from bot.budgets.keys import BudgetTopic, CrossingKey, ForecastKey, ForecastTopic
from bot.budgets.limits.revision_store import LimitSetting, append_revision, lasting_revisions
from bot.budgets.limits.store import BudgetIdentity, StoredBudget, move_budgets, narrowed_units, stored_budget
from bot.budgets.periods import UNITS
from bot.budgets.requests.store import merge_requests
from bot.budgets.snoozes.store import move_snoozes
from bot.domain.narrowing import ALL_TASKS
from bot.outbox.amendments import merge_topics, redirect, withdraw
from bot.outbox.destinations import MemberDestination
from bot.outbox.live_store import request_edits, topics_of

_MERGED = "two e-mails became one member"
_NOTIFIED_ALREADY = "the same is told to them already"


def merge_budgets(connection: Connection, old: int, new: int, now: datetime) -> None:
    """Move the budgets, crossings, alerts and requests of member `old` to `new`, who keeps limits of their own."""
    move_budgets(connection, old, new)
    for unit, narrowing in [*((unit, ALL_TASKS) for unit in UNITS), *narrowed_units(connection)]:
        theirs, own = (stored_budget(connection, BudgetIdentity(each, unit, narrowing)) for each in (old, new))
        _merge_limits(connection, theirs, own, now)
    move_crossings(connection, old, new)
    forecasts = [ForecastTopic(each) for each in alert_ids(connection, old)]
    move_alerts(connection, old, new)
    move_snoozes(connection, old, new)
    move_acknowledgements(connection, old, new)
    request_edits(connection, merge_requests(connection, old, new, now))
    merge_topics(
        connection, dict(zip(forecasts, forecasts, strict=True)), MemberDestination(old), MemberDestination(new)
    )
    request_edits(connection, forecasts)
    _merge_messages(connection, old, new, now)


def _merge_limits(connection: Connection, theirs: StoredBudget | None, own: StoredBudget | None, now: datetime) -> None:
    """End the limits of the old member; where the new one has none, they take them over with their crossings."""
    if theirs is None or own is None or theirs.limit_nanos is None:
        return
    if own.limit_nanos is None:
        _copy_limits(connection, theirs, own.scope, now)
    removal = LimitSetting(theirs.scope, theirs.unit, None, "terminal", _MERGED, narrowing=theirs.narrowing)
    append_revision(connection, removal, now)


def _copy_limits(connection: Connection, budget: StoredBudget, scope: int, now: datetime) -> None:
    for each in lasting_revisions(connection, budget.id, now):
        reason = f"{_MERGED}: {each.reason}" if each.reason else _MERGED
        setting = LimitSetting(scope, budget.unit, each.nanos, "terminal", reason, each.ends_at, budget.narrowing)
        move_revision(connection, budget.scope, each.id, append_revision(connection, setting, now))


def _merge_messages(connection: Connection, old: int, new: int, now: datetime) -> None:
    """Move live messages and waiting notifications to the new member, who keeps messages of their own."""
    topics = {
        topic: replace(topic, subject=new) for topic in topics_of(connection, BudgetTopic) if topic.subject == old
    }
    merge_topics(connection, topics, MemberDestination(old), MemberDestination(new))
    redirect(connection, MemberDestination(old), MemberDestination(new), _NOTIFIED_ALREADY, now)
    withdraw(connection, map(CrossingKey, crossing_ids(connection, old)), _NOTIFIED_ALREADY, now)
    withdraw(connection, map(ForecastKey, alert_ids(connection, old)), _NOTIFIED_ALREADY, now)
