"""Selections: which charges and tasks a question is about, and that as conditions of statements."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
)

from bot.domain.periods import Window
from bot.domain.query.question import Field, Filter
from bot.domain.text import ascii_lower
from bot.domain.timestamps import to_us
from bot.ledger.expressions import CrossJoin, has_no_cost, none_of, one_of
from bot.ledger.scope import Scope, ScopePart
from bot.ledger.scope_queries import (
    SPELLINGS,
    ScopeMembers,
    inside,
    models_named,
    spellings,
    statuses_named,
    task_ids,
)
from bot.ledger.tables import charge, quarantine, task

FORMS = 200  # of selections whose statements are kept
_START, _END = bindparam("start", type_=BigInteger), bindparam("end", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which charges and tasks of a scope a question is about; `members` are e-mails, None for everybody in it."""

    scope: Scope
    window: Window
    members: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    byok: bool | None = None


@dataclass(frozen=True, slots=True)
class FilterForm:
    """A filter without its values: their parameters begin with `name`; of a search there are several."""

    field: Field
    exclude: bool
    name: str
    parts: int

    @property
    def names_tasks(self) -> bool:
        """Whether it lets through only tasks that it names by their ids."""
        return self.field is Field.TASK and not self.exclude

    def condition(self, member: ColumnElement[Any], tasks: FromClause) -> ColumnElement[bool]:
        """Return the filter as a condition on the id of a member and on the tasks of the scope."""
        match self.field:
            case Field.EMAIL:
                return none_of(member, self.name) if self.exclude else one_of(member, self.name)
            case Field.SEARCH:
                found = or_(*(each for part in range(self.parts) for each in self._search(part, member, tasks)))
                return ~found if self.exclude else found
            case Field.STATUS | Field.MODEL | Field.TASK:
                column = tasks.c[_COLUMNS[self.field]]
                values = bindparam(self.name, type_=Text, expanding=True)
                return column.not_in(values) if self.exclude else column.in_(values)

    def _search(
        self, part: int, member: ColumnElement[Any], tasks: FromClause
    ) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Return the conditions of the upstream's search: a part of the task's id or of the e-mail, in any case."""
        text: ColumnElement[str] = bindparam(f"{self.name}_text_{part}")
        return func.lower(tasks.c.task_id).like(text, escape="/"), one_of(member, f"{self.name}_members_{part}")


_COLUMNS = {Field.STATUS: "status", Field.MODEL: "model", Field.TASK: "task_id"}


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a selection, without its values: the statements on it are built once for all of that form."""

    part: ScopePart
    of_members: bool
    filters: tuple[FilterForm, ...]
    byok: bool | None

    @property
    def is_everything(self) -> bool:
        """Whether it selects all that was booked in the window."""
        return self.part.whole and not self.of_members and not self.filters and self.byok is None

    def charges(self, span: FromClause | None = None) -> ColumnElement[bool]:
        """Return the conditions on charges, joined with tasks where the filters need it.

        The ends of a `span`, if there is one, stand in place of the window's.
        """
        return and_(*_within(charge.c.booked_at, span), *self._conditions(charge.c.member))

    def without_cost(self, span: FromClause | None = None) -> ColumnElement[bool]:
        """Return the conditions on tasks for those without cost created in the window; `span` as for charges."""
        tasks = self.part.tasks
        # few tasks are named: PostgreSQL, which takes those without cost for fewer, would read all of these
        unknown = has_no_cost(tasks, indexed=not any(each.names_tasks for each in self.filters))
        return and_(unknown, *_within(tasks.c.created_at, span), *self._conditions(tasks.c.member))

    def charges_table(self, span: FromClause | None = None, *, with_tasks: bool = False) -> FromClause:
        """Return the charges, joined with their tasks if that is asked or the conditions need it.

        If there is a `span`, the join begins with it: SQLite must look for each by its own ends, not scan for each.
        """
        table: FromClause = charge if span is None else CrossJoin(span, charge)
        if with_tasks or self.byok is not None or any(each.field is not Field.EMAIL for each in self.filters):
            return table.join(self.part.tasks, self.part.tasks.c.id == charge.c.task)
        return table

    def inside(self) -> CompoundSelect[int]:
        """Return the statement on the ids of the tasks inside; there is one for each charge, and those without cost."""
        charged = select(charge.c.task).select_from(self.charges_table()).where(self.charges())
        return union_all(charged, select(self.part.tasks.c.id).where(self.without_cost()))

    def _conditions(self, member: ColumnElement[Any]) -> Iterator[ColumnElement[bool]]:
        yield self.part.is_members(member)
        if self.of_members:
            yield one_of(member, "members")
        for each in self.filters:
            yield each.condition(member, self.part.tasks)
        if self.byok is not None:
            is_byok = self.part.tasks.c.is_byok
            yield is_byok if self.byok else ~is_byok


def _within(moment: ColumnElement[Any], span: FromClause | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    start, end = (_START, _END) if span is None else (span.c.low, span.c.high)
    return moment >= start, moment < end


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a selection: their form, and the values that the statements of that form take."""

    form: Form
    values: dict[str, Any]

    @property
    def ends(self) -> tuple[int, int]:
        """The start and the end of the window in microseconds."""
        return self.values["start"], self.values["end"]

    def within(self, window: Window) -> "Conditions":
        """Return the same conditions in another window."""
        return Conditions(self.form, self.values | _ends(window))

    def named_tasks(self) -> set[str]:
        """Return the ids of the tasks that the filters name and let through."""
        return {id_ for each in self.form.filters if each.names_tasks for id_ in self.values[each.name]}


def _ends(window: Window) -> dict[str, Any]:
    return {"start": to_us(window.start), "end": to_us(window.end)}


def conditions_of(connection: Connection, selection: Selection) -> Conditions:
    """Return the conditions of a selection; names are resolved within its scope."""
    scope = selection.scope
    members = ScopeMembers(connection, scope)
    values = _ends(selection.window) | scope.values
    of_members = selection.members is not None and scope.member is None  # in a member's scope there is nobody else
    if of_members:
        values["members"] = members.ids_of(selection.members or ())
    forms = []
    for number, each in enumerate(selection.filters):
        form = FilterForm(each.field, each.exclude, f"filter_{number}", len(each.values))
        values |= _values(connection, members, form.name, scope, each)
        forms.append(form)
    return Conditions(Form(scope.part, of_members, tuple(forms), selection.byok), values)


def _values(connection: Connection, members: ScopeMembers, name: str, scope: Scope, each: Filter) -> dict[str, Any]:
    match each.field:
        case Field.EMAIL:
            return {name: members.ids_of(each.values)}
        case Field.SEARCH:
            texts = {f"{name}_text_{i}": f"%{_escaped(ascii_lower(value))}%" for i, value in enumerate(each.values)}
            ids = {f"{name}_members_{i}": members.ids_containing(value) for i, value in enumerate(each.values)}
            return texts | ids
        case Field.STATUS:
            return {name: statuses_named(connection, scope, each.values)}
        case Field.MODEL:
            return {name: models_named(connection, scope, each.values)}
        case Field.TASK:
            return {name: task_ids(connection, scope, each.values)}


def _escaped(text: str) -> str:
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


_IN_QUARANTINE = task.c.task_id.in_(select(quarantine.c.key))
_OF_MEMBERS = or_(
    one_of(task.c.member, "members"),
    exists(select(charge.c.id).where(charge.c.task == task.c.id, one_of(charge.c.member, "members"))),
)


@cache
def _held(part: ScopePart, *, of_members: bool) -> Select[int]:
    whose = _OF_MEMBERS if of_members else inside(part)
    return select(task.c.id).where(task.c.task_id.in_(SPELLINGS), ~_IN_QUARANTINE, whose)


def names_booked_tasks(connection: Connection, selection: Selection) -> bool:
    """Return whether a selection names tasks by full id, and the ledger holds all of them, none in quarantine.

    Then it can be answered although other tasks of its window may be missing. The tasks must be its members'.
    """
    named = [each for f in selection.filters if f.field is Field.TASK and not f.exclude for each in f.values]
    if not named:
        return False
    scope, values = selection.scope, selection.scope.values
    of_members = selection.members is not None and scope.member is None
    if of_members:
        values["members"] = ScopeMembers(connection, scope).ids_of(selection.members or ())
    held = _held(scope.part, of_members=of_members)
    return all(connection.execute(held, spellings(each) | values).first() for each in named)
