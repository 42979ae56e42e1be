"""The store of listeners: members who asked to be notified of their own failures."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, exists, select, update

from bot.database.statements import insert
from bot.domain.timestamps import to_us
from bot.failures.tables import failure_listener

_LISTENING = failure_listener.c.member == bindparam("which")
_INSERT = insert(failure_listener).on_conflict_do_nothing().returning(failure_listener.c.member)
_DELETE = delete(failure_listener).where(_LISTENING)
_LISTENER = select(failure_listener.c.member).where(_LISTENING)
_ANY_LISTENER = select(failure_listener.c.member).limit(1)


def set_listening(connection: Connection, member: int, now: datetime, *, on: bool) -> bool:
    """Record whether a member is notified of their own failures from now on; return whether that is new."""
    if on:
        return connection.execute(_INSERT, {"member": member, "since": to_us(now)}).first() is not None
    return bool(connection.execute(_DELETE, {"which": member}).rowcount)


def is_listening(connection: Connection, member: int) -> bool:
    """Return whether a member is notified of their own failures."""
    return connection.execute(_LISTENER, {"which": member}).first() is not None


_AMONG = (
    select(failure_listener.c.member)
    .where(failure_listener.c.member.in_(bindparam("members", expanding=True)))
    .order_by(failure_listener.c.member)
)


def listeners_among(connection: Connection, members: Iterable[int]) -> list[int]:
    """Return those of the members who listen for their own failures."""
    return list(connection.execute(_AMONG, {"members": list(members)}).scalars())


def has_listeners(connection: Connection) -> bool:
    """Return whether anybody is notified of their own failures."""
    return connection.execute(_ANY_LISTENER).first() is not None


_OTHER = failure_listener.alias()
_MOVE = update(failure_listener).where(_LISTENING, ~exists().where(_OTHER.c.member == bindparam("new")))


def merge_listeners(connection: Connection, old: int, new: int) -> None:
    """Give one member's listening, if any, to another."""
    connection.execute(_MOVE, {"which": old, "new": new, "member": new})
    connection.execute(_DELETE, {"which": old})
