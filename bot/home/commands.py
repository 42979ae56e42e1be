"""What people do in App Home and with the card: open them, and press their buttons."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.budgets.limits.form_commands import FormCommands
from bot.database.engine import Database
from bot.database.errors import UnusableError
from bot.domain.access import Caller, RefusedError, Role
from bot.failures.commands import FailureCommands
from bot.failures.silence_commands import SilenceCommands
from bot.home import store
from bot.home.keys import BudgetFormAction, FailuresAction, LiftFromHomeAction, ListenAction, home_action
from bot.home.pages import HomePages
from bot.home.publisher import HomePublisher
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
    failures: FailureCommands
    silences: SilenceCommands
    clock: Callable[[], datetime]

    async def open(self, request: Request) -> None:
        """Publish the page of whoever opens it; for those who may see nothing it says why."""
        try:
            await self._record_opening(request.user)
            await self.publisher.publish(request.user)
        except UnusableError:  # the viewer can be recorded later, but sees the page now
            await self.publisher.publish_unrecorded(request.user)

    async def show_card(self, request: Request, caller: Caller) -> None:
        """`/neo-usage` alone: answer with the caller's card."""
        await request.responder.respond(await self.pages.card(caller))

    async def press(self, request: Request, caller: Caller) -> None:
        """Do what the button that was pressed says, and republish the presser's page if that changed it.

        Raises MalformedKeyError for an unknown button.
        """
        match home_action(request.action, request.text):
            case BudgetFormAction():
                # a form that was opened in App Home is answered in a direct message
                channel = request.channel or await self.workspace.channels.open_dm(request.user)
                await self.budget_forms.open_form(replace(request, channel=channel), caller)
                return
            case FailuresAction(line):
                await self.failures.errors(replace(request, text=line), caller)
                return
            case ListenAction(on):
                await self.failures.set_listening(caller, on=on)
            case LiftFromHomeAction(silence):
                await self._lift(silence, caller)
        await self._record_opening(request.user)  # the viewer may have been pruned
        await self.publisher.publish(request.user, at_once=True)

    async def _lift(self, silence: int, caller: Caller) -> None:
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators can end a silence.")
        await self.silences.lift(silence)

    async def _record_opening(self, user: str) -> None:
        now = self.clock()
        await self.database.write(lambda connection: store.record_opening(connection, user, now))
