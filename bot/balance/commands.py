"""The command `balance`: asks Neo now, and answers an operator with what is left and how long it lasts."""

from dataclasses import dataclass

from bot.balance.job import BalanceJob
from bot.balance.render import BalanceRenderer
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.everyday.exact_commands import check_alone
from bot.slack.blocks import paragraph
from bot.slack.requests import Request


@dataclass(frozen=True, slots=True)
class BalanceCommands:
    """The command `balance` in Slack."""

    job: BalanceJob
    renderer: BalanceRenderer

    async def balance(self, request: Request, caller: Caller) -> None:
        """`balance`: answer with the credits of the team that are left."""
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators can see the team's credits. Try `this month` for your own spend.")
        check_alone(request.text)
        values = self.renderer.values(await self.job.ask())
        await request.responder.respond(paragraph(self.renderer.templates.render("balance/balance", **values)))
