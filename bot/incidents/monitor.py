"""The incident monitor: records what is wrong with the bot itself, and notifies once a day for each incident."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.database.reader import Reader
from bot.domain.periods import day_start, local_day
from bot.domain.text import one_line
from bot.domain.timestamps import to_us
from bot.incidents.keys import IncidentKey, IncidentTopic, RecoveredKey
from bot.ledger.key_warning import key_warning
from bot.outbox import queries
from bot.outbox.destinations import OpsDestination
from bot.outbox.live_store import request_edits
from bot.outbox.store import NewNotification, enqueue

if TYPE_CHECKING:
    from sqlalchemy import Connection

POLLS = 3  # readings in a row that failed or did not add up are an incident
NEVER = timedelta(hours=6)  # of readings of which none could be completed, however many
LEAST_FREE = 200 * 2**20  # bytes on the disk
_LONGEST = 500  # characters about broken templates
RECENT = timedelta(days=1)  # for which a message that could not be delivered is one


class IncidentName(StrEnum):
    """What can be wrong."""

    UPSTREAM = "upstream"
    READING = "reading"
    INCOMPLETE = "incomplete"
    SCOPE = "scope"
    QUARANTINE = "quarantine"
    DEAD = "dead"
    WORDING = "wording"
    TEMPLATE = "template"
    DISK = "disk"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class IncidentMonitor:
    """Compares what is wrong with what was told."""

    zone: ZoneInfo

    def due(self, reader: Reader, wrong: Mapping[IncidentName, str], now: datetime) -> bool:
        """Whether `settle` would do anything."""
        told = dict(reader.rows("SELECT name, told_on FROM incident WHERE ended_at IS NULL"))
        return set(told) != set(wrong) or any(day != self._today(now) for day in told.values())

    def apply_due(self, connection: "Connection", wrong: Mapping[IncidentName, str], now: datetime) -> None:
        """Begin, tell and end incidents, in the caller's transaction."""
        today = self._today(now)
        for key, name in connection.exec_driver_sql("SELECT id, name FROM incident WHERE ended_at IS NULL").all():
            if name not in wrong:
                self._end(connection, key, now)
        for name, said in wrong.items():
            self._begin(connection, name, said, now)
            # told at most once a day, however often it comes and goes
            if not self._is_told(connection, name, now) and self._alarm(connection, name, now):
                connection.exec_driver_sql(
                    "UPDATE incident SET told_on = ? WHERE name = ? AND ended_at IS NULL", (today, name)
                )

    def _is_told(self, connection: "Connection", name: IncidentName, now: datetime) -> bool:
        """Whether an alarm was made today: since the midnight of this zone, whatever the day was called elsewhere."""
        midnight = day_start(local_day(now, self.zone), self.zone)
        made = queries.enqueued_within(connection, IncidentKey.of_name(name))
        return any(midnight <= each.created_at <= now for each in made)

    def _alarm(self, connection: "Connection", name: IncidentName, now: datetime) -> bool:
        """Owe today's alarm; where another zone has had a day of that name, it is called otherwise."""
        key = IncidentKey(name, local_day(now, self.zone))
        if queries.is_enqueued_by(connection, key, now):
            key = replace(key, zone=self.zone.key)
        return bool(enqueue(connection, [NewNotification(key, OpsDestination())], now))

    def _begin(self, connection: "Connection", name: IncidentName, said: str, now: datetime) -> None:
        """Keep what is wrong; what was told today and is over goes on, and the message that said so is edited."""
        last = connection.exec_driver_sql(
            "SELECT id, told_on FROM incident WHERE name = ? ORDER BY id DESC LIMIT 1", (name,)
        ).first()
        if last is not None and last[1] == self._today(now):
            again = connection.exec_driver_sql(
                "UPDATE incident SET ended_at = NULL WHERE id = ? AND ended_at IS NOT NULL", (last[0],)
            )
            if again.rowcount:
                request_edits(connection, [IncidentTopic(last[0], date.fromisoformat(last[1]))])
        connection.exec_driver_sql(
            "INSERT INTO incident (name, said, began_at) VALUES (?,?,?)"
            " ON CONFLICT (name) WHERE ended_at IS NULL DO UPDATE SET said = excluded.said",
            (name, said, to_us(now)),
        )

    @staticmethod
    def _end(connection: "Connection", key: int, now: datetime) -> None:
        """Keep that it is over, and owe a message about it, one for each day it was told of; later ends edit it."""
        connection.exec_driver_sql("UPDATE incident SET ended_at = ? WHERE id = ?", (to_us(now), key))
        told = connection.exec_driver_sql("SELECT told_on FROM incident WHERE id = ?", (key,)).first()
        if told and told[0] is not None:
            day = date.fromisoformat(told[0])
            topic = IncidentTopic(key, day)
            enqueue(connection, [NewNotification(RecoveredKey(key, day), OpsDestination(), topic)], now)
            request_edits(connection, [topic])

    def _today(self, now: datetime) -> str:
        return local_day(now, self.zone).isoformat()


def current_incidents(
    reader: Reader, free_bytes: int, broken: Mapping[str, str] | None, now: datetime, refused: str | None = ""
) -> dict[IncidentName, str]:
    """What is wrong now, each with a sentence; a pure function of the moment, the disk and the database.

    `broken` are the operator's own templates that cannot be used, each with why; None where nobody has looked yet,
    so that what was told of them stands. `refused` is Slack's word for not taking the app token, likewise.
    """
    wrong: dict[IncidentName, str] = {}
    with reader:
        wrong |= _readings(reader, now)
        if warning := key_warning(reader):
            wrong[IncidentName.SCOPE] = warning
        if rows := _count(reader, "SELECT count(*) FROM quarantine"):
            wrong[IncidentName.QUARANTINE] = f"{_rows(rows)} of Neo cannot be booked: {_named(reader, rows)}"
        dead, why = queries.dead_notifications(reader, now - RECENT, now)
        if dead:
            wrong[IncidentName.DEAD] = f"{dead:,} messages could not be delivered where they belong ({why})"
        if unrendered := queries.unrendered_count(reader):
            wrong[IncidentName.WORDING] = (
                f"{unrendered:,} messages could not be worded: a template is broken, the log says where"
            )
        if broken is None and (stands := _standing(reader, IncidentName.TEMPLATE)):
            wrong[IncidentName.TEMPLATE] = stands
        if connection := _connection(reader, refused):
            wrong[IncidentName.CONNECTION] = connection
    if broken:
        wrong[IncidentName.TEMPLATE] = "; ".join(f"{name}: {why}" for name, why in sorted(broken.items()))[:_LONGEST]
    if free_bytes < LEAST_FREE:
        wrong[IncidentName.DISK] = f"the disk of the database has {free_bytes / 2**20:,.0f} MB left"
    return wrong


_BROKEN = ("failed", "broken")  # as of `ledger.passes.Ending`: of those, no answer, and an error of this program


def _readings(reader: Reader, now: datetime) -> dict[IncidentName, str]:
    """What is wrong with the readings of Neo: those of what is new, and any other that is tried again and again."""
    # the sign has SQLite go by the moment, and not through all passes up to it
    recent = reader.rows(
        "SELECT min(+id) FROM pass WHERE started_at > :since AND started_at <= :now",
        {"since": to_us(now - RECENT), "now": to_us(now)},
    )[0][0]
    for kind, first in (("tail", 0), ("nightly", recent), ("weekly", recent), ("history", recent)):
        last = reader.rows(
            "SELECT ending, error FROM pass WHERE kind = :kind AND id >= :first AND finished_at IS NOT NULL"
            " AND ending IS NOT 'interrupted' ORDER BY id DESC LIMIT :polls",
            {"kind": kind, "first": first, "polls": POLLS},
        )
        if len(last) == POLLS and all(ending != "complete" for ending, _ in last):
            return _unread(last)
    since = reader.one(
        "SELECT min(+started_at) FROM pass WHERE kind = 'tail' AND id > coalesce("
        "(SELECT id FROM pass WHERE kind = 'tail' AND complete ORDER BY id DESC LIMIT 1), 0)"
    )
    if since and since[0] is not None and to_us(now) - since[0] > NEVER // timedelta(microseconds=1):
        hours = (to_us(now) - since[0]) // 3_600_000_000
        return {IncidentName.INCOMPLETE: f"no reading of Neo has come to its end for {hours} hours"}
    return {}


def _unread(last: Sequence[tuple[str, str | None]]) -> dict[IncidentName, str]:
    """What is said of readings none of which was complete, the last one first."""
    # without the mend, which the alarm has itself
    why = str(last[0][1] or "its list does not add up").partition(". ")[0].rstrip(".")
    if any(ending not in _BROKEN for ending, _ in last):
        return {IncidentName.INCOMPLETE: f"none of the last {POLLS} readings of Neo was complete: {why}"}
    if last[0][0] == "broken":
        return {IncidentName.READING: f"the last {POLLS} readings of Neo failed: {_inert(why, 200)}"}
    return {IncidentName.UPSTREAM: f"the last {POLLS} readings of Neo failed: {why}"}


_PLAIN = {ord("<"): "\u2039", ord(">"): "\u203a", ord("`"): "\u02cb"}


def _inert(text: str, longest: int) -> str:
    """Text from elsewhere that mentions nobody and is no code in a sentence of this program's."""
    return one_line(text, longest).translate(_PLAIN)


_NAMED = 3  # of the rows that cannot be booked


def _named(reader: Reader, rows: int) -> str:
    """Which rows cannot be booked, and why."""
    found = reader.rows(
        "SELECT key, reason FROM quarantine ORDER BY last_seen_at DESC, key LIMIT :most", {"most": _NAMED}
    )
    named = "; ".join(f"{_inert(key, 60)}: {_inert(reason, 120)}" for key, reason in found)
    return f"{named}; and {rows - _NAMED:,} more" if rows > _NAMED else named


def _connection(reader: Reader, refused: str | None) -> str | None:
    """What is wrong with the way from Slack; what was said of it stands where nobody knows."""
    if refused is None:
        return _standing(reader, IncidentName.CONNECTION)
    return f"Slack does not take SLACK_APP_TOKEN ({refused})" if refused else None


def _standing(reader: Reader, name: IncidentName) -> str | None:
    """What was said of an incident that is not over."""
    row = reader.one("SELECT said FROM incident WHERE name = :name AND ended_at IS NULL", {"name": name})
    return None if row is None else str(row[0])


def _count(reader: Reader, sql: str) -> int:
    return int(reader.rows(sql)[0][0])


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


RETAIN = timedelta(days=400)  # of incidents that are over


def prune(connection: "Connection", now: datetime) -> int:
    """Forget incidents that were over long ago; returns how many. The newest stays: its key is in a message's."""
    sql = "DELETE FROM incident WHERE ended_at < ? AND id < (SELECT max(id) FROM incident)"
    return connection.exec_driver_sql(sql, (to_us(now - RETAIN),)).rowcount
