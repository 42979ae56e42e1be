"""The form for limits in Slack: opened by a command, a button or App Home, checked, and submitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.action_labels import RAISE_LIMIT, SET_BUDGET, request_label
from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.keys import LimitForm, RaiseAction, RequestForm
from bot.budgets.limits import forms
from bot.budgets.limits.commands import LimitCommands
from bot.budgets.limits.form_facts import form_facts
from bot.budgets.limits.forms import FormContent
from bot.budgets.limits.store import BudgetIdentity, budget_in_force, limits
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.periods import UNITS, budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.scopes import email_of, scope_of
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.money import show_limit
from bot.domain.periods import Unit
from bot.ledger.members import stored_email
from bot.slack.errors import FormNotOpenedError
from bot.slack.forms import FIRST_OPENING, FormOpening
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
    limit_commands: LimitCommands
    clock: Callable[[], datetime]

    async def open_form(self, request: Request, caller: Caller, opening: FormOpening = FIRST_OPENING) -> None:
        """Open the form for any budget, or for a member the one in which they ask for theirs.

        It is answered in the request's channel.
        """
        if caller.role is Role.OPERATOR:
            await self._show(request, LimitForm(), FormContent(SET_BUDGET), opening)
        else:
            member = await self.authorization.member_of(caller)
            unit = await self.database.read(lambda connection: self._limited_unit(connection, member))
            await self._open(request, RequestForm(unit=unit), member, opening)

    async def open_raise_form(self, request: Request, caller: Caller) -> None:
        """Open the form in which the limit of an alert's budget is changed or asked for."""
        topic = RaiseAction.decode(request.action, request.text).topic
        await self.authorization.check_subject(caller, topic.subject)
        budget = BudgetIdentity(topic.subject, topic.unit, topic.period.narrowing)
        form = await self.database.read(lambda connection: _limit_form(connection, budget))
        if caller.role is not Role.OPERATOR:
            form = RequestForm(unit=form.unit)
        await self._open(request, form, topic.subject, FIRST_OPENING)

    async def _open(self, request: Request, form: LimitForm, subject: int, opening: FormOpening) -> None:
        """Open a form about a subject's budget, with what is known of it."""
        whose = await self._whose(form)
        facts = await self.database.read(
            lambda c: form_facts(c, BudgetIdentity(subject, form.unit, form.narrowing), self.policy, self.clock())
        )
        title = RAISE_LIMIT if form.scope else request_label(has_limit=facts.limit_nanos > 0)
        summary = self.templates.render("budgets/form", **facts.template_values(whose))
        suggested = show_limit(facts.suggestion.nanos) if facts.suggestion.nanos else ""
        await self._show(request, form, FormContent(title, summary, suggested, facts.hint), opening)

    def _limited_unit(self, connection: Connection, member: int) -> Unit:
        """Return the longest period that a member has a limit for; a month if they have none."""
        now = self.clock()
        cases = [(member, budget_period(unit, now, self.policy.zone)) for unit in reversed(UNITS)]
        limited = limits(connection, cases, now)
        return next((period.unit for subject, period in cases if (subject, period) in limited), Unit.MONTH)

    async def _show(self, request: Request, form: LimitForm, content: FormContent, opening: FormOpening) -> None:
        view = forms.view(form, request.channel, content, opening)
        await self.workspace.views.open_form(request.trigger, view)

    async def _whose(self, form: LimitForm) -> str:
        if form.scope is None:
            return "Your"
        return "The team's" if form.scope == "team" else f"{await self.names.display_name(form.scope)}'s"

    def check(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is wrong with what was filled in, by field."""
        return forms.field_errors(fields, self.clock(), self.policy.zone)

    async def submit(self, request: Request, caller: Caller) -> None:
        """Set or ask for the limit that was filled into the form; if that is refused, open the form again as it was.

        Raises RefusedError, with the reason, if the form cannot be opened.
        """
        form = LimitForm.decode(request.text)  # the other form keeps the same
        instruction = forms.instruction(request.fields, form, self.clock(), self.policy.zone)
        expected = form.revision if instruction.unit is form.unit else None
        try:
            await self.limit_commands.carry_out(request, caller, instruction, expected)
        except RefusedError as refusal:
            await self._reopen(request, caller, form, refusal)

    async def _reopen(self, request: Request, caller: Caller, form: LimitForm, refusal: RefusedError) -> None:
        problem = self.templates.render("usage/refusal", reason=str(refusal))
        opening = FormOpening(request.action, problem, request.fields)
        try:
            if form.scope and caller.role is Role.OPERATOR:
                scope = form.scope
                subject = await self.database.read(lambda connection: scope_of(connection, scope))
                budget = BudgetIdentity(subject, form.unit, form.narrowing)
                present = await self.database.read(lambda connection: _limit_form(connection, budget))
                await self._open(request, present, subject, opening)
            else:
                await self.open_form(request, caller, opening)
        except (RefusedError, FormNotOpenedError):
            raise refusal from None


def _limit_form(connection: Connection, budget: BudgetIdentity) -> LimitForm:
    """Return the form for a subject's limit, with its revision now (0: there is none)."""
    present = budget_in_force(connection, budget)
    scope = stored_email(email_of(connection, budget.scope) or "team")
    return LimitForm(scope, budget.unit, present.revision if present else 0, budget.narrowing)
