"""Joined members: the budgets of one, and what was told of them, become the other's."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.budgets.keys import BudgetTopic, CrossingKey, RequestTopic
from bot.budgets.rules import UNITS
from bot.budgets.store import LimitSetting, StoredBudget, stored_budget, write
from bot.domain.timestamps import optional_from_us, to_us
from bot.outbox.amendments import merge_topics, redirect, withdraw
from bot.outbox.destinations import MemberDestination
from bot.outbox.live_store import request_edits, topics_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MERGED = "two e-mails became one member"
_SAID_ALREADY = "the same is told to them already"


def join(connection: "Connection", old: int, new: int, now: datetime) -> None:
    """Make a member's budgets, and what was told about them, another's; where both have a limit, the other's stays."""
    connection.exec_driver_sql("UPDATE OR IGNORE budget SET scope = ? WHERE scope = ?", (new, old))
    for unit in UNITS:
        _join_limits(connection, stored_budget(connection, old, unit), stored_budget(connection, new, unit), now)
    for table in ("crossing", "snooze", "acknowledgement"):
        connection.exec_driver_sql(f"UPDATE OR IGNORE {table} SET subject = ? WHERE subject = ?", (new, old))  # noqa: S608 - our own names
    connection.exec_driver_sql("DELETE FROM snooze WHERE subject = ?", (old,))
    _join_requests(connection, old, new, now)
    _join_messages(connection, old, new, now)


def _join_requests(connection: "Connection", old: int, new: int, now: datetime) -> None:
    """Of two that are open for one period, the one that was made later goes on."""
    rows = connection.exec_driver_sql(
        "SELECT a.id FROM budget_request a JOIN budget_request b ON b.unit = a.unit AND b.state = 'open'"
        " AND b.id <> a.id AND (b.asked_at > a.asked_at OR (b.asked_at = a.asked_at AND b.id > a.id))"
        " WHERE a.state = 'open' AND a.member IN (?,?) AND b.member IN (?,?)",
        (old, new, old, new),
    ).all()
    for (key,) in rows:
        connection.exec_driver_sql(
            "UPDATE budget_request SET state = 'replaced', decided_by = asked_by, decided_at = ? WHERE id = ?",
            (to_us(now), key),
        )
    request_edits(connection, [RequestTopic(key) for (key,) in rows])
    connection.exec_driver_sql("UPDATE budget_request SET member = ? WHERE member = ?", (new, old))


def _join_limits(
    connection: "Connection", theirs: StoredBudget | None, own: StoredBudget | None, now: datetime
) -> None:
    """The old one's limits end; where the other has none, they are the other's, with the steps that were passed."""
    if theirs is None or own is None or theirs.limit_nanos is None:
        return
    for revision, nanos, ends_at, why in _to_come(connection, theirs.id, now) if own.limit_nanos is None else ():
        reason = f"{_MERGED}: {why}" if why else _MERGED
        until = optional_from_us(ends_at)
        copy = write(connection, LimitSetting(own.scope, own.unit, nanos, "terminal", reason, until), now)
        connection.exec_driver_sql(
            "UPDATE crossing SET revision = ? WHERE revision = ? AND subject = ?", (copy, revision, theirs.scope)
        )
    write(connection, LimitSetting(theirs.scope, theirs.unit, None, "terminal", _MERGED), now)


def _to_come(connection: "Connection", budget: int, now: datetime) -> Sequence[Sequence[Any]]:
    """The limit of a budget that is for good, if there is one, and those for a while that were set over it."""
    return connection.exec_driver_sql(
        "SELECT id, limit_nanos, ends_at, reason FROM budget_revision WHERE budget = :b"
        " AND (ends_at IS NULL OR ends_at > :now) AND id >= (SELECT coalesce(max(id), 0) FROM budget_revision"
        " WHERE budget = :b AND ends_at IS NULL) ORDER BY id",
        {"b": budget, "now": to_us(now)},
    ).all()


def _join_messages(connection: "Connection", old: int, new: int, now: datetime) -> None:
    """Messages there are become the other's, and so does what is owed; where both have one, the other's goes on."""
    topics = {
        topic: replace(topic, subject=new) for topic in topics_of(connection, BudgetTopic) if topic.subject == old
    }
    merge_topics(connection, topics, MemberDestination(old), MemberDestination(new))
    redirect(connection, MemberDestination(old), MemberDestination(new), _SAID_ALREADY, now)
    rows = connection.exec_driver_sql("SELECT id FROM crossing WHERE subject = ?", (old,)).all()
    withdraw(connection, [CrossingKey(key) for (key,) in rows], _SAID_ALREADY, now)
