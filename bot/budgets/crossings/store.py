"""The store of crossings: which steps of which limit a subject has passed in a period, and what was decided."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.budgets.audiences import Audience, SnoozeAudience, crossing_audiences
from bot.budgets.periods import BudgetPeriod, Case, PeriodName, subjects_by_period
from bot.budgets.rules import BudgetLimit, CrossingDecision
from bot.budgets.snoozes import deferral_store
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, to_us
from bot.ledger.charge_queries import newest_charge


@dataclass(frozen=True, slots=True)
class NewCrossings:
    """The steps of a limit that a subject has newly passed, with what is decided about each."""

    subject: int
    period: BudgetPeriod
    limit: BudgetLimit
    spend_nanos: int
    decisions: Mapping[int, CrossingDecision]


@dataclass(frozen=True, slots=True)
class NotifiedCrossing:
    """A crossing that was recorded and is to be notified, except to audiences that have snoozed the budget."""

    id: int
    subject: int
    period: BudgetPeriod
    step: int


# --- recording -----------------------------------------------------------------------------------

_RECORDED = """
SELECT x.subject, x.step, x.revision FROM json_each(?) j
CROSS JOIN crossing x ON x.subject = j.value AND x.unit = ? AND x.period = ?
"""


def recorded_steps(connection: Connection, limits: Mapping[Case, BudgetLimit]) -> dict[Case, list[int]]:
    """Return the recorded steps of each case's limit."""
    steps: dict[Case, list[int]] = defaultdict(list)
    for period, subjects in subjects_by_period(limits).items():
        revisions = {subject: limits[subject, period].revision for subject in subjects}
        rows = connection.exec_driver_sql(_RECORDED, (json.dumps(list(revisions)), period.unit, period.label)).all()
        for subject, step, revision in rows:
            if revisions[subject] == revision:
                steps[subject, period].append(step)
    return steps


_INSERT = """
INSERT INTO crossing (id, subject, unit, period, revision, step, limit_nanos, spend_nanos, crossed_at, late, decision,
  last_charge) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
"""

SnoozedAudiences = Mapping[tuple[int, Unit], Collection[SnoozeAudience]]
"""The audiences that have snoozed a budget, by subject and unit."""


def record_crossings(
    connection: Connection, crossings: Sequence[NewCrossings], snoozed: SnoozedAudiences, now: datetime
) -> list[NotifiedCrossing]:
    """Record crossings, with deferrals for audiences that have snoozed the budget. Returns those to be notified."""
    first = connection.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM crossing").all()[0][0]
    last_charge = newest_charge(connection)
    steps = [(each, step) for each in crossings for step in sorted(each.decisions)]
    rows = [(first + place, *_columns(*each, now), last_charge) for place, each in enumerate(steps)]
    if rows:
        connection.exec_driver_sql(_INSERT, rows)
    notified = [
        NotifiedCrossing(first + place, each.subject, each.period, step)
        for place, (each, step) in enumerate(steps)
        if each.decisions[step] is CrossingDecision.NOTIFIED
    ]
    deferral_store.defer(connection, [deferral for each in notified for deferral in _deferrals(each, snoozed)])
    return notified


def _columns(crossings: NewCrossings, step: int, now: datetime) -> tuple[Any, ...]:
    period, limit = crossings.period, crossings.limit
    is_late = now >= period.window.end
    decision = crossings.decisions[step].value
    return (
        crossings.subject, period.unit, period.label, limit.revision, step, limit.nanos, crossings.spend_nanos,
        to_us(now), is_late, decision,
    )  # fmt: skip


def _deferrals(crossing: NotifiedCrossing, snoozed: SnoozedAudiences) -> list[tuple[int, Audience]]:
    audiences = snoozed.get((crossing.subject, crossing.period.unit), ())
    return [
        (crossing.id, audience)
        for audience in sorted(crossing_audiences(crossing.subject, crossing.step))
        if audience in audiences
    ]


_REPLACED = """
SELECT id FROM crossing WHERE subject = ? AND unit = ? AND period = ? AND revision = ? AND decision = ?
"""
_DELETE = "DELETE FROM crossing WHERE id IN (SELECT value FROM json_each(?))"


def delete_replaced(connection: Connection, limits: Mapping[Case, BudgetLimit]) -> None:
    """Delete the crossings that were dropped because these limits, which are in force again, had been replaced."""
    replaced: list[int] = []
    for (subject, period), limit in limits.items():
        values = (subject, period.unit, period.label, limit.revision, CrossingDecision.REPLACED.value)
        replaced += [id_ for (id_,) in connection.exec_driver_sql(_REPLACED, values).all()]
    if replaced:
        deferral_store.delete_deferrals(connection, replaced)
        connection.exec_driver_sql(_DELETE, (json.dumps(replaced),))


def set_decision(connection: Connection, crossing: int, decision: CrossingDecision) -> None:
    """Replace what was decided about a crossing."""
    connection.exec_driver_sql("UPDATE crossing SET decision = ? WHERE id = ?", (decision.value, crossing))


# --- queries -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CrossedStep:
    """A step that was passed: when, at what spend, under which limit, and what was decided.

    `last_charge` is the newest charge at that time; charges with a higher id came later.
    """

    id: int
    revision: int
    step: int
    limit_nanos: int
    spend_nanos: int
    at: datetime
    late: bool
    last_charge: int
    decision: CrossingDecision


_STEPS = """
SELECT id, revision, step, limit_nanos, spend_nanos, crossed_at, late, last_charge, decision FROM crossing
WHERE subject = ? AND unit = ? AND period = ? ORDER BY id
"""


def crossed_steps(connection: Connection, subject: int, period: BudgetPeriod) -> list[CrossedStep]:
    """Return the steps that a subject has passed in a period, in the order in which they were recorded."""
    rows = connection.exec_driver_sql(_STEPS, (subject, period.unit, period.label)).all()
    return [
        CrossedStep(id_, revision, step, limit, spend, from_us(at), bool(late), last, CrossingDecision(decision))
        for id_, revision, step, limit, spend, at, late, last, decision in rows
    ]


def notified_steps(connection: Connection, subject: int, period: BudgetPeriod) -> list[CrossedStep]:
    """Return those of the steps that were notified, or are to be."""
    return [step for step in crossed_steps(connection, subject, period) if step.decision is CrossingDecision.NOTIFIED]


def crossing_case(connection: Connection, crossing: int) -> tuple[int, PeriodName] | None:
    """Return the subject of a crossing and the name of its period; None if there is no such crossing."""
    row = connection.exec_driver_sql("SELECT subject, unit, period FROM crossing WHERE id = ?", (crossing,)).first()
    return None if row is None else (row[0], PeriodName(Unit(row[1]), row[2]))


def crossed_subjects(connection: Connection, period: BudgetPeriod) -> list[int]:
    """Return the subjects with a crossing in a period."""
    sql = "SELECT DISTINCT subject FROM crossing WHERE unit = ? AND period = ?"
    return [subject for (subject,) in connection.exec_driver_sql(sql, (period.unit, period.label)).all()]


def crossing_ids(connection: Connection, subject: int) -> list[int]:
    """Return the ids of a subject's crossings."""
    return [id_ for (id_,) in connection.exec_driver_sql("SELECT id FROM crossing WHERE subject = ?", (subject,)).all()]


_SUMMARIZED = """
SELECT unit, period, max(step) FROM crossing WHERE revision = ? AND decision = 'SUMMARY'
GROUP BY subject, unit, period ORDER BY 3 DESC, subject
"""


def summarized_steps(connection: Connection, revision: int) -> list[tuple[PeriodName, int]]:
    """Return, for each subject that a summary of a limit counts, the period and the highest step passed."""
    rows = connection.exec_driver_sql(_SUMMARIZED, (revision,)).all()
    return [(PeriodName(Unit(unit), label), step) for unit, label, step in rows]


# --- members and revisions that become others ------------------------------------------------------


def move_crossings(connection: Connection, old: int, new: int) -> None:
    """Move the crossings of subject `old` to `new`, except for steps that `new` has passed too."""
    connection.exec_driver_sql("UPDATE OR IGNORE crossing SET subject = ? WHERE subject = ?", (new, old))


def move_revision(connection: Connection, subject: int, old: int, new: int) -> None:
    """Move a subject's crossings from revision `old` to `new`."""
    connection.exec_driver_sql(
        "UPDATE crossing SET revision = ? WHERE revision = ? AND subject = ?", (new, old, subject)
    )
