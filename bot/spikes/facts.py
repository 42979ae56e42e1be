"""The facts of spikes: whose day is one, from what the ledger says they spent."""

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import Connection

from bot.domain.periods import Unit, period
from bot.ledger.charge_queries import spend_by_member, spend_of_all_members
from bot.ledger.daily_spend import daily_spend
from bot.ledger.members import nameless_ids
from bot.spikes.rules import DAYS, Spike, SpikePolicy, spike


def spikes_of(
    connection: Connection, day: date, policy: SpikePolicy, members: Iterable[int] | None = None
) -> list[Spike]:
    """Return the spikes of a local day, the largest first: of these members, or of everybody."""
    candidates = _members_above_floor(connection, day, policy, members)
    windows = [period(Unit.DAY, day - timedelta(days=back), policy.zone) for back in range(DAYS, -1, -1)]
    spent = daily_spend(connection, candidates, windows, policy.basis) if candidates else {}
    spikes = (spike(member, nanos[-1], nanos[:-1], policy.floor_nanos) for member, nanos in spent.items())
    return sorted((each for each in spikes if each), key=lambda each: (-each.nanos, each.member))


def _members_above_floor(
    connection: Connection, day: date, policy: SpikePolicy, members: Iterable[int] | None
) -> list[int]:
    """Return the members who spent the floor or more on a day, without the tasks that are no person's."""
    window = period(Unit.DAY, day, policy.zone)
    if members is None:
        spent = spend_of_all_members(connection, window, policy.basis)
    else:
        spent = spend_by_member(connection, members, window, policy.basis)
    above = [member for member, nanos in spent.items() if nanos >= policy.floor_nanos]
    nameless = nameless_ids(connection) if above else frozenset()
    return [member for member in above if member not in nameless]
