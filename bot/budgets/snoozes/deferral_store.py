"""The store of deferrals: crossings whose notification waits for the end of a snooze, and what became of them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, text

from bot.budgets.audiences import Audience
from bot.budgets.rules import CrossingDecision
from bot.budgets.tables import deferral
from bot.domain.periods import Unit

_OF_CROSSING = deferral.c.crossing == bindparam("of_crossing")
_INSERT = insert(deferral)
_DEFERRALS = select(deferral.c.audience, deferral.c.outcome).where(_OF_CROSSING).order_by(deferral.c.id)
# a CROSS JOIN, so that SQLite begins with the deferrals that wait: they are few, and a subject's crossings many
_WAITING = text("""
SELECT x.id, x.step, x.period, x.revision, x.late FROM deferral d CROSS JOIN crossing x
WHERE d.outcome IS NULL AND d.audience = :audience AND x.id = d.crossing AND x.subject = :subject AND x.unit = :unit
ORDER BY x.step
""")
_IS_WAITING = select(deferral.c.id).where(_OF_CROSSING, deferral.c.outcome.is_(None))
_DELETE = delete(deferral).where(_OF_CROSSING, deferral.c.audience == bindparam("of_audience"))
_DELETE_OF = delete(deferral).where(_OF_CROSSING)


@dataclass(frozen=True, slots=True)
class Deferral:
    """A notification that an audience did not get at once. `outcome` is why it never will; None while it waits."""

    audience: Audience
    outcome: CrossingDecision | None


def defer(connection: Connection, new: Collection[tuple[int, Audience]]) -> None:
    """Record notifications that wait for the end of a snooze: pairs of a crossing's id and an audience."""
    if new:
        connection.execute(_INSERT, [{"crossing": crossing, "audience": audience} for crossing, audience in new])


def deferrals(connection: Connection, crossing: int) -> list[Deferral]:
    """Return the deferrals of a crossing; those that ended without a notification are in the order of their ends."""
    return [
        Deferral(Audience(row.audience), None if row.outcome is None else CrossingDecision(row.outcome))
        for row in connection.execute(_DEFERRALS, {"of_crossing": crossing})
    ]


@dataclass(frozen=True, slots=True)
class WaitingCrossing:
    """A crossing whose notification waits. It is `late` if its period had ended when it was recorded."""

    id: int
    step: int
    label: str
    revision: int
    late: bool


def waiting_crossings(connection: Connection, subject: int, unit: Unit, audience: Audience) -> list[WaitingCrossing]:
    """Return the crossings of a subject's budgets that wait for an audience, in ascending order of their steps."""
    rows = connection.execute(_WAITING, {"audience": audience, "subject": subject, "unit": unit})
    return [WaitingCrossing(row.id, row.step, row.period, row.revision, bool(row.late)) for row in rows]


def is_waiting(connection: Connection, crossing: int) -> bool:
    """Return whether a notification of a crossing waits for any audience."""
    return connection.execute(_IS_WAITING, {"of_crossing": crossing}).first() is not None


def end_deferral(
    connection: Connection, crossing: int, audience: Audience, outcome: CrossingDecision | None = None
) -> None:
    """End a deferral: the audience is notified now or, if there is an outcome, never."""
    connection.execute(_DELETE, {"of_crossing": crossing, "of_audience": audience})
    if outcome is not None:  # appended, so that outcomes stay in the order in which the waits ended
        connection.execute(_INSERT, {"crossing": crossing, "audience": audience, "outcome": outcome})


def delete_deferrals(connection: Connection, crossings: Collection[int]) -> None:
    """Delete the deferrals of crossings that are deleted, by their ids."""
    if crossings:
        connection.execute(_DELETE_OF, [{"of_crossing": crossing} for crossing in crossings])
