"""Renders the card of `/neo-usage`: one's own month with budget, models, chart and failures, and the team's line."""

from collections.abc import Iterator

from bot.domain import formatting
from bot.domain.text import one_line
from bot.home import month_render
from bot.home.card_facts import CardFacts, OwnCard, TeamCard
from bot.home.keys import FailuresAction
from bot.home.month_facts import MonthFacts
from bot.home.month_render import LONGEST_NAME, HomeView
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.usage import report_formatting
from bot.usage.keys import AskAction
from bot.usage.report import Report

_FAILURES = 3  # the most that are listed


def card_message(facts: CardFacts, view: HomeView, *, instead_of_team: bool = False) -> Message:
    """Return the card within Slack's limits.

    `instead_of_team` says that the team's was asked for by somebody who may not see it.
    """
    draft = Draft(_text(facts, view))
    if instead_of_team:
        draft.add(blocks.section(view.templates.render("home/own_only")))
    if facts.own is None:
        draft.add(month_render.unknown_member(view))
    else:
        _add_own(draft, facts.own, view)
    if facts.team is not None:
        draft.add(blocks.section(view.templates.render("home/team", **month_render.month_values(facts.team, view))))
    draft.add(month_render.freshness_line(facts.as_of, view, is_page=False))
    if buttons := list(_buttons(facts)):
        draft.add(blocks.actions(buttons))
    return draft.message()


def team_card_message(card: TeamCard, view: HomeView) -> Message:
    """Return the team's card within Slack's limits."""
    values = month_render.month_values(card.month, view)
    draft = Draft(view.templates.render("home/team", **values))
    draft.add(blocks.section(view.templates.render("home/team_month", **values)))
    draft.add(month_render.budgets_of(card.budgets, view, team=True))
    _add_spend(draft, card.month, card.models, view)
    draft.add(month_render.freshness_line(card.as_of, view, is_page=False))
    draft.add(blocks.actions(list(_team_buttons())))
    return draft.message()


def _text(facts: CardFacts, view: HomeView) -> str:
    """Return the message's text, for notifications and where blocks are not shown."""
    if facts.own is not None:
        return view.templates.render(
            "home/headline", **month_render.month_values(facts.own.facts.month, view, own=True)
        )
    if facts.team is not None:
        return view.templates.render("home/team", **month_render.month_values(facts.team, view))
    return "I can't find you in Neo."


def _add_own(draft: Draft, own: OwnCard, view: HomeView) -> None:
    month = own.facts.month
    values = month_render.month_values(month, view, own=True)
    draft.add(blocks.section(view.templates.render("home/month", **values)))
    draft.add(month_render.budgets_of(own.facts.budgets, view))
    _add_spend(draft, month, own.models, view)
    if own.facts.failing:
        latest = sorted(own.facts.failing, key=lambda each: each.last, reverse=True)[:_FAILURES]
        lines = [month_render.failure_values(each, view) for each in latest]
        draft.add(blocks.section(view.templates.render("home/latest_failures", lines=lines)))


def _add_spend(draft: Draft, month: MonthFacts, models: Report, view: HomeView) -> None:
    """Add the models of a month and its days, if there is any task in it."""
    if month.report.total.tasks:
        draft.add(blocks.section(view.templates.render("home/models", **_model_values(models))))
        month_render.add_days(draft, month.report, view)


# --- models -----------------------------------------------------------------------------


def _model_values(report: Report) -> dict[str, object]:
    models = [
        {
            "model": one_line(each.key[0], LONGEST_NAME),
            "spent": report_formatting.group_cost(report, each),
            "share": formatting.percent(each.spend(report.basis), report.spend_nanos) if report.spend_nanos > 0 else "",
        }
        for each in report.groups
    ]
    rest = report_formatting.rest_cost(report, report.groups)
    return {"models": models, "more": report.groups_omitted, "rest": rest}


# --- buttons -------------------------------------------------------------------------------------

_OWN = (("By model", "model", "by:model"), ("By day", "day", "by:day"), ("Last month", "last", "last month"))
_TEAM = (("Team", "team", "team"), ("By member", "member", "by:member"))


_TEAM_MONTH = (
    ("By member", "member", "by:member"),
    ("By model", "model", "team by:model"),
    ("By day", "day", "team by:day"),
    ("Last month", "last", "team last month"),
)


def _team_buttons() -> Iterator[Button]:
    yield from (blocks.button(label, AskAction(name, line)) for label, name, line in _TEAM_MONTH)
    yield blocks.button("Failures", FailuresAction("errors team 7d"))
    yield month_render.set_button()


def _buttons(facts: CardFacts) -> Iterator[Button]:
    """Return the buttons. Each checks access again when it is pressed."""
    if facts.own is not None:
        yield from (blocks.button(label, AskAction(name, line)) for label, name, line in _OWN)
        yield blocks.button("Failures", FailuresAction("errors 7d"))
    if facts.team is not None:
        yield from (blocks.button(label, AskAction(name, line)) for label, name, line in _TEAM)
        yield month_render.set_button()
    elif facts.own is not None:
        yield month_render.request_button(facts.own.facts)
