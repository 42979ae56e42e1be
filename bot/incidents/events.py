"""The events of incidents: enqueued whenever one begins, ends or comes back, and built from what is stored of it."""

from datetime import datetime

from sqlalchemy import Connection

from bot.incidents.keys import IncidentEventKey, IncidentTopic
from bot.incidents.rules import IncidentName
from bot.incidents.store import StoredIncident, incident_by_id
from bot.outbox.events import EventRequest, WebhookEvent, moment
from bot.outbox.webhook_queue import NewEvent, enqueue_events, event_count

_SUMMARIES = {
    IncidentName.UPSTREAM: ("Neo doesn't answer.", "Neo answers again."),
    IncidentName.READING: ("Neo's data can't be read.", "Neo's data can be read again."),
    IncidentName.INCOMPLETE: ("Neo's task list is incomplete.", "Neo's task list is complete again."),
    IncidentName.SCOPE: ("The API key sees less than before.", "The API key sees the whole team again."),
    IncidentName.QUARANTINE: ("Some rows from Neo were rejected.", "No rejected rows are left."),
    IncidentName.DEAD: ("Some messages weren't delivered in Slack.", "Messages are delivered in Slack again."),
    IncidentName.WEBHOOK: ("Some events weren't delivered.", "Events are delivered again."),
    IncidentName.WORDING: ("Some messages can't be rendered.", "Messages can be rendered again."),
    IncidentName.TEMPLATE: ("A template can't be used.", "Every template can be used again."),
    IncidentName.DISK: ("The disk of the database is almost full.", "The disk has room again."),
    IncidentName.BACKUP: ("There is no recent backup.", "Backups are made again."),
    IncidentName.CONNECTION: ("Slack rejects the app token.", "Slack accepts the app token again."),
}


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
    return WebhookEvent(
        "incident.resolved" if key.is_over else "incident.opened",
        _SUMMARIES[IncidentName(incident.name)][key.is_over],
        {"incident": incident.name, "began_at": moment(incident.began_at)},
    )
