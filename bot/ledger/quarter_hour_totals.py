"""Totals by quarter of an hour, kept so that the team's spend of a month is quick to sum at any size.

Every zone's days begin on a quarter of an hour: UTC offsets are multiples of it since 1972.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import BigInteger, ColumnElement, Connection, FromClause, bindparam, cast, func, select, union_all

from bot.database.bulk import BulkStatement
from bot.database.statements import insert
from bot.ledger.expressions import Span, sum_of
from bot.ledger.tables import charge, charge_quarter

QUARTER_US = 900_000_000

_Q = charge_quarter.c
_INSERT = insert(charge_quarter)
_ADD = BulkStatement(
    _INSERT.on_conflict_do_update(
        index_elements=[_Q.start],
        set_={
            "platform_nanos": _Q.platform_nanos + _INSERT.excluded.platform_nanos,
            "provider_nanos": _Q.provider_nanos + _INSERT.excluded.provider_nanos,
        },
    ),
    "start",
    "platform_nanos",
    "provider_nanos",
)
_BETWEEN = select(
    cast(func.coalesce(func.sum(_Q.platform_nanos), 0), BigInteger),
    cast(func.coalesce(func.sum(_Q.provider_nanos), 0), BigInteger),
).where(_Q.start >= bindparam("low"), _Q.start < bindparam("high"))

_AMOUNTS = (charge.c.platform_nanos, charge.c.provider_nanos)
_PARTS = union_all(
    select(_Q.platform_nanos, _Q.provider_nanos).where(_Q.start >= bindparam("low"), _Q.start < bindparam("high")),
    select(*_AMOUNTS).where(charge.c.booked_at >= bindparam("start"), charge.c.booked_at < bindparam("low")),
    select(*_AMOUNTS).where(charge.c.booked_at >= bindparam("high"), charge.c.booked_at < bindparam("end")),
).subquery()
_WITHIN = select(func.coalesce(sum_of(_PARTS.c.platform_nanos), 0), func.coalesce(sum_of(_PARTS.c.provider_nanos), 0))


def add_charges(connection: Connection, charges: Iterable[tuple[int, int, int]]) -> None:
    """Add charges to the totals: when each was booked (microseconds), its platform and its provider nanos."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for booked_at, platform, provider in charges:
        amounts = sums[booked_at - booked_at % QUARTER_US]
        amounts[0] += platform
        amounts[1] += provider
    _ADD.execute(connection, [(start, *amounts) for start, amounts in sums.items()])


def nanos_between(connection: Connection, low: int, high: int) -> tuple[int, int]:
    """Return the platform and provider nanos booked in `[low, high)` (microseconds), both multiples of a quarter."""
    platform, provider = connection.execute(_BETWEEN, {"low": low, "high": high}).one()
    return platform, provider


def nanos_within(connection: Connection, start: int, end: int) -> tuple[int, int]:
    """Return the platform and provider nanos booked in `[start, end)` (microseconds), any moments.

    The totals say what the quarters of an hour inside it hold; before and after those the charges are summed.
    """
    low = min(start + -start % QUARTER_US, end)
    high = max(end - end % QUARTER_US, low)
    platform, provider = connection.execute(_WITHIN, {"start": start, "low": low, "high": high, "end": end}).one()
    return platform, provider


def nanos_of_span(span: FromClause) -> list[ColumnElement[int]]:
    """Return the platform and provider nanos of a span that `has_totals`, as columns; NULL if nothing was booked."""
    within = (_Q.start >= span.c.low, _Q.start < span.c.high)
    return [select(sum_of(each)).where(*within).scalar_subquery() for each in (_Q.platform_nanos, _Q.provider_nanos)]


def has_totals(spans: Iterable[Span]) -> bool:
    """Return whether all spans begin and end on a quarter of an hour."""
    return not any(low % QUARTER_US or high % QUARTER_US for _, low, high in spans)


def quarters_around(first: int, last: int) -> tuple[int, int]:
    """Return the start of the quarter of an hour that holds the first moment, and the end of the last one's."""
    return first - first % QUARTER_US, last - last % QUARTER_US + QUARTER_US
