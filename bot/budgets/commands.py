"""The command `budget`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.budgets.backtest.commands import BacktestCommands
from bot.budgets.limits.alert_choices import alert_choices, wanted_alert
from bot.budgets.limits.commands import LimitCommands
from bot.budgets.limits.form_commands import FormCommands
from bot.budgets.limits.grammar import parse_instruction
from bot.budgets.listing.commands import ListingCommand
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.policy import BudgetPolicy
from bot.domain.access import Caller, Role
from bot.domain.query.tokens import clean
from bot.slack import blocks
from bot.slack.line_errors import CommandAction, line_buttons
from bot.slack.requests import Request
from bot.slack.templates import Templates

_ALERT = "alert"  # what everyday words that ask to be alerted begin with
_REQUEST = "request"
_SUGGEST = "suggest"


@dataclass(frozen=True, slots=True)
class BudgetCommands:
    """The command `budget`: a limit, the form for one, or the listing; `clock` gives aware times."""

    policy: BudgetPolicy
    templates: Templates
    names: NamedSubjects
    limits: LimitCommands
    forms: FormCommands
    listing: ListingCommand
    backtests: BacktestCommands
    clock: Callable[[], datetime]

    async def budget(self, request: Request, caller: Caller) -> None:
        """Set, remove, ask for or suggest a limit. Without one, open the form, or list budgets where none can open."""
        line = clean(request.text).partition(" ")[2]
        first, _, rest = line.partition(" ")
        if first.lower() == _ALERT:
            await self._offer(request, caller, rest)
        elif line.lower() == _SUGGEST:
            await self.backtests.suggest(request, caller)
        elif line and line.lower() != _REQUEST:
            instruction = parse_instruction(line, self.clock(), self.policy.zone)
            await self.limits.carry_out(request, caller, instruction)
        elif request.trigger:
            await self.forms.open_form(request, caller)
        else:  # a member's own, under which a button opens the form
            await self.listing.budgets(replace(request, text="budgets me" if line else "budgets"), caller)

    async def _offer(self, request: Request, caller: Caller, line: str) -> None:
        """Answer with the budgets that an alert may be meant by, each with a button that sets it."""
        wanted = wanted_alert(line)
        choices = alert_choices(wanted, caller)
        if wanted.scope and wanted.scope != "default":
            await self.names.subject(wanted.scope, "")  # refuses a name that is nobody's
        is_operator = caller.role is Role.OPERATOR
        text = self.templates.render("budgets/alert_choice", choices=choices, operator=is_operator)
        lines = [(f"choice{number}", choice) for number, (choice, _) in enumerate(choices, 1)]
        await request.responder.respond(blocks.paragraph(text, list(line_buttons(lines, CommandAction))))
