"""The store of acknowledgements: who has seen that a budget is passed, once in each period."""

from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.keys import BudgetTopic
from bot.budgets.limits.revision_store import Act
from bot.domain.timestamps import from_us, to_us


def acknowledgement(reads: Connection, topic: BudgetTopic) -> Act | None:
    """Return who has acknowledged a budget in a period, and when; None if nobody has."""
    row = reads.exec_driver_sql(
        "SELECT by, at FROM acknowledgement WHERE subject = ? AND unit = ? AND period = ?",
        (topic.subject, topic.unit, topic.label),
    ).first()
    return None if row is None else Act(row[0], from_us(row[1]))


def insert_acknowledgement(connection: Connection, topic: BudgetTopic, by: str, now: datetime) -> None:
    """Record who has acknowledged a budget in a period; nobody must have done so before."""
    connection.exec_driver_sql(
        "INSERT INTO acknowledgement (subject, unit, period, by, at) VALUES (?,?,?,?,?)",
        (topic.subject, topic.unit, topic.label, by, to_us(now)),
    )


def move_acknowledgements(connection: Connection, old: int, new: int) -> None:
    """Move the acknowledgements of subject `old` to `new`, except for periods that `new` has one of."""
    connection.exec_driver_sql("UPDATE OR IGNORE acknowledgement SET subject = ? WHERE subject = ?", (new, old))
