"""When to prune: once a local night, by a time that no wrong clock can bring forward."""

from datetime import datetime, time, timedelta, tzinfo

from sqlalchemy import Connection

from bot.database import metadata
from bot.domain.periods import latest_time_of_day
from bot.domain.timestamps import from_us, to_us
from bot.ledger.task_queries import newest_creation

NIGHT = time(3, 30)  # local: half an hour after the nightly pass has begun
_PRUNED_AT = "pruned_at"  # the metadata of when everything was last pruned
_NEWS = timedelta(days=7)  # what a team without a task for longer has to prune can wait


def is_due(connection: Connection, now: datetime, zone: tzinfo) -> bool:
    """Return whether nothing was pruned since the last local night; a recorded time in the future does not count."""
    stored = metadata.read(connection, _PRUNED_AT)
    return stored is None or not latest_time_of_day(NIGHT, now, zone) <= from_us(int(stored)) <= now


def mark_pruned(connection: Connection, now: datetime) -> None:
    """Record that everything was pruned."""
    metadata.write(connection, _PRUNED_AT, str(to_us(now)))


def prune_time(connection: Connection, now: datetime) -> datetime | None:
    """Return the time to count ages from: now, but at most _NEWS after the newest task was created by Neo's clock.

    So a local clock that runs years ahead for a night deletes nothing too early. None in a ledger without tasks.
    """
    newest = newest_creation(connection)
    return None if newest is None else min(now, newest + _NEWS)
