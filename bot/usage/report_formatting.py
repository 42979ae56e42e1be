"""Formatting of reports: phrases that the answers in Slack and in the terminal share."""

from collections.abc import Iterator

from bot.domain import formatting
from bot.domain.money import show_usd
from bot.domain.periods import FIRST_YEAR
from bot.domain.query.question import Field, Question
from bot.domain.text import one_line
from bot.usage.report import Report

# --- the question --------------------------------------------------------------------------------


def question_summary(report: Report) -> str:
    """Return the question in words: whose spend, when, which filters, and the window's ends."""
    parts = filter(None, (when(report.question), filters(report.question)))
    return f"{who(report)}, {', '.join(parts)}: {span(report)}"


def who(report: Report) -> str:
    """Return whose spend is answered: "team", the members named, or the one the answer is limited to."""
    question = report.question
    members = report.scope.members or question.included_values(Field.EMAIL)
    return one_line(", ".join([*(members or ["team"]), *_exclusions(question)]))


def _exclusions(question: Question) -> Iterator[str]:
    for each in question.filters:
        if each.exclude and each.field is Field.EMAIL:
            yield from (f"without {email}" for email in each.values)


def when(question: Question) -> str:
    """Return the time as it was typed."""
    return str(question.effective_when) or "all time"


def span(report: Report) -> str:
    """Return the window's ends on the clock of the report's zone."""
    ends = (report.window.start, report.window.end)
    start, end = (f"{each.astimezone(report.zone):%Y-%m-%d %H:%M}" for each in ends)
    if report.window.start.year <= FIRST_YEAR:
        return f"everything until {end} {report.zone.key}"
    return f"{start} to {end} {report.zone.key}"


def filters(question: Question) -> str:
    """Return the conditions on tasks, without those on whose they are."""
    conditions = [one_line(str(each)) for each in question.filters if each.field is not Field.EMAIL]
    return ", ".join([*conditions, *{None: (), True: ("byok:yes",), False: ("byok:no",)}[question.byok]])


# --- the total -----------------------------------------------------------------------------------


def total(report: Report) -> str:
    """Return the spend in USD, or that it is unknown."""
    return show_usd(report.spend_nanos) if is_known(report) else "cost unknown"


def is_known(report: Report) -> bool:
    """Return whether the cost of any task is known; also true if there is no task."""
    return report.total.tasks != report.total.without_cost or not report.total.tasks


def change(report: Report) -> str:
    """Return the spend compared with the window before; empty if there is none to compare with."""
    if report.previous is None:
        return ""
    before, spent = report.previous.spend_nanos, report.spend_nanos
    if before <= 0:
        return f"before: {show_usd(before)}"
    return f"{formatting.against(spent, before)} before"


# --- what an answer lacks ------------------------------------------------------------------------


def empty_reasons(report: Report) -> Iterator[str]:
    """Yield sentences on why an answer may be empty."""
    yield "Nothing was booked there."
    if report.question.filters or report.question.byok is not None:
        yield "A filter may leave everything out: ask again without it."
    if not report.complete:
        yield "The ledger does not hold all of that time."


def incompleteness(report: Report) -> str:
    """Return which part of the window is missing from the ledger; empty if none is."""
    if report.complete:
        return ""
    if report.begins is not None and report.window.start < report.begins:
        begins = f"{report.begins.astimezone(report.zone):%Y-%m-%d %H:%M}"
        return f"The ledger is not complete for this window: it begins {begins}"
    return "The ledger is not complete for this window: a part is still to be read"
