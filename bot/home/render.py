"""The page of App Home: one's own spend first, with what one may do, then for an operator the team's."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.budgets import budget_formatting
from bot.budgets.listing import BudgetLine
from bot.domain import formatting
from bot.domain.forecast import LEAST_DAYS, Forecast
from bot.domain.money import show_credits, show_usd
from bot.domain.pricing import SpendBasis
from bot.domain.text import one_line
from bot.failures import failure_formatting
from bot.failures.answer_render import lift_button, silence_line
from bot.failures.error_lines import ErrorLine
from bot.failures.facts import GroupFacts
from bot.home.facts import HomeFacts, Own, Team
from bot.home.keys import BudgetFormAction, LiftSilenceAction, ListenAction
from bot.ledger.task_rows import TaskRow
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.mrkdwn import code, readable_text
from bot.slack.templates import Templates
from bot.usage import answer_formatting
from bot.usage.answer_tables import add_chart
from bot.usage.report import Report

_LINES = 10  # budgets, alerts, silences
_CELLS = 10  # of a bar
_TITLE, _ERROR = 60, 120  # characters, so that all lines of a part fit
_BUTTONS = 5


@dataclass(frozen=True, slots=True)
class HomeView:
    """How a page is rendered, and what is known beside its facts: of the sync, and whom to ask for help."""

    templates: Templates
    zone: ZoneInfo
    whom_to_ask: str
    stale: bool
    reading: str
    failure: str


def message_of(facts: HomeFacts, view: HomeView) -> Message:
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


def _add_own(draft: Draft, own: Own, view: HomeView) -> None:
    draft.add(blocks.header("Your month"))
    draft.add(blocks.section(view.templates.render("home/month", **_month(own.month, own.forecast))))
    add_chart(draft, own.month)
    budgets = [_budget(each) for each in own.budgets]
    draft.add(blocks.section(view.templates.render("home/budgets", budgets=budgets)))
    draft.add(blocks.actions([blocks.button("Ask for a budget", BudgetFormAction("ask"))]))
    _add_tasks(draft, own, view)
    _add_failures(draft, own, view)


def _month(month: Report, forecast: Forecast | None) -> dict[str, object]:
    total = month.total
    return {
        "total": answer_formatting.total(month),
        "credits": show_credits(month.spend_nanos),
        "tasks": formatting.count(total.tasks, "task"),
        "failed": total.failed_tasks,
        "failed_usd": show_usd(total.failed_spend(month.basis)),
        "change": answer_formatting.change(month),
        "low": "" if forecast is None else show_usd(forecast.low_nanos),
        "high": "" if forecast is None else show_usd(forecast.high_nanos),
        "least_days": LEAST_DAYS,
        "lacking": answer_formatting.incompleteness(month),
    }


def _budget(each: BudgetLine) -> dict[str, object]:
    return {
        "bar": bar(each.percent),
        "percent": each.percent,
        "spent": show_usd(each.spend_nanos or 0),
        "limit": budget_formatting.limit_of(each.limit.nanos, each.span.unit),
        "source": budget_formatting.source(each.limit),
        "pace": budget_formatting.pace(each.pace),
        "used_up": budget_formatting.used_up(each.pace),
        "unit": each.span.unit.value,
        "whose": "the team" if each.scope == "team" else one_line(each.scope, _TITLE),
    }


def bar(percent: int) -> str:
    """Return a percentage as a bar of blocks, full from 100 % on."""
    full = min(max(percent, 0) * _CELLS // 100, _CELLS)
    return "█" * full + "░" * (_CELLS - full)


_COLUMNS = ("Task", "Spend", "Model", "Status", "Created", "Title")


def _add_tasks(draft: Draft, own: Own, view: HomeView) -> None:
    if not own.tasks:
        return
    draft.add(blocks.section("*Your last tasks*"))
    rows = [_cells(each, own.month.basis, view) for each in own.tasks]
    draft.add(blocks.table(_COLUMNS, rows, (1,)), lambda: blocks.plain_table(_COLUMNS, rows, (1,)))


def _cells(each: TaskRow, basis: SpendBasis, view: HomeView) -> list[str]:
    nanos = each.spend(basis)
    amount = "unknown" if nanos is None else show_usd(nanos)
    created = formatting.moment(each.created_at, view.zone)
    return [each.task_id[:8], amount, each.model, each.status, created, one_line(each.title or "", _TITLE)]


def _add_failures(draft: Draft, own: Own, view: HomeView) -> None:
    lines = [_failure(each) for each in own.failing[:_LINES]]
    more = len(own.failing) - len(lines)
    text = view.templates.render("home/failures", lines=lines, more=more, listens=own.listens)
    draft.add(blocks.section(text))
    label = "Tell me no more" if own.listens else "Tell me when a task fails"
    draft.add(blocks.actions([blocks.button(label, ListenAction(on=not own.listens))]))


def _failure(each: ErrorLine) -> dict[str, object]:
    return {
        "tasks": each.tasks,
        "model": one_line(each.model, _TITLE),
        "spent": failure_formatting.spent(each.nanos),
        "what": each.cap or one_line(each.error, _ERROR) or each.status,
    }


# --- the team's ----------------------------------------------------------------------------------


def _add_team(draft: Draft, team: Team, view: HomeView) -> None:
    draft.add(blocks.header("The team"))
    draft.add(blocks.section(view.templates.render("home/month", **_month(team.month, team.forecast))))
    budgets = [_budget(each) for each in team.budgets[:_LINES]]
    draft.add(
        blocks.section(
            view.templates.render("home/budgets_at_risk", budgets=budgets, more=len(team.budgets) - len(budgets))
        )
    )
    draft.add(blocks.actions([blocks.button("Set a budget", BudgetFormAction("set"))]))
    alerts = [_alert(each) for each in team.alerts[:_LINES]]
    values = {"alerts": alerts, "more": len(team.alerts) - len(alerts), "incidents": team.incidents, "owed": team.owed}
    draft.add(blocks.section(view.templates.render("home/alerts", **values)))
    for each in team.silences[:_LINES]:
        draft.add(blocks.context(silence_line(each, view.zone)))
    if team.silences:
        draft.add(blocks.actions([lift_button(each, LiftSilenceAction(each.id)) for each in team.silences[:_BUTTONS]]))


def _alert(each: GroupFacts) -> dict[str, object]:
    return {
        "tasks": each.tasks,
        "model": one_line(each.model, _TITLE),
        "members": formatting.count(len(each.members), "member"),
        "spent": failure_formatting.spent(each.nanos),
        "what": each.cap or (code(one_line(each.error, _ERROR)) if each.error else each.status),
    }
