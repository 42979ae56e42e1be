"""The command `budget`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.budgets.limits.commands import LimitCommands
from bot.budgets.limits.form_commands import FormCommands
from bot.budgets.limits.grammar import parse_instruction
from bot.budgets.listing.commands import ListingCommand
from bot.budgets.policy import BudgetPolicy
from bot.domain.access import Caller
from bot.domain.query.tokens import clean
from bot.slack.requests import Request


@dataclass(frozen=True, slots=True)
class BudgetCommands:
    """The command `budget`: a limit, the form for one, or the listing; `clock` gives aware times."""

    policy: BudgetPolicy
    limits: LimitCommands
    forms: FormCommands
    listing: ListingCommand
    clock: Callable[[], datetime]

    async def budget(self, request: Request, caller: Caller) -> None:
        """Set, remove or ask for a limit. Without arguments, open the form, or list budgets where no form can open."""
        line = clean(request.text).partition(" ")[2]
        if line:
            instruction = parse_instruction(line, self.clock(), self.policy.zone)
            await self.limits.carry_out(request, caller, instruction)
        elif request.trigger:
            await self.forms.open_form(request, caller)
        else:
            await self.listing.budgets(request, caller)
