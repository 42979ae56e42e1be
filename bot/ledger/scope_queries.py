"""Queries within a scope: the members, models, statuses and task ids that a question names."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, text

from bot.database.sql import compose
from bot.domain.tasks import normalized_email
from bot.domain.text import ascii_lower
from bot.ledger.members import UNATTRIBUTED_NAME, shown_email
from bot.ledger.scope import Scope


class ScopeMembers:
    """The members of a scope by e-mail, after merges; read on first use."""

    def __init__(self, reader: Connection, scope: Scope) -> None:
        self._reader = reader
        self._scope = scope

    @cached_property
    def _by_email(self) -> dict[str, int]:
        sql = compose("SELECT email, coalesce(merged_into, id) FROM {members}", members=self._scope.members)
        return {shown_email(email): key for email, key in self._reader.execute(text(sql)).all()}

    def ids_of(self, emails: Sequence[str]) -> list[int]:
        """Return the ids of the members with these e-mails; unknown ones are left out."""
        return sorted({self._by_email[key] for key in map(normalized_email, emails) if key in self._by_email})

    def ids_containing(self, part: str) -> list[int]:
        """Return the ids of the members whose e-mails contain a text, in any case."""
        ids = (
            key for email, key in self._by_email.items() if ascii_lower(part) in email and email != UNATTRIBUTED_NAME
        )
        return sorted(set(ids))


_MAX_IDS = 1_000  # of tasks that begin with one text

# a column of the tasks of a member's scope: of those charged to them, and of theirs without cost
_OF_TASKS = """
SELECT {column} FROM {charges} c JOIN {tasks} t ON t.id = c.task WHERE {condition}
UNION SELECT {column} FROM {tasks} t WHERE t.platform_nanos IS NULL AND t.provider_nanos IS NULL AND {owned}
  AND {condition}
"""
_SEEN = "SELECT value FROM seen WHERE kind = :kind ORDER BY value"
_EXACT = "SELECT task_id FROM task t WHERE task_id IN (:a, :b, :c) AND {inside}"
_BEGINNING = "SELECT task_id FROM task WHERE task_id >= :low AND task_id < :high ORDER BY 1 LIMIT :most"


def seen_values(reader: Connection, scope: Scope, kind: str) -> list[str]:
    """Return every `model` or `status` that any task has had; in a member's scope, those that its tasks have now."""
    if scope.member is None:
        return [value for (value,) in reader.execute(text(_SEEN), {"kind": kind}).all()]
    column = {"model": "t.model", "status": "t.status"}[kind]
    return [value for (value,) in reader.execute(text(f"{_of_tasks(scope, column, '1')} ORDER BY 1")).all()]


def statuses_named(reader: Connection, scope: Scope, values: Sequence[str]) -> list[str]:
    """Return the statuses of a scope that equal one of the values, in any case."""
    wanted = {value.lower() for value in values}
    return [value for value in seen_values(reader, scope, "status") if value.lower() in wanted]


def models_named(reader: Connection, scope: Scope, values: Sequence[str]) -> list[str]:
    """Return the models of a scope that equal a value in any case or, if none does, contain it."""
    models = seen_values(reader, scope, "model")
    matches: list[str] = []
    for value in values:
        exact = [name for name in models if name.lower() == value.lower()]
        matches += exact or [name for name in models if value.lower() in name.lower()]
    return list(dict.fromkeys(matches))


def task_ids(reader: Connection, scope: Scope, values: Sequence[str]) -> list[str]:
    """Return the task ids of a scope that equal a value or, if none does, begin with it (`0b6c...`)."""
    ids: list[str] = []
    for value in values:
        exact = reader.execute(text(compose(_EXACT, inside=inside(scope))), spellings(value)).all()
        ids += [row[0] for row in exact or _beginning(reader, scope, value.removesuffix("..."))]
    return list(dict.fromkeys(ids))


def spellings(task_id: str) -> dict[str, str]:
    """Return a task id as the values `:a`, `:b` and `:c` of a statement: as typed, in lower case and in upper case."""
    return {"a": task_id, "b": task_id.lower(), "c": task_id.upper()}


def inside(scope: Scope) -> str:
    """Return the SQL condition that a task `t` belongs to a scope, or that any of its charges does."""
    if scope.member is None:
        return "1"
    return compose(
        "({owned} OR EXISTS (SELECT 1 FROM {charges}))", owned=scope.owns("t"), charges=scope.charges_of("t.id")
    )


def holds_any(reader: Connection, scope: Scope) -> bool:
    """Return whether a scope holds any task."""
    sql = "SELECT 1 FROM task" if scope.member is None else _of_tasks(scope, "1", "1")
    return reader.execute(text(f"{sql} LIMIT 1")).first() is not None


def _of_tasks(scope: Scope, column: str, condition: str) -> str:
    return compose(
        _OF_TASKS,
        column=column,
        charges=scope.charges,
        tasks=scope.tasks,
        owned=scope.owns("t"),
        condition=condition,
    )


def _beginning(reader: Connection, scope: Scope, prefix: str) -> Sequence[Row[Any]]:
    if not prefix:
        return []
    sql = _BEGINNING
    if scope.member is not None:
        # all of a member's tasks are read, so that not even the time it takes reveals ids of others' tasks
        sql = _of_tasks(scope, "t.task_id", "+t.task_id >= :low AND +t.task_id < :high")
    for each in dict.fromkeys((prefix, prefix.lower(), prefix.upper())):
        rows = reader.execute(text(sql), {"low": each, "high": each + "\U0010ffff", "most": _MAX_IDS}).all()
        if rows:
            return sorted(rows)[:_MAX_IDS]
    return []
