"""The destination resolver: finds the Slack channel of a message for a member, operators, or a named channel."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from bot.domain.visibility import Privacy
from bot.ledger.members import email_addresses, member_id
from bot.outbox.destinations import (
    WEBHOOK_CHANNEL,
    AlertDestination,
    ChannelDestination,
    Destination,
    MemberDestination,
    OperatorDestination,
    OperatorsDestination,
    OpsDestination,
    Redirect,
    Resolution,
    ResolvedChannel,
    Undeliverable,
    UserDestination,
    WebhookDestination,
    fallback,
)
from bot.outbox.webhook_queue import is_on
from bot.people import links
from bot.people.channel_finder import ChannelFinder
from bot.people.people import People
from bot.people.roles import SlackUser
from bot.slack.errors import RefusedBySlackError, SlackUnavailableError
from bot.slack.workspace import Workspace

_LOOKUP_WAIT = 10.0  # seconds to wait for a lookup of a user, while the message that names them is claimed


@dataclass(frozen=True, slots=True)
class ConfiguredChannels:
    """The channels of the settings, by id or #name."""

    alert: str | None
    ops: str | None
    privacy: Privacy = Privacy.NAMED


@dataclass(slots=True)
class DestinationResolver:
    """Finds destinations in Slack."""

    people: People
    workspace: Workspace
    channels: ConfiguredChannels
    _finder: ChannelFinder = field(init=False)
    _dms: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find channels by the clock of the directory."""
        self._finder = ChannelFinder(self.workspace, self.people.directory.clock)

    async def find(self, destination: Destination) -> Resolution:
        """Return what a destination is now.

        Raises:
            SlackError: Slack does not answer, or keeps the bot out.
        """
        match destination:
            case MemberDestination():
                found = self._member(destination)
            case UserDestination():
                found = self._user(destination.user)
            case OperatorDestination() | OperatorsDestination():
                found = self._of_operators(destination)
            case AlertDestination():
                found = self._alert(destination)
            case OpsDestination():
                found = self._ops(destination)
            case ChannelDestination():
                found = self._finder.find(destination.name)
            case WebhookDestination():
                found = self._webhook()
        return await found

    async def slack_user(self, email: str) -> str | None:
        """Return the Slack id of a member, by any of their e-mails; None if nobody who may use the bot has one.

        Raises:
            SlackError: Slack does not answer.
        """
        emails = await self.people.database.read(lambda connection: _addresses(connection, email))
        try:
            async with asyncio.timeout(_LOOKUP_WAIT):
                user = await self._user_of(emails)
        except TimeoutError:
            raise SlackUnavailableError(f"no answer within {_LOOKUP_WAIT:g} s") from None
        return None if user is None or user.denial else user.id

    # --- people --------------------------------------------------------------------------------------

    async def _member(self, destination: MemberDestination) -> Resolution:
        """Return a member's direct messages, or the alert channel if Slack does not know the member."""
        member = destination.member
        user = await self._user_of(
            await self.people.database.read(lambda connection: email_addresses(connection, member))
        )
        if user is None:
            return Redirect((AlertDestination(),), "not known in Slack")
        if user.denial:
            return Redirect(fallback(destination), "not allowed to use the bot")
        return await self._dm(user.id)

    async def _user_of(self, emails: Sequence[str]) -> SlackUser | None:
        """Return the user who is linked to one of the e-mails or has one, preferably one who may use the bot."""
        denied = None
        for email in emails:
            user = await self._user_with(email)
            if user is not None and not user.denial:
                return user
            denied = denied or user or self.people.directory.denied_user(email)
        return denied

    async def _user_with(self, email: str) -> SlackUser | None:
        """Return the user who is linked to an e-mail, else the user whose own it is."""
        linked = await self.people.database.read(lambda connection: links.user_of(connection, email))
        directory = self.people.directory
        return await (directory.holder(email) if linked is None else directory.user(linked))

    async def _user(self, id_: str) -> Resolution:
        user = await self.people.directory.user(id_)
        if user is None or user.denial:
            return Undeliverable("not allowed to use the bot")
        return await self._dm(id_)

    async def _of_operators(self, destination: OperatorDestination | OperatorsDestination) -> Resolution:
        """Return an operator's direct messages; each operator's if it is for all, or if that one is none any more."""
        if isinstance(destination, OperatorsDestination):
            return await self._each_operator("each operator")
        if await self.people.is_operator(destination.user):
            return await self._dm(destination.user)
        return await self._each_operator("not an operator any more")

    async def _each_operator(self, why: str) -> Resolution:
        each = tuple(OperatorDestination(user) for user in await self.people.present_operators())
        return Redirect(each, why) if each else Undeliverable("no operator is known; set ADMINS")

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
        # ALERT_PRIVACY protects members; the spend of the whole team is no secret in the channel
        if not destination.team and self.channels.privacy is Privacy.OPERATORS:
            return Redirect((OperatorsDestination(),), "ALERT_PRIVACY is operators")
        if self.channels.alert is None:
            return Redirect((OpsDestination(),), "ALERT_CHANNEL is not set")
        return await self._finder.find(self.channels.alert)

    async def _ops(self, destination: OpsDestination) -> Resolution:
        # what was for one member alone goes to operators, not to everybody
        if destination.operators and self.channels.privacy is Privacy.OPERATORS:
            return Redirect((OperatorsDestination(),), "ALERT_PRIVACY is operators")
        name = self.channels.ops or (None if destination.operators else self.channels.alert)
        if name is None:
            return Redirect((OperatorsDestination(),), "OPS_CHANNEL is not set")
        return await self._finder.find(name)

    async def _webhook(self) -> Resolution:
        if await self.people.database.read(is_on):
            return ResolvedChannel(WEBHOOK_CHANNEL)
        return Redirect((), "the webhook is off")

    async def end(self) -> None:
        """Cancel the lookups that are still running."""
        await self._finder.end()


def _addresses(connection: Connection, email: str) -> list[str]:
    """Return all e-mails of the member with an e-mail; that one alone if no member has it."""
    member = member_id(connection, email)
    return [email] if member is None else email_addresses(connection, member)
