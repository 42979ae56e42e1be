"""The buttons under an answer: ask something related, share the answer, or send it as CSV."""

from collections.abc import Iterator
from dataclasses import replace

from bot.domain.access import question_for_team
from bot.domain.keys import ActionKey
from bot.domain.query.question import Question, describe
from bot.slack import blocks
from bot.slack.blocks import Button
from bot.slack.line_errors import line_buttons
from bot.usage.keys import AskAction, CsvAction, ShareAction
from bot.usage.report import Report
from bot.usage.report_formatting import with_scope, without_filters
from bot.usage.report_view import ReportView


def buttons_of(report: Report, view: ReportView) -> Iterator[Button]:
    """Return the buttons of an answer, none if it was shared. Each checks access again when it is pressed."""
    if view.shared_by is not None:
        return
    question = with_scope(report)
    if team := question_for_team(report.question, view.caller, report.scope.members):
        yield from _button("Show the team's", AskAction("team", describe(team)))
    has_tasks = bool(report.total.tasks) and not report.details
    if has_tasks:
        yield from _regroupings(question, operator=view.operator)
    elif not report.total.tasks and (line := without_filters(question)):
        yield from line_buttons([("instead", line)], AskAction)
    if view.can_share and not view.in_dm:
        yield from _share_button(question)
    if has_tasks:
        yield from csv_button(question)


def _regroupings(question: Question, *, operator: bool) -> Iterator[Button]:
    plain = replace(question, by=(), average=(), rows=False, csv=False, sort=None, top=None)
    for name in ("model", "day", *(["member"] if operator else []), "status"):
        if question.by != (name,) or question.rows:
            yield from _button(f"By {name}", AskAction(name, describe(replace(plain, by=(name,)))))
    if not question.rows:
        yield from _button("Tasks", AskAction("rows", describe(replace(plain, rows=True))))


def _share_button(question: Question) -> Iterator[Button]:
    confirm = ("Everybody in this channel will see this answer.", "Share")
    yield from _button("Share", ShareAction(describe(replace(question, csv=False))), confirm=confirm)


def csv_button(question: Question, label: str = "CSV") -> Iterator[Button]:
    """Return the button that sends the answer as a file to whoever presses it, if the question fits into one."""
    is_list = question.rows or not question.by
    yield from _button(label, CsvAction(describe(replace(question, average=(), rows=is_list, csv=True))))


def _button(label: str, key: ActionKey, confirm: tuple[str, str] | None = None) -> Iterator[Button]:
    if len(key.value) <= blocks.LONGEST_VALUE:  # a longer question can be typed, but not be kept in a button
        yield blocks.button(label, key, confirm=confirm)
