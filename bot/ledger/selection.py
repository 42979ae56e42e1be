"""Selections: which charges and tasks a question is about, and that as conditions in SQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from bot.database.sql import compose
from bot.domain.periods import Window
from bot.domain.query.question import Field, Filter
from bot.domain.text import ascii_lower
from bot.domain.timestamps import to_us
from bot.ledger.scope import Scope
from bot.ledger.scope_queries import ScopeMembers, inside, models_named, spellings, statuses_named, task_ids


@dataclass(frozen=True, slots=True)
class Selection:
    """Which charges and tasks of a scope a question is about; `members` are e-mails, None for everybody in it."""

    scope: Scope
    window: Window
    members: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    byok: bool | None = None


_WITHOUT_COST = "t.platform_nanos IS NULL AND t.provider_nanos IS NULL"

# an empty list; NOT IN (NULL) would be NULL and leave everything out
_NOTHING = "SELECT NULL WHERE 1 = 0"


@dataclass(slots=True)
class Conditions:
    """Conditions for charges and for tasks without cost, and their parameters; tasks are those of the scope."""

    scope: Scope
    window: Window
    member_ids: list[int] | None
    on_task: list[str] = field(default_factory=list)
    on_member: list[tuple[str, list[int]]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def put(self, value: object) -> str:
        """Bind a value; return its placeholder in the SQL."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def puts(self, values: Sequence[str]) -> str:
        """Bind values; return their placeholders, for the brackets of an `IN`."""
        return ",".join(map(self.put, values)) or _NOTHING

    def charges(self, span: tuple[str, str] | None = None) -> str:
        """Return the conditions on `charge c`, joined with `task t` where the filters need it.

        `span` holds SQL for a start and an end to use in place of the window's.
        """
        start, end = span or self._ends()
        parts = [f"c.booked_at >= {start}", f"c.booked_at < {end}"]
        return " AND ".join([*parts, *self._members("c"), *self._filters("c")])

    def without_cost(self, span: tuple[str, str] | None = None) -> str:
        """Return the conditions on `task t` for the tasks without cost created in the window; `span` as for charges."""
        start, end = span or self._ends()
        parts = [_WITHOUT_COST, f"t.created_at >= {start}", f"t.created_at < {end}"]
        return " AND ".join([*parts, *self._members("t"), *self._filters("t")])

    def _ends(self) -> tuple[str, str]:
        return self.put(to_us(self.window.start)), self.put(to_us(self.window.end))

    @property
    def join_task(self) -> str:
        """The join of `task t` beside `charge c`."""
        return f"JOIN {self.scope.tasks} t ON t.id = c.task"

    @property
    def join_filtered_task(self) -> str:
        """The join of `task t`, if the conditions on charges need it; else nothing."""
        return self.join_task if self.on_task else ""

    def _members(self, alias: str) -> Iterator[str]:
        if self.scope.member is not None:
            yield f"{alias}.member = {self.scope.member}"
        elif self.member_ids is not None:
            yield f"{alias}.member IN ({numbers(self.member_ids)})"
        for operator, ids in self.on_member:
            yield f"{alias}.member {operator} ({numbers(ids)})"

    def _filters(self, alias: str) -> Iterator[str]:
        return (condition.replace("{member}", f"{alias}.member") for condition in self.on_task)


def numbers(ids: Sequence[int]) -> str:
    """Return ids as SQL for the brackets of an `IN`."""
    return ",".join(map(str, ids)) or _NOTHING


def conditions_of(reader: Connection, selection: Selection) -> Conditions:
    """Return the conditions of a selection; names are resolved within its scope."""
    scope = selection.scope
    members = ScopeMembers(reader, scope)
    where = Conditions(scope, selection.window, None)
    if selection.members is not None and scope.member is None:  # in a member's scope there is nobody else
        where.member_ids = members.ids_of(selection.members)
    for each in selection.filters:
        _add(where, reader, members, each)
    if selection.byok is not None:
        where.on_task.append("t.is_byok" if selection.byok else "NOT t.is_byok")
    return where


def _add(where: Conditions, reader: Connection, members: ScopeMembers, each: Filter) -> None:
    negation = "NOT " if each.exclude else ""
    match each.field:
        case Field.EMAIL:
            where.on_member.append((f"{negation}IN", members.ids_of(each.values)))
        case Field.SEARCH:
            where.on_task.append(f"{negation}({_search(where, members, each.values)})")
        case Field.STATUS:
            statuses = where.puts(statuses_named(reader, where.scope, each.values))
            where.on_task.append(f"t.status {negation}IN ({statuses})")
        case Field.MODEL:
            models = where.puts(models_named(reader, where.scope, each.values))
            where.on_task.append(f"t.model {negation}IN ({models})")
        case Field.TASK:
            ids = where.puts(task_ids(reader, where.scope, each.values))
            where.on_task.append(f"t.task_id {negation}IN ({ids})")


def _search(where: Conditions, members: ScopeMembers, values: Sequence[str]) -> str:
    """Return the condition of the upstream's search: a part of the task's id or of the e-mail, in any case."""
    parts = []
    for value in values:
        name = where.put(f"%{_escaped(ascii_lower(value))}%")
        parts.append(f"lower(t.task_id) LIKE {name} ESCAPE '\\'")
        parts.append(f"{{member}} IN ({numbers(members.ids_containing(value))})")
    return " OR ".join(parts)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_HELD = """
SELECT 1 FROM task t WHERE t.task_id IN (:a, :b, :c) AND t.task_id NOT IN (SELECT key FROM quarantine) AND {whose}
"""
_OF_MEMBERS = "(t.member IN ({ids}) OR EXISTS (SELECT 1 FROM charge c WHERE c.task = t.id AND c.member IN ({ids})))"


def names_booked_tasks(reader: Connection, selection: Selection) -> bool:
    """Return whether a selection names tasks by full id, and the ledger holds all of them, none in quarantine.

    Then it can be answered although other tasks of its window may be missing. The tasks must be its members'.
    """
    named = [each for f in selection.filters if f.field is Field.TASK and not f.exclude for each in f.values]
    sql = compose(_HELD, whose=_whose(reader, selection)) if named else ""
    return bool(named) and all(reader.execute(text(sql), spellings(each)).first() for each in named)


def _whose(reader: Connection, selection: Selection) -> str:
    """Return the SQL condition that a task `t` is, or was charged to, one of the selection's members."""
    if selection.members is None or selection.scope.member is not None:
        return inside(selection.scope)
    members = ScopeMembers(reader, selection.scope).ids_of(selection.members)
    return compose(_OF_MEMBERS, ids=numbers(members))
