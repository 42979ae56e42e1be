"""Queries within a scope: the members, models, statuses and task ids that a question names."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    Text,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    union,
)

from bot.database.chunks import chunks
from bot.domain.tasks import normalized_email
from bot.domain.text import ascii_lower
from bot.ledger.expressions import has_no_cost
from bot.ledger.members import NAMELESS, shown_email, stored_email
from bot.ledger.scope import MEMBERS, Scope, ScopePart
from bot.ledger.tables import charge, member, seen, task
from bot.ledger.task_queries import has_tasks

_CURRENT = func.coalesce(member.c.merged_into, member.c.id)


@cache
def _emails(part: ScopePart) -> Select[str, int]:
    return select(member.c.email, _CURRENT).where(part.is_members(_CURRENT))


@cache
def _ids(part: ScopePart) -> Select[int]:
    return select(_CURRENT).where(part.is_members(_CURRENT), member.c.email.in_(bindparam("emails", expanding=True)))


class ScopeMembers:
    """The members of a scope by e-mail, after merges."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    @cached_property
    def _by_email(self) -> dict[str, int]:
        rows = self._connection.execute(_emails(self._scope.part), self._scope.values).all()
        return {shown_email(email): key for email, key in rows}

    def ids_of(self, emails: Sequence[str]) -> list[int]:
        """Return the ids of the members with these e-mails; unknown ones are left out."""
        stored = [stored_email(each) for each in emails if normalized_email(each)]
        found = (
            self._connection.execute(_ids(self._scope.part), {"emails": some, **self._scope.values}).all()
            for some in chunks(stored)
        )
        return sorted({key for rows in found for (key,) in rows})

    def ids_containing(self, part: str) -> list[int]:
        """Return the ids of the members whose e-mails contain a text, in any case."""
        ids = (key for email, key in self._by_email.items() if ascii_lower(part) in email and email not in NAMELESS)
        return sorted(set(ids))


_MAX_IDS = 1_000  # of tasks that begin with one text

_ONE: ColumnElement[int] = literal_column("1")  # in ORDER BY the first column

Rows = CompoundSelect[*tuple[Any, ...]]


def _of_tasks(found: ColumnElement[Any]) -> Rows:
    """Return what is asked of a member's tasks: of those charged to them, and of theirs without cost."""
    tasks = MEMBERS.tasks
    charged = select(found).select_from(charge.join(tasks, tasks.c.id == charge.c.task))
    without_cost = select(found).select_from(tasks).where(has_no_cost(tasks), MEMBERS.owns(tasks))
    return union(charged.where(MEMBERS.is_members(charge.c.member)), without_cost)


_SEEN = select(seen.c.value).where(seen.c.kind == bindparam("kind")).order_by(seen.c.value)
_MEMBERS_SEEN = {kind: _of_tasks(MEMBERS.tasks.c[kind]).order_by(_ONE) for kind in ("model", "status")}


def seen_values(connection: Connection, scope: Scope, kind: str) -> list[str]:
    """Return every `model` or `status` that any task has had; in a member's scope, those that its tasks have now."""
    if scope.member is None:
        rows = connection.execute(_SEEN, {"kind": kind}).all()
    else:
        rows = connection.execute(_MEMBERS_SEEN[kind], scope.values).all()
    return [value for (value,) in rows]


def statuses_named(connection: Connection, scope: Scope, values: Sequence[str]) -> list[str]:
    """Return the statuses of a scope that equal one of the values, in any case."""
    wanted = {value.lower() for value in values}
    return [value for value in seen_values(connection, scope, "status") if value.lower() in wanted]


def models_named(connection: Connection, scope: Scope, values: Sequence[str]) -> list[str]:
    """Return the models of a scope that equal a value in any case or, if none does, contain it."""
    models = seen_values(connection, scope, "model")
    matches: list[str] = []
    for value in values:
        exact = [name for name in models if name.lower() == value.lower()]
        matches += exact or [name for name in models if value.lower() in name.lower()]
    return list(dict.fromkeys(matches))


_LOW, _HIGH, _MOST = bindparam("low", type_=Text), bindparam("high", type_=Text), bindparam("most", type_=Integer)
_BEGINNING = (
    select(task.c.task_id).where(task.c.task_id >= _LOW, task.c.task_id < _HIGH).order_by(task.c.task_id).limit(_MOST)
)
_MEMBERS_IDS = _of_tasks(MEMBERS.tasks.c.task_id)


@cache
def _exact(part: ScopePart) -> Select[str]:
    return select(task.c.task_id).where(task.c.task_id.in_(SPELLINGS), inside(part))


def task_ids(connection: Connection, scope: Scope, values: Sequence[str]) -> list[str]:
    """Return the task ids of a scope that equal a value or, if none does, begin with it (`0b6c...`)."""
    ids: list[str] = []
    for value in values:
        exact = connection.execute(_exact(scope.part), spellings(value) | scope.values).all()
        ids += [task_id for (task_id,) in exact] or _beginning(connection, scope, value.removesuffix("..."))
    return list(dict.fromkeys(ids))


SPELLINGS = [bindparam(name, type_=Text) for name in ("as_typed", "in_lower_case", "in_upper_case")]


def spellings(task_id: str) -> dict[str, Any]:
    """Return a task id as the values of `SPELLINGS`: as typed, in lower case and in upper case."""
    return {"as_typed": task_id, "in_lower_case": task_id.lower(), "in_upper_case": task_id.upper()}


def inside(part: ScopePart) -> ColumnElement[bool]:
    """Return the condition that a task of the table belongs to a scope, or that any of its charges does."""
    return part.owns(task) | exists(select(_ONE).where(part.is_charge_of(task.c.id)).correlate(task))


_ANY = select(_ONE).select_from(task).limit(1)


def holds_any(connection: Connection, scope: Scope) -> bool:
    """Return whether a scope holds any task."""
    if scope.member is not None:
        return has_tasks(connection, scope.member)
    return connection.execute(_ANY).first() is not None


def _beginning(connection: Connection, scope: Scope, prefix: str) -> list[str]:
    if not prefix:
        return []
    beginning = _members_beginning if scope.member is not None else _any_beginning
    found = beginning(connection, scope, dict.fromkeys((prefix, prefix.lower(), prefix.upper())))
    return next(filter(None, found), [])[:_MAX_IDS]


def _any_beginning(connection: Connection, _: Scope, prefixes: Iterable[str]) -> Iterator[list[str]]:
    for each in prefixes:
        values = {"low": each, "high": each + "\U0010ffff", "most": _MAX_IDS}
        yield [task_id for (task_id,) in connection.execute(_BEGINNING, values).all()]


def _members_beginning(connection: Connection, scope: Scope, prefixes: Iterable[str]) -> Iterator[list[str]]:
    # all of a member's tasks are read, so that not even the time it takes reveals ids of others' tasks
    ids = sorted(task_id for (task_id,) in connection.execute(_MEMBERS_IDS, scope.values).all())
    for each in prefixes:
        yield [task_id for task_id in ids if task_id.startswith(each)]
