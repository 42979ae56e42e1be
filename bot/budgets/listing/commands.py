"""The command `budgets`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.listing.formats import COLUMNS, rows
from bot.budgets.listing.lines import BudgetLine, budget_listing
from bot.budgets.policy import BudgetPolicy
from bot.database.engine import Database
from bot.domain.access import Caller, Role
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.requests import Request
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class ListingCommand:
    """The command `budgets`; `clock` gives aware times."""

    database: Database
    templates: Templates
    policy: BudgetPolicy
    authorization: BudgetAuthorization
    clock: Callable[[], datetime]

    async def budgets(self, request: Request, caller: Caller) -> None:
        """List all budgets for an operator, their own for everybody else."""
        is_operator = caller.role is Role.OPERATOR
        member = None if is_operator else await self.authorization.member_of(caller)
        now, policy = self.clock(), self.policy
        lines = await self.database.read(lambda connection: budget_listing(connection, policy, now, member))
        text = self.templates.render("budgets/listing", operator=is_operator, count=len(lines), steps=policy.steps)
        draft = Draft(text)
        draft.add(blocks.section(text))
        if lines:
            self._add_lines(draft, lines)
        await request.responder.respond(draft.message())

    def _add_lines(self, draft: Draft, lines: list[BudgetLine]) -> None:
        cells = rows(lines, self.policy)
        shown = draft.add_table("Budgets", COLUMNS, cells)
        if shown < len(cells):
            draft.add(blocks.context(f"and {len(cells) - shown:,} more: `neo-usage budget list` shows all"))
