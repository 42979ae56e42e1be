"""Pruning: notifications and live messages that were over long ago are deleted, some at a time."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.database.prune_step import PruneStep, key_after
from bot.domain.keys import NotificationKey, TopicKey
from bot.domain.timestamps import to_us
from bot.outbox.conditions import statement

RETAIN = timedelta(days=400)  # what was sent a year ago may still be looked up, and its message brought up to date
_NO_END = 2**62  # above every id


@dataclass(frozen=True, slots=True)
class RetainedKeys:
    """What is kept however old it is: live messages by their topics, and notifications by their keys."""

    topics: Collection[TopicKey] = ()
    keys: Collection[NotificationKey] = ()


# of a notification `n`: it is over, nothing is looked for, and no summary that lists it is on its way. The newest
# stays, as SQLite would give its id, which keys are made of, to another one
_OVER = """
n.settled_at < :before AND n.check_at IS NULL AND n.state IN ('sent', 'dead', 'moved', 'missed')
AND n.id < (SELECT max(id) FROM notification) AND n.stem NOT IN (SELECT value FROM json_each(:keys))
AND NOT EXISTS (SELECT 1 FROM notification s CROSS JOIN notification o ON o.stem = s.stem
  WHERE s.id = n.covered_by AND (o.state = 'pending' OR o.state = 'sending' OR o.state = 'unsure'))
"""
_NOTIFICATIONS = statement(
    """
SELECT n.id FROM notification n WHERE n.id > :after AND n.id <= :upto AND n.living IS NULL AND {over}
AND NOT EXISTS (SELECT 1 FROM notification c WHERE c.covered_by = n.id)
""",
    over=_OVER,
)
_LIVE_MESSAGES = statement(
    """
SELECT l.id FROM living l WHERE l.id > :after AND l.id <= :upto AND l.id < (SELECT max(id) FROM living)
AND l.token IS NULL AND (l.wanted <= l.shown OR l.ts IS NULL)
AND l.thing NOT IN (SELECT value FROM json_each(:topics))
AND EXISTS (SELECT 1 FROM notification n WHERE n.living = l.id)
AND NOT EXISTS (SELECT 1 FROM notification n WHERE n.living = l.id AND NOT coalesce({over}, 0))
""",
    over=_OVER,
)


def prune_notifications(connection: Connection, now: datetime, retained: RetainedKeys, after: int) -> PruneStep:
    """Delete notifications without a live message that were over long ago, among those whose ids follow `after`."""
    reached = key_after(connection, "notification", after)
    old = connection.exec_driver_sql(_NOTIFICATIONS, _values(now, retained, after, reached)).all()
    _delete(connection, "DELETE FROM notification WHERE id = ?", old)
    return PruneStep(len(old), reached)


def prune_live_messages(connection: Connection, now: datetime, retained: RetainedKeys, after: int) -> PruneStep:
    """Delete live messages and their threads if all of it was over long ago, among those whose ids follow `after`."""
    reached = key_after(connection, "living", after)
    old = connection.exec_driver_sql(_LIVE_MESSAGES, _values(now, retained, after, reached)).all()
    _delete(connection, "DELETE FROM notification WHERE living = ?", old)
    _delete(connection, "DELETE FROM living WHERE id = ?", old)
    return PruneStep(len(old), reached)


def _values(now: datetime, retained: RetainedKeys, after: int, reached: int | None) -> dict[str, Any]:
    return {
        "before": to_us(now - RETAIN),
        "after": after,
        "upto": _NO_END if reached is None else reached,
        "topics": json.dumps([each.encode() for each in retained.topics]),
        "keys": json.dumps([each.encode() for each in retained.keys]),
    }


def _delete(connection: Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        connection.exec_driver_sql(sql, [(id_,) for (id_,) in rows])
