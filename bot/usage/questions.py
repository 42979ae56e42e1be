"""Questions in Slack: typed or asked by a button, answered to whoever asks, shared on purpose, or sent as CSV."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

from bot.domain.access import Caller, RefusedError
from bot.domain.everyday.typography import plain
from bot.domain.query.errors import QueryError, WhenError, quoted
from bot.domain.query.question import Question, describe
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import without_markup
from bot.domain.visibility import Titles
from bot.ledger.freshness import UnreadError
from bot.people.rate_limit import charge_rate_limit
from bot.slack import blocks
from bot.slack.blocks import TABLE_ROWS, Message
from bot.slack.channels import is_shared_outside
from bot.slack.errors import RefusedBySlackError, SlackError
from bot.slack.last_lines import LastLines
from bot.slack.line_errors import CommandAction, error_text, line_buttons, line_error_message
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.slack.workspace import Workspace
from bot.usage.answers import Answers
from bot.usage.csv_sender import CsvSender
from bot.usage.keys import AskAction, CsvAction, ShareAction
from bot.usage.report_render import report_message
from bot.usage.report_view import ReportView
from bot.usage.typed_questions import TypedQuestions

_Answer = Callable[[Request, Caller, Question], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class QuestionHandlers:
    """Handles questions and the buttons under answers; `titles` says whether channels may see titles and errors."""

    answers: Answers
    workspace: Workspace
    templates: Templates
    titles: Titles
    csv: CsvSender
    last_questions: LastLines

    async def ask(self, request: Request, caller: Caller, commands: Collection[str]) -> None:
        """Answer a typed question. `commands` are the first words of all commands, in case one was misspelt."""
        asked = self.last_questions.of(request.user, request.channel, self.answers.clock())
        try:
            question = await TypedQuestions(self.answers).question(request.text, caller, asked)
        except QueryError as error:
            corrected = self._misspelt_command(request.text, error, commands)
            await request.responder.respond(corrected or line_error_message(error, self.templates, AskAction))
            return
        await self._respond(self._way(question), request, caller, question)

    def _way(self, question: Question) -> _Answer:
        return self.csv.send if question.csv else self._answer

    async def answer_button(self, request: Request, caller: Caller) -> None:
        """Answer the question of a button. Raises QueryError if its value is no question."""
        line = AskAction.decode(request.action, request.text).line
        question = await self.answers.parse(line, caller)
        await self._respond(self._way(question), request, caller, question)

    async def share(self, request: Request, caller: Caller) -> None:
        """Share the answer with the channel, as whoever pressed may see it. Raises as `answer_button`."""
        line = ShareAction.decode(request.action, request.text).line
        await self._respond(self._share, request, caller, await self.answers.parse(line, caller))

    async def send_csv(self, request: Request, caller: Caller) -> None:
        """Send the answer as a file to whoever pressed. Raises as `answer_button`."""
        line = CsvAction.decode(request.action, request.text).line
        await self._respond(self.csv.send, request, caller, await self.answers.parse(line, caller))

    async def _respond(self, answer: _Answer, request: Request, caller: Caller, question: Question) -> None:
        line = describe(replace(question, csv=False))  # before it is answered: the next line may come at once
        self.last_questions.record(request.user, request.channel, line, self.answers.clock())
        try:
            await answer(request, caller, question)
        except UnreadError:
            reading, failure = self.answers.sync_progress(caller), self.answers.sync_failure(caller)
            no_data = self._paragraph("no_data", reading=reading, failure=failure)
            await request.responder.respond(no_data, replace=bool(request.action))
        except (RefusedError, WhenError):
            self.last_questions.forget(request.user, request.channel)
            raise

    # --- answers ---------------------------------------------------------------------------------

    async def _answer(self, request: Request, caller: Caller, question: Question) -> None:
        fresh = await self.answers.refresh()
        pressed = bool(request.action)
        if passes := self.answers.missing_passes(question, caller, fresh):
            started = self._paragraph("backfill_started", begins=self.answers.history_start(fresh))
            await request.responder.respond(started, replace=pressed)
            await self.answers.backfill(passes)
        report = await self.answers.report(request.user, caller, question, TABLE_ROWS)
        await request.responder.respond(report_message(report, self._view(request, caller)), replace=pressed)

    def _view(self, request: Request, caller: Caller) -> ReportView:
        answers = self.answers
        return ReportView(
            self.templates,
            caller,
            answers.clock(),
            answers.stale_after,
            in_dm=request.in_dm,
            reading=answers.sync_progress(caller),
            failure=answers.sync_failure(caller),
            whom_to_ask=answers.people.whom_to_ask(),
        )

    def _paragraph(self, template: str, **values: object) -> Message:
        return blocks.paragraph(self.templates.render(f"usage/{template}", **values))

    # --- syntax errors ---------------------------------------------------------------------------

    def _misspelt_command(self, line: str, error: QueryError, commands: Collection[str]) -> Message | None:
        """Return an answer that names the command meant, if the error is in the first word and a command is near it."""
        first, _, rest = plain(line).partition(" ")
        command = nearest(first, commands) if error.column == 1 and error.word.startswith(first) else None
        if command is None or (error.instead and nearest(first, (command, error.instead.partition(" ")[0])) != command):
            return None
        instead = f"{command} {without_markup(rest)}".strip()
        meant = QueryError(f"I don't know {quoted(first)}. Did you mean `{command}`?", first, 1, instead)
        return blocks.paragraph(
            error_text(meant, self.templates), list(line_buttons([("instead", instead)], CommandAction))
        )

    # --- sharing ---------------------------------------------------------------------------------

    async def _share(self, request: Request, caller: Caller, question: Question) -> None:
        if reason := await self._share_refusal(request):
            await request.responder.respond(self._paragraph("share_refusal", reason=reason))
            return
        now = self.answers.clock()
        await self.answers.database.write(lambda connection: charge_rate_limit(connection, request.user, now))
        report = await self.answers.report(request.user, caller, question, TABLE_ROWS)
        titles = self.titles is Titles.CHANNEL
        view = replace(self._view(request, caller), shared_by=request.user, titles=titles)
        try:
            await request.responder.share(report_message(report, view))
        except SlackError as error:
            reason = "expired" if isinstance(error, RefusedBySlackError) else "unavailable"
            await request.responder.respond(self._paragraph("share_refusal", reason=reason))
            return
        own = replace(self._view(request, caller), can_share=False)
        await request.responder.respond(report_message(report, own), replace=True)

    async def _share_refusal(self, request: Request) -> str:
        """Return why nothing may be shared in the request's channel; empty if it may."""
        if request.in_dm:
            return "direct"
        try:
            channel = await self.workspace.channels.by_id(request.channel)
        except SlackError as error:
            return "unseen" if isinstance(error, RefusedBySlackError) else "unavailable"
        return "outsiders" if is_shared_outside(channel) else ""
