"""The report as a Slack message: the question, the headline, a table, a chart, how fresh it is, and buttons."""

from collections.abc import Sequence

from bot.domain import formatting
from bot.domain.money import show_credits
from bot.domain.query.question import describe
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.slack.mrkdwn import escape, readable_text
from bot.usage import report_formatting, report_tables
from bot.usage.averages import average_values
from bot.usage.durations import ago
from bot.usage.report import Report
from bot.usage.report_buttons import buttons_of
from bot.usage.report_view import ReportView


def report_message(
    report: Report, view: ReportView, *, opening: str = "", buttons: Sequence[Button] | None = None
) -> Message:
    """Return the answer, within Slack's limits at any size of the report.

    Args:
        report: the answer.
        view: who reads it.
        opening: rendered mrkdwn of a line that stands before it.
        buttons: what stands under it in place of the usual ones.
    """
    span = f"{report_formatting.span(report)} ({report.zone.key})"
    several = report_formatting.people(report)
    facts = {"whose": several or whose(report, view), "several": bool(several), **_facts(report)}
    draft = Draft(view.templates.render("usage/text", span=span, **facts))
    if opening:
        draft.add(blocks.context(opening))
    if report.question.in_words:
        draft.add(blocks.context(view.templates.render("usage/understood", line=report.query)))
    draft.add(blocks.context(_question_line(report, view)))
    if report.question.average:
        draft.add(blocks.section(view.templates.render("usage/average", **average_values(report))))
    draft.add(blocks.section(view.templates.render("usage/headline", **facts)))
    if not report.total.tasks:
        draft.add(blocks.section(_empty_note(report, view)))
    elif report.details:
        report_tables.add_details(draft, report, view)
    elif report.question.rows:
        report_tables.add_rows(draft, report, view)
    elif report.groups:
        report_tables.add_groups(draft, report)
    draft.add(blocks.context(_footnotes(report, view)))
    if row := list(buttons_of(report, view) if buttons is None else buttons):
        draft.add(blocks.actions(row))
    return draft.message()


# --- texts ---------------------------------------------------------------------------------------


def whose(report: Report, view: ReportView) -> str:
    """Return whose spend it is, as its reader would say it."""
    members = report.scope.members
    if members is None:
        return report_formatting.who(report).replace("team", "The whole team", 1)
    if not view.is_for_others and members == (view.caller.member,):
        return "You"
    return report_formatting.who(report)


def _question_line(report: Report, view: ReportView) -> str:
    when, filters = report_formatting.when(report.question), report_formatting.filters(report.question)
    parts = filter(None, (whose(report, view), when, filters, report_formatting.span(report)))
    line = " · ".join(map(escape, parts))
    if view.shared_by is None:
        return line
    shared = {"user": view.shared_by, "command": f"/neo-usage {describe(report.question)}".strip()}
    return f"{line}\n{view.templates.render('usage/share_note', **shared)}"


def _facts(report: Report) -> dict[str, object]:
    total, spent = report.total, report.spend_nanos
    return {
        "total": report_formatting.total(report),
        "known": report_formatting.is_known(report),
        "credits": show_credits(spent),
        "summed": report_formatting.summed(report),
        "tasks": formatting.count(total.tasks, "task"),
        "without_cost": f"{total.without_cost:,}" if total.without_cost else "",
        "failed": f"{total.failed_tasks:,}" if total.failed_tasks else "",
        "failed_usd": report_formatting.failed_cost(total, report.basis, "in this period"),
        "change": report_formatting.change(report),
    }


def _empty_note(report: Report, view: ReportView) -> str:
    own = report.scope.members == (view.caller.member,) and not view.is_for_others
    filters = report_formatting.filters(report.question)
    return view.templates.render(
        "usage/no_charges",
        unread=report_formatting.UNREAD if report_formatting.is_unread(report) else "",
        filtered=bool(filters),
        filters=filters,
        instead=report_formatting.without_filters(report_formatting.with_scope(report)),
        lacking=report_formatting.incompleteness(report),
        own=view.caller.member if own and (report.unknown_emails or not report.has_history) else "",
        whom=readable_text(view.whom_to_ask),
        unknown=report_formatting.unknown_people(report),
    )


def _footnotes(report: Report, view: ReportView) -> str:
    age = None if report.as_of is None else view.now - report.as_of
    return view.templates.render(
        "usage/footnotes",
        as_of=report_formatting.as_of(report),
        age="" if age is None else ago(age),
        stale=age is None or age > view.stale_after,
        reading=view.reading,
        failure=view.failure.rstrip("."),
        lacking=report_formatting.incompleteness(report),
        deleted=report_formatting.deleted_details(report),
        warning=report.warning or "",
        quarantined=report_formatting.rejected_rows(report.quarantined) if report.quarantined and view.operator else "",
        operator=view.operator,
        unit_assumed=report.unit_assumed,
    )
