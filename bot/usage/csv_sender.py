"""Sends an answer as a CSV file in a direct message to whoever asked."""

import re
from dataclasses import dataclass, replace

from bot.domain.access import Caller, question_for_team
from bot.domain.query.question import Question, describe
from bot.slack.blocks import paragraph
from bot.slack.errors import RefusedBySlackError, SlackError
from bot.slack.mrkdwn import code
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace
from bot.usage import report_formatting
from bot.usage.answers import Answers
from bot.usage.report import Report
from bot.usage.report_buttons import csv_button
from bot.usage.report_csv import to_csv

MOST_TASKS = 50_000  # the most tasks in one file
_NOT_PORTABLE = re.compile(r"[^A-Za-z0-9@._-]+")  # characters that some systems refuse in a file name
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class CsvSender:
    """Sends CSV files."""

    answers: Answers
    workspace: Workspace
    templates: Templates

    async def send(self, request: Request, caller: Caller, question: Question) -> None:
        """Send the answer to a question, and respond with what was sent or why it was not.

        Raises as `Answers.report`.
        """
        await self.answers.refresh()
        report = await self.answers.report(request.user, caller, question, MOST_TASKS + 1)
        content = await self._content(replace(report, rows=report.rows[:MOST_TASKS]))
        name, team = self._file_name(question), question_for_team(question, caller, report.scope.members)
        try:
            channel = await self.workspace.channels.open_dm(request.user)
            await self.workspace.messages.upload_file(channel, name, content, _comment(report, team))
        except SlackError as error:
            scope = error.needed if isinstance(error, RefusedBySlackError) else ""
            await self._respond(request, "csv_not_sent", reason=str(error), scope=scope or "")
            return
        lines, cut = f"{content.count(chr(10)) - 1:,}", len(report.rows) > MOST_TASKS
        values = {"lines": lines, "name": name, "cut": cut, "most": f"{MOST_TASKS:,}", "own": team is not None}
        await self._respond(request, "csv_sent", team, **values)

    async def _content(self, report: Report) -> str:
        """Return the file's content, written in a reader's thread: it may take seconds."""
        return await self.answers.database.read(lambda _: to_csv(report))

    def _file_name(self, question: Question) -> str:
        """Return the question and today's date as a name that every system accepts."""
        words = describe(replace(question, csv=False)) or "this month"
        plain = _NOT_PORTABLE.sub(" ", words).strip()[:_LONGEST_NAME]
        today = self.answers.clock().astimezone(self.answers.policy.zone)
        return f"neo-usage {plain} {today:%Y-%m-%d}.csv"

    async def _respond(self, request: Request, template: str, team: Question | None = None, **values: object) -> None:
        """Respond with a template, and the button that sends the answer to the question for the team, if given."""
        text = self.templates.render(f"usage/{template}", **values)
        buttons = [] if team is None else list(csv_button(team, "Send the team's"))
        await request.responder.respond(paragraph(text, buttons))


def _comment(report: Report, team: Question | None) -> str:
    lacking, as_of = report_formatting.incompleteness(report), report_formatting.as_of(report)
    own = team and f"This is your own spend. For the team's, type {code(describe(team))}."
    state = (lacking and f"{lacking}.", as_of and f"Data as of {as_of}")
    parts = " ".join(filter(None, state)) or "I haven't read all of Neo yet, so these figures will grow."
    return f"{own}\n{parts}" if own else parts
