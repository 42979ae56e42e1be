"""The history of charges: what was charged to whom, in the order in which it was read."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, case, literal_column, or_, select

from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import to_us
from bot.ledger.charge_queries import Rows
from bot.ledger.expressions import nanos_of, none_of
from bot.ledger.members import nameless_ids
from bot.ledger.rules import EntryKind
from bot.ledger.tables import charge

HistoricCharge = tuple[int, int, int, int]
"""The subject's id, when it was booked and when it counts as read (microseconds), and its nanos."""

_LATE_US = bindparam("late_us", type_=BigInteger)
_DELAY = charge.c.observed_at - charge.c.booked_at
# a corrected price counts from the beginning, and what was read long afterwards as if it had been read in time
_READ_AT = case(
    (
        or_(charge.c.kind == EntryKind.REPRICED.value, literal_column("0") > _DELAY, _DELAY > _LATE_US),
        charge.c.booked_at,
    ),
    else_=charge.c.observed_at,
).label("read_at")
_IN_WINDOW = (charge.c.booked_at >= bindparam("low")) & (charge.c.booked_at < bindparam("high"))
_IN_ORDER: tuple[ColumnElement[Any], ...] = (literal_column("read_at"), charge.c.id)


def _history(subject: ColumnElement[int], basis: SpendBasis) -> Rows:
    nanos = nanos_of(charge, basis)
    return select(subject, charge.c.booked_at, _READ_AT, nanos).where(_IN_WINDOW, nanos != literal_column("0"))


_TEAM = literal_column("0", BigInteger)
_OF_TEAM = {basis: _history(_TEAM, basis).order_by(*_IN_ORDER) for basis in SpendBasis}
_OF_MEMBERS = {
    basis: _history(charge.c.member, basis)
    .where(none_of(charge.c.member, "nameless"))
    .order_by(charge.c.member, *_IN_ORDER)
    for basis in SpendBasis
}
_OF_MEMBER = {
    basis: _history(charge.c.member, basis).where(charge.c.member == bindparam("of_member")).order_by(*_IN_ORDER)
    for basis in SpendBasis
}


def team_history(
    connection: Connection, window: Window, basis: SpendBasis, late: timedelta
) -> Sequence[HistoricCharge]:
    """Return the charges of everybody that were booked in a window, as those of the subject 0, in order of reading.

    What was read more than `late` after it was booked counts as read when it was booked.
    """
    return _rows(connection, _OF_TEAM[basis], window, late)


def members_history(
    connection: Connection, window: Window, basis: SpendBasis, late: timedelta
) -> Sequence[HistoricCharge]:
    """Return the same of each member after the other, but for removed ones and tasks without an e-mail."""
    return _rows(connection, _OF_MEMBERS[basis], window, late, nameless=nameless_ids(connection))


def member_history(
    connection: Connection, member: int, window: Window, basis: SpendBasis, late: timedelta
) -> Sequence[HistoricCharge]:
    """Return the same of one member."""
    return _rows(connection, _OF_MEMBER[basis], window, late, of_member=member)


def _rows(
    connection: Connection, statement: Rows, window: Window, late: timedelta, **values: object
) -> Sequence[HistoricCharge]:
    late_us = late // timedelta(microseconds=1)
    ends = {"low": to_us(window.start), "high": to_us(window.end), "late_us": late_us}
    found: Sequence[Any] = connection.execute(statement, ends | values).all()  # of tuples
    return found
