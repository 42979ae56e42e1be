"""Named subjects: whose budgets somebody means by a mention, an e-mail, a name, or `team`."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.budgets.rules import DEFAULT
from bot.budgets.scopes import email_called, scope_of
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError
from bot.domain.slack_ids import format_mention, is_mention
from bot.ledger.members import member_id, stored_email
from bot.ledger.names import LedgerNames
from bot.ledger.scope import Scope
from bot.people import mentions
from bot.people.people import People
from bot.slack.requests import Request


@dataclass(frozen=True, slots=True)
class NamedSubjects:
    """Looks up whom a name means. All but `check_own` reveal who there is: they are for operators alone."""

    database: Database
    people: People

    async def email(self, name: str) -> str | None:
        """Return the e-mail of whoever is mentioned (`<@U1>`), or alone is called so (`ana`); None if nobody is.

        Raises:
            RefusedError: several people are called so, or no e-mail is known of whoever is mentioned.
        """
        if is_mention(name):
            return await self.people.email_of_mention(name)
        in_slack = self.people.emails_by_name
        return await self.database.read(lambda connection: email_called(connection, name, in_slack))

    async def subject(self, name: str, otherwise: str) -> int:
        """Return the member or the team that a name means.

        Raises:
            RefusedError: it means nobody or several people; for `default` it says `otherwise`.
        """
        email = await self.email(name)
        if email is not None:
            return await self._member(email)
        subject = await self.database.read(lambda connection: scope_of(connection, name))
        if subject == DEFAULT:
            raise RefusedError(otherwise)
        return subject

    async def _member(self, email: str) -> int:
        """Return the member of somebody in Slack. Raises RefusedError if they are none."""
        member = await self.database.read(lambda connection: member_id(connection, stored_email(email)))
        if member is None:
            name = await self.display_name(email)
            raise RefusedError(
                f"{name} has no tasks in Neo yet. If they use another e-mail there, type `link @ana ana@acme.dev`."
            )
        return member

    async def check_own(self, name: str, request: Request, caller: Caller) -> None:
        """Raise RefusedError unless a name is the caller's; the error is the same whether or not the name exists."""
        mentioned = {format_mention(request.user): caller.member} if caller.member else {}
        typed = name if is_mention(name) else name.lower()
        await self.database.read(lambda connection: self._check_own(connection, typed, caller, mentioned))

    def _check_own(
        self, connection: Connection, name: str, caller: Caller, mentioned: mentions.EmailsByMention
    ) -> None:
        own = Scope.of(connection, caller)
        if not LedgerNames(connection, own, self.people.emails_by_name).emails_called(name):
            mentions.mentioned_members(connection, [name], caller, mentioned)

    async def display_name(self, email: str) -> str:
        """Return what a member is called in Slack, by their e-mail."""
        return (await self.database.read(lambda connection: self.people.names(connection, [email])))[email]
