"""Buttons under an answer: what can be asked next, shared or filed; each is decided anew when it is pressed."""

from collections.abc import Iterator
from dataclasses import replace

from bot.domain.question import Field, Question, describe
from bot.slack import blocks
from bot.slack.blocks import Button
from bot.usage.report import Report
from bot.usage.view import AnswerView

ASK, SHARE, CSV = "ask", "share", "csv"  # what a button's id begins with


def buttons_of(report: Report, view: AnswerView) -> Iterator[Button]:
    """What can be asked next; each is decided anew when it is pressed."""
    if view.shared_by is not None:
        return
    asked = _with_scope(report)
    some = bool(report.total.tasks) and not report.details
    if some:
        yield from _regroupings(asked, operator=view.operator)
    if not view.in_dm:
        confirm = ("Everybody in this channel will see this answer.", "Share")
        yield from _button("Share", SHARE, replace(asked, csv=False), confirm=confirm)
    if some:
        filed = asked if asked.by or asked.rows else replace(asked, rows=True)
        yield from _button("CSV", CSV, replace(filed, csv=True))


def _with_scope(report: Report) -> Question:
    """The question with its scope said: `by:member` asks for the team, and regrouped it would not."""
    question = report.question
    implied = report.scope.members is None and not question.included(Field.EMAIL)
    return replace(question, team=True) if implied else question


def _regroupings(asked: Question, *, operator: bool) -> Iterator[Button]:
    plain = replace(asked, by=(), rows=False, csv=False, sort=None, top=None)
    for name in ("model", "day", *(["member"] if operator else []), "status"):
        if asked.by != (name,) or asked.rows:
            yield from _button(f"By {name}", f"{ASK}:{name}", replace(plain, by=(name,)))
    if not asked.rows:
        yield from _button("Tasks", f"{ASK}:rows", replace(plain, rows=True))


def _button(label: str, action: str, question: Question, confirm: tuple[str, str] | None = None) -> Iterator[Button]:
    value = describe(question)
    if len(value) <= blocks.LONGEST_VALUE:  # a longer question can be typed, but not be kept in a button
        yield blocks.raw_button(label, action, value or " ", confirm=confirm)


def instead_button(line: str) -> Button | None:
    """A button that asks a mended line."""
    return blocks.raw_button("Ask that", f"{ASK}:instead", line) if len(line) <= blocks.LONGEST_VALUE else None
