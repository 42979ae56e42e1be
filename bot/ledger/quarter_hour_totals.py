"""Quarters: the charges' sums by quarter of an hour, so that the team's spend of a month is quick at any size.

Every zone's days begin on a quarter of an hour (UTC offsets are multiples of it since 1972).
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reader

QUARTER_US = 900_000_000


def add(connection: "Connection", charges: Iterable[tuple[int, int, int]]) -> None:
    """Count charges in: when each was booked (microseconds), platform and provider nanos."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for booked_at, platform, provider in charges:
        both = sums[booked_at - booked_at % QUARTER_US]
        both[0] += platform
        both[1] += provider
    if sums:
        connection.exec_driver_sql(
            "INSERT INTO charge_quarter (start, platform_nanos, provider_nanos) VALUES (?,?,?)"
            " ON CONFLICT (start) DO UPDATE SET platform_nanos = platform_nanos + excluded.platform_nanos,"
            " provider_nanos = provider_nanos + excluded.provider_nanos",
            [(start, platform, provider) for start, (platform, provider) in sums.items()],
        )


def between(connection: "Connection | Reader", low: int, high: int) -> tuple[int, int]:
    """Platform and provider nanos booked in `[low, high)`, whose ends are quarters."""
    row = connection.exec_driver_sql(
        "SELECT coalesce(sum(platform_nanos), 0), coalesce(sum(provider_nanos), 0) FROM charge_quarter"
        " WHERE start >= ? AND start < ?",
        (low, high),
    ).first()
    return (row[0], row[1]) if row else (0, 0)
