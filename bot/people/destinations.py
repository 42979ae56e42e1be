"""Addresses: which channel a message goes to that is owed to a member, to operators, or to a channel."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.database.reader import Reader
from bot.domain.visibility import Privacy
from bot.ledger.members import addresses
from bot.outbox.renderers import Redirect, ResolvedChannel, Undeliverable
from bot.outbox.rules import fallback
from bot.people import links
from bot.people.people import People
from bot.people.roles import SlackUser
from bot.slack.channels import is_shared_outside
from bot.slack.errors import RefusedBySlackError, SlackUnavailableError
from bot.slack.workspace import Workspace

log = structlog.get_logger(__name__)

_PATIENCE = 10.0  # seconds for who somebody is: the message that is to name them is claimed meanwhile
FRESH = timedelta(minutes=5)  # a channel that became shared with outsiders is told nothing after this

Place = ResolvedChannel | Redirect | Undeliverable


@dataclass(frozen=True, slots=True)
class ConfiguredChannels:
    """The channels of the settings, by id or #name."""

    alert: str | None
    ops: str | None
    privacy: Privacy = Privacy.NAMED


@dataclass(slots=True)
class DestinationResolver:
    """Where destinations are; what was found is kept for a few minutes."""

    people: People
    workspace: Workspace
    channels: ConfiguredChannels
    _dms: dict[str, str] = field(default_factory=dict)
    _places: dict[str, tuple[Place, datetime]] = field(default_factory=dict)
    _asking: "dict[str, asyncio.Task[None]]" = field(default_factory=dict)

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
        """The Slack user of a member, if they are known and belong here, under whichever of their addresses.

        Raises:
            SlackError: Slack does not say.
        """
        emails = await self.people.database.read(lambda reader: _addresses(reader, email))
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self._known_as(emails)
        except TimeoutError:
            raise SlackUnavailableError(f"no answer within {_PATIENCE:g} s") from None
        return None if found is None or found.denied else found.id

    # --- people --------------------------------------------------------------------------------------

    async def _member(self, member: int) -> Place:
        """Their direct messages; in a channel only whoever is not known in Slack is told of."""
        known = await self._known_as(await self.people.database.read(lambda reader: addresses(reader, member)))
        if known is None:
            return Redirect(("alert",), "not known in Slack")
        if known.denied:
            return Redirect(fallback(f"member:{member}"), "somebody who may not be told")
        return await self._dm(known.id)

    async def _known_as(self, emails: Sequence[str]) -> SlackUser | None:
        """Who is linked to one of those addresses, or has one; somebody who may be told, if there is such a one."""
        denied = None
        for email in emails:
            linked = await self.people.database.read(lambda reader: links.user_of(reader, email))  # noqa: B023 - awaited
            directory = self.people.directory
            found = await (directory.holder(email) if linked is None else directory.user(linked))
            if found is not None and not found.denied:
                return found
            denied = denied or found or directory.denied(email)
        return denied

    async def _user(self, user: str) -> Place:
        found = await self.people.directory.user(user)
        if found is None or found.denied:
            return Undeliverable("somebody who may not be told")
        return await self._dm(user)

    async def _operator(self, user: str) -> Place:
        if await self.people.is_operator(user):
            return await self._dm(user)
        return await self._operators("no operator any more")

    async def _operators(self, why: str) -> Place:
        each = tuple(f"operator:{user}" for user in await self.people.present_operators())
        return Redirect(each, why) if each else Undeliverable("no operator is known: set ADMINS")

    async def _dm(self, user: str) -> Place:
        if user not in self._dms:
            try:
                self._dms[user] = await self.workspace.channels.open_dm(user)
            except RefusedBySlackError as refusal:
                if refusal.refuses_the_bot:
                    raise
                return Undeliverable(f"no direct message is possible ({refusal.code})")
        return ResolvedChannel(self._dms[user])

    # --- channels ------------------------------------------------------------------------------------

    async def _of_settings(self, destination: str) -> Place:
        kind, alert = destination.partition(":")[0], self.channels.alert
        # the privacy is members': what the team as a whole spends is anybody's to know there
        if destination not in {"ops", "alert:team"} and self.channels.privacy is Privacy.OPERATORS:
            return Redirect(("operators",), "ALERT_PRIVACY is operators")
        if kind == "alert":
            return Redirect(("ops",), "ALERT_CHANNEL is not set") if alert is None else await self._channel(alert)
        # what one member alone was to read is for operators, not for everybody
        named = self.channels.ops or (alert if destination == "ops" else None)
        return Redirect(("operators",), "OPS_CHANNEL is not set") if named is None else await self._channel(named)

    async def _channel(self, named: str) -> Place:
        now = self.people.directory.clock()
        known = self._places.get(named)
        if known is None or not timedelta(0) <= now - known[1] < FRESH:
            await asyncio.shield(self._ask(named))
        return self._places[named][0]

    def _ask(self, named: str) -> "asyncio.Task[None]":
        """The look for a channel, one at a time for each; whoever stops waiting for it leaves it to the next to ask.

        In a large workspace all names are many pages, which Slack gives a few a minute.
        """
        asking = self._asking.get(named)
        if asking is None:
            asking = self._asking[named] = asyncio.create_task(self._keep(named))
            asking.add_done_callback(lambda done: self._asked(named, done))
        return asking

    async def _keep(self, named: str) -> None:
        now = self.people.directory.clock()
        self._places[named] = await self._looked_up(named), now

    def _asked(self, named: str, done: "asyncio.Task[None]") -> None:
        self._asking.pop(named, None)
        if not done.cancelled() and (error := done.exception()) is not None:  # perhaps nobody waits for it any more
            log.info("a channel could not be looked up", why=str(error))

    async def end(self) -> None:
        """Break off what is still being looked up."""
        asking = list(self._asking.values())
        for each in asking:
            each.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _looked_up(self, named: str) -> Place:
        try:
            found = await self._channel_named(named)
        except RefusedBySlackError as refusal:
            if refusal.refuses_the_bot:
                raise
            return Undeliverable(f"{named} cannot be looked at ({refusal.code})")
        if found is None:
            return Undeliverable(f"there is no channel {named} that the bot can see")
        if is_shared_outside(found):
            return Undeliverable(f"{named} is shared with another company")
        return ResolvedChannel(str(found["id"]))

    async def _channel_named(self, named: str) -> dict[str, Any] | None:
        """A channel object; one that was found by its name before is asked for by id, which is one request."""
        place, _ = self._places.get(named, (None, None))
        if isinstance(place, ResolvedChannel):
            found = await self.workspace.channels.find(place.channel)
            if found and not found.get("is_archived") and named in {found["id"], f"#{found['name']}"}:
                return found
        return await self.workspace.channels.find(named)


def _addresses(reader: Reader, email: str) -> list[str]:
    """All addresses of whoever has this one; it alone where no member has it."""
    row = reader.one("SELECT id FROM member WHERE email = :email", {"email": email})
    return addresses(reader, row[0]) if row else [email]
