"""Selections: which charges and tasks a question is about, as conditions in SQL. Filters see tasks as they are now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bot.domain.periods import Window
from bot.domain.question import Field, Filter
from bot.ledger.instants import to_us
from bot.ledger.members import UNATTRIBUTED_NAME, shown_email
from bot.ledger.reading import Reader

_WITHOUT_COST = "t.platform_nanos IS NULL AND t.provider_nanos IS NULL"

JOIN_TASK = "JOIN task t ON t.id = c.task"  # beside `charge c`
# an empty list; NOT IN (NULL) would be NULL and leave everything out
_NOTHING = "SELECT NULL WHERE 1 = 0"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which charges and tasks a question is about; `members` are e-mails, None for everybody."""

    window: Window
    members: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    byok: bool | None = None


@dataclass(slots=True)
class Where:
    """Conditions for charges and for tasks without cost, and their parameters."""

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
    def joined_task(self) -> str:
        """The join that the conditions on charges need, if they look at their tasks."""
        return JOIN_TASK if self.on_task else ""

    def _members(self, alias: str) -> Iterator[str]:
        if self.member_ids is not None:
            yield f"{alias}.member IN ({_numbers(self.member_ids)})"
        for operator, ids in self.on_member:
            yield f"{alias}.member {operator} ({_numbers(ids)})"

    def _filters(self, alias: str) -> Iterator[str]:
        return (condition.replace("{member}", f"{alias}.member") for condition in self.on_task)


def _numbers(ids: Sequence[int]) -> str:
    return ",".join(map(str, ids)) or _NOTHING


def where_of(reader: Reader, selection: Selection) -> Where:
    """The conditions of a selection, with its names resolved against what the ledger has seen."""
    members = _Members(reader)
    where = Where(selection.window, None if selection.members is None else members.named(selection.members))
    for each in selection.filters:
        _add(where, reader, members, each)
    if selection.byok is not None:
        where.on_task.append("t.is_byok" if selection.byok else "NOT t.is_byok")
    return where


def _add(where: Where, reader: Reader, members: "_Members", each: Filter) -> None:
    negation = "NOT " if each.exclude else ""
    match each.field:
        case Field.EMAIL:
            where.on_member.append((f"{negation}IN", members.named(each.values)))
        case Field.SEARCH:
            where.on_task.append(f"{negation}({_search(where, members, each.values)})")
        case Field.STATUS:
            where.on_task.append(f"t.status {negation}IN ({where.puts(_exact(reader, 'status', each.values))})")
        case Field.MODEL:
            where.on_task.append(f"t.model {negation}IN ({where.puts(_models(reader, each.values))})")
        case Field.TASK:
            where.on_task.append(f"t.task_id {negation}IN ({where.puts(task_ids(reader, each.values))})")


def _search(where: Where, members: "_Members", values: Sequence[str]) -> str:
    """The upstream's search: a part of the task's id or of the e-mail, in any case."""
    parts = []
    for value in values:
        name = where.put(f"%{_escaped(value.lower())}%")
        parts.append(f"lower(t.task_id) LIKE {name} ESCAPE '\\'")
        parts.append(f"{{member}} IN ({_numbers(members.holding(value))})")
    return " OR ".join(parts)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _exact(reader: Reader, kind: str, values: Sequence[str]) -> list[str]:
    wanted = {value.lower() for value in values}
    return [value for value in seen_values(reader, kind) if value.lower() in wanted]


def _models(reader: Reader, values: Sequence[str]) -> list[str]:
    """The models named: exactly, or where nothing is exact, by a part of the name."""
    known = seen_values(reader, "model")
    found: list[str] = []
    for value in values:
        exact = [name for name in known if name.lower() == value.lower()]
        found += exact or [name for name in known if value.lower() in name.lower()]
    return list(dict.fromkeys(found))


def seen_values(reader: Reader, kind: str) -> list[str]:
    """Every `model` or `status` that some task has had."""
    return [row[0] for row in reader.rows("SELECT value FROM seen WHERE kind = :kind ORDER BY value", {"kind": kind})]


def task_ids(reader: Reader, values: Sequence[str]) -> list[str]:
    """The ids that are meant: exactly, or where nothing is exact, all that begin so (`0b6c...`)."""
    found: list[str] = []
    for value in values:
        spellings = {"a": value, "b": value.lower(), "c": value.upper()}
        exact = reader.rows("SELECT task_id FROM task WHERE task_id IN (:a, :b, :c)", spellings)
        found += [row[0] for row in exact or _beginning(reader, value.removesuffix("..."))]
    return list(dict.fromkeys(found))


_MAX_BEGINNING = 1_000


def _beginning(reader: Reader, prefix: str) -> list[tuple[Any, ...]]:
    if not prefix:
        return []
    sql = "SELECT task_id FROM task WHERE task_id >= :low AND task_id < :high LIMIT :most"
    spellings = dict.fromkeys((prefix, prefix.lower(), prefix.upper()))
    found = (reader.rows(sql, {"low": each, "high": each + "\U0010ffff", "most": _MAX_BEGINNING}) for each in spellings)
    return next((rows for rows in found if rows), [])


class _Members:
    """Members by e-mail, as they are after merges; read when the first one is asked for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @cached_property
    def _by_email(self) -> dict[str, int]:
        rows = self._reader.rows("SELECT email, coalesce(merged_into, id) FROM member")
        return {shown_email(email): key for email, key in rows}

    def named(self, emails: Sequence[str]) -> list[int]:
        return sorted({self._by_email[email.lower()] for email in emails if email.lower() in self._by_email})

    def holding(self, part: str) -> list[int]:
        found = (key for email, key in self._by_email.items() if part.lower() in email and email != UNATTRIBUTED_NAME)
        return sorted(set(found))
