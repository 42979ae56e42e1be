"""Budget requests in Slack: made by members, approved or declined by operators."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.budgets import budget_formatting
from bot.budgets.alerts.subject_names import person
from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.keys import ApproveAction, DeclineAction
from bot.budgets.limits.instructions import RequestInstruction
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.requests import workflow
from bot.budgets.requests.store import NewRequest
from bot.budgets.requests.workflow import RequestDecision
from bot.budgets.scopes import email_of
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.people.people import People
from bot.slack import blocks
from bot.slack.mrkdwn import readable_text
from bot.slack.requests import Request
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class RequestCommands:
    """What people type and press about budget requests; `clock` gives aware times."""

    database: Database
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
        limit, whom = budget_formatting.limit_of(new.nanos, new.unit), readable_text(self.people.whom_to_ask())
        text = self.templates.render("budgets/request_sent", limit=limit, whom=whom)
        await request.responder.respond(blocks.paragraph(text))

    async def approve(self, request: Request, caller: Caller) -> None:
        """Approve a request, if it is still open."""
        key = ApproveAction.decode(request.action, request.text)
        decision = RequestDecision(key.request, approve=True, by=request.user, version=key.version)
        await self._decide(request, caller, decision)

    async def decline(self, request: Request, caller: Caller) -> None:
        """Decline a request, if it is still open."""
        key = DeclineAction.decode(request.action, request.text)
        decision = RequestDecision(key.request, approve=False, by=request.user, version=key.version)
        await self._decide(request, caller, decision)

    async def _decide(self, request: Request, caller: Caller, decision: RequestDecision) -> None:
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators can approve or decline requests.")
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
