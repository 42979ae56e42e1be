"""Renders the spend of a digest: the headline, the dearest members and models, weeks and months, and the chart."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from bot.digest.facts import DigestFacts
from bot.digest.spend_facts import SpendPart
from bot.digest.view import LONGEST_NAME, DigestView
from bot.domain import formatting
from bot.domain.formatting import count, weekday
from bot.domain.money import show_credits, show_usd
from bot.domain.text import one_line
from bot.ledger.spend_groups import SpendGroup
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.mrkdwn import escape
from bot.usage.series import sparkline

_NANOS = 1e9  # of a dollar


def headline_values(facts: DigestFacts, view: DigestView) -> dict[str, Any]:
    """Return the values of the templates `digest/text` and `digest/headline`."""
    span, days, total = facts.span, facts.days, facts.days.total
    one_day = span.count == 1
    return {
        "days": weekday(span.last) if one_day else f"{weekday(span.first)} to {weekday(span.last)}",
        "quiet": is_uneventful(facts),
        "known": total.tasks > total.without_cost or facts.complete,
        "total": show_usd(days.spend_nanos),
        "credits": show_credits(days.spend_nanos),
        "tasks": count(total.tasks, "task"),
        "members": count(days.member_count, "member"),
        "without_cost": total.without_cost,
        "failed": total.failed_tasks,
        "failed_usd": show_usd(total.failed_spend(view.policy.basis)),
        "change": comparison(days.spend_nanos, days.before_nanos),
        "before": "the day before" if one_day else f"the {span.count} days before",
        "usual_change": comparison(days.spend_nanos, facts.usual_nanos),
        "usual": f"a usual {span.last:%A}" if one_day else "what is usual for these days of the week",
        "usual_of": facts.usual_of,
    }


def is_uneventful(facts: DigestFacts) -> bool:
    """Return whether nothing was spent and nothing is unknown or late, so that one line says it all."""
    return not facts.days.total.tasks and not facts.days.spend_nanos and facts.complete and not facts.late


# --- members and models -------------------------------------------------------------------------


def columns(part: SpendPart, view: DigestView) -> list[str]:
    """Return a column each of the dearest members, if they may be shown, and models."""
    return [
        view.templates.render("digest/column", title=f"{noun}s", **_ranking(noun, groups, part, view))
        for noun, groups in _rankings(part, view)
    ]


def part_values(part: SpendPart, view: DigestView) -> dict[str, Any]:
    """Return the values of the template `digest/week_or_month`, except which of the two it is."""
    return {
        "label": part.label,
        "total": show_usd(part.spend_nanos),
        "credits": show_credits(part.spend_nanos),
        "tasks": count(part.total.tasks, "task"),
        "failed": part.total.failed_tasks,
        "failed_usd": show_usd(part.total.failed_spend(view.policy.basis)),
        "change": comparison(part.spend_nanos, part.before_nanos),
        "columns": [
            {"title": f"{noun}s", **_ranking(noun, groups, part, view)} for noun, groups in _rankings(part, view)
        ],
    }


def _rankings(part: SpendPart, view: DigestView) -> Iterator[tuple[str, Sequence[SpendGroup]]]:
    """Yield `member` and `model` with their dearest groups, leaving out what is empty or may not be shown."""
    if view.shows_members and part.members:
        yield "member", part.members
    if part.models:
        yield "model", part.models


def _ranking(noun: str, groups: Sequence[SpendGroup], part: SpendPart, view: DigestView) -> dict[str, Any]:
    """Return the lines of the groups with their shares, and what is left."""
    total, basis = part.spend_nanos, view.policy.basis
    is_named = noun != "member" or view.names_members
    spent = [each.spend(basis) for each in groups]
    names = [one_line(each.key[0], LONGEST_NAME) if is_named else f"a {noun}" for each in groups]
    more = (part.member_count if noun == "member" else part.model_count) - len(groups)
    return {
        "lines": [(name, show_usd(nanos), share(nanos, total)) for name, nanos in zip(names, spent, strict=True)],
        "rest": show_usd(total - sum(spent)),
        "more": count(more, noun) if more > 0 else "",
    }


# --- the chart -----------------------------------------------------------------------------------


def add_chart(draft: Draft, chart: Sequence[tuple[date, int]]) -> None:
    """Add a chart of amounts (nanos) by date, and its sum and its highest day in words; nothing if all are zero."""
    days, nanos = [day for day, _ in chart], [amount for _, amount in chart]
    if not any(amount > 0 for amount in nanos):
        return
    title = f"Spend of {len(days)} days"
    most = max(nanos)
    highest = f"the most {show_usd(most)} on {weekday(days[nanos.index(most)])}"
    dollars = [round(max(amount, 0) / _NANOS, 2) for amount in nanos]
    block = blocks.chart(title, [f"{day.day} {day:%b}" for day in days], [("spend", dollars)], "USD")
    draft.add(block, lambda: blocks.section(f"`{sparkline(nanos)}`"))
    draft.add(blocks.context(escape(f"{title}: {show_usd(sum(nanos))} in all, {highest}")))


# --- amounts -------------------------------------------------------------------------------------


def comparison(nanos: int, other: int | None) -> str:
    """Return how much more or less an amount is than another, and that one; empty if there is no other."""
    if other is None:
        return ""
    if other <= 0:
        return f"against {show_usd(other)}"
    return formatting.against(nanos, other, after_times=" of")


def share(nanos: int, total: int) -> str:
    """Return a part of a total in whole percent; `<1%` for a part that would round to zero."""
    if total <= 0:
        return ""
    percent = formatting.percent(nanos, total)
    return "<1%" if nanos > 0 and percent == "0%" else percent
