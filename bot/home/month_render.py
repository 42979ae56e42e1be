"""Renders what App Home and the card share: a month so far, budgets with bars, failures, and how fresh it all is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.budgets import budget_formatting
from bot.budgets.action_labels import SET_BUDGET, request_label
from bot.budgets.listing.lines import BudgetLine
from bot.budgets.pace import Pace
from bot.domain import formatting
from bot.domain.forecast import LEAST_DAYS
from bot.domain.money import show_credits, show_usd
from bot.domain.periods import Unit, local_day
from bot.domain.text import one_line
from bot.failures import failure_formatting
from bot.failures.alert_facts import GroupFacts
from bot.failures.error_lines import ErrorLine
from bot.home.keys import BudgetFormAction
from bot.home.month_facts import MonthFacts, OwnFacts
from bot.slack import blocks
from bot.slack.blocks import Block, Button, Draft
from bot.slack.mrkdwn import readable_text
from bot.slack.templates import Templates
from bot.usage import report_formatting
from bot.usage.report import Report
from bot.usage.report_tables import add_chart

LONGEST_NAME, LONGEST_ERROR = 60, 120  # characters, so that all lines of a part fit
_CELLS, _ALL = 10, 100  # the length of a bar, and the percentage from which a limit is used up


@dataclass(frozen=True, slots=True)
class HomeView:
    """What is shown beside the facts: the state of the sync, whom to ask for help, and what members are called."""

    templates: Templates
    zone: ZoneInfo
    now: datetime
    is_operator: bool
    whom_to_ask: str
    stale: bool
    reading: str
    failure: str
    names: Mapping[str, str]


def unknown_member(view: HomeView) -> Block:
    """Return what whoever has no task reads of their own spend."""
    values = {"whom": readable_text(view.whom_to_ask), "operator": view.is_operator}
    return blocks.section(view.templates.render("home/unknown_member", **values))


def freshness_line(as_of: datetime | None, view: HomeView, *, is_page: bool) -> Block:
    """Return how fresh the facts are; `is_page` says that they are updated where they stand."""
    show = formatting.dated_time if is_page else formatting.local_time
    moment = "" if as_of is None else show(as_of, view.zone, view.now)
    values = {"as_of": moment, "zone": view.zone.key, "stale": view.stale, "reading": view.reading, "page": is_page}
    return blocks.context(view.templates.render("home/footnote", failure=view.failure.rstrip("."), **values))


# --- the month -----------------------------------------------------------------------------------


def month_values(month: MonthFacts, view: HomeView, *, own: bool = False) -> dict[str, object]:
    """Return the values of the templates about a month; `own` where the reader's is to be told from the team's."""
    report, forecast = month.report, month.forecast
    total, today = report.total, local_day(view.now, view.zone)
    last_day = formatting.last_date(report.window.end, view.zone)
    return {
        "own": own,
        "month": f"{last_day:%B}",
        "any_tasks": bool(total.tasks),
        "total": show_usd(report.spend_nanos),
        "known": report_formatting.is_known(report),
        "credits": show_credits(report.spend_nanos),
        "tasks": formatting.count(total.tasks, "task"),
        "without_cost": f"{total.without_cost:,}" if total.without_cost else "",
        "failed": total.failed_tasks,
        "failed_usd": report_formatting.failed_cost(total, report.basis, "this month"),
        "change": report_formatting.change(report),
        "low": "" if forecast is None else show_usd(forecast.low_nanos),
        "high": "" if forecast is None else show_usd(forecast.high_nanos),
        "last_day": formatting.short_date(last_day, today),
        "first_forecast": formatting.short_date(month.first_forecast_day, today),
        "least_days": LEAST_DAYS,
        "lacking": report_formatting.incompleteness(report),
        "warning": report.warning or "",
        "unit_assumed": report.unit_assumed,
    }


def add_days(draft: Draft, report: Report, view: HomeView) -> None:
    """Add a chart of a month's days and the numbers that matter of it as text; of one day alone only when it was.

    Nothing is added if the cost of no task is known.
    """
    days = {date.fromisoformat(each.key[0]): each for each in report.groups}
    known = {day: each.spend(report.basis) for day, each in days.items() if each.tasks != each.without_cost}
    if not known:
        return
    if len(days) > 1:
        add_chart(draft, report)
    today = local_day(view.now, view.zone)
    highest = max(known, key=lambda day: (known[day], day))
    values = {
        "only": "" if len(days) > 1 else "today" if highest == today else f"on {formatting.weekday(highest)}",
        "highest": "" if highest == today else formatting.weekday(highest),
        "highest_usd": show_usd(known[highest]),
        "today_usd": report_formatting.group_cost(report, days[today]) if today in days else show_usd(0),
    }
    draft.add(blocks.context(view.templates.render("home/days", **values)))


# --- budgets -------------------------------------------------------------------------------------


def budget_values(line: BudgetLine, view: HomeView) -> dict[str, object]:
    """Return the values of the templates about a budget."""
    whose = "Team" if line.scope == "team" else view.names.get(line.scope, line.scope)
    return {
        "bar": bar(line.percent),
        "percent": line.percent,
        "spent": budget_formatting.unknown_spend(line.unknown_costs) or show_usd(line.spend_nanos or 0),
        "used": "An unknown part"
        if line.unknown_costs
        else budget_formatting.used(line.spend_nanos or 0, line.limit.nanos),
        "limit": line.limit_text,
        "source": budget_formatting.source(line.limit),
        "pace": "" if _has_forecast(line) else _pace(line.pace),
        "used_up": budget_formatting.used_up(line.pace),
        "unit": line.period.unit.value,
        "whose": one_line(whose, LONGEST_NAME),
    }


def _has_forecast(line: BudgetLine) -> bool:
    """Return whether the page shows the forecast of what a budget counts already: that of the month."""
    return line.period.unit is Unit.MONTH and not line.period.narrowing


def _pace(pace: Pace) -> str:
    return "" if pace.high_nanos is None else show_usd(pace.high_nanos)


def bar(percent: int) -> str:
    """Return how much of a limit is used as a bar: `███████░░░`; above 100% the part beyond the limit: `███████▓▓▓`."""
    if percent > _ALL:
        within = min(max(_CELLS * _ALL // percent, 1), _CELLS - 1)
        return "█" * within + "▓" * (_CELLS - within)
    full = max(percent, 0) * _CELLS // _ALL
    return "█" * full + "░" * (_CELLS - full)


def budgets_of(lines: Sequence[BudgetLine], view: HomeView, *, team: bool = False) -> Block:
    """Return one's own budgets or those of the team, or that there is none."""
    budgets = [budget_values(each, view) for each in lines]
    return blocks.section(view.templates.render("home/budgets", budgets=budgets, team=team))


def request_button(facts: OwnFacts) -> Button:
    """Return the button with which a member asks for a budget, or for a higher one."""
    return blocks.button(request_label(has_limit=bool(facts.budgets)), BudgetFormAction("ask"))


def set_button() -> Button:
    """Return the button with which an operator sets a budget."""
    return blocks.button(SET_BUDGET, BudgetFormAction("set"))


# --- failures ------------------------------------------------------------------------------------


def failure_values(line: ErrorLine, view: HomeView) -> dict[str, object]:
    """Return the values of the templates about failures of one kind."""
    return {
        "tasks": formatting.count(line.tasks, "task"),
        "model": one_line(line.model, LONGEST_NAME),
        "spent": failures_cost(line.nanos, line.unknown, "in the last 7 days"),
        "cause": cause_text(line),
        "what": "" if line.cap else one_line(line.error, LONGEST_ERROR),
        "last": formatting.local_time(line.last, view.zone, view.now),
    }


def cause_text(failure: ErrorLine | GroupFacts) -> str:
    """Return why tasks failed; empty if their error's text says more than is known of the cause."""
    return "" if failure.error and not failure.cause.is_known else failure.cause.value


def failures_cost(nanos: int, unknown: int, when: str) -> str:
    """Return what failures cost, and when; empty if they cost nothing."""
    return failure_formatting.cost(nanos, unknown, when) if nanos or unknown else ""
