"""The incident monitor: records what is wrong with the bot itself, and notifies once a day for each incident."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.domain.periods import day_start, local_day
from bot.incidents import store
from bot.incidents.checks import found_at
from bot.incidents.events import enqueue_event
from bot.incidents.keys import IncidentKey, IncidentTopic, RecoveredKey
from bot.incidents.rules import REPORTED_ONCE, IncidentName
from bot.incidents.store import StoredIncident
from bot.outbox import queries
from bot.outbox.destinations import OpsDestination
from bot.outbox.live_store import request_edits
from bot.outbox.store import NewNotification, enqueue


@dataclass(frozen=True, slots=True)
class IncidentMonitor:
    """Compares what is wrong with the incidents that are open; days are those of the zone."""

    zone: ZoneInfo

    def due(self, connection: Connection, wrong: Mapping[IncidentName, str], now: datetime) -> bool:
        """Return whether `apply_due` would change anything."""
        open_now = {each.name: each for each in store.open_incidents(connection)}
        if set(open_now) != set(wrong):
            return True
        return any(
            incident.reported_on != self._today(now) and _is_news(connection, incident, IncidentName(name))
            for name, incident in open_now.items()
        )

    def apply_due(self, connection: Connection, wrong: Mapping[IncidentName, str], now: datetime) -> None:
        """Begin and end incidents, and enqueue notifications of them, in the caller's transaction."""
        for incident in store.open_incidents(connection):
            if incident.name not in wrong:
                _end(connection, incident, now)
        for name, description in wrong.items():
            is_news = _is_news(connection, store.open_incident(connection, name), name)
            self._begin(connection, name, description, now)
            # once a day at most, however often it comes and goes
            if is_news and not self._was_reported_today(connection, name, now) and self._report(connection, name, now):
                store.mark_reported(connection, name, self._today(now))

    def _begin(self, connection: Connection, name: IncidentName, description: str, now: datetime) -> None:
        """Record an incident; one that was reported today and has ended is opened again, and its message edited."""
        latest = store.latest_incident(connection, name)
        is_open = latest is not None and latest.ended_at is None
        today = self._today(now)
        if latest is not None and latest.reported_on == today and store.reopen(connection, latest.id):
            request_edits(connection, [IncidentTopic(latest.id, today)])
        store.begin(connection, name, description, now)
        if not is_open and (begun := store.open_incident(connection, name)) is not None:
            enqueue_event(connection, begun, is_over=False, now=now)

    def _was_reported_today(self, connection: Connection, name: IncidentName, now: datetime) -> bool:
        """Return whether it was reported since midnight in this zone, under whatever date."""
        today = self._today(now)
        midnight = day_start(today, self.zone)
        # what was enqueued today has the date that it was then in another zone, which is one day off at most
        enqueued = queries.enqueued_notifications(connection, IncidentKey.near(name, today))
        return any(midnight <= each.created_at <= now for each in enqueued)

    def _report(self, connection: Connection, name: IncidentName, now: datetime) -> bool:
        """Enqueue today's notification, with the zone in its key if one of the same date was enqueued in another zone.

        Returns whether it is new.
        """
        key = IncidentKey(name, self._today(now))
        if queries.is_enqueued_by(connection, key, now):
            key = replace(key, zone=self.zone.key)
        return bool(enqueue(connection, [NewNotification(key, OpsDestination())], now))

    def _today(self, now: datetime) -> date:
        return local_day(now, self.zone)


def _is_news(connection: Connection, incident: StoredIncident | None, name: IncidentName) -> bool:
    """Return whether operators are to be notified of an incident on a day on which they were not.

    One that they cannot end is news only when it begins, or when more was found since it was reported.
    """
    if name not in REPORTED_ONCE or incident is None or incident.reported_on is None:
        return True
    enqueued = queries.enqueued_notifications(connection, IncidentKey.of_name(name))
    reported_at, found = max((each.created_at for each in enqueued), default=None), found_at(connection, name)
    return reported_at is not None and found is not None and found > reported_at


def _end(connection: Connection, incident: StoredIncident, now: datetime) -> None:
    """Record that it is over, and report that once for each day that it was reported on; later ends edit that."""
    store.end(connection, incident.id, now)
    enqueue_event(connection, incident, is_over=True, now=now)
    if day := incident.reported_on:
        topic = IncidentTopic(incident.id, day)
        recovered = NewNotification(RecoveredKey(incident.id, day), OpsDestination(), topic)
        enqueue(connection, [recovered], now)
        request_edits(connection, [topic])
