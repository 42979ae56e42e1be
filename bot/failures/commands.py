"""Failures in Slack: the report, messages about one's own failures, and the buttons of alerts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain import formatting
from bot.domain.access import Caller, RefusedError, Role, question_for_team
from bot.domain.query.errors import QueryError
from bot.domain.query.question import Question, describe
from bot.domain.query.spelling import nearest
from bot.domain.query.tokens import clean
from bot.failures import alert_store, listener_store
from bot.failures.alert_facts import FailedTask, group_tasks
from bot.failures.alert_store import Acknowledgement
from bot.failures.keys import (
    AcknowledgeAction,
    AskErrorsAction,
    FailuresTopic,
    LiftSilenceAction,
    ReportedGroups,
    ShowTasksAction,
    StopNotifyingAction,
)
from bot.failures.report import ErrorReport, ErrorRequest, error_report, failure_question
from bot.failures.report_render import FailureView, report_message, tasks_message
from bot.failures.rules import FailurePolicy
from bot.failures.silence_commands import SilenceCommands, check_operator
from bot.failures.silence_facts import ActiveSilence, named_silences
from bot.failures.silence_store import active_silences
from bot.ledger.freshness import UnreadError
from bot.ledger.members import member_id
from bot.ledger.question_parsing import parse_question
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.scope_queries import holds_any
from bot.outbox.live_store import request_edits
from bot.people.left_out import with_left_out
from bot.people.people import People
from bot.slack import blocks
from bot.slack.last_lines import LastLines
from bot.slack.line_errors import line_error_message
from bot.slack.requests import Request
from bot.slack.templates import Templates

_MOST_TASKS = 99


@dataclass(frozen=True, slots=True)
class FailureCommands:
    """What people type and press about failures; `clock` gives aware times. Each act is authorised anew."""

    database: Database
    people: People
    templates: Templates
    policy: FailurePolicy
    clock: Callable[[], datetime]
    silences: SilenceCommands
    last_questions: LastLines

    # --- the report ----------------------------------------------------------------------------------

    async def errors(self, request: Request, caller: Caller) -> None:
        """`errors [window]`: answer with the kinds of failure, what they cost, and what share of tasks fails."""
        await self._answer(request, caller, clean(request.text).partition(" ")[2])

    async def answer_button(self, request: Request, caller: Caller) -> None:
        """Answer the line of a button, as `errors` does."""
        await self._answer(request, caller, AskErrorsAction.decode(request.action, request.text).line)

    async def end_silence(self, request: Request, caller: Caller) -> None:
        """End the silence whose button an operator pressed, and show the report anew, without that button."""
        check_operator(caller)
        key = LiftSilenceAction.decode(request.action, request.text)
        name = await self.silences.lift(key.id)
        others = await self.database.read(lambda connection: active_silences(connection, self.clock()))
        note = self.templates.render("failures/silence_lifted", done=name is not None, name=name, others=len(others))
        if key.line is None:
            await request.responder.respond(blocks.paragraph(note))
        else:
            await self._answer(request, caller, key.line, note)

    async def _answer(self, request: Request, caller: Caller, line: str, note: str = "") -> None:
        """Answer the words behind `errors`; `note` says what was just done."""
        try:
            question = await self._question(line, caller)
        except QueryError as error:
            await request.responder.respond(line_error_message(error, self.templates, AskErrorsAction, "errors"))
            return
        report = await self._report(request, caller, question)
        self.last_questions.record(request.user, request.channel, self._spend_line(question), self.clock())
        view, silences = await self.database.read(lambda connection: self._surroundings(connection, report, caller))
        team = question_for_team(report.question, caller, report.members)
        buttons = [] if team is None else [blocks.button("Show the team's", AskErrorsAction("team", describe(team)))]
        message = report_message(report, view, silences, buttons, note)
        await request.responder.respond(message, replace=bool(request.action))

    def _spend_line(self, question: Question) -> str:
        """Return the question what the tasks cost that a report is about, which the next line may point to."""
        line = describe(question)
        return line if "status:" in line else f"{line} status:{','.join(self.policy.failing)}".strip()

    def _surroundings(
        self, connection: Connection, report: ErrorReport, caller: Caller
    ) -> tuple[FailureView, list[ActiveSilence]]:
        """Return what a report is rendered with: names, and for operators the silences in force.

        Raises UnmatchedError for somebody of whom Neo has no task at all.
        """
        is_operator, now = caller.role is Role.OPERATOR, self.clock()
        if not is_operator and not report.tasks and not holds_any(connection, Scope.of(connection, caller)):
            raise self.people.unmatched_error()
        names = self.people.names(connection, report.emails)
        view = FailureView(self.templates, self.policy.zone, now, names=names)
        return view, named_silences(connection, now, self.people.names) if is_operator else []

    async def _question(self, line: str, caller: Caller) -> Question:
        now, policy, in_slack = self.clock(), self.policy, self.people.emails_by_name
        line = await with_left_out(self.people, line, caller)
        question = await self.database.read(
            lambda connection: parse_question(
                connection,
                caller,
                line,
                now=now,
                zone=policy.zone,
                failing=policy.failing,
                in_slack=in_slack,
                takes_groups=False,
            )
        )
        return failure_question(question, policy.failing)

    async def _report(self, request: Request, caller: Caller, question: Question) -> ErrorReport:
        if caller.role is Role.MEMBER and caller.member is None:
            raise self.people.unmatched_error()
        mentioned = await self.people.emails_of_named(question.people, caller, request.user)
        error_request = ErrorRequest(question, caller, self.clock(), mentioned)
        try:
            return await self.database.read(lambda connection: error_report(connection, error_request, self.policy))
        except UnreadError:
            raise RefusedError("I haven't read any tasks from Neo yet. Please ask again in a minute.") from None

    # --- one's own failures --------------------------------------------------------------------------

    async def notify(self, request: Request, caller: Caller) -> None:
        """`notify errors on|off`: set or show whether one is notified of one's own failures."""
        match clean(request.text).lower().split()[1:]:
            case ["errors"]:
                on = await self.database.read(lambda connection: _is_listening(connection, caller.member))
                await self._respond(request, "failures/notification_setting", on=on, new=False)
            case ["errors", "on" | "off" as switch]:
                is_new = await self.set_listening(caller, on=switch == "on")
                await self._respond(request, "failures/notification_setting", on=switch == "on", new=is_new)
            case tokens:
                raise RefusedError(
                    f"{_correction(tokens)}Type `notify errors on` to get a DM when one of your tasks fails,"
                    " or `notify errors off` to stop. For messages about spend, set a budget: see `help budgets`."
                )

    async def stop_notifying(self, request: Request, caller: Caller) -> None:
        """End the messages about one's own failures."""
        groups = StopNotifyingAction.decode(request.action, request.text).groups
        is_new = await self.set_listening(caller, on=False)
        await self.database.write(lambda connection: _request_edit(connection, groups))
        await self._respond(request, "failures/notification_setting", on=False, new=is_new)

    async def set_listening(self, caller: Caller, *, on: bool) -> bool:
        """Record whether somebody is notified of their own failures; return whether that is new.

        Raises RefusedError if they are no member in the ledger.
        """
        member = await self._member(caller)
        return await self.database.write(
            lambda connection: listener_store.set_listening(connection, member, self.clock(), on=on)
        )

    async def _member(self, caller: Caller) -> int:
        member = await self.database.read(lambda connection: member_id(connection, caller.member))
        if member is None:
            raise self.people.unmatched_error()
        return member

    # --- the buttons of alerts -----------------------------------------------------------------------

    async def show_tasks(self, request: Request, caller: Caller) -> None:
        """Answer with the tasks that an alert reports: an operator with all, others with their own."""
        is_operator = caller.role is Role.OPERATOR
        scope = EVERYTHING if is_operator else Scope(await self._member(caller))
        groups = ShowTasksAction.decode(request.action, request.text).groups
        tasks, names = await self.database.read(lambda connection: self._tasks(connection, groups, scope))
        if not tasks and not is_operator:
            raise RefusedError("None of these tasks are yours. Operators can see them all.")
        view = FailureView(self.templates, self.policy.zone, self.clock(), self.policy.address, names)
        await request.responder.respond(tasks_message(tasks, view))

    def _tasks(
        self, connection: Connection, groups: ReportedGroups, scope: Scope
    ) -> tuple[list[FailedTask], dict[str, str]]:
        """Return the latest tasks of groups, and the names of their members."""
        ids = alert_store.group_ids(connection, groups)
        tasks = group_tasks(connection, ids, self.policy.basis, scope, _MOST_TASKS + 1)
        return tasks, self.people.names(connection, {each.member for each in tasks})

    async def acknowledge(self, request: Request, caller: Caller) -> None:
        """Record that an operator has seen an alert."""
        check_operator(caller)
        groups = AcknowledgeAction.decode(request.action, request.text).groups
        before = await self.database.write(lambda connection: self._acknowledge(connection, groups, request.user))
        by, at = (before.by, before.at) if before else (request.user, self.clock())
        when = formatting.dated_time(at, self.policy.zone, self.clock())
        await self._respond(
            request, "failures/acknowledgement", again=before is not None, by=by, when=when, zone=self.policy.zone.key
        )

    def _acknowledge(self, connection: Connection, groups: ReportedGroups, by: str) -> Acknowledgement | None:
        """Record who acknowledged an alert, unless somebody has; return who had already, if anybody."""
        first = alert_store.first_group(connection, groups)
        before = alert_store.acknowledgement(connection, first)
        if before is None:
            alert_store.acknowledge(connection, first, by, self.clock())
            _request_edit(connection, groups)
        return before

    async def _respond(self, request: Request, template: str, **values: object) -> None:
        await request.responder.respond(blocks.paragraph(self.templates.render(template, **values)))


def _request_edit(connection: Connection, groups: ReportedGroups) -> None:
    """Have the alert of groups edited, which shows what was done about it."""
    request_edits(connection, [FailuresTopic(alert_store.first_group(connection, groups))])


def _correction(tokens: Sequence[str]) -> str:
    """Return the `notify` that misspelt tokens were meant to be, as a question; empty if that is not clear."""
    what, *how = tokens or [""]
    if nearest(what, ("errors",)) is None or len(how) > 1:
        return ""
    switch = nearest(how[0], ("on", "off")) if how else "on"
    return f"Did you mean `notify errors {switch}`? " if switch else ""


def _is_listening(connection: Connection, email: str | None) -> bool:
    member = member_id(connection, email)
    return member is not None and listener_store.is_listening(connection, member)
