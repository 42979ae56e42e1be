"""The page of App Home: one's own spend first, with what one may do, then for an operator the team's."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.budgets import budget_formatting
from bot.budgets.listing.lines import BudgetLine
from bot.domain import formatting
from bot.domain.cells import Cell, amount_cell
from bot.domain.forecast import LEAST_DAYS, Forecast
from bot.domain.money import show_credits, show_usd
from bot.domain.pricing import SpendBasis
from bot.domain.text import one_line
from bot.failures import failure_formatting
from bot.failures.alert_facts import GroupFacts
from bot.failures.error_lines import ErrorLine
from bot.failures.report_render import lift_button, silence_line
from bot.home.facts import HomeFacts, OwnFacts, TeamFacts
from bot.home.keys import BudgetFormAction, LiftFromHomeAction, ListenAction
from bot.ledger.task_list import TaskRow
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.mrkdwn import code, readable_text
from bot.slack.templates import Templates
from bot.usage import report_formatting
from bot.usage.report import Report
from bot.usage.report_tables import add_chart

_LINES = 10  # the most budgets, alerts or silences that are listed
_CELLS = 10  # the length of a bar
_TITLE, _ERROR = 60, 120  # characters, so that all lines of a part fit
_BUTTONS = 5


@dataclass(frozen=True, slots=True)
class HomeView:
    """What a page shows beside its facts: the state of the sync, and whom to ask for help."""

    templates: Templates
    zone: ZoneInfo
    whom_to_ask: str
    stale: bool
    reading: str
    failure: str


def home_message(facts: HomeFacts, view: HomeView) -> Message:
    """Return the page within Slack's limits; the last block says how fresh it is."""
    draft = Draft("neo-usage")
    if facts.own is None:
        draft.add(blocks.section(view.templates.render("home/unknown_member", whom=readable_text(view.whom_to_ask))))
    else:
        _add_own(draft, facts.own, view)
    if facts.team is not None:
        _add_team(draft, facts.team, view)
    draft.add(blocks.context(view.templates.render("home/footnote", **_freshness(facts, view))))
    return draft.message()


def _freshness(facts: HomeFacts, view: HomeView) -> dict[str, object]:
    as_of = "" if facts.as_of is None else f"{formatting.moment(facts.as_of, view.zone)} {view.zone.key}"
    return {"as_of": as_of, "stale": view.stale, "reading": view.reading, "failure": view.failure.rstrip(".")}


# --- one's own -----------------------------------------------------------------------------------


def _add_own(draft: Draft, own: OwnFacts, view: HomeView) -> None:
    draft.add(blocks.header("Your month"))
    draft.add(blocks.section(view.templates.render("home/month", **_month_values(own.month, own.forecast))))
    add_chart(draft, own.month)
    budgets = [_budget_values(each) for each in own.budgets]
    draft.add(blocks.section(view.templates.render("home/budgets", budgets=budgets)))
    draft.add(blocks.actions([blocks.button("Ask for a budget", BudgetFormAction("ask"))]))
    _add_tasks(draft, own, view)
    _add_failures(draft, own, view)


def _month_values(month: Report, forecast: Forecast | None) -> dict[str, object]:
    total = month.total
    return {
        "total": report_formatting.total(month),
        "credits": show_credits(month.spend_nanos),
        "tasks": formatting.count(total.tasks, "task"),
        "failed": total.failed_tasks,
        "failed_usd": show_usd(total.failed_spend(month.basis)),
        "change": report_formatting.change(month),
        "low": "" if forecast is None else show_usd(forecast.low_nanos),
        "high": "" if forecast is None else show_usd(forecast.high_nanos),
        "least_days": LEAST_DAYS,
        "lacking": report_formatting.incompleteness(month),
    }


def _budget_values(line: BudgetLine) -> dict[str, object]:
    return {
        "bar": bar(line.percent),
        "percent": line.percent,
        "spent": show_usd(line.spend_nanos or 0),
        "limit": budget_formatting.limit_of(line.limit.nanos, line.period.unit),
        "source": budget_formatting.source(line.limit),
        "pace": budget_formatting.pace(line.pace),
        "used_up": budget_formatting.used_up(line.pace),
        "unit": line.period.unit.value,
        "whose": "the team" if line.scope == "team" else one_line(line.scope, _TITLE),
    }


def bar(percent: int) -> str:
    """Return a percentage as a bar of blocks, full from 100% on."""
    full = min(max(percent, 0) * _CELLS // 100, _CELLS)
    return "█" * full + "░" * (_CELLS - full)


_COLUMNS = ("Task", "Spend", "Model", "Status", "Created", "Title")


def _add_tasks(draft: Draft, own: OwnFacts, view: HomeView) -> None:
    if not own.tasks:
        return
    draft.add(blocks.section("*Your last tasks*"))
    rows = [_task_cells(each, own.month.basis, view) for each in own.tasks]
    draft.add(blocks.table(_COLUMNS, rows), lambda: blocks.plain_table(_COLUMNS, rows))


def _task_cells(task: TaskRow, basis: SpendBasis, view: HomeView) -> list[Cell]:
    created = formatting.moment(task.created_at, view.zone)
    return [
        task.task_id[:8],
        amount_cell(task.spend(basis)),
        task.model,
        task.status,
        created,
        one_line(task.title or "", _TITLE),
    ]


def _add_failures(draft: Draft, own: OwnFacts, view: HomeView) -> None:
    lines = [_failure_values(each) for each in own.failing[:_LINES]]
    more = len(own.failing) - len(lines)
    text = view.templates.render("home/failures", lines=lines, more=more, listens=own.listens)
    draft.add(blocks.section(text))
    label = "Tell me no more" if own.listens else "Tell me when a task fails"
    draft.add(blocks.actions([blocks.button(label, ListenAction(on=not own.listens))]))


def _failure_values(line: ErrorLine) -> dict[str, object]:
    return {
        "tasks": line.tasks,
        "model": one_line(line.model, _TITLE),
        "spent": failure_formatting.spent(line.nanos),
        "what": line.cap or one_line(line.error, _ERROR) or line.status,
    }


# --- the team's ----------------------------------------------------------------------------------


def _add_team(draft: Draft, team: TeamFacts, view: HomeView) -> None:
    draft.add(blocks.header("The team"))
    draft.add(blocks.section(view.templates.render("home/month", **_month_values(team.month, team.forecast))))
    budgets = [_budget_values(each) for each in team.budgets[:_LINES]]
    draft.add(
        blocks.section(
            view.templates.render("home/budgets_at_risk", budgets=budgets, more=len(team.budgets) - len(budgets))
        )
    )
    draft.add(blocks.actions([blocks.button("Set a budget", BudgetFormAction("set"))]))
    alerts = [_alert_values(each) for each in team.alerts[:_LINES]]
    values = {"alerts": alerts, "more": len(team.alerts) - len(alerts), "incidents": team.incidents, "owed": team.owed}
    draft.add(blocks.section(view.templates.render("home/alerts", **values)))
    for each in team.silences[:_LINES]:
        draft.add(blocks.context(silence_line(each, view.zone)))
    if team.silences:
        draft.add(blocks.actions([lift_button(each, LiftFromHomeAction(each.id)) for each in team.silences[:_BUTTONS]]))


def _alert_values(group: GroupFacts) -> dict[str, object]:
    return {
        "tasks": group.tasks,
        "model": one_line(group.model, _TITLE),
        "members": formatting.count(len(group.members), "member"),
        "spent": failure_formatting.spent(group.nanos),
        "what": group.cap or (code(one_line(group.error, _ERROR)) if group.error else group.status),
    }
