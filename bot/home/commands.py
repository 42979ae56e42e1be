"""What people do in App Home and with the card: open them, and press their buttons."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.budgets.keys import ApproveAction
from bot.budgets.limits.form_commands import FormCommands
from bot.budgets.requests.commands import RequestCommands
from bot.database.engine import Database
from bot.database.errors import UnusableError
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.everyday.card_commands import TEAM_CARD
from bot.domain.query.tokens import clean
from bot.failures.commands import FailureCommands
from bot.failures.silence_commands import SilenceCommands
from bot.home import store
from bot.home.keys import (
    BudgetFormAction,
    DecideFromHomeAction,
    FailuresAction,
    HomeBudgetForm,
    HomeDeclineForm,
    LiftFromHomeAction,
    ListenAction,
    home_action,
)
from bot.home.pages import HomePages
from bot.home.publisher import HomePublisher
from bot.slack.forms import FormOpening
from bot.slack.last_lines import LastLines
from bot.slack.requests import Request
from bot.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class HomeCommands:
    """What people do in App Home and with the card; `clock` gives aware times."""

    database: Database
    workspace: Workspace
    pages: HomePages
    publisher: HomePublisher
    budget_forms: FormCommands
    budget_requests: RequestCommands
    failures: FailureCommands
    silences: SilenceCommands
    last_questions: LastLines
    clock: Callable[[], datetime]

    async def open(self, request: Request) -> None:
        """Publish the page of whoever opens it; for those who may see nothing it says why."""
        try:
            await self._record_opening(request.user)
            await self.publisher.publish(request.user)
        except UnusableError:  # the viewer can be recorded later, but sees the page now
            await self.publisher.publish_unrecorded(request.user)

    async def show_card(self, request: Request, caller: Caller) -> None:
        """`/neo-usage` alone or `overview`: answer with the caller's card; `overview team` with the team's.

        The next line may go on from it: the question that is kept is about the present month of whose card it is.
        """
        of_team = clean(request.text).lower() == TEAM_CARD
        line = "team" if of_team and caller.role is Role.OPERATOR else ""
        self.last_questions.record(request.user, request.channel, line, self.clock())
        await request.responder.respond(await self.pages.card(caller, of_team=of_team))

    async def press(self, request: Request, caller: Caller) -> None:
        """Do what the button that was pressed says, and republish the presser's page if that changed it.

        Raises MalformedKeyError for an unknown button.
        """
        match home_action(request.action, request.text):
            case BudgetFormAction():
                await self._open_budget_form(request, caller)
                return
            case FailuresAction(line):
                await self.failures.errors(replace(request, text=line), caller)
                return
            case ListenAction(on):
                await self.failures.set_listening(caller, on=on)
            case LiftFromHomeAction(silence):
                await self._lift(silence, caller)
            case DecideFromHomeAction(ApproveAction() as decision):
                await self._approve(request, caller, decision)
            case DecideFromHomeAction(decision):
                pressed = replace(request, action=decision.action_id, text=decision.value)
                await self.budget_requests.decline(pressed, caller, FormOpening(HomeDeclineForm.kind))
        await self._republish(request.user)

    async def submit_budget(self, request: Request, caller: Caller) -> None:
        """Do what was filled into the budget form, and republish the page of whoever submitted it."""
        await self.budget_forms.submit(request, caller)
        await self._republish(request.user)

    async def _open_budget_form(self, request: Request, caller: Caller) -> None:
        """Open the form; it is answered in a direct message if it was opened in App Home, and not with the card."""
        if request.channel:
            await self.budget_forms.open_form(request, caller)
            return
        channel = await self.workspace.channels.open_dm(request.user)
        opening = FormOpening(HomeBudgetForm.kind)
        await self.budget_forms.open_form(replace(request, channel=channel), caller, opening)

    async def submit_decline(self, request: Request, caller: Caller) -> None:
        """Decline the request of the form, and republish the page of whoever submitted it."""
        await self.budget_requests.submit_decline(request, caller)
        await self._republish(request.user)

    async def _approve(self, request: Request, caller: Caller, decision: ApproveAction) -> None:
        """Approve a request; if that is refused, republish the page all the same, as the request may have changed."""
        try:
            await self.budget_requests.approve(replace(request, action=decision.action_id, text=decision.value), caller)
        except RefusedError:
            await self._republish(request.user)
            raise

    async def _republish(self, user: str) -> None:
        await self._record_opening(user)  # the viewer may have been pruned
        await self.publisher.publish(user, at_once=True)

    async def _lift(self, silence: int, caller: Caller) -> None:
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators can end a silence.")
        await self.silences.lift(silence)

    async def _record_opening(self, user: str) -> None:
        now = self.clock()
        await self.database.write(lambda connection: store.record_opening(connection, user, now))
