"""Authorization: which member a caller is, and whose budgets they may act on."""

from dataclasses import dataclass

from bot.budgets.rules import TEAM
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.ledger.members import member_id
from bot.people.people import People


@dataclass(frozen=True, slots=True)
class BudgetAuthorization:
    """Decides for each request what its caller may do."""

    database: Database
    people: People

    async def member_of(self, caller: Caller) -> int:
        """Return the id of the member that a caller is. Raises RefusedError if they are no member."""
        member = await self.known_member_of(caller)
        if member is None:
            raise self.people.unmatched_error()
        return member

    async def known_member_of(self, caller: Caller) -> int | None:
        """Return the id of the member that a caller is, None if they are no member."""
        return await self.database.read(lambda connection: member_id(connection, caller.member))

    async def check_subject(self, caller: Caller, subject: int) -> None:
        """Raise RefusedError unless a subject's budget is the caller's own, or they are an operator."""
        if caller.role is Role.OPERATOR:
            return
        if subject == TEAM or subject != await self.member_of(caller):
            raise RefusedError("This is someone else's budget. Only they and operators can act on it.")
