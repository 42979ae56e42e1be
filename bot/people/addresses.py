"""Addresses: which channel a message goes to that is owed to a member, to operators, or to a channel."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.visibility import Privacy
from bot.ledger.reading import Reader
from bot.outbox.voices import Found, Instead, Nowhere
from bot.people import links
from bot.people.callers import Callers
from bot.slack.errors import RefusedBySlackError
from bot.slack.workspace import Workspace, is_shared_outside

FRESH = timedelta(minutes=5)  # a channel that became shared with outsiders is told nothing after this

Place = Found | Instead | Nowhere


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of the settings, by id or #name."""

    alert: str | None
    ops: str | None
    privacy: Privacy = Privacy.NAMED


@dataclass(slots=True)
class Addresses:
    """Where destinations are; what was found is kept for a few minutes."""

    callers: Callers
    workspace: Workspace
    channels: Channels
    _dms: dict[str, str] = field(default_factory=dict)
    _places: dict[str, tuple[Place, datetime]] = field(default_factory=dict)

    async def find(self, destination: str) -> Place:
        """Where a destination is.

        Raises:
            SlackUnavailableError: Slack does not say now.
        """
        kind, _, name = destination.partition(":")
        match kind:
            case "member":
                return await self._member(int(name))
            case "user":
                return await self._dm(name)
            case "operators":
                users = self.callers.operators()
                each = tuple(f"user:{user}" for user in users)
                return Instead(each, "each operator") if each else Nowhere("no operator is known: set ADMINS")
            case "alert" | "ops":
                return await self._of_settings(kind)
        return await self._channel(name)

    async def slack_user(self, email: str) -> str | None:
        """The Slack user of a member, if they are known and belong here."""
        user = await self.callers.readers.ask(lambda reader: links.user_of(reader, email))
        if user is None:
            known = self.callers.directory.named([email]).get(email)
            user = known.id if known else await self.callers.directory.by_email(email)
        if user is None:
            return None
        found = await self.callers.directory.user(user)
        return None if found is None or found.denied else found.id

    async def _member(self, member: int) -> Place:
        row = await self.callers.readers.ask(lambda reader: _email(reader, member))
        user = await self.slack_user(row) if row else None
        if user is None:
            return Instead(("alert",), "not known in Slack")
        return await self._dm(user)

    async def _dm(self, user: str) -> Place:
        if user not in self._dms:
            try:
                self._dms[user] = await self.workspace.dm(user)
            except RefusedBySlackError as refusal:
                return Nowhere(f"no direct message is possible ({refusal.code})")
        return Found(self._dms[user])

    async def _of_settings(self, kind: str) -> Place:
        if kind == "alert" and self.channels.privacy is Privacy.OPERATORS:
            return Instead(("operators",), "ALERT_PRIVACY is operators")
        if kind == "alert" and self.channels.alert is None:
            return Instead(("ops",), "ALERT_CHANNEL is not set")
        named = self.channels.alert if kind == "alert" else self.channels.ops or self.channels.alert
        return Instead(("operators",), "OPS_CHANNEL is not set") if named is None else await self._channel(named)

    async def _channel(self, named: str) -> Place:
        now = self.callers.directory.clock()
        known = self._places.get(named)
        if known is None or not timedelta(0) <= now - known[1] < FRESH:
            known = self._places[named] = await self._looked_up(named), now
        return known[0]

    async def _looked_up(self, named: str) -> Place:
        try:
            found = await self.workspace.find(named)
        except RefusedBySlackError as refusal:
            return Nowhere(f"{named} cannot be looked at ({refusal.code})")
        if found is None:
            return Nowhere(f"there is no channel {named} that the bot can see")
        if is_shared_outside(found):
            return Nowhere(f"{named} is shared with another company")
        return Found(str(found["id"]))


def _email(reader: Reader, member: int) -> str | None:
    row = reader.one("SELECT email FROM member WHERE id = :id", {"id": member})
    return row[0] if row and "@" in row[0] else None
