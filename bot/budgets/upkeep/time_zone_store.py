"""The labels of periods in stored crossings and acknowledgements, which change with the time zone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Select, String, Update, bindparam, select, update

from bot.budgets.periods import BudgetPeriod, PeriodLabel
from bot.budgets.rules import TEAM
from bot.budgets.tables import acknowledgement, crossing
from bot.budgets.unique_keys import is_free
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us
from bot.ledger.charge_queries import ChargeRange, last_booking

_NEW = bindparam("new", type_=String)


@dataclass(frozen=True, slots=True)
class LabelChange:
    """The present label of a row, the new one, and the one that it keeps if the new one is taken.

    Rows are moved `aside` first, because they may take one another's labels.
    """

    old: str
    new: str
    aside: str


# --- crossings -----------------------------------------------------------------------------------

_BY_ID = crossing.c.id == bindparam("which")
_IN_PERIOD = (crossing.c.unit == bindparam("of_unit")) & (crossing.c.period == bindparam("label"))
_MOMENTS = (
    select(crossing.c.id, crossing.c.subject, crossing.c.last_charge, crossing.c.crossed_at)
    .where(_IN_PERIOD)
    .order_by(crossing.c.id)
)
_RELABEL = update(crossing).values(period=_NEW)
_IS_FREE = is_free(crossing, period=_NEW)
_MOVE_ASIDE = _RELABEL.where(_BY_ID)
_MOVE = _RELABEL.where(_BY_ID, _IS_FREE)
_MOVE_BACK = _RELABEL.where(_IN_PERIOD, _IS_FREE)
_PERIODS = select(crossing.c.unit, crossing.c.period).distinct()


def crossing_moments(connection: Connection, period: BudgetPeriod) -> list[tuple[int, int, datetime]]:
    """Return id and subject of a period's crossings, and when the charge that passed the step is booked.

    Money counts where it is booked, whenever it was observed.
    """
    moments = []
    for row in connection.execute(_MOMENTS, {"of_unit": period.unit, "label": period.label}).all():
        member = None if row.subject == TEAM else row.subject
        charges = ChargeRange(period.window, member, upto=row.last_charge, narrowing=period.narrowing)
        moments.append((row.id, row.subject, last_booking(connection, charges) or from_us(row.crossed_at)))
    return moments


def relabel_crossings(connection: Connection, changes: Mapping[int, LabelChange]) -> None:
    """Change the labels of crossings, by id; one whose step is recorded under the new label stays aside."""
    if changes:
        connection.execute(_MOVE_ASIDE, [{"which": id_, "new": each.aside} for id_, each in changes.items()])
        connection.execute(_MOVE, [{"which": id_, "new": each.new} for id_, each in changes.items()])


def relabel_crossings_back(connection: Connection, zone: str) -> None:
    """Remove a time zone from the labels of crossings, unless the same step is recorded without it."""
    _relabel_back(connection, zone, _PERIODS, _MOVE_BACK)


def _relabel_back(connection: Connection, zone: str, periods: Select[str, str], move_back: Update) -> None:
    for unit, label in connection.execute(periods).all():
        decoded = PeriodLabel.decode(label)
        if decoded.zone == zone:
            back = replace(decoded, zone="").encode()
            connection.execute(move_back, {"of_unit": unit, "label": label, "new": back})


# --- acknowledgements ----------------------------------------------------------------------------

_OF_SUBJECT = acknowledgement.c.subject == bindparam("of_subject")
_ACKNOWLEDGED_IN = (acknowledgement.c.unit == bindparam("of_unit")) & (acknowledgement.c.period == bindparam("label"))
_ACKNOWLEDGED = select(acknowledgement.c.subject, acknowledgement.c.at).where(_ACKNOWLEDGED_IN)
_RELABEL_ACKNOWLEDGED = update(acknowledgement).values(period=_NEW).where(_ACKNOWLEDGED_IN)
_IS_ACKNOWLEDGED_FREE = is_free(acknowledgement, period=_NEW)
_MOVE_ACKNOWLEDGED_ASIDE = _RELABEL_ACKNOWLEDGED.where(_OF_SUBJECT)
_MOVE_ACKNOWLEDGED = _RELABEL_ACKNOWLEDGED.where(_OF_SUBJECT, _IS_ACKNOWLEDGED_FREE)
_MOVE_ACKNOWLEDGED_BACK = _RELABEL_ACKNOWLEDGED.where(_IS_ACKNOWLEDGED_FREE)
_ACKNOWLEDGED_PERIODS = select(acknowledgement.c.unit, acknowledgement.c.period).distinct()


def acknowledgement_moments(connection: Connection, period: BudgetPeriod) -> list[tuple[int, datetime]]:
    """Return the subjects of a period's acknowledgements, and when each was made."""
    rows = connection.execute(_ACKNOWLEDGED, {"of_unit": period.unit, "label": period.label})
    return [(row.subject, from_us(row.at)) for row in rows]


def relabel_acknowledgements(connection: Connection, unit: Unit, changes: Mapping[int, LabelChange]) -> None:
    """Change the labels of acknowledgements, by subject; where the new label is taken, one stays aside."""
    if changes:
        rows = [({"of_subject": subject, "of_unit": unit}, each) for subject, each in changes.items()]
        aside = [{**row, "label": each.old, "new": each.aside} for row, each in rows]
        moved = [{**row, "label": each.aside, "new": each.new} for row, each in rows]
        connection.execute(_MOVE_ACKNOWLEDGED_ASIDE, aside)
        connection.execute(_MOVE_ACKNOWLEDGED, moved)


def relabel_acknowledgements_back(connection: Connection, zone: str) -> None:
    """Remove a time zone from the labels of acknowledgements, unless the subject has one without it."""
    _relabel_back(connection, zone, _ACKNOWLEDGED_PERIODS, _MOVE_ACKNOWLEDGED_BACK)
