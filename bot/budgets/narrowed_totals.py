"""Narrowed totals: what the team spent on the tasks that a narrowed budget of it counts, by quarter of an hour.

They are kept up to date by each booking, so that such a budget costs it no more than one that counts all tasks.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, bindparam, cast, delete, func, select

from bot.budgets.booked_amounts import BookedAmount
from bot.budgets.tables import narrowed_quarter
from bot.database import metadata
from bot.database.bulk import BulkInsert, BulkStatement
from bot.database.statements import insert
from bot.domain.narrowing import TaskNarrowing, narrowing_of
from bot.domain.periods import Window
from bot.domain.timestamps import to_us
from bot.ledger.charge_queries import narrowed_quarters
from bot.ledger.quarter_hour_totals import QUARTER_US

_SINCE = "narrowed_since "
_BACK = timedelta(days=70)  # how much a forecast looks at, and more
_END = 2**62  # after any moment

_Q = narrowed_quarter.c
_COLUMNS = ("narrowing", "start", "platform_nanos", "provider_nanos")
_INSERT = BulkInsert(narrowed_quarter, *_COLUMNS)
_UPSERT = insert(narrowed_quarter)
_ADD = BulkStatement(
    _UPSERT.on_conflict_do_update(
        index_elements=[_Q.narrowing, _Q.start],
        set_={
            "platform_nanos": _Q.platform_nanos + _UPSERT.excluded.platform_nanos,
            "provider_nanos": _Q.provider_nanos + _UPSERT.excluded.provider_nanos,
        },
    ),
    *_COLUMNS,
)
_DELETE = delete(narrowed_quarter).where(_Q.narrowing == bindparam("which"))
_BETWEEN = select(
    cast(func.coalesce(func.sum(_Q.platform_nanos), 0), BigInteger),
    cast(func.coalesce(func.sum(_Q.provider_nanos), 0), BigInteger),
).where(_Q.narrowing == bindparam("which"), _Q.start >= bindparam("low"), _Q.start < bindparam("high"))


def keep(connection: Connection, narrowing: TaskNarrowing, now: datetime) -> None:
    """Keep the totals of these tasks from now on, with those of some weeks before, unless they are kept already."""
    if metadata.read(connection, f"{_SINCE}{narrowing}") is None:
        _fill(connection, narrowing, now)


def forget(connection: Connection, narrowing: TaskNarrowing) -> None:
    """Delete the totals of these tasks, which are not kept any longer."""
    connection.execute(_DELETE, {"which": str(narrowing)})
    metadata.write(connection, f"{_SINCE}{narrowing}", None)


def sum_anew(connection: Connection, now: datetime) -> None:
    """Sum all totals anew, after charges were corrected other than by a booking."""
    for narrowing in _kept(connection):
        _fill(connection, narrowing, now)


def _fill(connection: Connection, narrowing: TaskNarrowing, now: datetime) -> None:
    forget(connection, narrowing)
    since = _quarter(to_us(now - _BACK))
    sums = narrowed_quarters(connection, since, _END, narrowing)
    _INSERT.execute(connection, [(str(narrowing), *each) for each in sums])
    metadata.write(connection, f"{_SINCE}{narrowing}", str(since))


def _kept(connection: Connection) -> dict[TaskNarrowing, int]:
    """Return since when totals are kept (microseconds), by what they count."""
    return {narrowing_of(text): int(since) for text, since in metadata.read_prefix(connection, _SINCE).items()}


def _quarter(at: int) -> int:
    return at - at % QUARTER_US


def nanos_between(connection: Connection, window: Window, narrowing: TaskNarrowing) -> tuple[int, int] | None:
    """Return the platform and provider nanos booked in a window, by its quarters; None if they are not kept."""
    since = metadata.read(connection, f"{_SINCE}{narrowing}")
    low, high = to_us(window.start), to_us(window.end)
    if since is None or low < int(since):
        return None
    platform, provider = connection.execute(_BETWEEN, {"which": str(narrowing), "low": low, "high": high}).one()
    return platform, provider


def add(connection: Connection, amounts: Sequence[BookedAmount]) -> None:
    """Bring the totals up to date with what narrowed budgets of the team have gained and lost by a booking."""
    for narrowing, since in _kept(connection).items():
        sums = _sums(amounts, narrowing)
        rows = [(str(narrowing), start, *nanos) for start, nanos in sums.items() if start >= since and any(nanos)]
        _ADD.execute(connection, rows)


def _sums(amounts: Sequence[BookedAmount], narrowing: TaskNarrowing) -> dict[int, list[int]]:
    """Return by how much the platform and provider nanos of each quarter have grown."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for each in amounts:
        if sign := each.sign(narrowing):
            nanos = sums[_quarter(each.at)]
            nanos[0] += sign * each.platform_nanos
            nanos[1] += sign * each.provider_nanos
    return sums
