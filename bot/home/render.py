"""The page of App Home: one's own spend first, with what one may do, then for an operator the team's."""

from datetime import UTC

from bot.balance.facts import short_text
from bot.budgets.keys import ApproveAction, DeclineAction
from bot.budgets.requests.store import BudgetRequest
from bot.domain import formatting
from bot.domain.cells import Cell, amount_cell, moment_cell
from bot.domain.periods import local_day
from bot.domain.pricing import SpendBasis
from bot.domain.text import one_line
from bot.failures.alert_facts import GroupFacts
from bot.failures.failure_formatting import SO_FAR
from bot.failures.report_render import lift_button, silence_line
from bot.home import month_render
from bot.home.facts import BudgetOverview, HomeFacts, OwnPage, TeamPage
from bot.home.keys import DecideFromHomeAction, LiftFromHomeAction, ListenAction
from bot.home.month_facts import MonthFacts
from bot.home.month_render import LONGEST_ERROR, LONGEST_NAME, HomeView
from bot.ledger.neo_agreement import agreement_text
from bot.ledger.task_list import TaskRow
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.slack.mrkdwn import code

_LINES = 10  # the most budgets, alerts or silences that are listed
_BUTTONS = 5


def home_message(facts: HomeFacts, view: HomeView) -> Message:
    """Return the page within Slack's limits; the last block says how fresh it is."""
    draft = Draft("neo-usage")
    if facts.own is None:
        draft.add(month_render.unknown_member(view))
    else:
        _add_own(draft, facts.own, view)
    if facts.team is not None:
        _add_team(draft, facts.team, view)
    draft.add(month_render.freshness_line(facts.as_of, view, is_page=True))
    return draft.message()


# --- one's own -----------------------------------------------------------------------------------


def _add_own(draft: Draft, own: OwnPage, view: HomeView) -> None:
    draft.add(blocks.header("Your month"))
    _add_month(draft, own.facts.month, view)
    month_render.add_days(draft, own.facts.month.report, view)
    draft.add(month_render.budgets_of(own.facts.budgets, view))
    if not view.is_operator:
        draft.add(blocks.actions([month_render.request_button(own.facts)]))
    _add_tasks(draft, own, view)
    _add_failures(draft, own, view)


def _add_month(draft: Draft, month: MonthFacts, view: HomeView) -> None:
    draft.add(blocks.section(view.templates.render("home/month", **month_render.month_values(month, view))))


_COLUMNS = ("Title", "Spend", "Status", "Model", "Created", "Task")


def _add_tasks(draft: Draft, own: OwnPage, view: HomeView) -> None:
    if not own.tasks:
        return
    draft.add(blocks.section("*Your last tasks*"))
    rows = [_task_cells(each, own.facts.month.report.basis, view) for each in own.tasks]
    draft.add(blocks.table(_COLUMNS, rows), lambda: blocks.plain_table(_COLUMNS, rows))


def _task_cells(task: TaskRow, basis: SpendBasis, view: HomeView) -> list[Cell]:
    created, amount = moment_cell(task.created_at, view.zone), amount_cell(task.spend(basis))
    return [one_line(task.title or "", LONGEST_NAME), amount, task.status, task.model, created, task.task_id[:8]]


def _add_failures(draft: Draft, own: OwnPage, view: HomeView) -> None:
    failing = own.facts.failing
    lines = [month_render.failure_values(each, view) for each in failing[:_LINES]]
    text = view.templates.render("home/failures", lines=lines, more=len(failing) - len(lines), listens=own.listens)
    draft.add(blocks.section(text))
    label = f"Turn {'off' if own.listens else 'on'} failure notifications"
    draft.add(blocks.actions([blocks.button(label, ListenAction(on=not own.listens))]))


# --- the team's ----------------------------------------------------------------------------------


def _add_team(draft: Draft, team: TeamPage, view: HomeView) -> None:
    draft.add(blocks.header("Team"))
    _add_month(draft, team.month, view)
    _add_requests(draft, team, view)
    budgets = [month_render.budget_values(each, view) for each in team.budgets[:_LINES]]
    values = {"budgets": budgets, "more": len(team.budgets) - len(budgets)}
    draft.add(blocks.section(view.templates.render("home/budgets_at_risk", **values)))
    draft.add(blocks.context(view.templates.render("home/budgets_set", **_overview_values(team.limits))))
    draft.add(blocks.actions([month_render.set_button()]))
    draft.add(blocks.section(view.templates.render("home/alerts", **_alerts(team))))
    for each in team.silences[:_LINES]:
        draft.add(blocks.context(silence_line(each, view.zone)))
    if team.silences:
        draft.add(blocks.actions([lift_button(each, LiftFromHomeAction(each.id)) for each in team.silences[:_BUTTONS]]))
    if team.backup is not None:
        at = formatting.dated_time(team.backup, view.zone, view.now)
        draft.add(blocks.context(view.templates.render("home/backup", at=at, zone=view.zone.key)))
    if balance := short_text(team.balance, view.zone, local_day(view.now, view.zone)):
        draft.add(blocks.context(view.templates.render("home/credits", balance=balance)))
    if agreement := agreement_text(team.agreement, view.now.astimezone(UTC).date()):
        draft.add(blocks.context(view.templates.render("home/neo_total", agreement=agreement)))


def _add_requests(draft: Draft, team: TeamPage, view: HomeView) -> None:
    """Add the requests that wait for a decision, each with its buttons; nothing if there are none."""
    if not team.requests:
        return
    draft.add(blocks.section(view.templates.render("home/requests", count=len(team.requests))))
    for each in team.requests[:_BUTTONS]:
        who = one_line(view.names.get(each.email, each.email), LONGEST_NAME)
        draft.add(
            blocks.section(view.templates.render("budgets/request", **each.template_values(who, view.zone, view.now)))
        )
        draft.add(blocks.actions(_decision_buttons(each.request)))
    if (more := len(team.requests) - _BUTTONS) > 0:
        draft.add(blocks.context(f"{more:,} more: they appear here as you decide on these."))


def _decision_buttons(request: BudgetRequest) -> list[Button]:
    approve, decline = ApproveAction(request.id, request.version), DeclineAction(request.id, request.version)
    return [
        blocks.button("Approve", DecideFromHomeAction(approve), primary=True),
        blocks.button("Decline", DecideFromHomeAction(decline)),
    ]


def _overview_values(limits: BudgetOverview) -> dict[str, object]:
    team, default = ([each.limit_text for each in lines] for lines in (limits.team, limits.default))
    return {"team": team, "default": default, "personal": limits.personal}


def _alerts(team: TeamPage) -> dict[str, object]:
    alerts = [_alert_values(each) for each in team.alerts[:_LINES]]
    more = len(team.alerts) - len(alerts)
    return {"alerts": alerts, "more": more, "incidents": team.incidents, "owed": team.undelivered}


def _alert_values(group: GroupFacts) -> dict[str, object]:
    return {
        "tasks": formatting.count(group.tasks, "task"),
        "model": one_line(group.model, LONGEST_NAME),
        "members": formatting.count(len(group.members), "member"),
        "spent": month_render.failures_cost(group.nanos, group.unknown, SO_FAR),
        "cause": month_render.cause_text(group),
        "what": "" if group.cap else code(one_line(group.error, LONGEST_ERROR)),
    }
