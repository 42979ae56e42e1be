"""What is said of incidents."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.ledger.instants import from_us
from bot.ledger.readers import Readers
from bot.ledger.reading import Reader
from bot.outbox.voices import Told
from bot.slack.message import Message, paragraph
from bot.slack.rendering import Words, spoken


@dataclass(frozen=True, slots=True)
class Voice:
    """The room's words for the outbox."""

    readers: Readers
    words: Words
    zone: ZoneInfo

    async def say(self, told: Told) -> Message | None:
        """An alarm, or that it is over."""
        what, _, rest = told.stem.partition(":")[2].partition("-")
        recovered = rest == "recovered"
        row = await self.readers.ask(lambda reader: _incident(reader, what, recovered=recovered))
        if row is None:
            return None
        name, said, began, ended = row
        since = from_us(began).astimezone(self.zone)
        values = {
            "name": name,
            "said": spoken(said),
            "since": f"{since:%Y-%m-%d %H:%M}",
            "recovered": recovered,
            "minutes": 0 if ended is None else (from_us(ended) - from_us(began)) // timedelta(minutes=1),
        }
        return paragraph(self.words.say("incidents/incident", **values))


def _incident(reader: Reader, what: str, *, recovered: bool) -> tuple[str, str, int, int | None] | None:
    column = "id" if recovered else "name"
    sql = f"SELECT name, said, began_at, ended_at FROM incident WHERE {column} = :what ORDER BY id DESC LIMIT 1"  # noqa: S608 - one of two columns
    row = reader.one(sql, {"what": what})
    return None if row is None else (row[0], row[1], row[2], row[3])
