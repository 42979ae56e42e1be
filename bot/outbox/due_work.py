"""Due work: what the outbox has to do at a moment, and the changes that the passing of time alone causes."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from bot.domain.timestamps import to_us
from bot.outbox.conditions import Moment, statement
from bot.outbox.destinations import AlertDestination, Destination, decode_destination
from bot.outbox.keys import MissedKey
from bot.outbox.store import NewNotification, enqueue

_AFTER_QUIET = timedelta(hours=1)  # in which what waited for the end of quiet hours is sent by itself, however old

_COUNTS = statement("""
SELECT (SELECT count(*) FROM notification n WHERE {without_channel} AND {ready}),
       (SELECT count(*) FROM notification n WHERE {abandoned})
         + (SELECT count(*) FROM notification n WHERE {unconfirmed_ahead}),
       (SELECT count(*) FROM notification n WHERE {unconfirmed} AND n.channel IS NOT NULL AND {ready}),
       (SELECT count(*) FROM notification n WHERE {unchecked}),
       (SELECT count(*) FROM notification n WHERE {overdue})
""")
_CHANNELS = statement("""
SELECT DISTINCT n.channel FROM notification n WHERE n.state = 'pending' AND n.channel IS NOT NULL AND {ready}
UNION SELECT l.channel FROM living l WHERE {outdated} AND {unclaimed}
""")
_LOOKUPS = statement("""
SELECT DISTINCT n.channel FROM notification n WHERE {unconfirmed} AND n.channel IS NOT NULL AND {ready}
UNION SELECT n.channel FROM notification n WHERE {unchecked} AND n.channel IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class DueWork:
    """How many notifications need something now, the channels to send or edit in, and those to look through."""

    without_channel: int
    abandoned: int
    overdue: int
    channels: tuple[str, ...]
    lookups: tuple[str, ...]


def due_work(reader: Connection, moment: Moment) -> DueWork:
    """Return what there is to do; it depends on the moment and the database alone."""
    values = moment.values
    without_channel, abandoned, unconfirmed, unchecked, overdue = reader.execute(text(_COUNTS), values).all()[0]
    channels = reader.execute(text(_CHANNELS), values).all()
    lookups = reader.execute(text(_LOOKUPS), values).all() if unconfirmed or unchecked else []
    return DueWork(
        without_channel=without_channel,
        abandoned=abandoned,
        overdue=overdue,
        channels=tuple(row[0] for row in channels),
        lookups=tuple(row[0] for row in lookups),
    )


_ABANDON = statement("""
UPDATE notification AS n SET state = 'unsure', token = NULL, unsure_at = :now, checks = 0,
error = 'whoever sent it broke off' WHERE {abandoned}
""")
_BEGIN_NOW = statement("UPDATE notification AS n SET unsure_at = :now WHERE {unconfirmed_ahead}")


def mark_abandoned_unconfirmed(connection: Connection, now: datetime) -> int:
    """Mark as unconfirmed what was claimed by a process that is dead or frozen; return how many.

    What was claimed in the future was claimed by a clock that ran ahead, and nobody works on it any more; what became
    unconfirmed in the future did so now.
    """
    values = Moment(now).values
    connection.exec_driver_sql(_BEGIN_NOW, values)
    return connection.exec_driver_sql(_ABANDON, values).rowcount


def postpone_to_end_of_quiet_hours(connection: Connection, channel: str, until: datetime) -> None:
    """Postpone what waits for a channel to the end of the quiet hours, and its deadline beyond that."""
    connection.exec_driver_sql(
        "UPDATE notification SET next_at = ?, owed_until = max(owed_until, ?) WHERE state = 'pending' AND channel = ?",
        (to_us(until), to_us(until + _AFTER_QUIET), channel),
    )


_OVERDUE = statement("SELECT n.id, n.destination, n.channel FROM notification n WHERE {overdue} ORDER BY n.id")


def summarize_overdue(connection: Connection, now: datetime, busy: Container[str] = ()) -> int:
    """Replace notifications that are too old by one summary for each destination; return how many were replaced.

    Unconfirmed ones, which may have arrived, are not replaced; nor are those of `busy` channels.
    """
    by_destination: dict[Destination, list[int]] = {}
    for id_, destination, channel in connection.exec_driver_sql(_OVERDUE, {"now": to_us(now)}).all():
        if channel not in busy:
            by_destination.setdefault(_summary_destination(decode_destination(destination)), []).append(id_)
    for destination, ids in by_destination.items():
        _summarize(connection, destination, ids, now)
    return sum(map(len, by_destination.values()))


def _summary_destination(destination: Destination) -> Destination:
    """Return where a summary goes; alerts about the team share the summary of the alert channel."""
    return AlertDestination() if destination == AlertDestination(team=True) else destination


def _summarize(connection: Connection, destination: Destination, ids: list[int], now: datetime) -> None:
    key = MissedKey(ids[0])
    enqueue(connection, [NewNotification(key, destination)], now)
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'missed', settled_at = ?, covered_by ="
        " (SELECT n.id FROM notification n WHERE n.stem = ? AND n.destination = ?) WHERE id = ?",
        [(to_us(now), key.encode(), destination.encode(), id_) for id_ in ids],
    )
