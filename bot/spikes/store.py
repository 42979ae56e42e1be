"""The store of spikes: looked up in the ledger, of one local day."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bot.database.reader import plain_rows
from bot.domain.periods import Unit, period
from bot.domain.timestamps import to_us
from bot.ledger.daily_spend import daily_spend
from bot.ledger.spend import spend_column
from bot.spikes.rules import DAYS, Spike, SpikePolicy, spike

if TYPE_CHECKING:
    from bot.database.reader import Reads


def spikes(reader: "Reads", day: date, policy: SpikePolicy, members: Iterable[int] | None = None) -> list[Spike]:
    """The spikes of a day, the dearest first: of these members, or of everybody."""
    near = _above(reader, day, policy, members)
    windows = [period(Unit.DAY, day - timedelta(days=back), policy.zone) for back in range(DAYS, -1, -1)]
    spent = daily_spend(reader, near, windows, policy.basis) if near else {}
    found = (spike(member, nanos[-1], nanos[:-1], policy.floor_nanos) for member, nanos in spent.items())
    return sorted((each for each in found if each), key=lambda each: (-each.nanos, each.member))


def _above(reader: "Reads", day: date, policy: SpikePolicy, members: Iterable[int] | None) -> list[int]:
    """Who spent the floor or more on a day; nobody's tasks are nobody's spike."""
    window = period(Unit.DAY, day, policy.zone)
    amount = spend_column(policy.basis)
    whose = "" if members is None else f" AND c.member IN ({','.join(map(str, members)) or 'NULL'})"
    sql = f"""
SELECT c.member FROM charge c JOIN member m ON m.id = c.member
WHERE c.booked_at >= ? AND c.booked_at < ? AND m.email <> ''{whose}
GROUP BY c.member HAVING sum({amount}) >= ?"""  # noqa: S608 - values are bound
    values = (to_us(window.start), to_us(window.end), policy.floor_nanos)
    return [row[0] for row in plain_rows(reader, sql, values)]
