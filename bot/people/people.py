"""People: who a Slack user is to the bot, decided anew at every act."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from bot.database.engine import Database
from bot.database.reader import Reader
from bot.domain.access import Caller, RefusedError, Role
from bot.people import links
from bot.people.directory import Directory
from bot.people.roles import Denied, SlackUser, caller_of
from bot.slack.errors import RateLimitedError, RefusedBySlackError, SlackError

_MOMENT = 3.0  # seconds that whoever asks waits for Slack to say who they are
_MOST_NAMED = 3  # operators, to somebody who needs one


class DeniedError(RefusedError):
    """Somebody may not ask at all; `reason` says why."""

    def __init__(self, reason: Denied) -> None:
        super().__init__(f"denied: {reason}")
        self.reason = reason


class UnverifiedError(RefusedError):
    """Slack does not say who somebody is, so nothing can be shown to them now."""


@dataclass(frozen=True, slots=True)
class People:
    """The people who may ask; `admins` are operators, by Slack id or e-mail."""

    directory: Directory
    database: Database
    admins: frozenset[str]

    async def caller(self, user: str) -> Caller:
        """Who a Slack user is to the bot.

        Raises:
            DeniedError: a guest, a bot, or from outside.
            UnverifiedError: Slack does not answer.
        """
        try:
            found = await self._asked(user)
        except SlackError as error:
            raise UnverifiedError("I cannot ask Slack who you are just now. Please try again in a minute.") from error
        if found is None:
            raise DeniedError(Denied.GONE)
        if found.denied:
            raise DeniedError(found.denied)
        linked, taken = await self.database.read(lambda reader: _links(reader, user, found))
        return caller_of(found, self.admins, linked, taken=taken)

    async def _asked(self, user: str) -> SlackUser | None:
        """A user, also where Slack has enough for a moment: somebody waits for an answer."""
        try:
            return await self.directory.user(user)
        except RateLimitedError as limit:
            if limit.seconds > _MOMENT:
                raise
            await asyncio.sleep(limit.seconds)
            return await self.directory.user(user)

    async def mentioned(self, mentions: Iterable[str]) -> dict[str, str]:
        """The e-mails of those mentioned (`<@U1>`) who can be matched to one."""
        ids = {mention.removeprefix("<@").removesuffix(">") for mention in mentions if mention.startswith("<@")}
        matched = {f"<@{user}>": await self._member(user) for user in ids}
        return {mention: member for mention, member in matched.items() if member is not None}

    async def address(self, mention: str) -> str:
        """The e-mail of somebody mentioned (`<@U1>`).

        Raises:
            RefusedError: they cannot be matched to one.
        """
        found = await self.mentioned([mention])
        if mention not in found:
            raise RefusedError(f"I do not know the Neo address of {mention}. `link {mention} e-mail` tells me.")
        return found[mention]

    async def _member(self, user: str) -> str | None:
        """Whose spend a mention means; also of somebody who may not ask (any more)."""
        try:
            found = await self.directory.user(user)
        except SlackError:
            found = None
        linked, taken = await self.database.read(lambda reader: _links(reader, user, found))
        return linked or (None if taken or found is None else found.email)

    def whom_to_ask(self) -> str:
        """Operators as mentions, for whoever needs one."""
        return " or ".join(f"<@{user}>" for user in self.operators()[:_MOST_NAMED]) or "an operator"

    def operators(self) -> list[str]:
        """The Slack ids of the operators, as far as they are known."""
        by_id = (each for each in self.admins if "@" not in each and not self.directory.is_denied(each))
        by_email = (user.id for user in self.directory.named(each for each in self.admins if "@" in each).values())
        return sorted(set(chain(by_id, by_email)))

    async def present_operators(self) -> list[str]:
        """The Slack ids of the operators who may be told of others now; raises SlackError if Slack does not say."""
        found = [each if "@" not in each else await self._holder(each) for each in sorted(self.admins)]
        return sorted({user for user in found if user is not None and await self.is_operator(user)})

    async def _holder(self, email: str) -> str | None:
        try:
            found = await self.directory.holder(email)
        except RefusedBySlackError as refusal:
            if refusal.code == "missing_scope":  # `doctor` says so; those who are named by their id are told
                return None
            raise
        return found.id if found else None

    async def is_operator(self, user: str) -> bool:
        """Whether somebody is an operator now; raises SlackError if Slack does not say."""
        found = await self.directory.user(user)
        if found is None or found.denied:
            return False
        return caller_of(found, self.admins, None, taken=False).role is Role.OPERATOR


def _links(reader: Reader, user: str, found: SlackUser | None) -> tuple[str | None, bool]:
    """The e-mail a user is linked to, and whether somebody else is linked to their own."""
    owner = None if found is None or found.email is None else links.user_of(reader, found.email)
    return links.email_of(reader, user), owner not in {None, user}
