"""The command `help`: what can be asked, with examples for the role of whoever reads it."""

from dataclasses import dataclass

from bot.domain.access import Caller, Role
from bot.domain.tasks import FAILED_STATUSES
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.usage.report import ReportPolicy

FOR_OPERATORS = (
    ("/neo-usage team 7d by:member", "everybody, the last seven days"),
    ("/neo-usage team last month by:model", "what the money went to"),
    ("/neo-usage team 30d by:day", "a chart of the days"),
    ("/neo-usage @ana this week", "one person"),
    ("/neo-usage team yesterday status:error,failed rows", "the tasks that failed"),
)
FOR_MEMBERS = (
    ("/neo-usage", "your spend, this month so far"),
    ("/neo-usage 7d by:model", "what you spent it on"),
    ("/neo-usage 30d by:day", "a chart of your days"),
    ("/neo-usage last month rows top:10", "your dearest tasks"),
)


@dataclass(frozen=True, slots=True)
class HelpCommands:
    """The command `help` in Slack."""

    templates: Templates
    policy: ReportPolicy

    async def help(self, request: Request, caller: Caller) -> None:
        """Answer with what the caller can ask."""
        operator = caller.role is Role.OPERATOR
        text = self.templates.render("usage/help", operator=operator, examples=self._examples(operator=operator))
        draft = Draft("What Neo costs: /neo-usage, with time, filters and groups in any order.")
        draft.add(blocks.section(text))
        await request.responder.respond(draft.message())

    def _examples(self, *, operator: bool) -> list[tuple[str, str]]:
        """Return example lines and what they mean, with the statuses that count as failed by the settings."""
        failing, usual = (f"status:{','.join(each)} " for each in (self.policy.failing, FAILED_STATUSES))
        lines = FOR_OPERATORS if operator else FOR_MEMBERS
        return [(line.replace(usual, failing), meaning) for line, meaning in lines]
