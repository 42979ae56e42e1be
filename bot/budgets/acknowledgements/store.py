"""The store of acknowledgements: who has seen that a budget is passed, once in each period."""

from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, insert, select, update

from bot.budgets import tables
from bot.budgets.keys import BudgetTopic
from bot.budgets.limits.revision_store import Act
from bot.budgets.unique_keys import is_free
from bot.domain.timestamps import from_us, to_us

_ROWS = tables.acknowledgement
_NEW = bindparam("new", type_=Integer)

_ACKNOWLEDGEMENT = select(_ROWS.c.by, _ROWS.c.at).where(
    _ROWS.c.subject == bindparam("subject"), _ROWS.c.unit == bindparam("unit"), _ROWS.c.period == bindparam("label")
)
_INSERT = insert(_ROWS)
_MOVE = update(_ROWS).values(subject=_NEW).where(_ROWS.c.subject == bindparam("old"), is_free(_ROWS, subject=_NEW))


def acknowledgement(connection: Connection, topic: BudgetTopic) -> Act | None:
    """Return who has acknowledged a budget in a period, and when; None if nobody has."""
    of_topic = {"subject": topic.subject, "unit": topic.unit, "label": topic.label}
    row = connection.execute(_ACKNOWLEDGEMENT, of_topic).first()
    return None if row is None else Act(row.by, from_us(row.at))


def insert_acknowledgement(connection: Connection, topic: BudgetTopic, by: str, now: datetime) -> None:
    """Record who has acknowledged a budget in a period; nobody must have done so before."""
    row = {"subject": topic.subject, "unit": topic.unit, "period": topic.label, "by": by, "at": to_us(now)}
    connection.execute(_INSERT, row)


def move_acknowledgements(connection: Connection, old: int, new: int) -> None:
    """Move the acknowledgements of subject `old` to `new`, except for periods that `new` has one of."""
    connection.execute(_MOVE, {"old": old, "new": new})
