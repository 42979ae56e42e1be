"""The events of incidents: enqueued whenever one begins, ends or comes back, and built from what is stored of it."""

from datetime import datetime

from sqlalchemy import Connection

from bot.incidents.headings import heading
from bot.incidents.keys import IncidentEventKey, IncidentTopic
from bot.incidents.rules import IncidentName
from bot.incidents.store import StoredIncident, incident_by_id
from bot.outbox.events import EventRequest, WebhookEvent, moment
from bot.outbox.webhook_queue import NewEvent, enqueue_events, event_count


def enqueue_event(connection: Connection, incident: StoredIncident, *, is_over: bool, now: datetime) -> None:
    """Enqueue the event that an incident has begun or is over, unless the last event about it says so already."""
    topic = IncidentTopic(incident.id, incident.began_at.date())
    key = IncidentEventKey(incident.id, event_count(connection, topic) + 1)
    if key.is_over == is_over:
        enqueue_events(connection, [NewEvent(key, topic)], now)


def build_event(connection: Connection, request: EventRequest) -> WebhookEvent | None:
    """Return the event of an incident; None if there is no such incident any more."""
    key = IncidentEventKey.decode(request.dedup_key)
    if (incident := incident_by_id(connection, key.incident)) is None:
        return None
    summary = heading(IncidentName(incident.name), is_over=key.is_over)
    return WebhookEvent(
        "incident.resolved" if key.is_over else "incident.opened",
        f"{summary[0].upper()}{summary[1:]}.",
        {"incident": incident.name, "began_at": moment(incident.began_at)},
    )
