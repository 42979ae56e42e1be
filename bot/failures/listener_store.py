"""The store of listeners: members who asked to be notified of their own failures."""

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.timestamps import to_us


def set_listening(connection: Connection, member: int, now: datetime, *, on: bool) -> bool:
    """Record whether a member is notified of their own failures from now on; return whether that is new."""
    if on:
        sql = "INSERT OR IGNORE INTO failure_listener (member, since) VALUES (?,?)"
        return bool(connection.exec_driver_sql(sql, (member, to_us(now))).rowcount)
    return bool(connection.exec_driver_sql("DELETE FROM failure_listener WHERE member = ?", (member,)).rowcount)


def is_listening(reads: Connection, member: int) -> bool:
    """Return whether a member is notified of their own failures."""
    return bool(reads.exec_driver_sql("SELECT 1 FROM failure_listener WHERE member = ?", (member,)).all())


_AMONG = "SELECT l.member FROM json_each(?) j CROSS JOIN failure_listener l ON l.member = j.value ORDER BY 1"


def listeners_among(connection: Connection, members: Iterable[int]) -> list[int]:
    """Return those of the members who listen for their own failures."""
    return [row[0] for row in connection.exec_driver_sql(_AMONG, (json.dumps(list(members)),)).all()]


def has_listeners(connection: Connection) -> bool:
    """Return whether anybody is notified of their own failures."""
    return connection.exec_driver_sql("SELECT 1 FROM failure_listener LIMIT 1").first() is not None


def merge_listeners(connection: Connection, old: int, new: int) -> None:
    """Give one member's listening, if any, to another."""
    connection.exec_driver_sql("UPDATE OR IGNORE failure_listener SET member = ? WHERE member = ?", (new, old))
    connection.exec_driver_sql("DELETE FROM failure_listener WHERE member = ?", (old,))
