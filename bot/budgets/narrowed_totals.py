"""Narrowed totals: what subjects spent on the tasks that their narrowed budgets count, by quarter of an hour.

They are kept up to date by each booking, so that such a budget costs it no more than one that counts all tasks. A
subject's are summed when a budget is set or first booked for, and kept from then on, also if the budget is removed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.budgets.booked_amounts import BookedAmount, BookedAmounts
from bot.budgets.limits.store import StoredBudget
from bot.budgets.rules import DEFAULT, TEAM
from bot.budgets.tables import narrowed_quarter, narrowed_subject
from bot.database.bulk import BulkInsert, BulkStatement
from bot.database.chunks import chunks
from bot.database.sets import SetStatement
from bot.database.statements import insert
from bot.domain.narrowing import TaskNarrowing
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import to_us
from bot.ledger.charge_queries import members_narrowed_quarters, narrowed_quarters
from bot.ledger.expressions import sum_of
from bot.ledger.quarter_hour_totals import QUARTER_US

_BACK = timedelta(days=70)  # how much a forecast looks at, and more
_END = 2**62  # after any moment

_Q, _S = narrowed_quarter.c, narrowed_subject.c
_COLUMNS = ("narrowing", "subject", "start", "platform_nanos", "provider_nanos")
_INSERT = BulkInsert(narrowed_quarter, *_COLUMNS)
_INSERT_SUBJECT = BulkInsert(narrowed_subject, "narrowing", "subject", "since")
_UPSERT = insert(narrowed_quarter)
_ADD = BulkStatement(
    _UPSERT.on_conflict_do_update(
        index_elements=[_Q.narrowing, _Q.subject, _Q.start],
        set_={
            "platform_nanos": _Q.platform_nanos + _UPSERT.excluded.platform_nanos,
            "provider_nanos": _Q.provider_nanos + _UPSERT.excluded.provider_nanos,
        },
    ),
    *_COLUMNS,
)
_SINCE = SetStatement(
    select(_S.subject, _S.since).where(
        _S.narrowing == bindparam("which"), _S.subject.in_(bindparam("subjects", expanding=True))
    ),
    "subjects",
)
_BETWEEN = SetStatement(
    select(_Q.subject, sum_of(_Q.platform_nanos), sum_of(_Q.provider_nanos))
    .where(
        _Q.narrowing == bindparam("which"),
        _Q.subject.in_(bindparam("subjects", expanding=True)),
        _Q.start >= bindparam("low"),
        _Q.start < bindparam("high"),
    )
    .group_by(_Q.subject),
    "subjects",
)
_FORGET = [delete(table) for table in (narrowed_quarter, narrowed_subject)]
_PRUNE = delete(narrowed_quarter).where(_Q.start < bindparam("bound"))
_PRUNE_SUBJECTS = update(narrowed_subject).where(_S.since < bindparam("bound")).values(since=bindparam("bound"))


def spend_between(
    connection: Connection, subjects: Iterable[int], window: Window, narrowing: TaskNarrowing, basis: SpendBasis
) -> dict[int, int]:
    """Return what those of the subjects whose totals are kept spent in a window, by its quarters, in nanos."""
    which, low, high = str(narrowing), to_us(window.start), to_us(window.end)
    since = _kept_since(connection, narrowing, subjects)
    spent = {subject: 0 for subject, begins in since.items() if begins <= low}
    for part in chunks(spent):
        for subject, platform, provider in _BETWEEN.execute(connection, part, which=which, low=low, high=high).all():
            spent[subject] = basis.spend(platform, provider)
    return spent


def add(connection: Connection, booked: BookedAmounts, budgets: Iterable[StoredBudget], now: datetime) -> None:
    """Bring the totals up to date with what narrowed budgets have gained and lost by a booking."""
    for narrowing, subjects in _by_narrowing(booked, budgets).items():
        sums = {each: found for each in subjects if (found := _sums(booked.narrowed(each), narrowing))}
        since = _kept_since(connection, narrowing, sums)
        rows = [
            (str(narrowing), subject, start, *nanos)
            for subject, begins in since.items()
            for start, nanos in sums[subject].items()
            if start >= begins
        ]
        _ADD.execute(connection, rows)
        fill(connection, narrowing, [each for each in sums if each not in since], now)


def _by_narrowing(booked: BookedAmounts, budgets: Iterable[StoredBudget]) -> dict[TaskNarrowing, dict[int, None]]:
    """Return the subjects whose budgets may have gained or lost anything, by what these count."""
    members = dict.fromkeys(booked.members())
    subjects: dict[TaskNarrowing, dict[int, None]] = defaultdict(dict)
    for budget in budgets:
        subjects[budget.narrowing] |= members if budget.scope == DEFAULT else {budget.scope: None}
    return subjects


def _sums(amounts: Sequence[BookedAmount], narrowing: TaskNarrowing) -> dict[int, list[int]]:
    """Return by how much the platform and provider nanos of quarters have grown; empty if nothing counts."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for each in amounts:
        if sign := each.sign(narrowing):
            nanos = sums[_quarter(each.at)]
            nanos[0] += sign * each.platform_nanos
            nanos[1] += sign * each.provider_nanos
    return sums


def keep(connection: Connection, narrowing: TaskNarrowing, subject: int, now: datetime) -> None:
    """Keep the totals of a subject from now on, with those of some weeks before, unless they are kept already."""
    if not _kept_since(connection, narrowing, [subject]):
        fill(connection, narrowing, [subject], now)


def fill(connection: Connection, narrowing: TaskNarrowing, subjects: Collection[int], now: datetime) -> None:
    """Sum the totals of subjects whose totals are not kept yet."""
    if not subjects:
        return
    since, which = _quarter(to_us(now - _BACK)), str(narrowing)
    rows = []
    if members := [each for each in subjects if each != TEAM]:
        rows += members_narrowed_quarters(connection, members, since, _END, narrowing)
    if TEAM in subjects:
        rows += [(TEAM, *each) for each in narrowed_quarters(connection, since, _END, narrowing)]
    _INSERT.execute(connection, [(which, *row) for row in rows])
    _INSERT_SUBJECT.execute(connection, [(which, subject, since) for subject in subjects])


def forget(connection: Connection, members: Collection[int]) -> None:
    """Forget the totals of members whose charges became others' ones; they are summed anew when they are needed."""
    for table in (narrowed_quarter, narrowed_subject):
        connection.execute(delete(table).where(table.c.subject.in_(members)))


def forget_narrowing(connection: Connection, narrowing: TaskNarrowing) -> None:
    """Forget all totals of a narrowing that has another name now; they are summed anew under that one."""
    for table in (narrowed_quarter, narrowed_subject):
        connection.execute(delete(table).where(table.c.narrowing == str(narrowing)))


def forget_all(connection: Connection) -> None:
    """Forget all totals, as charges were corrected other than by a booking."""
    for statement in _FORGET:
        connection.execute(statement)


def prune(connection: Connection, now: datetime) -> None:
    """Forget what nobody asks for any more."""
    bound = _quarter(to_us(now - _BACK))
    connection.execute(_PRUNE, {"bound": bound})
    connection.execute(_PRUNE_SUBJECTS, {"bound": bound})


def _kept_since(connection: Connection, narrowing: TaskNarrowing, subjects: Iterable[int]) -> dict[int, int]:
    """Return since when the totals of subjects are kept (microseconds), of those whose are."""
    found = (_SINCE.execute(connection, part, which=str(narrowing)).all() for part in chunks(subjects))
    return {subject: since for rows in found for subject, since in rows}


def _quarter(at: int) -> int:
    return at - at % QUARTER_US
