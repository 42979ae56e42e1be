"""The store of deferrals: crossings whose notification waits for the end of a snooze, and what became of them."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.budgets.audiences import Audience
from bot.budgets.rules import CrossingDecision
from bot.domain.periods import Unit


@dataclass(frozen=True, slots=True)
class Deferral:
    """A notification that an audience did not get at once. `outcome` is why it never will; None while it waits."""

    audience: Audience
    outcome: CrossingDecision | None


def defer(connection: Connection, deferrals: Collection[tuple[int, Audience]]) -> None:
    """Record notifications that wait for the end of a snooze: pairs of a crossing's id and an audience."""
    if deferrals:
        connection.exec_driver_sql("INSERT INTO deferral (crossing, audience) VALUES (?,?)", list(deferrals))


def deferrals(reads: Connection, crossing: int) -> list[Deferral]:
    """Return the deferrals of a crossing; those that ended without a notification are in the order of their ends."""
    sql = "SELECT audience, outcome FROM deferral WHERE crossing = ? ORDER BY id"
    return [
        Deferral(Audience(audience), None if outcome is None else CrossingDecision(outcome))
        for audience, outcome in reads.exec_driver_sql(sql, (crossing,)).all()
    ]


@dataclass(frozen=True, slots=True)
class WaitingCrossing:
    """A crossing whose notification waits. It is `late` if its period had ended when it was recorded."""

    id: int
    step: int
    label: str
    revision: int
    late: bool


_WAITING = """
SELECT x.id, x.step, x.period, x.revision, x.late FROM deferral d CROSS JOIN crossing x ON x.id = d.crossing
WHERE d.outcome IS NULL AND d.audience = ? AND x.subject = ? AND x.unit = ? ORDER BY x.step
"""


def waiting_crossings(reads: Connection, subject: int, unit: Unit, audience: Audience) -> list[WaitingCrossing]:
    """Return the crossings of a subject's budgets that wait for an audience, in ascending order of their steps."""
    rows = reads.exec_driver_sql(_WAITING, (audience, subject, unit)).all()
    return [WaitingCrossing(id_, step, label, revision, bool(late)) for id_, step, label, revision, late in rows]


def is_waiting(reads: Connection, crossing: int) -> bool:
    """Return whether a notification of a crossing waits for any audience."""
    sql = "SELECT 1 FROM deferral WHERE crossing = ? AND outcome IS NULL"
    return reads.exec_driver_sql(sql, (crossing,)).first() is not None


def end_deferral(
    connection: Connection, crossing: int, audience: Audience, outcome: CrossingDecision | None = None
) -> None:
    """End a deferral: the audience is notified now or, if there is an outcome, never."""
    connection.exec_driver_sql("DELETE FROM deferral WHERE crossing = ? AND audience = ?", (crossing, audience))
    if outcome is not None:  # appended, so that outcomes stay in the order in which the waits ended
        connection.exec_driver_sql(
            "INSERT INTO deferral (crossing, audience, outcome) VALUES (?,?,?)", (crossing, audience, outcome.value)
        )


def delete_deferrals(connection: Connection, crossings: Iterable[int]) -> None:
    """Delete the deferrals of crossings that are deleted."""
    connection.exec_driver_sql(
        "DELETE FROM deferral WHERE crossing IN (SELECT value FROM json_each(?))", (json.dumps(list(crossings)),)
    )
