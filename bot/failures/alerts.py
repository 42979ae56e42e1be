"""Alerts: the notifications that report groups of failures, and the edits of their live messages."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.failures.alert_store import first_groups, stored_groups
from bot.failures.failure_store import failing_tasks
from bot.failures.group_store import group_sizes, mark_reported
from bot.failures.keys import (
    FailureKey,
    FailuresKey,
    FailuresOpenedKey,
    FailuresResolvedKey,
    FailuresTopic,
    ReportedGroups,
)
from bot.failures.listener_store import has_listeners, listeners_among
from bot.failures.rules import CLOSE_AFTER, MOST_ALERTS, MOST_REPLIES, SEND_WITHIN
from bot.ledger.task_queries import tasks_by_id
from bot.outbox.destinations import AlertDestination, MemberDestination
from bot.outbox.live_store import request_edits
from bot.outbox.queries import is_enqueued
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.webhook_queue import NewEvent, enqueue_events


def report_groups(connection: Connection, groups: Sequence[int], now: datetime) -> None:
    """Enqueue the alerts of groups: one for each or, if they are many, one for all with a thread.

    Members who listen for their own failures get the same alert, about their own tasks.
    """
    together = len(groups) > MOST_ALERTS
    first = {group: groups[0] if together else group for group in groups}
    mark_reported(connection, groups, first)
    enqueue(connection, _alerts(connection, groups, first, now), now)
    opened = (NewEvent(FailuresOpenedKey(each), FailuresTopic(each)) for each in dict.fromkeys(first.values()))
    enqueue_events(connection, opened, now)
    _notify(connection, _listeners(connection, groups), first, now)


def notify_listeners(connection: Connection, group: int, first: int, members: Collection[int], now: datetime) -> None:
    """Notify members who listen that tasks of theirs have joined a group, once for each message.

    `first` is the first group of the message that reports the group.
    """
    # only members with new failures: the group may hold years of others'
    pairs = [(group, member) for member in listeners_among(connection, members)]
    _notify(connection, pairs, {group: first}, now)


def report_closed(connection: Connection, first: Iterable[int], now: datetime) -> None:
    """Enqueue the events that the groups of messages are closed, by the first group of each, if all of them are."""
    resolved = [
        NewEvent(FailuresResolvedKey(each), FailuresTopic(each))
        for each in first
        if is_enqueued(connection, FailuresOpenedKey(each))
        and all(group.is_closed for group in stored_groups(connection, ReportedGroups(each, is_first=True)))
    ]
    enqueue_events(connection, resolved, now)


def request_edits_of(connection: Connection, groups: Iterable[int]) -> None:
    """Have the messages that report those groups edited."""
    request_edits(connection, map(FailuresTopic, first_groups(connection, groups)))


def _alerts(
    connection: Connection, groups: Sequence[int], first: Mapping[int, int], now: datetime
) -> Iterator[NewNotification]:
    until = now + CLOSE_AFTER + SEND_WITHIN
    leading = list(dict.fromkeys(first.values()))
    for group in leading:
        yield NewNotification(FailuresKey(group), AlertDestination(), FailuresTopic(group), until)
    if len(leading) < len(groups):
        for group in _largest(connection, groups):
            yield NewNotification(FailureKey(group), AlertDestination(), FailuresTopic(first[group]), until)


def _largest(connection: Connection, groups: Collection[int]) -> list[int]:
    """Return the groups that a thread shows: those with the most tasks, in the order they came."""
    sizes = group_sizes(connection, groups)
    return sorted(sorted(groups, key=lambda group: -sizes.get(group, 0))[:MOST_REPLIES])


def _listeners(connection: Connection, groups: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs of a group and a member who listens and has a task in it that has not recovered."""
    if not has_listeners(connection):
        return []
    failing = failing_tasks(connection, groups)
    tasks = tasks_by_id(connection, {task for _, task in failing})
    listeners = set(listeners_among(connection, {each.member for each in tasks.values()}))
    pairs = {(group, tasks[task].member) for group, task in failing}
    return sorted((group, member) for group, member in pairs if member in listeners)


def _notify(
    connection: Connection, listeners: Iterable[tuple[int, int]], first: Mapping[int, int], now: datetime
) -> None:
    until = now + CLOSE_AFTER + SEND_WITHIN
    enqueue(
        connection,
        (
            NewNotification(FailuresKey(first[group]), MemberDestination(member), FailuresTopic(first[group]), until)
            for group, member in listeners
        ),
        now,
    )
