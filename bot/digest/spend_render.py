"""Renders the spend of a digest: the headline, the members and models of the most, weeks and months, and the chart."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from bot.digest.facts import DigestFacts
from bot.digest.rules import DigestDays
from bot.digest.spend_facts import SpendPart
from bot.digest.view import LONGEST_NAME, DigestView
from bot.domain.formatting import comparison, count, date_span, percent, period_name, short_date, weekday
from bot.domain.money import show_credits, show_usd, usd_of_chart
from bot.domain.periods import Unit, local_day
from bot.domain.text import capitalized, one_line
from bot.ledger.spend_groups import SpendGroup
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.mrkdwn import escape
from bot.usage import report_formatting
from bot.usage.series import sparkline

UNKNOWN = "cost unknown"


def headline_values(facts: DigestFacts, view: DigestView) -> dict[str, Any]:
    """Return the values of the templates `digest/text` and `digest/headline`."""
    days = facts.days
    return {
        "days": span_text(facts.span, local_day(facts.at, view.policy.zone)),
        "quiet": _is_empty(facts),
        "known": days.total.tasks > days.total.without_cost or facts.complete,
        "members": count(days.member_count, "member"),
        "comparison": capitalized("; ".join(_comparisons(facts))),
        "usual_of": facts.usual_of,
        **_totals(days, view),
    }


def is_uneventful(facts: DigestFacts) -> bool:
    """Return whether nothing was spent and nothing is unknown or late, so that one line says it all."""
    return _is_empty(facts) and not facts.late


def _is_empty(facts: DigestFacts) -> bool:
    return not facts.days.total.tasks and not facts.days.spend_nanos and facts.complete


def span_text(span: DigestDays, today: date) -> str:
    """Return the days of a digest in words, as they are said today: `Fri, Nov 27`, `Nov 24–27`."""
    return weekday(span.last, today) if span.count == 1 else date_span(span.first, span.last, today)


def _totals(part: SpendPart, view: DigestView) -> dict[str, Any]:
    """Return what some days cost, with what is unknown or was spent on failures."""
    total, basis = part.total, view.policy.basis
    return {
        "total": show_usd(part.spend_nanos) if _is_known(part) else UNKNOWN,
        "credits": show_credits(part.spend_nanos) if _is_known(part) else "",
        "tasks": count(total.tasks, "task"),
        "without_cost": total.without_cost if _is_known(part) else 0,
        "failed": total.failed_tasks,
        "failed_usd": report_formatting.failed_cost(total, basis, "in this period"),
    }


def _is_known(part: SpendPart) -> bool:
    """Return whether the cost of any task is known; also true if there is no task."""
    return bool(part.spend_nanos) or not part.total.tasks or part.total.tasks > part.total.without_cost


def _comparisons(facts: DigestFacts) -> Iterator[str]:
    """Yield how the days compare with those before them, and with what is usual."""
    span, days = facts.span, facts.days
    if not _is_known(days):
        return
    if days.before_nanos is not None:
        before = "the day before" if span.count == 1 else f"the {span.count} days before"
        yield comparison(days.spend_nanos, days.before_nanos, before)
    if facts.usual_nanos is not None:
        yield comparison(days.spend_nanos, facts.usual_nanos, _usual(span, facts.usual_of))


def _usual(span: DigestDays, weeks: int) -> str:
    """Return what the same days of so many weeks before are called."""
    if span.count > 1:
        return "the same days of a typical week" if weeks > 1 else "the same days a week before"
    return f"a typical {span.last:%A}" if weeks > 1 else f"the {span.last:%A} before"


# --- members and models -------------------------------------------------------------------------


def columns(part: SpendPart, view: DigestView) -> list[str]:
    """Return a column each of the members, if they may be shown, and models of the most spend."""
    return [
        view.templates.render("digest/column", title=f"{noun}s", **_ranking(noun, groups, part, view))
        for noun, groups in _rankings(part, view)
    ]


def period_values(part: SpendPart, unit: Unit, today: date, view: DigestView) -> dict[str, Any]:
    """Return the values of the template `digest/week_or_month` for a week or month that ended by a date."""
    change = ""
    if part.before_nanos is not None and _is_known(part):
        before = "the week before" if unit is Unit.WEEK else f"{unit.shift(part.first, -1):%B}"
        change = comparison(part.spend_nanos, part.before_nanos, before)
    return {
        "what": unit.value,
        "label": period_name(part.first, unit, today),
        "change": change,
        "columns": [
            {"title": f"{noun}s", **_ranking(noun, groups, part, view)} for noun, groups in _rankings(part, view)
        ],
        **_totals(part, view),
    }


def _rankings(part: SpendPart, view: DigestView) -> Iterator[tuple[str, Sequence[SpendGroup]]]:
    """Yield `member` and `model` with their groups of the most spend, leaving out what is empty or may not be shown."""
    if view.shows_members and part.members:
        yield "member", part.members
    if part.models:
        yield "model", part.models


def _ranking(noun: str, groups: Sequence[SpendGroup], part: SpendPart, view: DigestView) -> dict[str, Any]:
    """Return the lines of the groups with their shares, and what is left."""
    total, basis = part.spend_nanos, view.policy.basis
    spent = [each.spend(basis) for each in groups]
    names = [_group_name(noun, each, view) for each in groups]
    amounts = [_amount(each, nanos) for each, nanos in zip(groups, spent, strict=True)]
    rest, unknown = total - sum(spent), part.total.without_cost - sum(each.without_cost for each in groups)
    more = (part.member_count if noun == "member" else part.model_count) - len(groups)
    return {
        "lines": [
            (name, amount, share(nanos, total)) for name, amount, nanos in zip(names, amounts, spent, strict=True)
        ],
        "rest": "unknown" if unknown and not rest else show_usd(rest),
        "more": f"{more:,} more {noun}{'' if more == 1 else 's'}" if more > 0 else "",
    }


def _group_name(noun: str, group: SpendGroup, view: DigestView) -> str:
    if noun == "model":
        return one_line(group.key[0], LONGEST_NAME)
    return view.name(group.key[0]) if view.names_members else "a member"


def _amount(group: SpendGroup, nanos: int) -> str:
    """Return what a group cost, or that this is unknown of all of its tasks."""
    return "unknown" if not nanos and group.tasks and group.tasks == group.without_cost else show_usd(nanos)


# --- the chart -----------------------------------------------------------------------------------


def add_chart(draft: Draft, chart: Sequence[tuple[date, int]]) -> None:
    """Add a chart of amounts (nanos) by date, and its sum and its highest day in words; nothing if all are zero."""
    days, nanos = [day for day, _ in chart], [amount for _, amount in chart]
    if not any(amount > 0 for amount in nanos):
        return
    title = f"Spend of the last {len(days)} days"
    most = max(nanos)
    highest = f"highest on {weekday(days[nanos.index(most)])} ({show_usd(most)})"
    dollars = [usd_of_chart(max(amount, 0)) for amount in nanos]
    block = blocks.chart(title, [short_date(day, days[-1]) for day in days], [("spend", dollars)], "USD")
    draft.add(block, lambda: blocks.section(f"`{sparkline(nanos)}`"))
    draft.add(blocks.context(escape(f"{title}: {show_usd(sum(nanos))} in all, {highest}")))


def share(nanos: int, total: int) -> str:
    """Return a part of a total in whole percent; empty where the total is not positive."""
    return percent(nanos, total) if total > 0 else ""
