"""Totals by quarter of an hour, kept so that the team's spend of a month is quick to sum at any size.

Every zone's days begin on a quarter of an hour: UTC offsets are multiples of it since 1972.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import BigInteger, Connection, bindparam, cast, func, select

from bot.database.statements import insert
from bot.ledger.tables import charge_quarter

QUARTER_US = 900_000_000

_Q = charge_quarter.c
_INSERT = insert(charge_quarter)
_ADD = _INSERT.on_conflict_do_update(
    index_elements=[_Q.start],
    set_={
        "platform_nanos": _Q.platform_nanos + _INSERT.excluded.platform_nanos,
        "provider_nanos": _Q.provider_nanos + _INSERT.excluded.provider_nanos,
    },
)
_BETWEEN = select(
    cast(func.coalesce(func.sum(_Q.platform_nanos), 0), BigInteger),
    cast(func.coalesce(func.sum(_Q.provider_nanos), 0), BigInteger),
).where(_Q.start >= bindparam("low"), _Q.start < bindparam("high"))


def add_charges(connection: Connection, charges: Iterable[tuple[int, int, int]]) -> None:
    """Add charges to the totals: when each was booked (microseconds), its platform and its provider nanos."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for booked_at, platform, provider in charges:
        amounts = sums[booked_at - booked_at % QUARTER_US]
        amounts[0] += platform
        amounts[1] += provider
    if sums:
        rows = [
            {"start": start, "platform_nanos": platform, "provider_nanos": provider}
            for start, (platform, provider) in sums.items()
        ]
        connection.execute(_ADD, rows)


def nanos_between(connection: Connection, low: int, high: int) -> tuple[int, int]:
    """Return the platform and provider nanos booked in `[low, high)` (microseconds), both multiples of a quarter."""
    platform, provider = connection.execute(_BETWEEN, {"low": low, "high": high}).one()
    return platform, provider
