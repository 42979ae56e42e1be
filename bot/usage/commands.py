"""The question in Slack: typed or by a button, answered for whoever asks, shared on purpose, or filed as CSV."""

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

from bot.database.engine import Database
from bot.domain.access import Caller
from bot.domain.query.errors import QueryError
from bot.domain.query.question import Question, describe
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import clean, unwrapped
from bot.domain.timestamps import from_us
from bot.domain.visibility import Titles
from bot.ledger.passes import UnreadError
from bot.people.rate_limit import count_message
from bot.slack import blocks
from bot.slack.blocks import TABLE_ROWS, Draft, Message
from bot.slack.channels import is_shared_outside
from bot.slack.errors import RefusedBySlackError, SlackError
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace
from bot.usage.answers import Answers
from bot.usage.buttons import instead_buttons
from bot.usage.export import to_csv
from bot.usage.keys import AskAction, CsvAction, ShareAction
from bot.usage.render import message_of
from bot.usage.report import Report
from bot.usage.view import AnswerView

MOST_FILED = 50_000  # tasks in one file

_Answer = Callable[[Request, Caller, Question], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class UsageCommands:
    """Answers questions in Slack; `titles` says whether channels may see titles and errors."""

    source: Answers
    workspace: Workspace
    templates: Templates
    titles: Titles
    database: Database

    async def ask(self, request: Request, caller: Caller, commands: Collection[str]) -> None:
        """Answer a typed question; `commands` are the words that begin none, one of which may have been meant."""
        try:
            question = await self.source.parsed(request.text, caller)
        except QueryError as error:
            await request.responder.respond(self._as_command(request.text, error, commands) or self._wrong(error))
            return
        await self._served(self._file if question.csv else self._answer, request, caller, question)

    async def answer_button(self, request: Request, caller: Caller) -> None:
        """Answer the question of a button. Raises QueryError if its value is no question."""
        line = AskAction.decode(request.action, request.text).line
        await self._served(self._answer, request, caller, await self.source.parsed(line, caller))

    async def share(self, request: Request, caller: Caller) -> None:
        """Share the answer with the channel, as whoever pressed may see it. Raises as `answer_button`."""
        line = ShareAction.decode(request.action, request.text).line
        await self._served(self._share, request, caller, await self.source.parsed(line, caller))

    async def send_csv(self, request: Request, caller: Caller) -> None:
        """Send the answer as a file to whoever pressed. Raises as `answer_button`."""
        line = CsvAction.decode(request.action, request.text).line
        await self._served(self._file, request, caller, await self.source.parsed(line, caller))

    async def _served(self, answer: _Answer, request: Request, caller: Caller, question: Question) -> None:
        try:
            await answer(request, caller, question)
        except UnreadError:
            source = self.source
            unread = self._said("no_data", reading=source.reading(caller), failure=source.failure(caller))
            await request.responder.respond(unread, replace=bool(request.action))

    # --- answering -------------------------------------------------------------------------------

    async def _answer(self, request: Request, caller: Caller, question: Question) -> None:
        fresh = await self.source.freshened()
        pressed = bool(request.action)
        if chunks := self.source.missing(question, caller, fresh):
            begins = from_us(fresh.since or 0).astimezone(self.source.policy.zone)
            await request.responder.respond(
                self._said("backfill_started", begins=f"{begins:%Y-%m-%d}"), replace=pressed
            )
            await self.source.reach(chunks)
        report = await self.source.report(request.user, caller, question, TABLE_ROWS)
        await request.responder.respond(message_of(report, self._view(request, caller)), replace=pressed)

    def _view(self, request: Request, caller: Caller) -> AnswerView:
        source = self.source
        view = AnswerView(self.templates, caller, source.clock(), source.stale_after, in_dm=request.in_dm)
        whom = source.people.whom_to_ask()
        return replace(view, reading=source.reading(caller), failure=source.failure(caller), whom_to_ask=whom)

    def _said(self, template: str, **values: object) -> Message:
        return blocks.paragraph(self.templates.render(f"usage/{template}", **values))

    def _as_command(self, line: str, error: QueryError, commands: Collection[str]) -> Message | None:
        """The command that a line was meant to begin with, if what is wrong is its first word and near to one."""
        first, _, rest = clean(line).partition(" ")
        meant = nearest(first, commands) if error.column == 1 and error.word.startswith(first) else None
        if meant is None or (error.instead and nearest(first, (meant, error.instead.partition(" ")[0])) != meant):
            return None
        reason = f"not a word I know; did you mean `{meant}`?"
        values = {"word": first, "column": 1, "reason": reason, "instead": f"{meant} {unwrapped(rest)}".strip()}
        return blocks.paragraph(self.templates.render("usage/syntax_error", **values))

    def _wrong(self, error: QueryError) -> Message:
        values = {"word": error.word, "column": error.column, "reason": error.reason, "instead": error.instead or ""}
        text = self.templates.render("usage/syntax_error", **values)
        draft = Draft(text)
        draft.add(blocks.section(text))
        if error.instead and (buttons := list(instead_buttons(error.instead))):
            draft.add(blocks.actions(buttons))
        return draft.message()

    # --- sharing ---------------------------------------------------------------------------------

    async def _share(self, request: Request, caller: Caller, question: Question) -> None:
        if reason := await self._closed(request):
            await request.responder.respond(self._said("share_refusal", reason=reason))
            return
        await self.database.write(lambda c: count_message(c, request.user, self.source.clock()))
        report = await self.source.report(request.user, caller, question, TABLE_ROWS)
        titles = self.titles is Titles.CHANNEL
        view = replace(self._view(request, caller), shared_by=request.user, titles=titles)
        try:
            await request.responder.share(message_of(report, view))
        except SlackError as error:
            reason = "expired" if isinstance(error, RefusedBySlackError) else "unavailable"
            await request.responder.respond(self._said("share_refusal", reason=reason))

    async def _closed(self, request: Request) -> str:
        """Why nothing may be shared where a button was pressed; empty if it may."""
        if request.in_dm:
            return "direct"
        try:
            channel = await self.workspace.channels.by_id(request.channel)
        except SlackError as error:
            return "unseen" if isinstance(error, RefusedBySlackError) else "unavailable"
        return "outsiders" if is_shared_outside(channel) else ""

    # --- filing ----------------------------------------------------------------------------------

    async def _file(self, request: Request, caller: Caller, question: Question) -> None:
        await self.source.freshened()
        report = await self.source.report(request.user, caller, question, MOST_FILED + 1)
        cut = len(report.rows) > MOST_FILED
        content = await self._csv(replace(report, rows=report.rows[:MOST_FILED]))
        name = self._file_name(question)
        try:
            where = await self.workspace.channels.open_dm(request.user)
            await self.workspace.messages.upload_file(where, name, content, self._comment(report))
        except SlackError as error:
            scope = error.needed if isinstance(error, RefusedBySlackError) else ""
            await request.responder.respond(self._said("csv_not_sent", reason=str(error), scope=scope or ""))
            return
        lines = f"{content.count(chr(10)) - 1:,}"
        await request.responder.respond(self._said("csv_sent", lines=lines, name=name, cut=cut, most=f"{MOST_FILED:,}"))

    async def _csv(self, report: Report) -> str:
        return await self.source.database.read(lambda _: to_csv(report))

    def _file_name(self, question: Question) -> str:
        """The question and the day, as a name that every system takes."""
        asked = describe(replace(question, csv=False)) or "this month"
        plain = re.sub(r"[^A-Za-z0-9@._-]+", " ", asked).strip()[:80]
        today = self.source.clock().astimezone(self.source.policy.zone)
        return f"neo-usage {plain} {today:%Y-%m-%d}.csv"

    def _comment(self, report: Report) -> str:
        as_of = report.as_of and f"{report.as_of.astimezone(report.zone):%Y-%m-%d %H:%M}"
        complete = "" if report.complete else " The ledger is not complete for this window."
        return f"Data as of {as_of or 'no complete reading yet'}.{complete}"
