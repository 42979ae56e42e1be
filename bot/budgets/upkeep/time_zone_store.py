"""The labels of periods in stored crossings and acknowledgements, which change with the time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.periods import BudgetPeriod, PeriodLabel
from bot.budgets.rules import TEAM
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us
from bot.ledger.charge_queries import ChargeRange, last_booking


@dataclass(frozen=True, slots=True)
class LabelChange:
    """The present label of a row, the new one, and the one that it keeps if the new one is taken.

    Rows are moved `aside` first, because they may take one another's labels.
    """

    old: str
    new: str
    aside: str


# --- crossings -----------------------------------------------------------------------------------

_OF_PERIOD = "SELECT id, subject, last_charge, crossed_at FROM crossing WHERE unit = ? AND period = ? ORDER BY id"


def crossing_moments(connection: Connection, period: BudgetPeriod) -> list[tuple[int, int, datetime]]:
    """Return id and subject of a period's crossings, and when the charge that passed the step is booked.

    Money counts where it is booked, whenever it was observed.
    """
    rows = connection.exec_driver_sql(_OF_PERIOD, (period.unit, period.label)).all()
    moments = []
    for id_, subject, last_charge, crossed_at in rows:
        charges = ChargeRange(period.window, None if subject == TEAM else subject, upto=last_charge)
        moments.append((id_, subject, last_booking(connection, charges) or from_us(crossed_at)))
    return moments


def relabel_crossings(connection: Connection, changes: Mapping[int, LabelChange]) -> None:
    """Change the labels of crossings, by id; one whose step is recorded under the new label stays aside."""
    if changes:
        connection.exec_driver_sql(
            "UPDATE crossing SET period = ? WHERE id = ?", [(each.aside, id_) for id_, each in changes.items()]
        )
        connection.exec_driver_sql(
            "UPDATE OR IGNORE crossing SET period = ? WHERE id = ?", [(each.new, id_) for id_, each in changes.items()]
        )


def relabel_crossings_back(connection: Connection, zone: str) -> None:
    """Remove a time zone from the labels of crossings, unless the same step is recorded without it."""
    for unit, label in connection.exec_driver_sql("SELECT DISTINCT unit, period FROM crossing").all():
        decoded = PeriodLabel.decode(label)
        if decoded.zone == zone:
            connection.exec_driver_sql(
                "UPDATE OR IGNORE crossing SET period = ? WHERE unit = ? AND period = ?", (decoded.day, unit, label)
            )


# --- acknowledgements ----------------------------------------------------------------------------


def acknowledgement_moments(connection: Connection, period: BudgetPeriod) -> list[tuple[int, datetime]]:
    """Return the subjects of a period's acknowledgements, and when each was made."""
    sql = "SELECT subject, at FROM acknowledgement WHERE unit = ? AND period = ?"
    rows = connection.exec_driver_sql(sql, (period.unit, period.label)).all()
    return [(subject, from_us(at)) for subject, at in rows]


_MOVE_ASIDE = "UPDATE acknowledgement SET period = ? WHERE unit = ? AND period = ? AND subject = ?"
_RELABEL = "UPDATE OR IGNORE acknowledgement SET period = ? WHERE unit = ? AND period = ? AND subject = ?"
_RELABEL_ALL = "UPDATE OR IGNORE acknowledgement SET period = ? WHERE unit = ? AND period = ?"


def relabel_acknowledgements(connection: Connection, unit: Unit, changes: Mapping[int, LabelChange]) -> None:
    """Change the labels of acknowledgements, by subject; where the new label is taken, one stays aside."""
    if changes:
        aside = [(each.aside, unit, each.old, subject) for subject, each in changes.items()]
        moved = [(each.new, unit, each.aside, subject) for subject, each in changes.items()]
        connection.exec_driver_sql(_MOVE_ASIDE, aside)
        connection.exec_driver_sql(_RELABEL, moved)


def relabel_acknowledgements_back(connection: Connection, zone: str) -> None:
    """Remove a time zone from the labels of acknowledgements, unless the subject has one without it."""
    for unit, label in connection.exec_driver_sql("SELECT DISTINCT unit, period FROM acknowledgement").all():
        decoded = PeriodLabel.decode(label)
        if decoded.zone == zone:
            connection.exec_driver_sql(_RELABEL_ALL, (decoded.day, unit, label))
