"""People: a Slack user's role and member, decided again at every request."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role, UnmatchedError
from bot.domain.slack_ids import format_mention, parse_mention
from bot.ledger.names import EmailsByName, by_name, names_of_person, plain_names_of_person, unmistakable
from bot.people import links
from bot.people.directory import Directory
from bot.people.member_names import member_names, users_by_email
from bot.people.roles import DenialReason, SlackUser, caller_of
from bot.slack.errors import RateLimitedError, RefusedBySlackError, SlackError

_LONGEST_WAIT = 3.0  # seconds of Slack's rate limit that are waited out during a request
_MOST_NAMED = 3  # so many operators are named to whoever needs one


class DeniedError(RefusedError):
    """Somebody may not use the bot at all; `reason` says why."""

    def __init__(self, reason: DenialReason) -> None:
        super().__init__(f"denied: {reason}")
        self.reason = reason


class UnverifiedError(RefusedError):
    """Slack does not say who somebody is, so nothing can be shown to them now."""


@dataclass(frozen=True, slots=True)
class People:
    """Looks people up; `admins` are the operators, by Slack id or e-mail."""

    directory: Directory
    database: Database
    admins: frozenset[str]

    async def caller(self, user: str) -> Caller:
        """Return the role and the member of a Slack user.

        Raises:
            DeniedError: a guest, a bot, or from outside.
            UnverifiedError: Slack does not answer.
        """
        try:
            slack_user = await self._look_up(user)
        except SlackError as error:
            raise UnverifiedError(
                "I can't check with Slack who you are right now. Please try again in a minute."
            ) from error
        if slack_user is None:
            raise DeniedError(DenialReason.GONE)
        if slack_user.denial:
            raise DeniedError(slack_user.denial)
        linked, is_email_taken = await self.database.read(lambda connection: _links(connection, user, slack_user))
        return caller_of(slack_user, self.admins, linked, taken=is_email_taken)

    async def _look_up(self, user: str) -> SlackUser | None:
        """Return a user, after a short wait if Slack's rate limit asks for one."""
        try:
            return await self.directory.user(user)
        except RateLimitedError as limit:
            if limit.seconds > _LONGEST_WAIT:
                raise
            await asyncio.sleep(limit.seconds)
            return await self.directory.user(user)

    async def emails_by_mention(self, mentions: Iterable[str]) -> dict[str, str]:
        """Return the e-mails of Slack users by mention (`<@U1>`); who cannot be matched to one is left out."""
        users = {user for each in mentions if (user := parse_mention(each))}
        emails = {format_mention(user): await self._email_of(user) for user in users}
        return {mention: email for mention, email in emails.items() if email is not None}

    async def emails_of_named(self, names: Iterable[str], caller: Caller, user: str) -> dict[str, str]:
        """Return the e-mails of the mentions among the names that a caller typed; `user` is the caller's Slack id.

        Members may only mention themselves: nobody else is looked up for them.
        """
        is_operator = caller.role is Role.OPERATOR
        return await self.emails_by_mention(each for each in names if is_operator or parse_mention(each) == user)

    async def email_of_mention(self, mention: str) -> str:
        """Return the e-mail of somebody mentioned (`<@U1>`).

        Raises:
            RefusedError: they cannot be matched to one.
        """
        emails = await self.emails_by_mention([mention])
        if mention not in emails:
            raise RefusedError(
                f"I can't find {mention} in Neo. If you know their e-mail there, type `link {mention} ana@acme.dev`."
            )
        return emails[mention]

    def emails_by_name(self, connection: Connection) -> EmailsByName:
        """Return the e-mails of Slack users by what they are called: whole names and first names, in lower case.

        They are those that the users are matched to: an operator's link counts before the address in Slack.
        """
        users = users_by_email(self.directory.users(), links.users_by_email(connection))
        return _names_in_slack(tuple((email, user.name) for email, user in users.items()))

    def names(self, connection: Connection, emails: Iterable[str]) -> dict[str, str]:
        """Return what the members with these e-mails are called in Slack; the e-mail itself of who is not known there.

        For messages in Slack; data and files keep e-mails.
        """
        return member_names(connection, self.directory.cached_users(), emails)

    async def _email_of(self, user: str) -> str | None:
        """Return the e-mail of a Slack user, also of one who may not use the bot (any more)."""
        try:
            slack_user = await self.directory.user(user)
        except SlackError:
            slack_user = None
        linked, is_email_taken = await self.database.read(lambda connection: _links(connection, user, slack_user))
        return linked or (None if is_email_taken or slack_user is None else slack_user.email)

    def whom_to_ask(self) -> str:
        """Return operators as mentions, for whoever needs one."""
        return " or ".join(map(format_mention, self.operators()[:_MOST_NAMED])) or "an operator"

    def unmatched_error(self) -> UnmatchedError:
        """Return the error for a Slack user who matches no member."""
        return UnmatchedError(self.whom_to_ask())

    def operators(self) -> list[str]:
        """Return the Slack ids of the operators, without those whom the directory does not know by their e-mail."""
        by_id = (each for each in self.admins if "@" not in each and not self.directory.is_denied(each))
        by_email = (
            user.id for user in self.directory.users_by_email(each for each in self.admins if "@" in each).values()
        )
        return sorted(set(chain(by_id, by_email)))

    async def present_operators(self) -> list[str]:
        """Return the Slack ids of those who are operators now. Raises SlackError if Slack does not answer."""
        candidates = [each if "@" not in each else await self._holder(each) for each in sorted(self.admins)]
        return sorted({user for user in candidates if user is not None and await self.is_operator(user)})

    async def _holder(self, email: str) -> str | None:
        try:
            holder = await self.directory.holder(email)
        except RefusedBySlackError as refusal:
            if refusal.code == "missing_scope":  # `doctor` says so; operators of the settings by id are still found
                return None
            raise
        return holder.id if holder else None

    async def is_operator(self, user: str) -> bool:
        """Return whether somebody is an operator now. Raises SlackError if Slack does not answer."""
        slack_user = await self.directory.user(user)
        if slack_user is None or slack_user.denial:
            return False
        return caller_of(slack_user, self.admins, None, taken=False).role is Role.OPERATOR


@lru_cache(maxsize=2)
def _names_in_slack(people: tuple[tuple[str, str], ...]) -> EmailsByName:
    """Return the e-mails of people by what they are called; of a large team that takes too long for each line."""
    names = by_name((called, email) for email, name in people for called in names_of_person(name))
    plain = by_name((called, email) for email, name in people for called in plain_names_of_person(name))
    return unmistakable({**plain, **names})


def _links(connection: Connection, user: str, slack_user: SlackUser | None) -> tuple[str | None, bool]:
    """Return the e-mail a user is linked to, and whether somebody else is linked to the user's own."""
    owner = None if slack_user is None or slack_user.email is None else links.user_of(connection, slack_user.email)
    return links.email_of(connection, user), owner not in {None, user}
