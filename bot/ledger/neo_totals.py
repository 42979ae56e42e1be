"""What the ledger's tasks sum to in Neo's own unit, as they are now, to be compared with Neo's totals.

Tasks that the last complete pass over their time did not list are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Numeric,
    Row,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
)

from bot.database.chunks import chunks
from bot.database.sets import SetStatement
from bot.domain.timestamps import from_us, to_us
from bot.ledger.tables import member, task

_DAY_US = timedelta(days=1) // timedelta(microseconds=1)
_PLACES = 20  # more than an amount that matters has
_DIGITS = 12  # of a sum: SQLite adds in floating point, where the last ones depend on the order
_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class LedgerTotal:
    """Tasks and their amounts in the upstream's unit: `byok_credits` is the part of `credits` of tasks on own keys."""

    tasks: int
    credits: Decimal
    byok_tasks: int
    byok_credits: Decimal
    llm_cost: Decimal
    neo_cost: Decimal


def _amount(text: ColumnElement[Any]) -> ColumnElement[str]:
    """Return the sum, as text, of amounts that are kept as text; of none 0."""
    summed = func.coalesce(func.sum(cast(text, Numeric)), 0)
    return cast(func.round(summed, _PLACES), String)


_T = task.c
_COLUMNS = (
    func.count().label("tasks"),
    _amount(_T.neo_credits).label("credits"),
    func.coalesce(func.sum(cast(_T.is_byok, Integer)), 0).label("byok_tasks"),
    _amount(case((_T.is_byok, _T.neo_credits))).label("byok_credits"),
    _amount(case((_T.is_byok, _T.llm_cost))).label("llm_cost"),
    _amount(case((_T.is_byok, _T.neo_cost))).label("neo_cost"),
)
# what Neo lists no longer is in none of its totals, and stays in the ledger
_IN_SPAN = and_(_T.created_at >= bindparam("start"), _T.created_at < bindparam("end"))
_CREATED = and_(_IN_SPAN, _T.missed_at.is_(None))
_UNLISTED = select(func.count(_T.missed_at)).where(_IN_SPAN)  # through the index of the span, which stays as large
_BY_DAY = select((_T.created_at // _DAY_US).label("day"), *_COLUMNS).where(_CREATED).group_by("day")
_BY_MEMBER = (
    select(member.c.email, *_COLUMNS)
    .select_from(task.join(member, member.c.id == _T.member))
    .where(_CREATED)
    .group_by(member.c.email)
)


def totals_by_day(connection: Connection, start: datetime, end: datetime) -> dict[date, LedgerTotal]:
    """Return the totals of the tasks created in `[start, end)` by the UTC day of their creation."""
    rows = connection.execute(_BY_DAY, _span(start, end))
    return {_FIRST_DAY + timedelta(days=int(row.day)): _total(row) for row in rows}


def totals_by_member(connection: Connection, start: datetime, end: datetime) -> dict[str, LedgerTotal]:
    """Return the totals of the tasks created in `[start, end)` by e-mail, empty for those without one."""
    return {row.email: _total(row) for row in connection.execute(_BY_MEMBER, _span(start, end))}


def unlisted_count(connection: Connection, start: datetime, end: datetime) -> int:
    """Return how many tasks created in `[start, end)` Neo lists no more, which are in none of the totals here."""
    return int(connection.execute(_UNLISTED, _span(start, end)).scalar_one())


def _span(start: datetime, end: datetime) -> dict[str, int]:
    return {"start": to_us(start), "end": to_us(end)}


def _total(row: Row[Any]) -> LedgerTotal:
    return LedgerTotal(
        tasks=row.tasks,
        credits=_decimal(row.credits),
        byok_tasks=int(row.byok_tasks),
        byok_credits=_decimal(row.byok_credits),
        llm_cost=_decimal(row.llm_cost),
        neo_cost=_decimal(row.neo_cost),
    )


def _decimal(amount: str) -> Decimal:
    """Return an amount as it is written shortest, whichever engine summed it: not all end in zeros."""
    rounded = Decimal(f"{Decimal(amount):.{_DIGITS}g}")
    return Decimal(f"{rounded.normalize():f}")


# --- single tasks --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LedgerTask:
    """One task's amounts as the upstream last wrote them, None where unknown, and how often it was executed."""

    task_id: str
    created_at: datetime
    stream_count: int | None
    is_byok: bool
    neo_credits: Decimal | None
    llm_cost: Decimal | None
    neo_cost: Decimal | None


_TASK = select(_T.task_id, _T.created_at, _T.stream_count, _T.is_byok, _T.neo_credits, _T.llm_cost, _T.neo_cost)
_OF_IDS = SetStatement(_TASK.where(_T.task_id.in_(bindparam("task_ids", expanding=True))), "task_ids")
_EMAILS = SetStatement(
    select(_T.task_id, member.c.email)
    .select_from(task.join(member, member.c.id == _T.member))
    .where(_T.task_id.in_(bindparam("task_ids", expanding=True))),
    "task_ids",
)
_OF_SPAN = _TASK.where(_CREATED).order_by(_T.created_at, _T.task_id)


def tasks_by_id(connection: Connection, task_ids: Iterable[str]) -> dict[str, LedgerTask]:
    """Return the tasks with these ids by id; unknown ones are left out."""
    found = (row for some in chunks(task_ids) for row in _OF_IDS.execute(connection, some).all())
    return {row[0]: _task(row) for row in found}


def emails_of_tasks(connection: Connection, task_ids: Iterable[str]) -> dict[str, str]:
    """Return the current e-mails of the members of tasks by their ids, empty for those without one."""
    found = (row for some in chunks(task_ids) for row in _EMAILS.execute(connection, some).all())
    return {row[0]: row[1] for row in found}


def tasks_created(connection: Connection, start: datetime, end: datetime) -> list[LedgerTask]:
    """Return the tasks created in `[start, end)`, in order."""
    return [_task(row) for row in connection.execute(_OF_SPAN, _span(start, end))]


def _task(row: Row[*tuple[Any, ...]]) -> LedgerTask:
    task_id, created_at, stream_count, is_byok, *amounts = row
    return LedgerTask(task_id, from_us(created_at), stream_count, bool(is_byok), *map(_exact, amounts))


def _exact(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
