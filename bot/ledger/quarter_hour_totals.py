"""Totals by quarter of an hour, kept so that the team's spend of a month is quick to sum at any size.

Every zone's days begin on a quarter of an hour: UTC offsets are multiples of it since 1972.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection

QUARTER_US = 900_000_000


_ADD = """
INSERT INTO charge_quarter (start, platform_nanos, provider_nanos) VALUES (?,?,?)
ON CONFLICT (start) DO UPDATE SET platform_nanos = platform_nanos + excluded.platform_nanos,
  provider_nanos = provider_nanos + excluded.provider_nanos
"""


def add_charges(connection: Connection, charges: Iterable[tuple[int, int, int]]) -> None:
    """Add charges to the totals: when each was booked (microseconds), its platform and its provider nanos."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for booked_at, platform, provider in charges:
        amounts = sums[booked_at - booked_at % QUARTER_US]
        amounts[0] += platform
        amounts[1] += provider
    if sums:
        rows = [(start, platform, provider) for start, (platform, provider) in sums.items()]
        connection.exec_driver_sql(_ADD, rows)


_BETWEEN = """
SELECT coalesce(sum(platform_nanos), 0), coalesce(sum(provider_nanos), 0) FROM charge_quarter
WHERE start >= ? AND start < ?
"""


def nanos_between(reads: Connection, low: int, high: int) -> tuple[int, int]:
    """Return the platform and provider nanos booked in `[low, high)` (microseconds), both multiples of a quarter."""
    platform, provider = reads.exec_driver_sql(_BETWEEN, (low, high)).all()[0]
    return platform, provider
