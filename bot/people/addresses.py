"""Addresses: which channel a message goes to that is owed to a member, to operators, or to a channel."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

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
            SlackError: Slack does not say now, or does not let the bot in.
        """
        kind, _, name = destination.partition(":")
        match kind:
            case "member":
                found = await self._member(int(name))
            case "user":
                found = await self._user(name)
            case "operator":
                found = await self._operator(name)
            case "operators":
                found = await self._operators("each operator")
            case "alert" | "ops":
                found = await self._of_settings(destination)
            case _:
                found = await self._channel(name)
        return found

    async def slack_user(self, email: str) -> str | None:
        """The Slack user of a member, if they are known and belong here."""
        linked = await self.callers.readers.ask(lambda reader: links.user_of(reader, email))
        directory = self.callers.directory
        found = await (directory.holder(email) if linked is None else directory.user(linked))
        return None if found is None or found.denied else found.id

    # --- people --------------------------------------------------------------------------------------

    async def _member(self, member: int) -> Place:
        row = await self.callers.readers.ask(lambda reader: _email(reader, member))
        user = await self.slack_user(row) if row else None
        if user is None:
            return Instead(("alert",), "not known in Slack")
        return await self._dm(user)

    async def _user(self, user: str) -> Place:
        found = await self.callers.directory.user(user)
        if found is None or found.denied:
            return Nowhere("somebody who may not be told")
        return await self._dm(user)

    async def _operator(self, user: str) -> Place:
        if await self.callers.is_operator(user):
            return await self._dm(user)
        return await self._operators("no operator any more")

    async def _operators(self, why: str) -> Place:
        each = tuple(f"operator:{user}" for user in await self.callers.present_operators())
        return Instead(each, why) if each else Nowhere("no operator is known: set ADMINS")

    async def _dm(self, user: str) -> Place:
        if user not in self._dms:
            try:
                self._dms[user] = await self.workspace.dm(user)
            except RefusedBySlackError as refusal:
                if refusal.not_let_in:
                    raise
                return Nowhere(f"no direct message is possible ({refusal.code})")
        return Found(self._dms[user])

    # --- channels ------------------------------------------------------------------------------------

    async def _of_settings(self, destination: str) -> Place:
        kind, alert = destination.partition(":")[0], self.channels.alert
        # the privacy is members': what the team as a whole spends is anybody's to know there
        if destination not in {"ops", "alert:team"} and self.channels.privacy is Privacy.OPERATORS:
            return Instead(("operators",), "ALERT_PRIVACY is operators")
        if kind == "alert":
            return Instead(("ops",), "ALERT_CHANNEL is not set") if alert is None else await self._channel(alert)
        # what one member alone was to read is for operators, not for everybody
        named = self.channels.ops or (alert if destination == "ops" else None)
        return Instead(("operators",), "OPS_CHANNEL is not set") if named is None else await self._channel(named)

    async def _channel(self, named: str) -> Place:
        now = self.callers.directory.clock()
        known = self._places.get(named)
        if known is None or not timedelta(0) <= now - known[1] < FRESH:
            known = self._places[named] = await self._looked_up(named), now
        return known[0]

    async def _looked_up(self, named: str) -> Place:
        try:
            found = await self._channel_named(named)
        except RefusedBySlackError as refusal:
            if refusal.not_let_in:
                raise
            return Nowhere(f"{named} cannot be looked at ({refusal.code})")
        if found is None:
            return Nowhere(f"there is no channel {named} that the bot can see")
        if is_shared_outside(found):
            return Nowhere(f"{named} is shared with another company")
        return Found(str(found["id"]))

    async def _channel_named(self, named: str) -> dict[str, Any] | None:
        """A channel object; one that was found by its name before is asked for by id, which is one request."""
        place, _ = self._places.get(named, (None, None))
        if isinstance(place, Found):
            found = await self.workspace.find(place.channel)
            if found and not found.get("is_archived") and named in {found["id"], f"#{found['name']}"}:
                return found
        return await self.workspace.find(named)


def _email(reader: Reader, member: int) -> str | None:
    row = reader.one("SELECT email FROM member WHERE id = :id", {"id": member})
    return row[0] if row and "@" in row[0] else None
