"""What is said of spikes."""

from dataclasses import dataclass
from datetime import date

from bot.database.engine import Database
from bot.database.reader import Reader
from bot.domain.money import show_usd
from bot.domain.visibility import Privacy
from bot.ledger.members import shown_email
from bot.outbox.renderers import RenderRequest
from bot.slack.blocks import Message, paragraph
from bot.slack.templates import Templates
from bot.spikes.keys import SpikeKey
from bot.spikes.rules import Spike, SpikePolicy
from bot.spikes.store import spikes

_NOW = """
SELECT n.id, n.email FROM member m JOIN member n ON n.id = coalesce(m.merged_into, m.id) WHERE m.id = :id
"""  # who somebody is, should their e-mail have been joined to another


@dataclass(frozen=True, slots=True)
class SpikeRenderer:
    """Renders the notification of a spike."""

    database: Database
    templates: Templates
    policy: SpikePolicy
    privacy: Privacy

    async def say(self, request: RenderRequest) -> Message | None:
        """A member's day that is far above their usual one; nothing if it is that no more."""
        key = SpikeKey.decode(request.dedup_key)
        found = await self.database.read(lambda reader: self._look(reader, key.member, key.day))
        if found is None:
            return None
        name, each = found
        named = request.in_dm or self.privacy is Privacy.NAMED
        return paragraph(
            self.templates.render(
                "spikes/spike",
                who=name if named else "A member",
                day=key.day.isoformat(),
                spent=show_usd(each.nanos),
                usual=show_usd(each.usual_nanos),
                times=each.times,
                active=each.active,
            )
        )

    def _look(self, reader: Reader, member: int, day: date) -> tuple[str, Spike] | None:
        with reader:
            row = reader.one(_NOW, {"id": member})
            found = spikes(reader, day, self.policy, [row[0]]) if row else []
            return (shown_email(row[1]), found[0]) if row and found else None
