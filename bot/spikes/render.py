"""Renders the notification of a spike."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain.formatting import weekday
from bot.domain.money import show_usd
from bot.domain.visibility import Privacy
from bot.ledger.members import current_email
from bot.outbox.renderers import RenderRequest
from bot.people.member_names import MemberNames
from bot.slack.blocks import Message, paragraph
from bot.slack.templates import Templates
from bot.spikes.facts import spikes_of
from bot.spikes.keys import SpikeKey
from bot.spikes.rules import Spike, SpikePolicy


@dataclass(frozen=True, slots=True)
class SpikeRenderer:
    """Renders the notification of a spike; `names` gives what members are called."""

    database: Database
    templates: Templates
    policy: SpikePolicy
    privacy: Privacy
    names: MemberNames

    async def render_event(self, request: RenderRequest) -> Message | None:
        """Return a member's day that is far above their usual one; None if it no longer is."""
        key = SpikeKey.decode(request.dedup_key)
        reported = await self.database.read(lambda connection: self._spike(connection, key.member, key.day))
        if reported is None:
            return None
        name, spike = reported
        is_named = request.in_dm or self.privacy is Privacy.NAMED
        return paragraph(
            self.templates.render(
                "spikes/spike",
                who=name if is_named else "A member",
                day=weekday(key.day),
                spent=show_usd(spike.nanos),
                usual=show_usd(spike.usual_nanos) if spike.has_baseline else "",
                times=spike.times,
                active=spike.active,
            )
        )

    def _spike(self, connection: Connection, member: int, day: date) -> tuple[str, Spike] | None:
        """Return the member's name after merges, and the spike as it is now; None if it is none any more."""
        current = current_email(connection, member)
        if current is None:
            return None
        member_id, email = current
        name = self.names(connection, [email])[email]
        return next(((name, each) for each in spikes_of(connection, day, self.policy, [member_id])), None)
