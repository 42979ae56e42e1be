"""What is said of incidents."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.database.engine import Database
from bot.database.reader import Reader
from bot.domain.timestamps import from_us
from bot.incidents.keys import IncidentKey, IncidentTopic, decode_event
from bot.outbox.renderers import RenderRequest
from bot.slack.blocks import Message, paragraph
from bot.slack.mrkdwn import readable_text
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class IncidentRenderer:
    """Renders the notifications and live messages of incidents."""

    database: Database
    templates: Templates
    zone: ZoneInfo

    async def say(self, request: RenderRequest) -> Message | None:
        """An alarm; of an older version also that it is over."""
        key = decode_event(request.dedup_key)
        if isinstance(key, IncidentKey):
            return await self._worded(key.name, "name", over=False)
        # since the live message shows that an incident is over, its thread does not
        return await self._worded(key.incident, "id", over=True) if key.day is None else None

    async def show(self, request: RenderRequest) -> Message | None:
        """That an incident is over, or has come back."""
        topic = IncidentTopic.decode(request.topic or "")
        return await self._worded(topic.incident, "id", over=True)

    async def _worded(self, what: int | str, column: str, *, over: bool) -> Message | None:
        row = await self.database.read(lambda reader: _incident(reader, what, column))
        if row is None:
            return None
        name, said, began, ended = row
        since = from_us(began).astimezone(self.zone)
        values = {
            "name": name,
            "said": readable_text(said),
            "since": f"{since:%Y-%m-%d %H:%M}",
            "recovered": over and ended is not None,
            "back": over and ended is None,
            "minutes": 0 if ended is None else (from_us(ended) - from_us(began)) // timedelta(minutes=1),
        }
        return paragraph(self.templates.render("incidents/incident", **values))


def _incident(reader: Reader, what: int | str, column: str) -> tuple[str, str, int, int | None] | None:
    sql = f"SELECT name, said, began_at, ended_at FROM incident WHERE {column} = :what ORDER BY id DESC LIMIT 1"  # noqa: S608 - one of two columns
    row = reader.one(sql, {"what": what})
    return None if row is None else (row[0], row[1], row[2], row[3])
