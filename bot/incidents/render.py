"""Renders incidents: that one has begun, and that it is over or has come back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.database.engine import Database
from bot.domain.formatting import dated_time
from bot.incidents.headings import heading
from bot.incidents.keys import IncidentKey, IncidentTopic, decode_event
from bot.incidents.rules import IncidentName
from bot.incidents.store import StoredIncident, incident_by_id, latest_incident
from bot.outbox.renderers import RenderRequest
from bot.slack.blocks import Message, paragraph
from bot.slack.mrkdwn import readable_text
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class IncidentRenderer:
    """Renders the notifications and live messages of incidents; `clock` gives aware times."""

    database: Database
    templates: Templates
    zone: ZoneInfo
    clock: Callable[[], datetime]

    async def render_event(self, request: RenderRequest) -> Message | None:
        """Return that something is wrong; of an older version's notification also that it is over."""
        key = decode_event(request.dedup_key)
        if isinstance(key, IncidentKey):
            latest = await self.database.read(lambda connection: latest_incident(connection, key.name))
            return None if latest is None else self._alarm_message(latest)
        # the live message shows that an incident is over, so its thread need not
        return await self._current_message(key.incident) if key.day is None else None

    async def render_current(self, request: RenderRequest) -> Message | None:
        """Return that an incident is over, or has come back."""
        return await self._current_message(IncidentTopic.decode(request.topic or "").incident)

    async def _current_message(self, incident: int) -> Message | None:
        stored = await self.database.read(lambda connection: incident_by_id(connection, incident))
        return None if stored is None else self._outcome_message(stored)

    def _alarm_message(self, incident: StoredIncident) -> Message:
        return self._message(incident, recovered=False, back=False)

    def _outcome_message(self, incident: StoredIncident) -> Message:
        return self._message(incident, recovered=incident.ended_at is not None, back=incident.ended_at is None)

    def _message(self, incident: StoredIncident, *, recovered: bool, back: bool) -> Message:
        lasted = (incident.ended_at or incident.began_at) - incident.began_at
        return paragraph(
            self.templates.render(
                "incidents/incident",
                name=incident.name,
                heading=readable_text(heading(IncidentName(incident.name), is_over=recovered)),
                said=readable_text(incident.description),
                since=dated_time(incident.began_at, self.zone, self.clock()),
                zone=self.zone.key,
                recovered=recovered,
                back=back,
                minutes=lasted // timedelta(minutes=1),
            )
        )
