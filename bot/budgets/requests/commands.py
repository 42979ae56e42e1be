"""Budget requests in Slack: made by members, approved or declined by operators."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.budgets import budget_formatting
from bot.budgets.alerts.subject_names import person
from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.keys import ApproveAction, DeclineAction, DeclineForm
from bot.budgets.limits.instructions import RequestInstruction
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.requests import decline_form, workflow
from bot.budgets.requests.facts import RequestFacts, request_facts_of
from bot.budgets.requests.store import NewRequest, RequestState
from bot.budgets.requests.workflow import RequestDecision
from bot.budgets.scopes import email_of
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.people.people import People
from bot.slack import blocks
from bot.slack.errors import FormNotOpenedError
from bot.slack.forms import FIRST_OPENING, FormOpening
from bot.slack.mrkdwn import readable_text
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RequestCommands:
    """What people type and press about budget requests; `clock` gives aware times."""

    database: Database
    workspace: Workspace
    people: People
    names: NamedSubjects
    templates: Templates
    evaluator: BudgetEvaluator
    authorization: BudgetAuthorization
    clock: Callable[[], datetime]

    async def request_budget(self, request: Request, caller: Caller, instruction: RequestInstruction) -> None:
        """Ask the operators for a limit of the caller's own."""
        member = await self.authorization.member_of(caller)
        new = NewRequest(
            member, instruction.unit, instruction.nanos, request.user, instruction.ends_at, instruction.reason
        )
        await self.database.write(lambda c: workflow.request_budget(c, new, self.clock()))
        zone, ends_at = self.evaluator.policy.zone, new.ends_at
        text = self.templates.render(
            "budgets/request_sent",
            limit=budget_formatting.limit_of(new.nanos, new.unit),
            ends_at=budget_formatting.last_day(ends_at, zone, self.clock()) if ends_at else "",
            reason=new.reason or "",
            whom=readable_text(self.people.whom_to_ask()),
        )
        await request.responder.respond(blocks.paragraph(text))

    async def approve(self, request: Request, caller: Caller) -> None:
        """Approve a request, if it is still open."""
        key = ApproveAction.decode(request.action, request.text)
        decision = RequestDecision(key.request, approve=True, by=request.user, version=key.version)
        await self._decide(request, caller, decision)

    async def decline(self, request: Request, caller: Caller, opening: FormOpening = FIRST_OPENING) -> None:
        """Open the form in which a request is declined, if the request is still open."""
        _check_operator(caller)
        key = DeclineAction.decode(request.action, request.text)
        facts = await self._facts(key.request)
        if facts is None or facts.request.state is not RequestState.OPEN:
            await self._decide(request, caller, RequestDecision(key.request, approve=False, by=request.user))
            return
        form = DeclineForm(key.request, key.version or facts.request.version)
        await self._open_decline_form(request, form, facts, opening)

    async def submit_decline(self, request: Request, caller: Caller) -> None:
        """Decline the request of a form; if it has changed meanwhile, open the form again with what it is now.

        Raises RefusedError, with the reason, if the form cannot be opened.
        """
        form, reason = DeclineForm.decode(request.text), decline_form.reason(request.fields)
        decision = RequestDecision(form.request, approve=False, by=request.user, version=form.version, reason=reason)
        try:
            await self._decide(request, caller, decision)
        except RefusedError as refusal:
            await self._reopen_decline_form(request, caller, form, refusal)

    async def _reopen_decline_form(
        self, request: Request, caller: Caller, form: DeclineForm, refusal: RefusedError
    ) -> None:
        facts = await self._facts(form.request)
        if facts is None or caller.role is not Role.OPERATOR:
            raise refusal
        problem = self.templates.render("usage/refusal", reason=str(refusal))
        opening = FormOpening(request.action, problem, request.fields)
        try:
            await self._open_decline_form(request, DeclineForm(form.request, facts.request.version), facts, opening)
        except FormNotOpenedError:
            raise refusal from None

    async def _open_decline_form(
        self, request: Request, form: DeclineForm, facts: RequestFacts, opening: FormOpening
    ) -> None:
        who = await self.names.display_name(facts.email)
        values = facts.template_values(who, self.evaluator.policy.zone, self.clock())
        text = self.templates.render("budgets/request", **values)
        channel = request.channel or await self.workspace.channels.open_dm(request.user)
        await self.workspace.views.open_form(request.trigger, decline_form.view(form, channel, text, opening))

    async def _facts(self, request: int) -> RequestFacts | None:
        return await self.database.read(
            lambda connection: request_facts_of(connection, request, self.evaluator.policy, self.clock())
        )

    async def _decide(self, request: Request, caller: Caller, decision: RequestDecision) -> None:
        _check_operator(caller)
        before = await self.database.write(lambda c: workflow.decide_request(c, self.evaluator, decision, self.clock()))
        if before is None:
            raise RefusedError("That request no longer exists.")
        email = await self.database.read(lambda connection: email_of(connection, before.member)) or ""
        text = self.templates.render(
            "budgets/decision_confirmation",
            approve=decision.approve,
            state=before.state.value,
            who=await self.names.display_name(email),
            by=person(before.decided_by or request.user),
        )
        await request.responder.respond(blocks.paragraph(text))


def _check_operator(caller: Caller) -> None:
    if caller.role is not Role.OPERATOR:
        raise RefusedError("Only operators can approve or decline requests.")
