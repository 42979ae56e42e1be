"""Renders the further sections of a digest: failures, budgets at risk, late amounts and unusual days."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.budgets import budget_formatting
from bot.budgets.listing.lines import BudgetLine
from bot.digest.facts import DigestFacts
from bot.digest.rules import DigestDays
from bot.digest.view import LINES, LONGEST_NAME, DigestView
from bot.domain.failure_causes import FailureCause
from bot.domain.formatting import count, weekday
from bot.domain.money import show_usd
from bot.domain.periods import local_day
from bot.domain.text import one_line
from bot.failures import failure_formatting
from bot.failures.error_lines import ErrorLine


def sections(facts: DigestFacts, view: DigestView) -> list[str]:
    """Return the sections that are not empty."""
    return list(filter(None, (_failures(facts, view), _budgets(facts, view), _late_and_unusual(facts, view))))


# --- failures ------------------------------------------------------------------------------------


def _failures(facts: DigestFacts, view: DigestView) -> str:
    causes = _by_cause(facts.failing)
    if not causes:
        return ""
    more, failed = len(causes) - LINES, sum(each.tasks for each in causes)
    nanos, unknown = sum(each.nanos for each in causes), sum(each.unknown for each in causes)
    return view.templates.render(
        "digest/failures",
        tasks=count(failed, "task"),
        failed=failed,
        cost=failure_formatting.cost_sentence(failed, nanos, unknown),
        spent=show_usd(nanos) if nanos else "",
        unknown=unknown,
        lines=[_cause_values(each) for each in causes[:LINES]],
        more=f"{more:,} more kind{'' if more == 1 else 's'}" if more > 0 else "",
        window=_line_of_days(facts.span),
    )


@dataclass(slots=True)
class _CauseLine:
    """The tasks of a model that failed by one cause, and what they cost in nanos; of `unknown` that is not known."""

    model: str
    cause: FailureCause
    tasks: int = 0
    nanos: int = 0
    unknown: int = 0


def _by_cause(failing: Sequence[ErrorLine]) -> list[_CauseLine]:
    """Return kinds of failure joined where a channel could not tell them apart, those of the most tasks first."""
    lines: dict[tuple[str, FailureCause], _CauseLine] = {}
    for each in failing:
        line = lines.setdefault((each.model, each.cause), _CauseLine(each.model, each.cause))
        line.tasks += each.tasks
        line.nanos += each.nanos
        line.unknown += each.unknown
    return sorted(lines.values(), key=lambda line: (-line.tasks, -line.nanos, line.model, line.cause))


def _cause_values(line: _CauseLine) -> dict[str, Any]:
    return {
        "model": one_line(line.model, LONGEST_NAME),
        "tasks": count(line.tasks, "task"),
        "cause": line.cause.value,
        "spent": failure_formatting.cost_cell(line.nanos, line.unknown).text,
    }


def _line_of_days(span: DigestDays) -> str:
    """Return the days as a question names them."""
    return f"{span.last}" if span.count == 1 else f"{span.first}..{span.last}"


# --- budgets -------------------------------------------------------------------------------------


def _budgets(facts: DigestFacts, view: DigestView) -> str:
    budgets = facts.budgets
    titles = (("Over budget", budgets.over), ("Close to budget", budgets.near), ("On pace to go over", budgets.ahead))
    visible = [(title, [each for each in lines if _is_team(each) or view.shows_members]) for title, lines in titles]
    kinds = [{"title": title, **_kind_values(lines, view)} for title, lines in visible if lines]
    return view.templates.render("digest/budgets", kinds=kinds) if kinds else ""


def _kind_values(lines: Sequence[BudgetLine], view: DigestView) -> dict[str, Any]:
    named = [each for each in lines if _is_team(each) or view.names_members]
    return {
        "lines": [_budget_values(each, view) for each in named[:LINES]],
        "more": len(named) - len(named[:LINES]),
        "unnamed": count(unnamed, "member") if (unnamed := len(lines) - len(named)) else "",
    }


def _budget_values(line: BudgetLine, view: DigestView) -> dict[str, Any]:
    return {
        "whose": "The team" if _is_team(line) else view.name(line.scope),
        "spent": show_usd(line.spend_nanos or 0),
        "limit": line.limit_text,
        "percent": line.percent,
        "used_up": budget_formatting.used_up(line.pace),
    }


def _is_team(line: BudgetLine) -> bool:
    return line.scope == "team"


# --- late amounts and unusual days ---------------------------------------------------------------


def _late_and_unusual(facts: DigestFacts, view: DigestView) -> str:
    today = local_day(facts.at, view.policy.zone)
    late = [
        {"day": weekday(day, today), "amount": show_usd(abs(nanos)), "added": nanos > 0} for day, nanos in facts.late
    ]
    unusual = _unusual_values(facts, view) if view.shows_members else []
    if not late and not unusual:
        return ""
    return view.templates.render(
        "digest/late_and_unusual",
        late=late[-LINES:],
        late_more=show_usd(sum(nanos for _, nanos in facts.late[:-LINES])) if len(late) > LINES else "",
        unusual=unusual[:LINES],
        unusual_more=len(unusual) - LINES,
    )


def _unusual_values(facts: DigestFacts, view: DigestView) -> list[dict[str, Any]]:
    return [
        {
            "whose": view.name(email) if view.names_members else "a member",
            "day": weekday(day) if facts.span.count > 1 else "",
            "spent": show_usd(spike.nanos),
            "times": spike.times,
            "usual": show_usd(spike.usual_nanos),
        }
        for day, email, spike in facts.unusual
    ]
