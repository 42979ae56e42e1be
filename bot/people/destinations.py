"""Destinations: finds the Slack channel of a message for a member, for operators, or for a channel by its name."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.database.reader import Reader
from bot.domain.visibility import Privacy
from bot.ledger.members import addresses, member_id
from bot.outbox.destinations import (
    AlertDestination,
    ChannelDestination,
    Destination,
    MemberDestination,
    OperatorDestination,
    OperatorsDestination,
    OpsDestination,
    UserDestination,
)
from bot.outbox.resolution import Redirect, Resolution, ResolvedChannel, Undeliverable
from bot.outbox.rules import fallback
from bot.people import links
from bot.people.people import People
from bot.people.roles import SlackUser
from bot.slack.channels import is_shared_outside
from bot.slack.errors import RefusedBySlackError, SlackUnavailableError
from bot.slack.workspace import Workspace

log = structlog.get_logger(__name__)

_PATIENCE = 10.0  # seconds for a lookup of a user: the message that names them is claimed meanwhile
FRESH = timedelta(minutes=5)  # how long a channel is cached: it may become shared with outsiders


@dataclass(frozen=True, slots=True)
class ConfiguredChannels:
    """The channels of the settings, by id or #name."""

    alert: str | None
    ops: str | None
    privacy: Privacy = Privacy.NAMED


@dataclass(slots=True)
class DestinationResolver:
    """Finds destinations in Slack, and caches channels for a few minutes."""

    people: People
    workspace: Workspace
    channels: ConfiguredChannels
    _dms: dict[str, str] = field(default_factory=dict)
    _known: dict[str, tuple[Resolution, datetime]] = field(default_factory=dict)
    _lookups: "dict[str, asyncio.Task[None]]" = field(default_factory=dict)

    async def find(self, destination: Destination) -> Resolution:
        """Return what a destination is now.

        Raises:
            SlackError: Slack does not answer, or keeps the bot out.
        """
        match destination:
            case MemberDestination():
                return await self._member(destination)
            case UserDestination():
                return await self._user(destination.user)
            case OperatorDestination() | OperatorsDestination():
                return await self._of_operators(destination)
            case AlertDestination():
                return await self._alert(destination)
            case OpsDestination():
                return await self._ops(destination)
            case ChannelDestination():
                return await self._channel(destination.name)

    async def slack_user(self, email: str) -> str | None:
        """Return the Slack id of a member, by any of their e-mails; None if nobody who may use the bot has one.

        Raises:
            SlackError: Slack does not answer.
        """
        emails = await self.people.database.read(lambda reader: _addresses(reader, email))
        try:
            async with asyncio.timeout(_PATIENCE):
                user = await self._user_of(emails)
        except TimeoutError:
            raise SlackUnavailableError(f"no answer within {_PATIENCE:g} s") from None
        return None if user is None or user.denied else user.id

    # --- people --------------------------------------------------------------------------------------

    async def _member(self, destination: MemberDestination) -> Resolution:
        """Return a member's direct messages, or the alert channel if Slack does not know the member."""
        member = destination.member
        user = await self._user_of(await self.people.database.read(lambda reader: addresses(reader, member)))
        if user is None:
            return Redirect((AlertDestination(),), "not known in Slack")
        if user.denied:
            return Redirect(fallback(destination), "somebody who may not be told")
        return await self._dm(user.id)

    async def _user_of(self, emails: Sequence[str]) -> SlackUser | None:
        """Return the user who is linked to one of the e-mails or has one, preferably one who may use the bot."""
        denied = None
        for email in emails:
            user = await self._user_with(email)
            if user is not None and not user.denied:
                return user
            denied = denied or user or self.people.directory.denied_user(email)
        return denied

    async def _user_with(self, email: str) -> SlackUser | None:
        """Return the user who is linked to an e-mail, or else the one who has it."""
        linked = await self.people.database.read(lambda reader: links.user_of(reader, email))
        directory = self.people.directory
        return await (directory.holder(email) if linked is None else directory.user(linked))

    async def _user(self, id_: str) -> Resolution:
        user = await self.people.directory.user(id_)
        if user is None or user.denied:
            return Undeliverable("somebody who may not be told")
        return await self._dm(id_)

    async def _of_operators(self, destination: OperatorDestination | OperatorsDestination) -> Resolution:
        """Return an operator's direct messages; each operator's if they are none any more, or if all are meant."""
        if isinstance(destination, OperatorsDestination):
            return await self._each_operator("each operator")
        if await self.people.is_operator(destination.user):
            return await self._dm(destination.user)
        return await self._each_operator("no operator any more")

    async def _each_operator(self, why: str) -> Resolution:
        each = tuple(OperatorDestination(user) for user in await self.people.present_operators())
        return Redirect(each, why) if each else Undeliverable("no operator is known: set ADMINS")

    async def _dm(self, user: str) -> Resolution:
        if user not in self._dms:
            try:
                self._dms[user] = await self.workspace.channels.open_dm(user)
            except RefusedBySlackError as refusal:
                if refusal.refuses_the_bot:
                    raise
                return Undeliverable(f"no direct message is possible ({refusal.code})")
        return ResolvedChannel(self._dms[user])

    # --- channels of the settings --------------------------------------------------------------------

    async def _alert(self, destination: AlertDestination) -> Resolution:
        # the privacy is members': what the team as a whole spends is for anybody to know there
        if not destination.team and self.channels.privacy is Privacy.OPERATORS:
            return Redirect((OperatorsDestination(),), "ALERT_PRIVACY is operators")
        if self.channels.alert is None:
            return Redirect((OpsDestination(),), "ALERT_CHANNEL is not set")
        return await self._channel(self.channels.alert)

    async def _ops(self, destination: OpsDestination) -> Resolution:
        # what was for one member alone is for operators, not for everybody
        if destination.operators and self.channels.privacy is Privacy.OPERATORS:
            return Redirect((OperatorsDestination(),), "ALERT_PRIVACY is operators")
        name = self.channels.ops or (None if destination.operators else self.channels.alert)
        if name is None:
            return Redirect((OperatorsDestination(),), "OPS_CHANNEL is not set")
        return await self._channel(name)

    # --- channels ------------------------------------------------------------------------------------

    async def _channel(self, name: str) -> Resolution:
        now = self.people.directory.clock()
        known = self._known.get(name)
        if known is None or not timedelta(0) <= now - known[1] < FRESH:
            await asyncio.shield(self._lookup(name))
        return self._known[name][0]

    def _lookup(self, name: str) -> "asyncio.Task[None]":
        """Return the task that looks a channel up, one at a time; it goes on if the caller stops waiting for it.

        In a large workspace all names are many pages, of which Slack gives a few a minute.
        """
        lookup = self._lookups.get(name)
        if lookup is None:
            lookup = self._lookups[name] = asyncio.create_task(self._remember(name))
            lookup.add_done_callback(lambda done: self._forget_lookup(name, done))
        return lookup

    async def _remember(self, name: str) -> None:
        now = self.people.directory.clock()
        self._known[name] = await self._resolution(name), now

    def _forget_lookup(self, name: str, done: "asyncio.Task[None]") -> None:
        self._lookups.pop(name, None)
        if not done.cancelled() and (error := done.exception()) is not None:  # perhaps nobody waits for it any more
            log.info("a channel could not be looked up", why=str(error))

    async def end(self) -> None:
        """Cancel the lookups that are still running."""
        lookups = list(self._lookups.values())
        for each in lookups:
            each.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)

    async def _resolution(self, name: str) -> Resolution:
        try:
            channel = await self._channel_named(name)
        except RefusedBySlackError as refusal:
            if refusal.refuses_the_bot:
                raise
            return Undeliverable(f"{name} cannot be looked at ({refusal.code})")
        if channel is None:
            return Undeliverable(f"there is no channel {name} that the bot can see")
        if is_shared_outside(channel):
            return Undeliverable(f"{name} is shared with another company")
        return ResolvedChannel(str(channel["id"]))

    async def _channel_named(self, name: str) -> dict[str, Any] | None:
        """Return a channel as Slack has it; one that was found by its name before costs one request, by its id."""
        known, _ = self._known.get(name, (None, None))
        if isinstance(known, ResolvedChannel):
            channel = await self.workspace.channels.find(known.channel)
            if channel and not channel.get("is_archived") and name in {channel["id"], f"#{channel['name']}"}:
                return channel
        return await self.workspace.channels.find(name)


def _addresses(reader: Reader, email: str) -> list[str]:
    """Return all e-mails of the member who has one; it alone if no member has it."""
    member = member_id(reader, email)
    return [email] if member is None else addresses(reader, member)
