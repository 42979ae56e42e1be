"""The charges of each member by month, as two databases of one ledger are compared."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from bot.domain.timestamps import from_us, to_us
from bot.ledger.expressions import sum_of
from bot.ledger.tables import charge

MonthlyCharges = dict[tuple[str, int | None], tuple[int, int, int]]
"""By month (in UTC) and member's id the number of charges and their amounts, the platform's and the provider's."""

_BOUNDS = select(func.min(charge.c.booked_at), func.max(charge.c.booked_at))
_WITHIN = (
    select(charge.c.member, func.count(), sum_of(charge.c.platform_nanos), sum_of(charge.c.provider_nanos))
    .where(charge.c.booked_at >= bindparam("low"), charge.c.booked_at < bindparam("high"))
    .group_by(charge.c.member)
)


def monthly_charges(connection: Connection) -> MonthlyCharges:
    """Return the charges of each member by month."""
    first, last = connection.execute(_BOUNDS).one()
    if first is None:
        return {}
    return {
        (f"{start:%Y-%m}", member): (number, platform, provider)
        for start, end in _months(from_us(first), from_us(last))
        for member, number, platform, provider in connection.execute(_WITHIN, {"low": to_us(start), "high": to_us(end)})
    }


def _months(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the start and the end of each month from that of one moment to that of another."""
    start = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while start <= last:
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        yield start, end
        start = end
