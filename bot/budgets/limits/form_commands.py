"""The form for limits in Slack: opened by a command, a button or App Home, checked, and submitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.keys import LimitForm, RaiseAction, RequestForm
from bot.budgets.limits import forms
from bot.budgets.limits.commands import LimitCommands
from bot.budgets.limits.form_facts import form_facts
from bot.budgets.limits.store import budget_in_force
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.policy import BudgetPolicy
from bot.budgets.scopes import email_of
from bot.database.engine import Database
from bot.domain.access import Caller, Role
from bot.domain.money import show_limit
from bot.domain.periods import Unit
from bot.ledger.members import stored_email
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FormCommands:
    """Opens the form, and carries out what is filled into it; `clock` gives aware times."""

    database: Database
    workspace: Workspace
    templates: Templates
    policy: BudgetPolicy
    authorization: BudgetAuthorization
    names: NamedSubjects
    limits: LimitCommands
    clock: Callable[[], datetime]

    async def open_form(self, request: Request, caller: Caller) -> None:
        """Open the form for any budget, or for a member the one in which they ask for theirs.

        It is answered in the request's channel.
        """
        if caller.role is Role.OPERATOR:
            await self.workspace.views.open_form(request.trigger, forms.view(LimitForm(), request.channel))
        else:
            await self._open(request, RequestForm(), await self.authorization.member_of(caller))

    async def open_raise_form(self, request: Request, caller: Caller) -> None:
        """Open the form in which the limit of an alert's budget is changed or asked for."""
        topic = RaiseAction.decode(request.action, request.text).topic
        await self.authorization.check_subject(caller, topic.subject)
        form = await self.database.read(lambda connection: _limit_form(connection, topic.subject, topic.unit))
        if caller.role is not Role.OPERATOR:
            form = RequestForm(unit=form.unit)
        await self._open(request, form, topic.subject)

    async def _open(self, request: Request, form: LimitForm, subject: int) -> None:
        """Open a form about a subject's budget, with what is known of it."""
        whose = await self._whose(form)
        facts = await self.database.read(
            lambda connection: form_facts(connection, subject, form.unit, self.policy, self.clock())
        )
        summary = self.templates.render("budgets/form", **facts.template_values(whose))
        suggested = show_limit(facts.suggested_nanos).removeprefix("$")
        await self.workspace.views.open_form(request.trigger, forms.view(form, request.channel, summary, suggested))

    async def _whose(self, form: LimitForm) -> str:
        if form.scope is None:
            return "Your"
        return "The team's" if form.scope == "team" else f"{await self.names.display_name(form.scope)}'s"

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
