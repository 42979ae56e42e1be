"""Formatting of reports: phrases that the answers in Slack and in the terminal share."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.domain import formatting
from bot.domain.money import show_usd
from bot.domain.pricing import SpendBasis
from bot.domain.query.errors import EMPTY
from bot.domain.query.question import Field, Question, describe
from bot.domain.query.spelling import enumeration
from bot.domain.query.when import EVER, SINCE_THE_FIRST_YEAR, Dated, Range
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.text import one_line
from bot.ledger.spend import Sums
from bot.ledger.spend_groups import SpendGroup
from bot.usage.report import Report

UNKNOWN = "unknown"
UNREAD = "I haven't read this period from Neo yet."
_MOST_NAMES = 3  # in a sentence; of more, only their number

# --- the question --------------------------------------------------------------------------------


def question_summary(report: Report) -> str:
    """Return the question in words: whose spend, when, which filters, and the days."""
    return " · ".join(filter(None, (who(report), when(report.question), filters(report.question), span(report))))


def who(report: Report) -> str:
    """Return whose spend is answered: "team", the members named, or the one the answer is limited to."""
    question = report.question
    members = report.scope.members or question.included_values(Field.EMAIL)
    left_out = [*map(report.name_of, question.excluded_values(Field.EMAIL))]
    exclusions = [f"without {enumeration(left_out)}"] if left_out else []
    return one_line(", ".join([*(map(report.name_of, members) if members else ["team"]), *exclusions]))


def when(question: Question) -> str:
    """Return the name of the time asked for, such as `last week`; empty where its days say all of it."""
    asked = question.effective_when
    if isinstance(asked, Range) and asked in {EVER, SINCE_THE_FIRST_YEAR}:
        return "all time"
    return "" if isinstance(asked, Dated | Range) else str(asked)


def span(report: Report) -> str:
    """Return the days of the window in words, as far as they have come: `Nov 22–28`, `until Nov 28`."""
    return formatting.span_so_far(report.window, report.zone, report.now)


def filters(question: Question) -> str:
    """Return the conditions on tasks, without those on whose they are."""
    return ", ".join(map(one_line, question.conditions))


def without_filters(question: Question) -> str:
    """Return the line that asks the same without conditions on tasks; empty if it has none."""
    if not filters(question):
        return ""
    kept = tuple(each for each in question.filters if each.field is Field.EMAIL)
    return describe(replace(question, filters=kept, byok=None)) or EMPTY


def with_scope(report: Report) -> Question:
    """Return the question with an explicit scope: `by:member` implies the team, and without it would not."""
    question = report.question
    implied = report.scope.members is None and not question.included_values(Field.EMAIL)
    return replace(question, team=True) if implied else question


def people(report: Report) -> str:
    """Return the people whose spend is summed up, if they are several: `Ana Silva and Marcus Delgado`, `5 people`."""
    members = report.scope.members or report.question.included_values(Field.EMAIL)
    return _named([*map(report.name_of, members)], "people") if len(members) > 1 else ""


def summed(report: Report) -> str:
    """Return of what a total is the sum, if of several people, models or statuses: `on opus and sonnet together`."""
    question = report.question
    models, statuses = (question.included_values(field) for field in (Field.MODEL, Field.STATUS))
    is_failed = set(statuses) == set(FAILED_STATUSES)  # which people call by one word
    kinds = "failed" if is_failed else _named(statuses, "kinds of") if len(statuses) > 1 else ""
    is_sum = len(models) > 1 or (kinds and not is_failed) or people(report)
    parts = [
        f"on {_named(models, 'models')}" if len(models) > 1 else "",
        f"on {kinds} tasks" if kinds else "",
        "together" if is_sum else "",
    ]
    return one_line(" ".join(filter(None, parts)))


def _named(names: Sequence[str], noun: str) -> str:
    """Return a few names, or how many there are."""
    return enumeration(names) if len(names) <= _MOST_NAMES else f"{len(names):,} {noun}"


# --- amounts -------------------------------------------------------------------------------------


def total(report: Report) -> str:
    """Return the spend in USD, or that it is unknown."""
    return show_usd(report.spend_nanos) if is_known(report) else "Cost unknown"


def is_known(report: Report) -> bool:
    """Return whether the cost of any task is known; also true if there is none in a period that has been read."""
    if not report.total.tasks:
        return not is_unread(report)
    return report.total.tasks != report.total.without_cost


def is_unread(report: Report) -> bool:
    """Return whether nothing is known because the whole period lies before what has been read of Neo's history."""
    return report.begins is not None and report.window.end <= report.begins and not report.total.tasks


def failed_cost(total: Sums, basis: SpendBasis, when: str) -> str:
    """Return what failed tasks cost, and when: `$9.80 in this period`; or that it is unknown."""
    is_unknown = total.failed_tasks and total.failed_tasks == total.failed_without_cost
    return "cost unknown" if is_unknown else f"{show_usd(total.failed_spend(basis))} {when}"


def group_cost(report: Report, group: SpendGroup) -> str:
    """Return what the tasks of a group cost, or that it is unknown."""
    return UNKNOWN if group.tasks == group.without_cost else show_usd(group.spend(report.basis))


def rest_cost(report: Report, shown: Sequence[SpendGroup]) -> str:
    """Return what the groups other than those shown cost, or that it is unknown: of none of their tasks it is known."""
    listed = sum(each.spend(report.basis) for each in report.groups) + report.omitted_nanos
    rest = listed - sum(each.spend(report.basis) for each in shown)
    unknown = report.total.without_cost - sum(each.without_cost for each in shown)
    return UNKNOWN if unknown and not rest else show_usd(rest)


def change(report: Report) -> str:
    """Return the spend compared with the window before; empty if there is nothing to compare.

    Where nothing was spent up to the same point of the period before either, it says what that came to.
    """
    before, spent = report.previous, report.spend_nanos
    if before is None or before.is_before_first or report.question.included_values(Field.TASK):
        return ""
    if not is_known(report):
        return ""
    if spent == before.spend_nanos == 0:
        if before.whole_nanos:
            return f"{before.whole_name} came to {show_usd(before.whole_nanos)} in total"
        return formatting.comparison(spent, 0, before.whole_name)
    return formatting.comparison(spent, before.spend_nanos, before.name)


# --- what an answer lacks ------------------------------------------------------------------------


def empty_reasons(report: Report) -> Iterator[str]:
    """Yield sentences on why an answer is empty."""
    if is_unread(report):
        yield UNREAD
    elif instead := without_filters(report.question):
        yield f"No tasks match. Try without `{filters(report.question)}`: `{instead}`"
    elif unknown := unknown_people(report):
        yield f"I can't find {unknown} in Neo: it has no tasks of theirs. Check the spelling."
    else:
        yield "No spend in this period."


def unknown_people(report: Report) -> str:
    """Return the people of whom there is no task at any time, such as `Ana Silva and x@acme.dev`; empty if none."""
    return enumeration(map(report.name_of, report.unknown_emails)) if report.unknown_emails else ""


def as_of(report: Report) -> str:
    """Return how far the data reaches, with the zone of all times: `21:05 (UTC)`; empty before any complete pass."""
    if report.as_of is None:
        return ""
    return f"{formatting.local_time(report.as_of, report.zone, report.now)} ({report.zone.key})"


def incompleteness(report: Report) -> str:
    """Return which part of the window is missing from the ledger; empty if none is."""
    if report.complete:
        return ""
    if report.begins is not None and begins_before_history(report):
        begins, today = (each.astimezone(report.zone).date() for each in (report.begins, report.now))
        return f"Incomplete: the history I have starts {formatting.short_date(begins, today)}"
    return "Incomplete: a part of this period is still to be read"


def begins_before_history(report: Report) -> bool:
    """Return whether the window begins before what has been read of Neo's history."""
    return report.begins is not None and report.window.start < report.begins


def deleted_details(report: Report) -> str:
    """Return which details of tasks are deleted; empty if the answer shows none, or has them all."""
    before = report.details_deleted_before
    if before is None or not report.lacks_details:
        return ""
    return formatting.deleted_details(before, report.zone, report.now)


def rejected_rows(count: int) -> str:
    """Return how many rows of Neo are not counted."""
    return f"{formatting.count(count, 'rejected row')} from Neo {'is' if count == 1 else 'are'} not counted"
