"""The history of charges: what was charged to whom, in the order in which it was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, bindparam, case, literal_column, or_, select

from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import to_us
from bot.ledger.charge_queries import Rows
from bot.ledger.expressions import nanos_of, none_of
from bot.ledger.members import nameless_ids
from bot.ledger.narrowed_tasks import NarrowingForm, values_of
from bot.ledger.rules import EntryKind
from bot.ledger.tables import charge

HistoricCharge = tuple[int, int, int, int]
"""The subject's id, when it was booked and when it counts as read (microseconds), and its nanos."""

_DELAY = charge.c.observed_at - charge.c.booked_at
_IS_LATE = bindparam("late_us", type_=BigInteger) < _DELAY
_IS_OF_BEFORE = and_(_IS_LATE, charge.c.booked_at < bindparam("begun_us", type_=BigInteger))
# a corrected price counts from the beginning, and what is older than the ledger as if it had been read in time
_READ_AT = case(
    (
        or_(charge.c.kind == EntryKind.REPRICED.value, literal_column("0") > _DELAY, _IS_OF_BEFORE),
        charge.c.booked_at,
    ),
    else_=charge.c.observed_at,
).label("read_at")
_BEGUN = select(charge.c.observed_at).order_by(charge.c.id).limit(1)
_IN_WINDOW = (charge.c.booked_at >= bindparam("low")) & (charge.c.booked_at < bindparam("high"))
_IN_ORDER: tuple[ColumnElement[Any], ...] = (literal_column("read_at"), charge.c.id)


_TEAM = literal_column("0", BigInteger)


def _history(subject: ColumnElement[int], basis: SpendBasis, form: NarrowingForm) -> Rows:
    nanos = nanos_of(charge, basis)
    conditions = (_IN_WINDOW, nanos != literal_column("0"), *form.charge_conditions())
    return select(subject, charge.c.booked_at, _READ_AT, nanos).where(*conditions)


@cache
def _of_team(basis: SpendBasis, form: NarrowingForm) -> Rows:
    return _history(_TEAM, basis, form).order_by(*_IN_ORDER)


@cache
def _of_members(basis: SpendBasis, form: NarrowingForm) -> Rows:
    of_all = _history(charge.c.member, basis, form).where(none_of(charge.c.member, "nameless"))
    return of_all.order_by(charge.c.member, *_IN_ORDER)


@cache
def _of_member(basis: SpendBasis, form: NarrowingForm) -> Rows:
    of_one = _history(charge.c.member, basis, form).where(charge.c.member == bindparam("of_member"))
    return of_one.order_by(*_IN_ORDER)


@dataclass(frozen=True, slots=True)
class HistoryRange:
    """Charges booked in a window, of tasks that count as they are now; what of them is spend.

    What was booked before the ledger began, and read more than `late` after that, counts as read when it was booked.
    """

    window: Window
    basis: SpendBasis
    late: timedelta
    narrowing: TaskNarrowing = ALL_TASKS

    @property
    def form(self) -> NarrowingForm:
        """The form of the narrowing."""
        return NarrowingForm.of(self.narrowing)

    def rows(self, connection: Connection, statement: Rows, **values: object) -> Sequence[HistoricCharge]:
        """Return what a statement finds of the range."""
        ends = {"low": to_us(self.window.start), "high": to_us(self.window.end)}
        begun = connection.execute(_BEGUN).scalar()
        late = {"late_us": self.late // timedelta(microseconds=1), "begun_us": 0 if begun is None else begun}
        given = {**ends, **late, **values_of(self.narrowing), **values}
        found: Sequence[Any] = connection.execute(statement, given).all()  # of tuples
        return found


def team_history(connection: Connection, charges: HistoryRange) -> Sequence[HistoricCharge]:
    """Return the charges of everybody in a range, as those of the subject 0, in order of reading."""
    return charges.rows(connection, _of_team(charges.basis, charges.form))


def members_history(connection: Connection, charges: HistoryRange) -> Sequence[HistoricCharge]:
    """Return the same of each member after the other, but for removed ones and tasks without an e-mail."""
    return charges.rows(connection, _of_members(charges.basis, charges.form), nameless=nameless_ids(connection))


def member_history(connection: Connection, member: int, charges: HistoryRange) -> Sequence[HistoricCharge]:
    """Return the same of one member."""
    return charges.rows(connection, _of_member(charges.basis, charges.form), of_member=member)
