"""Narrowed tasks: conditions of statements that let through only the tasks, or the charges of tasks, that count."""

from typing import Any, NamedTuple

from sqlalchemy import Boolean, ColumnElement, FromClause, Text, bindparam, exists, func, literal_column, select

from bot.domain.narrowing import TaskNarrowing
from bot.domain.text import ascii_lower
from bot.ledger.tables import charge, task

_ONE: ColumnElement[int] = literal_column("1")


class NarrowingForm(NamedTuple):
    """What a narrowing looks at: the statements on it are built once for all of that form."""

    models: bool
    statuses: bool
    byok: bool

    @classmethod
    def of(cls, narrowing: TaskNarrowing) -> "NarrowingForm":
        """Return the form of a narrowing."""
        return cls(bool(narrowing.models), bool(narrowing.statuses), narrowing.byok is not None)

    def task_conditions(self, tasks: FromClause) -> list[ColumnElement[bool]]:
        """Return the conditions on which a task counts; they take the values of the narrowing."""
        conditions: list[ColumnElement[bool]] = []
        if self.models:
            conditions.append(tasks.c.model.in_(bindparam("models", type_=Text, expanding=True)))
        if self.statuses:
            conditions.append(func.lower(tasks.c.status).in_(bindparam("statuses", type_=Text, expanding=True)))
        if self.byok:
            conditions.append(tasks.c.is_byok == bindparam("byok", type_=Boolean))
        return conditions

    def charge_conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on which the task of a charge counts; they take the values of the narrowing."""
        if not any(self):
            return []
        counted = task.alias("counted")
        conditions = self.task_conditions(counted)
        return [exists(select(_ONE).where(counted.c.id == charge.c.task, *conditions).correlate(charge))]


def values_of(narrowing: TaskNarrowing) -> dict[str, Any]:
    """Return a narrowing as the values that conditions of its form take."""
    statuses = tuple(map(ascii_lower, narrowing.statuses))
    return {"models": narrowing.models, "statuses": statuses, "byok": narrowing.byok}
