"""The form for limits in Slack: opened by a command, a button or App Home, checked, and submitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.keys import LimitForm, RaiseAction, RequestForm
from bot.budgets.limits import forms
from bot.budgets.limits.commands import LimitCommands
from bot.budgets.limits.store import budget_in_force
from bot.budgets.policy import BudgetPolicy
from bot.budgets.scopes import email_of
from bot.database.engine import Database
from bot.domain.access import Caller, Role
from bot.domain.periods import Unit
from bot.ledger.members import stored_email
from bot.slack.requests import Request
from bot.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FormCommands:
    """Opens the form, and carries out what is filled into it; `clock` gives aware times."""

    database: Database
    workspace: Workspace
    policy: BudgetPolicy
    authorization: BudgetAuthorization
    limits: LimitCommands
    clock: Callable[[], datetime]

    async def open_form(self, request: Request, caller: Caller) -> None:
        """Open an empty form; it is answered in the request's channel."""
        await self._open(request, caller, LimitForm())

    async def open_raise_form(self, request: Request, caller: Caller) -> None:
        """Open the form in which the limit of an alert's budget is changed or asked for."""
        topic = RaiseAction.decode(request.action, request.text).topic
        await self.authorization.check_subject(caller, topic.subject)
        form = await self.database.read(lambda connection: _limit_form(connection, topic.subject, topic.unit))
        await self._open(request, caller, form)

    async def _open(self, request: Request, caller: Caller, form: LimitForm) -> None:
        """Open the form for an operator, or for everybody else the one in which they ask for a limit."""
        if caller.role is not Role.OPERATOR:
            await self.authorization.member_of(caller)
            form = RequestForm(unit=form.unit)
        await self.workspace.views.open_form(request.trigger, forms.view(form, request.channel))

    def check(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is wrong with what was filled in, by field."""
        return forms.field_errors(fields, self.clock(), self.policy.zone)

    async def submit(self, request: Request, caller: Caller) -> None:
        """Set or ask for the limit that was filled into the form."""
        form = LimitForm.decode(request.text)  # the other form keeps the same
        instruction = forms.instruction(request.fields, form, self.clock(), self.policy.zone)
        expected = form.revision if instruction.unit is form.unit else None
        await self.limits.carry_out(request, caller, instruction, expected)


def _limit_form(connection: Connection, subject: int, unit: Unit) -> LimitForm:
    """Return the form for a subject's limit, with its revision now (0: there is none)."""
    budget = budget_in_force(connection, subject, unit)
    scope = stored_email(email_of(connection, subject) or "team")
    return LimitForm(scope, unit, budget.revision if budget else 0)
