"""Notifications whose channel is not known yet, by destination."""

from datetime import datetime

from sqlalchemy import Connection, text

from bot.domain.timestamps import to_us
from bot.outbox.conditions import Moment, statement
from bot.outbox.outcomes import Ending, end_without_channel

_DESTINATIONS = statement("""
SELECT n.destination FROM notification n WHERE {without_channel} AND {ready}
GROUP BY n.destination ORDER BY max(n.urgent) DESC, min(n.id)
""")
_IDS = statement("SELECT n.id FROM notification n WHERE {without_channel} AND n.destination = ?")
_SET_CHANNEL = statement("UPDATE notification AS n SET channel = ? WHERE {without_channel} AND n.destination = ?")
_POSTPONE = statement(
    "UPDATE notification AS n SET next_at = ?, error = ? WHERE {without_channel} AND n.destination = ?"
)


def unplaced_destinations(reader: Connection, now: datetime) -> list[str]:
    """Return the destinations that wait to be found, those of urgent notifications first."""
    return [row[0] for row in reader.execute(text(_DESTINATIONS), Moment(now).values).all()]


def set_channel(connection: Connection, destination: str, channel: str) -> None:
    """Record the channel of a destination for what waits for it."""
    connection.exec_driver_sql(_SET_CHANNEL, (channel, destination))


def postpone_unplaced(connection: Connection, destination: str, until: datetime, why: str) -> None:
    """Postpone what waits for a destination that cannot be found just now."""
    connection.exec_driver_sql(_POSTPONE, (to_us(until), why, destination))


def end_unplaced(connection: Connection, destination: str, ending: Ending, now: datetime) -> None:
    """End what waits for a destination that cannot be reached, or that is several."""
    for (id_,) in connection.exec_driver_sql(_IDS, (destination,)).all():
        end_without_channel(connection, id_, ending, now)
