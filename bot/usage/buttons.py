"""Buttons under an answer: what can be asked next, shared or filed; each is decided anew when it is pressed."""

from collections.abc import Iterator
from dataclasses import replace

from slackblocks import Button

from bot.domain.question import Question, describe
from bot.slack import message as slack
from bot.usage.report import Report
from bot.usage.view import View

ASK, SHARE, CSV = "ask", "share", "csv"  # what a button's id begins with


def buttons_of(report: Report, view: View) -> Iterator[Button]:
    """What can be asked next; each is decided anew when it is pressed."""
    if view.shared_by is not None or report.details:
        return
    question = report.question
    if report.total.tasks:
        for name in ("model", "day", *(["member"] if view.operator else []), "status"):
            if question.by != (name,) or question.rows:
                regrouped = replace(question, by=(name,), rows=False, csv=False, sort=None, top=None)
                yield from _button(f"By {name}", f"{ASK}:{name}", regrouped)
        if not question.rows:
            yield from _button(
                "Tasks", f"{ASK}:rows", replace(question, by=(), rows=True, csv=False, sort=None, top=None)
            )
    if not view.in_dm:
        asked = ("Everybody in this channel will see this answer.", "Share")
        yield from _button("Share", SHARE, replace(question, csv=False), confirm=asked)
    if report.total.tasks:
        filed = question if question.by or question.rows else replace(question, rows=True)
        yield from _button("CSV", CSV, replace(filed, csv=True))


def _button(label: str, action: str, question: Question, confirm: tuple[str, str] | None = None) -> Iterator[Button]:
    value = describe(question)
    if len(value) <= slack.LONGEST_VALUE:  # a longer question can be typed, but not be kept in a button
        yield slack.button(label, action, value or " ", confirm=confirm)


def instead_button(line: str) -> Button | None:
    """A button that asks a mended line."""
    return slack.button("Ask that", f"{ASK}:instead", line) if len(line) <= slack.LONGEST_VALUE else None
