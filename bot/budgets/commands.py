"""The command `budget`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.budgets.backtest.commands import BacktestCommands
from bot.budgets.limits.choices import WantedLimit, limit_choices, scopes_of, wanted_limit
from bot.budgets.limits.commands import ONLY_OPERATORS, LimitCommands
from bot.budgets.limits.form_commands import FormCommands
from bot.budgets.limits.grammar import parse_instruction
from bot.budgets.limits.instruction_line import line_of
from bot.budgets.limits.instructions import BudgetInstruction, LimitInstruction, RemovalInstruction
from bot.budgets.limits.unclear_line import UnclearLineError
from bot.budgets.limits.unmade_changes import UNMADE, unmade_change
from bot.budgets.listing.commands import ListingCommand
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.policy import BudgetPolicy
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.everyday.limit_orders import OF_ALL
from bot.domain.everyday.vocabulary import ONESELF
from bot.domain.query.errors import AmbiguousError, quoted
from bot.domain.query.tokens import clean
from bot.slack import blocks
from bot.slack.line_errors import CommandAction, line_buttons, line_error_message
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.understood import announced

_ALERT = "alert"  # what everyday words that ask to be alerted begin with
_REQUEST = "request"
_SUGGEST = "suggest"
_FOR_ANYBODY = ("budget request ", "snooze ")  # what lines begin with that are not for operators alone
_LISTED = {  # what `budget` with it asks for is how budgets stand
    "status", "left", "remaining", "list", "overview", "usage", "report", "vs actual", "vs actuals", "vs spend",
    "versus actual", "against actual",
}  # fmt: skip
_SHARE = "share"  # what everyday words that ask to share out a budget come to
_CALCULATE = "calculate"  # what everyday words that say by how much a limit is to change begin with
_NO_CALCULATING = (
    "I don't calculate a limit from another one. Type the new limit, such as `budget @ana 600/month`."
    " `budgets` shows the limits there are."
)
_SUGGESTED = (
    "`budget suggest` suggests limits for everyone without a personal budget. To try a limit on one person, type"
    " `backtest 500/month @ana`."
)
_NO_SHARING = (
    "I can't share out an amount among people. Set each person's limit, such as `budget @ana 500/month`, or one for"
    " everyone without a personal budget: `budget default 300/month`."
)


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
        """Set, remove, ask for or suggest a limit. Without one, open the form, or list budgets where none can open.

        What may mean several things is asked back, with a button for each.
        """
        line = clean(request.text).partition(" ")[2]
        try:
            await self._carry_out(request, caller, line)
        except UnclearLineError as error:
            if caller.role is not Role.OPERATOR and not all(each.startswith(_FOR_ANYBODY) for each in error.lines):
                raise RefusedError(ONLY_OPERATORS) from None
            choice = AmbiguousError(error.lines, error.why)
            await request.responder.respond(line_error_message(choice, self.templates, CommandAction))

    async def _carry_out(self, request: Request, caller: Caller, line: str) -> None:
        first, _, rest = line.partition(" ")
        if first.lower() == _ALERT:
            await self._offer(request, caller, wanted_limit(rest, caller, self.clock(), self.policy.zone))
        elif first.lower() == _SUGGEST:
            await self._suggest(request, caller, rest)
        elif line.lower() == _SHARE:
            raise RefusedError(_NO_SHARING)
        elif first.lower() == _CALCULATE:
            raise RefusedError(_NO_CALCULATING if caller.role is Role.OPERATOR else ONLY_OPERATORS)
        elif first.lower() in UNMADE and rest:
            await self._refuse_change(first.lower(), rest, caller)
        elif line.lower() in _LISTED:
            await self.listing.budgets(replace(request, text="budgets"), caller)
        elif line and line.lower() != _REQUEST:
            await self._instruct(request, caller, parse_instruction(line, self.clock(), self.policy.zone))
        elif request.trigger:
            await self.forms.open_form(request, caller)
        else:  # a member's own, under which a button opens the form
            await self.listing.budgets(replace(request, text="budgets me" if line else "budgets"), caller)

    async def _suggest(self, request: Request, caller: Caller, whose: str) -> None:
        if whose and caller.role is Role.OPERATOR:
            raise RefusedError(f"I can't suggest a limit for {quoted(whose)}. {_SUGGESTED}")
        await self.backtests.suggest(request, caller)

    async def _refuse_change(self, verb: str, rest: str, caller: Caller) -> None:
        """Raise the answer to a change that no command makes; for operators an error if a name is nobody's."""
        budget = parse_instruction(f"{rest} remove", self.clock(), self.policy.zone)
        if not isinstance(budget, RemovalInstruction):
            raise RefusedError(ONLY_OPERATORS)
        is_operator, scope = caller.role is Role.OPERATOR, budget.scope.lower()
        if is_operator and scope not in {"default", *OF_ALL, *ONESELF}:
            await self.names.subject(budget.scope, "")
        raise unmade_change(verb, budget, self.policy.zone, is_operator=is_operator)

    async def _instruct(self, request: Request, caller: Caller, instruction: BudgetInstruction) -> None:
        if isinstance(instruction, LimitInstruction) and instruction.scope.lower() in OF_ALL:
            await self._offer(request, caller, WantedLimit(instruction, scopes_of(instruction.scope)))
        else:
            line = f"budget {line_of(instruction, self.policy.zone)}"
            await self.limits.carry_out(announced(request, line, self.templates), caller, instruction)

    async def _offer(self, request: Request, caller: Caller, wanted: WantedLimit) -> None:
        """Answer with the budgets that may be meant, each with a button that sets it."""
        choices = limit_choices(wanted, caller, self.policy.zone)
        if len(wanted.scopes) == 1 and wanted.scopes[0][0] != "default":
            await self.names.subject(wanted.scopes[0][0], "")  # refuses a name that is nobody's
        is_operator = caller.role is Role.OPERATOR
        text = self.templates.render("budgets/alert_choice", choices=choices, operator=is_operator)
        lines = [(f"choice{number}", choice) for number, (choice, _) in enumerate(choices, 1)]
        await request.responder.respond(blocks.paragraph(text, list(line_buttons(lines, CommandAction))))
