"""Selections: which charges and tasks a question is about, as conditions in SQL. Filters see tasks as they are now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from bot.database.reader import Reader
from bot.domain.periods import Window
from bot.domain.query.errors import QueryError
from bot.domain.query.parser import parse
from bot.domain.query.question import Field, Filter, Question
from bot.domain.tasks import UPSTREAM_STATUSES, member_key
from bot.domain.text import ascii_lower
from bot.domain.timestamps import to_us
from bot.ledger.members import UNATTRIBUTED_NAME, shown_email
from bot.ledger.scope import Scope

_WITHOUT_COST = "t.platform_nanos IS NULL AND t.provider_nanos IS NULL"

# an empty list; NOT IN (NULL) would be NULL and leave everything out
_NOTHING = "SELECT NULL WHERE 1 = 0"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which charges and tasks of a scope a question is about; `members` are e-mails, None for everybody in it."""

    scope: Scope
    window: Window
    members: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    byok: bool | None = None


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
        """Bind a value; returns its place in the SQL."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def puts(self, values: Sequence[str]) -> str:
        """Bind some values; returns what stands between the brackets of an `IN`."""
        return ",".join(map(self.put, values)) or _NOTHING

    def charges(self, span: tuple[str, str] | None = None) -> str:
        """Conditions on `charge c`, joined with `task t` where the filters need it.

        `span` are the SQL expressions of the ends to use in place of the window's.
        """
        start, end = span or self._ends()
        parts = [f"c.booked_at >= {start}", f"c.booked_at < {end}"]
        return " AND ".join([*parts, *self._members("c"), *self._filters("c")])

    def without_cost(self, span: tuple[str, str] | None = None) -> str:
        """Conditions on `task t` for the tasks without cost created in the window; `span` as for charges."""
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
    def joined_task(self) -> str:
        """The join that the conditions on charges need, if they look at their tasks."""
        return self.join_task if self.on_task else ""

    def _members(self, alias: str) -> Iterator[str]:
        if self.scope.member is not None:
            yield f"{alias}.member = {self.scope.member}"
        elif self.member_ids is not None:
            yield f"{alias}.member IN ({_numbers(self.member_ids)})"
        for operator, ids in self.on_member:
            yield f"{alias}.member {operator} ({_numbers(ids)})"

    def _filters(self, alias: str) -> Iterator[str]:
        return (condition.replace("{member}", f"{alias}.member") for condition in self.on_task)


def _numbers(ids: Sequence[int]) -> str:
    return ",".join(map(str, ids)) or _NOTHING


def conditions_of(reader: Reader, selection: Selection) -> Conditions:
    """The conditions of a selection, with its names resolved against what its scope has seen."""
    scope = selection.scope
    members = _Members(reader, scope)
    where = Conditions(scope, selection.window, None)
    if selection.members is not None and scope.member is None:  # in a member's scope there is nobody else
        where.member_ids = members.named(selection.members)
    for each in selection.filters:
        _add(where, reader, members, each)
    if selection.byok is not None:
        where.on_task.append("t.is_byok" if selection.byok else "NOT t.is_byok")
    return where


def _add(where: Conditions, reader: Reader, members: "_Members", each: Filter) -> None:
    negation = "NOT " if each.exclude else ""
    match each.field:
        case Field.EMAIL:
            where.on_member.append((f"{negation}IN", members.named(each.values)))
        case Field.SEARCH:
            where.on_task.append(f"{negation}({_search(where, members, each.values)})")
        case Field.STATUS:
            where.on_task.append(
                f"t.status {negation}IN ({where.puts(_exact(reader, where.scope, 'status', each.values))})"
            )
        case Field.MODEL:
            where.on_task.append(f"t.model {negation}IN ({where.puts(_models(reader, where.scope, each.values))})")
        case Field.TASK:
            where.on_task.append(f"t.task_id {negation}IN ({where.puts(task_ids(reader, where.scope, each.values))})")


def _search(where: Conditions, members: "_Members", values: Sequence[str]) -> str:
    """The upstream's search: a part of the task's id or of the e-mail, in any case."""
    parts = []
    for value in values:
        name = where.put(f"%{_escaped(ascii_lower(value))}%")
        parts.append(f"lower(t.task_id) LIKE {name} ESCAPE '\\'")
        parts.append(f"{{member}} IN ({_numbers(members.holding(value))})")
    return " OR ".join(parts)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _exact(reader: Reader, scope: Scope, kind: str, values: Sequence[str]) -> list[str]:
    wanted = {value.lower() for value in values}
    return [value for value in seen_values(reader, scope, kind) if value.lower() in wanted]


def _models(reader: Reader, scope: Scope, values: Sequence[str]) -> list[str]:
    """The models named: exactly, or where nothing is exact, by a part of the name."""
    known = seen_values(reader, scope, "model")
    found: list[str] = []
    for value in values:
        exact = [name for name in known if name.lower() == value.lower()]
        found += exact or [name for name in known if value.lower() in name.lower()]
    return list(dict.fromkeys(found))


def parse_question(  # noqa: PLR0917 - what a line means depends on all of it
    reader: Reader, scope: Scope, line: str, now: datetime, zone: tzinfo, failing: Sequence[str] = ()
) -> Question:
    """The question that a line asks; a status is one of the upstream's own, of the settings, or seen in the scope.

    Raises:
        QueryError: the line is not a question.
    """
    try:
        return parse(line, now=now, zone=zone)
    except QueryError:
        # only a line that asks for another status is worth the look at which there are
        statuses = {*UPSTREAM_STATUSES, *failing, *seen_values(reader, scope, "status")}
        return parse(line, now=now, zone=zone, statuses=statuses)


def seen_values(reader: Reader, scope: Scope, kind: str) -> list[str]:
    """Every `model` or `status` that some task has had; of a member's scope, those that its tasks have."""
    if scope.member is None:
        sql = "SELECT value FROM seen WHERE kind = :kind ORDER BY value"
        return [row[0] for row in reader.rows(sql, {"kind": kind})]
    column = {"model": "t.model", "status": "t.status"}[kind]
    return [row[0] for row in reader.rows(f"{_of_tasks(scope, column, '1')} ORDER BY 1")]


def _of_tasks(scope: Scope, column: str, condition: str) -> str:
    """A column of the tasks of a member's scope: of those charged to them, and of theirs without cost."""
    return f"""
SELECT {column} FROM {scope.charges} c JOIN {scope.tasks} t ON t.id = c.task WHERE {condition}
UNION SELECT {column} FROM {scope.tasks} t WHERE {_WITHOUT_COST} AND {scope.owns("t")} AND {condition}"""  # noqa: S608 - our own words


def holds_any(reader: Reader, scope: Scope) -> bool:
    """Whether a scope holds any task."""
    sql = "SELECT 1 FROM task" if scope.member is None else _of_tasks(scope, "1", "1")
    return reader.one(f"{sql} LIMIT 1") is not None


def task_ids(reader: Reader, scope: Scope, values: Sequence[str]) -> list[str]:
    """The ids that are meant: exactly, or where nothing is exact, all that begin so (`0b6c...`)."""
    found: list[str] = []
    for value in values:
        spellings = {"a": value, "b": value.lower(), "c": value.upper()}
        exact = reader.rows(f"SELECT task_id FROM task t WHERE task_id IN (:a, :b, :c) AND {_inside(scope)}", spellings)  # noqa: S608 - our own words
        found += [row[0] for row in exact or _beginning(reader, scope, value.removesuffix("..."))]
    return list(dict.fromkeys(found))


def _inside(scope: Scope) -> str:
    """The condition that a task `t` is in a scope, or that something of it was charged there."""
    if scope.member is None:
        return "1"
    return f"({scope.owns('t')} OR EXISTS (SELECT 1 FROM {scope.charges_of('t.id')}))"  # noqa: S608 - our own words


def asks_for_held_tasks(reader: Reader, selection: Selection) -> bool:
    """Whether a selection names tasks by their whole ids, which are all its members' and booked as they stand.

    All that such a task was ever charged is in the ledger, whatever else of its time is not.
    """
    scope = selection.scope
    named = [each for f in selection.filters if f.field is Field.TASK and not f.exclude for each in f.values]
    whose = _inside(scope)
    if selection.members is not None and scope.member is None:
        ids = _numbers(_Members(reader, scope).named(selection.members))
        whose = f"""(t.member IN ({ids})
OR EXISTS (SELECT 1 FROM charge c WHERE c.task = t.id AND c.member IN ({ids})))"""  # noqa: S608 - our own keys
    sql = f"""SELECT 1 FROM task t WHERE t.task_id IN (:a, :b, :c)
AND t.task_id NOT IN (SELECT key FROM quarantine) AND {whose}"""  # noqa: S608 - our own keys
    spellings = [{"a": each, "b": each.lower(), "c": each.upper()} for each in named]
    return bool(named) and all(reader.one(sql, each) for each in spellings)


_MAX_BEGINNING = 1_000


def _beginning(reader: Reader, scope: Scope, prefix: str) -> list[tuple[Any, ...]]:
    if not prefix:
        return []
    sql = "SELECT task_id FROM task WHERE task_id >= :low AND task_id < :high ORDER BY 1 LIMIT :most"
    if scope.member is not None:
        # all of a member's are looked at, so that not even the time it takes tells of others' that begin so
        sql = _of_tasks(scope, "t.task_id", "+t.task_id >= :low AND +t.task_id < :high")
    spellings = dict.fromkeys((prefix, prefix.lower(), prefix.upper()))
    found = (reader.rows(sql, {"low": each, "high": each + "\U0010ffff", "most": _MAX_BEGINNING}) for each in spellings)
    return next((sorted(rows)[:_MAX_BEGINNING] for rows in found if rows), [])


class _Members:
    """Members of a scope by e-mail, as they are after merges; read when the first one is asked for."""

    def __init__(self, reader: Reader, scope: Scope) -> None:
        self._reader = reader
        self._scope = scope

    @cached_property
    def _by_email(self) -> dict[str, int]:
        rows = self._reader.rows(f"SELECT email, coalesce(merged_into, id) FROM {self._scope.members}")  # noqa: S608 - our own words
        return {shown_email(email): key for email, key in rows}

    def named(self, emails: Sequence[str]) -> list[int]:
        return sorted({self._by_email[key] for key in map(member_key, emails) if key in self._by_email})

    def holding(self, part: str) -> list[int]:
        found = (
            key for email, key in self._by_email.items() if ascii_lower(part) in email and email != UNATTRIBUTED_NAME
        )
        return sorted(set(found))
