"""First days: from which day on the ledger holds whole days of each subject."""

from collections.abc import Collection
from datetime import date, timedelta, tzinfo

from sqlalchemy import Connection

from bot.budgets.rules import TEAM
from bot.domain.periods import local_day
from bot.domain.timestamps import from_us
from bot.ledger.daily_spend import first_charges
from bot.ledger.freshness import Freshness, first_charge
from bot.ledger.scope import EVERYTHING

_ONE = timedelta(days=1)
_FIRST_OF_ALL = first_charge(EVERYTHING.part)


def first_whole_days(
    connection: Connection, subjects: Collection[int], fresh: Freshness, calendar: tzinfo
) -> dict[int, date]:
    """Return the first day that the ledger holds as a whole, of each subject who has any charge.

    It is that of their own first charge, or of the beginning of what was read, so that it reveals nothing of others.
    """
    if fresh.since is None:
        return {}
    read_since = from_us(fresh.since)
    first = first_charges(connection, [subject for subject in subjects if subject != TEAM])
    if TEAM in subjects and (of_all := connection.execute(_FIRST_OF_ALL, EVERYTHING.values).scalar_one()) is not None:
        first[TEAM] = from_us(of_all)
    begins = {subject: max(read_since, at) for subject, at in first.items()}
    return {subject: local_day(at - timedelta.resolution, calendar) + _ONE for subject, at in begins.items()}
