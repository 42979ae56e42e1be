"""The store of crossings: which steps of which limit a subject has passed in a period, and what was decided."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, and_, bindparam, delete, func, literal_column, select, update

from bot.budgets.audiences import Audience, SnoozeAudience, crossing_audiences
from bot.budgets.periods import BudgetPeriod, Case, PeriodName, subjects_by_period
from bot.budgets.rules import DEFAULT, BudgetLimit, CrossingDecision
from bot.budgets.snoozes import deferral_store
from bot.budgets.tables import budget, crossing
from bot.budgets.unique_keys import is_free
from bot.database.bulk import BulkInsert, Row
from bot.database.sets import SetStatement
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, to_us
from bot.ledger.charge_queries import newest_charge

_BY_ID = crossing.c.id == bindparam("which")
_OF_SUBJECT = crossing.c.subject == bindparam("of_subject")
_IN_PERIOD = (crossing.c.unit == bindparam("of_unit")) & (crossing.c.period == bindparam("label"))

_OF_SUBJECTS = crossing.c.subject.in_(bindparam("subjects", expanding=True))
_RECORDED = SetStatement(
    select(crossing.c.subject, crossing.c.step, crossing.c.revision).where(_OF_SUBJECTS, _IN_PERIOD), "subjects"
)
_NEXT_ID = select(func.coalesce(func.max(crossing.c.id), 0) + 1)
_INSERT = BulkInsert(
    crossing,
    "id", "last_charge", "subject", "unit", "period", "revision", "step", "limit_nanos", "spend_nanos", "crossed_at",
    "late", "decision",
)  # fmt: skip
_REPLACED = select(crossing.c.id).where(
    _OF_SUBJECT,
    _IN_PERIOD,
    crossing.c.revision == bindparam("of_revision"),
    crossing.c.decision == CrossingDecision.REPLACED,
)
_DELETE = delete(crossing).where(_BY_ID)
_DECIDE = update(crossing).where(_BY_ID)

_STEPS = select(crossing).where(_OF_SUBJECT, _IN_PERIOD).order_by(crossing.c.id)
_CASE = select(crossing.c.subject, crossing.c.unit, crossing.c.period).where(_BY_ID)
_SUBJECTS = select(crossing.c.subject).distinct().where(_IN_PERIOD).order_by(crossing.c.subject)
_IDS = select(crossing.c.id).where(_OF_SUBJECT)
_HIGHEST = func.max(crossing.c.step).label("highest")
_SUMMARIZED = (
    select(crossing.c.unit, crossing.c.period, _HIGHEST)
    # as in the condition of the index of summarized crossings
    .where(crossing.c.revision == bindparam("of_revision"), crossing.c.decision == literal_column("'SUMMARY'"))
    .group_by(crossing.c.subject, crossing.c.unit, crossing.c.period)
    .order_by(_HIGHEST.desc(), crossing.c.subject)
)

_NEW = bindparam("new", type_=Integer)
_MOVE = update(crossing).values(subject=_NEW).where(_OF_SUBJECT, is_free(crossing, subject=_NEW))
_MOVE_REVISION = (
    update(crossing).values(revision=_NEW).where(crossing.c.revision == bindparam("of_revision"), _OF_SUBJECT)
)


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


def recorded_steps(connection: Connection, limits: Mapping[Case, BudgetLimit]) -> dict[Case, set[int]]:
    """Return the recorded steps of each case's limit."""
    steps: dict[Case, set[int]] = {case: set() for case in limits}
    for period, subjects in subjects_by_period(limits):
        rows = _RECORDED.execute(connection, subjects, of_unit=period.unit, label=period.label).all()
        for subject, step, revision in rows:
            case = subject, period
            if limits[case].revision == revision:
                steps[case].add(step)
    return steps


SnoozedAudiences = Mapping[tuple[int, Unit], Collection[SnoozeAudience]]
"""The audiences that have snoozed a budget, by subject and unit."""


def record_crossings(
    connection: Connection, crossings: Sequence[NewCrossings], snoozed: SnoozedAudiences, now: datetime
) -> list[NotifiedCrossing]:
    """Record crossings, with deferrals for audiences that have snoozed the budget. Returns those to be notified."""
    first, last_charge = connection.execute(_NEXT_ID).scalar_one(), newest_charge(connection)
    steps = list(enumerate(((each, step) for each in crossings for step in sorted(each.decisions)), first))
    _INSERT.execute(connection, [(id_, last_charge, *_values(*each, now)) for id_, each in steps])
    notified = [
        NotifiedCrossing(id_, each.subject, each.period, step)
        for id_, (each, step) in steps
        if each.decisions[step] is CrossingDecision.NOTIFIED
    ]
    deferral_store.defer(connection, [deferral for each in notified for deferral in _deferrals(each, snoozed)])
    return notified


def _values(crossings: NewCrossings, step: int, now: datetime) -> Row:
    period, limit = crossings.period, crossings.limit
    return (
        crossings.subject, period.unit, period.label, limit.revision, step, limit.nanos, crossings.spend_nanos,
        to_us(now), now >= period.window.end, crossings.decisions[step],
    )  # fmt: skip


def _deferrals(notified: NotifiedCrossing, snoozed: SnoozedAudiences) -> list[tuple[int, Audience]]:
    audiences = snoozed.get((notified.subject, notified.period.unit), ())
    return [
        (notified.id, audience)
        for audience in sorted(crossing_audiences(notified.subject, notified.step))
        if audience in audiences
    ]


def delete_replaced(connection: Connection, limits: Mapping[Case, BudgetLimit]) -> None:
    """Delete the crossings that were dropped because these limits, which are in force again, had been replaced."""
    replaced: list[int] = []
    for (subject, period), limit in limits.items():
        values = {**_of(subject, period), "of_revision": limit.revision}
        replaced += connection.execute(_REPLACED, values).scalars()
    if replaced:
        deferral_store.delete_deferrals(connection, replaced)
        connection.execute(_DELETE, [{"which": id_} for id_ in replaced])


def _of(subject: int, period: BudgetPeriod) -> dict[str, Any]:
    return {"of_subject": subject, "of_unit": period.unit, "label": period.label}


def set_decision(connection: Connection, id_: int, decision: CrossingDecision) -> None:
    """Replace what was decided about a crossing."""
    connection.execute(_DECIDE, {"which": id_, "decision": decision})


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


def crossed_steps(connection: Connection, subject: int, period: BudgetPeriod) -> list[CrossedStep]:
    """Return the steps that a subject has passed in a period, in the order in which they were recorded."""
    return [
        CrossedStep(
            row.id, row.revision, row.step, row.limit_nanos, row.spend_nanos, from_us(row.crossed_at), row.late,
            row.last_charge, CrossingDecision(row.decision),
        )
        for row in connection.execute(_STEPS, _of(subject, period))
    ]  # fmt: skip


def notified_steps(connection: Connection, subject: int, period: BudgetPeriod) -> list[CrossedStep]:
    """Return those of the steps that were notified, or are to be."""
    return [step for step in crossed_steps(connection, subject, period) if step.decision is CrossingDecision.NOTIFIED]


def crossing_case(connection: Connection, id_: int) -> tuple[int, PeriodName] | None:
    """Return the subject of a crossing and the name of its period; None if there is no such crossing."""
    row = connection.execute(_CASE, {"which": id_}).first()
    return None if row is None else (row.subject, PeriodName(Unit(row.unit), row.period))


def crossed_subjects(connection: Connection, period: BudgetPeriod) -> list[int]:
    """Return the subjects with a crossing in a period."""
    return list(connection.execute(_SUBJECTS, {"of_unit": period.unit, "label": period.label}).scalars())


def crossing_ids(connection: Connection, subject: int) -> list[int]:
    """Return the ids of a subject's crossings."""
    return list(connection.execute(_IDS, {"of_subject": subject}).scalars())


def summarized_steps(connection: Connection, revision: int) -> list[tuple[PeriodName, int]]:
    """Return, for each subject that a summary of a limit counts, the period and the highest step passed."""
    rows = connection.execute(_SUMMARIZED, {"of_revision": revision})
    return [(PeriodName(Unit(row.unit), row.period), row.highest) for row in rows]


_own, _default = budget.alias("own"), budget.alias("default_limit")
_PRESENT_REVISION = func.coalesce(_own.c.revision, _default.c.revision)
_HIGHEST_STEPS = (
    select(_HIGHEST)
    .select_from(
        crossing.outerjoin(
            _own,
            and_(
                _own.c.scope == crossing.c.subject,
                _own.c.unit == crossing.c.unit,
                _own.c.narrowing == "",
                _own.c.limit_nanos.is_not(None),
            ),
        ).outerjoin(
            _default,
            and_(
                _default.c.scope == bindparam("default_scope"),
                _default.c.unit == crossing.c.unit,
                _default.c.narrowing == "",
                _default.c.limit_nanos.is_not(None),
            ),
        )
    )
    .where(_IN_PERIOD, crossing.c.revision == _PRESENT_REVISION)
    .group_by(crossing.c.subject)
    .subquery("passed")
)
_STEP_COUNTS = select(_HIGHEST_STEPS.c.highest, func.count()).group_by(_HIGHEST_STEPS.c.highest)


def highest_step_counts(connection: Connection, period: BudgetPeriod) -> dict[int, int]:
    """Return how many subjects have passed which step as their highest, in a period that has not ended."""
    values = {"of_unit": period.unit, "label": period.label, "default_scope": DEFAULT}
    return {step: number for step, number in connection.execute(_STEP_COUNTS, values).all()}  # noqa: C416 - of rows


# --- members and revisions that become others ------------------------------------------------------


def move_crossings(connection: Connection, old: int, new: int) -> None:
    """Move the crossings of subject `old` to `new`, except for steps that `new` has passed too."""
    connection.execute(_MOVE, {"of_subject": old, "new": new})


def move_revision(connection: Connection, subject: int, old: int, new: int) -> None:
    """Move a subject's crossings from revision `old` to `new`."""
    connection.execute(_MOVE_REVISION, {"of_subject": subject, "of_revision": old, "new": new})
