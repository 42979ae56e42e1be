"""The store of acknowledgements: who has seen that a budget is passed, once in each period."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bot.budgets.keys import BudgetTopic
from bot.budgets.periods import BudgetPeriod, LabelChange, PeriodLabel
from bot.budgets.revision_store import Act
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, to_us

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reads


def acknowledgement(reads: "Reads", topic: BudgetTopic) -> Act | None:
    """Return who has acknowledged a budget in a period, and when; None if nobody has."""
    row = reads.exec_driver_sql(
        "SELECT by, at FROM acknowledgement WHERE subject = ? AND unit = ? AND period = ?",
        (topic.subject, topic.unit, topic.label),
    ).first()
    return None if row is None else Act(row[0], from_us(row[1]))


def insert_acknowledgement(connection: "Connection", topic: BudgetTopic, by: str, now: datetime) -> None:
    """Record who has acknowledged a budget in a period; nobody must have done so before."""
    connection.exec_driver_sql(
        "INSERT INTO acknowledgement (subject, unit, period, by, at) VALUES (?,?,?,?,?)",
        (topic.subject, topic.unit, topic.label, by, to_us(now)),
    )


def move_acknowledgements(connection: "Connection", old: int, new: int) -> None:
    """Make a subject's acknowledgements those of another, but for periods that the other has one of."""
    connection.exec_driver_sql("UPDATE OR IGNORE acknowledgement SET subject = ? WHERE subject = ?", (new, old))


# --- another time zone -----------------------------------------------------------------------------


def acknowledgement_moments(reads: "Reads", period: BudgetPeriod) -> list[tuple[int, datetime]]:
    """Return the subjects of a period's acknowledgements, and when each was made."""
    sql = "SELECT subject, at FROM acknowledgement WHERE unit = ? AND period = ?"
    rows = reads.exec_driver_sql(sql, (period.unit, period.label)).all()
    return [(subject, from_us(at)) for subject, at in rows]


_MOVE_ASIDE = "UPDATE acknowledgement SET period = ? WHERE unit = ? AND period = ? AND subject = ?"
_RELABEL = "UPDATE OR IGNORE acknowledgement SET period = ? WHERE unit = ? AND period = ? AND subject = ?"
_RELABEL_ALL = "UPDATE OR IGNORE acknowledgement SET period = ? WHERE unit = ? AND period = ?"


def relabel_acknowledgements(connection: "Connection", unit: Unit, changes: Mapping[int, LabelChange]) -> None:
    """Move acknowledgements, by subject, to periods of other labels, or aside where the subject has one there."""
    if changes:
        aside = [(each.aside, unit, each.old, subject) for subject, each in changes.items()]
        moved = [(each.new, unit, each.aside, subject) for subject, each in changes.items()]
        connection.exec_driver_sql(_MOVE_ASIDE, aside)
        connection.exec_driver_sql(_RELABEL, moved)


def relabel_acknowledgements_back(connection: "Connection", zone: str) -> None:
    """Remove a time zone from the labels of acknowledgements, unless the subject has one there."""
    for unit, label in connection.exec_driver_sql("SELECT DISTINCT unit, period FROM acknowledgement").all():
        found = PeriodLabel.decode(label)
        if found.zone == zone:
            connection.exec_driver_sql(_RELABEL_ALL, (found.day, unit, label))
