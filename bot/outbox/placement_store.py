"""Notifications whose channel is not known yet, by destination."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, case, func, select, update

from bot.domain.timestamps import to_us
from bot.outbox.conditions import READY, WITHOUT_CHANNEL, Moment
from bot.outbox.outcomes import Ending, end_without_channel
from bot.outbox.tables import notification

_IS_URGENT = case((notification.c.urgent, 1), else_=0)
_DESTINATIONS = (
    select(notification.c.destination)
    .where(WITHOUT_CHANNEL, READY)
    .group_by(notification.c.destination)
    .order_by(func.max(_IS_URGENT).desc(), func.min(notification.c.id))
)
_OF_DESTINATION = notification.c.destination == bindparam("of_destination")
_IDS = select(notification.c.id).where(WITHOUT_CHANNEL, _OF_DESTINATION).order_by(notification.c.id)
_CHANGE = update(notification).where(WITHOUT_CHANNEL, _OF_DESTINATION)


def unplaced_destinations(connection: Connection, now: datetime) -> list[str]:
    """Return the destinations that wait to be found, those of urgent notifications first."""
    return list(connection.execute(_DESTINATIONS, Moment(now).values).scalars())


def set_channel(connection: Connection, destination: str, channel: str) -> None:
    """Record the channel of a destination for what waits for it."""
    connection.execute(_CHANGE, {"of_destination": destination, "channel": channel})


def postpone_unplaced(connection: Connection, destination: str, until: datetime, why: str) -> None:
    """Postpone what waits for a destination that cannot be found just now."""
    connection.execute(_CHANGE, {"of_destination": destination, "next_at": to_us(until), "error": why})


def end_unplaced(connection: Connection, destination: str, ending: Ending, now: datetime) -> None:
    """End what waits for a destination that cannot be reached, or that is several."""
    for id_ in connection.execute(_IDS, {"of_destination": destination}).scalars().all():
        end_without_channel(connection, id_, ending, now)
