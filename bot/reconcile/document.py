"""What a comparison found, as data and in words."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.domain.formatting import date_span, utc
from bot.domain.usage_total import UsageTotal
from bot.ledger.members import shown_email
from bot.ledger.neo_agreement import (
    Counted,
    DayDifference,
    agreement_text,
    both_text,
    days_text,
    difference_texts,
    member_difference_text,
    reading_text,
)
from bot.reconcile.days_comparison import Comparison

_NOT_COMPARED = (  # by the names of Neo's fields: undocumented, or no money
    "by_model",
    "by_status",
    "byok.total_streams",
    "total_steps",
    "total_tool_calls",
    "total_agent_triggers",
    "total_execution_ms",
)


def to_document(comparison: Comparison) -> dict[str, Any]:
    """Return what a comparison found as data; amounts are exact decimals of Neo credits, days are UTC."""
    agreement = comparison.agreement
    return {
        "agrees": comparison.agrees,
        "first_day": None if comparison.days is None else comparison.days.first.isoformat(),
        "last_day": None if comparison.days is None else comparison.days.last.isoformat(),
        "through": None if agreement.through is None else agreement.through.isoformat(),
        "unavailable": agreement.unavailable or None,
        "counted_by": agreement.days,
        "credits_counted": agreement.credits,
        "compared_at": None if agreement.compared_at is None else utc(agreement.compared_at),
        "undecided": [each.isoformat() for each in comparison.undecided],
        "differences": [_difference(each) for each in agreement.differences],
        "member_differences": [
            {
                "day": each.day.isoformat(),
                "email": comparison.emails[each.member],
                **_both(each.ours, each.neos),
                "since": utc(each.since),
            }
            for each in agreement.members
            if each.member in comparison.emails
        ],
        "members": [{"email": shown_email(email), **_both(*both)} for email, both in comparison.members.items()],
        "own_keys": {counted.value: _both(*both) for counted, both in comparison.own_keys.items()},
        "tasks_no_longer_listed": agreement.unlisted,
        "not_compared": _NOT_COMPARED,
    }


def _difference(difference: DayDifference) -> dict[str, Any]:
    return {
        "day": difference.day.isoformat(),
        **_both(difference.ours, difference.neos),
        "counted": difference.counted.value,
        "since": utc(difference.since),
        "tasks": [{"task_id": each.task_id or None, "problem": each.problem} for each in difference.tasks],
    }


def _both(ours: UsageTotal, neos: UsageTotal) -> dict[str, Any]:
    return {"ours": _total(ours), "neos": _total(neos)}


def _total(total: UsageTotal) -> dict[str, Any]:
    written = f"{total.credits:f}"
    return {"credits": written.rstrip("0").rstrip(".") if "." in written else written, "tasks": total.tasks}


def sentences(comparison: Comparison, today: date) -> Iterator[str]:
    """Yield what a comparison found, a line each, for the terminal."""
    agreement = comparison.agreement
    yield f"{agreement_text(agreement, today)}."
    if comparison.undecided:
        yield f"{undecided_text(comparison, today)}."
    for text in difference_texts(agreement, today):
        yield f"{text}."
    for each in agreement.members:
        if each.member in comparison.emails:
            yield f"{member_difference_text(comparison.emails[each.member], each, today)}."
    for email, both in comparison.members.items():
        yield f"{member_text(shown_email(email), *both)}."
    for counted, both in comparison.own_keys.items():
        yield f"{own_keys_text(counted, *both)}."
    if compared := compared_text(comparison, today):
        yield f"{compared}."
    if not agreement.unavailable:
        yield f"{reading_text(agreement.days)}."
        yield "Not compared: Neo's sums by model and by status, and how often and how long tasks ran."


def compared_text(comparison: Comparison, today: date) -> str:
    """Return which days were compared, without a full stop; empty if none was."""
    if comparison.days is None or len(comparison.undecided) == len(list(comparison.days)):
        return ""
    rest = "the other days of " if comparison.undecided else ""
    return f"I compared {rest}{date_span(comparison.days.first, comparison.days.last, today)} (UTC)"


def undecided_text(comparison: Comparison, today: date) -> str:
    """Return which days could not be compared, without a full stop."""
    days = days_text(comparison.undecided, today)
    return (
        f"I couldn't compare {days}, because Neo's answers changed meanwhile or don't tell. I'll try again each night"
    )


def member_text(name: str, ours: UsageTotal, neos: UsageTotal) -> str:
    """Return what differs of one member, without a full stop."""
    return f"{name}: {both_text(ours, neos)}"


def own_keys_text(counted: Counted, ours: UsageTotal, neos: UsageTotal) -> str:
    """Return how a cost of tasks on keys of the team's own differs, without a full stop."""
    what = {
        Counted.OWN_KEYS: "Tasks on your own model keys",
        Counted.OWN_KEYS_NEO: "Neo's cost of tasks on your own model keys",
    }
    return f"{what[counted]}: {both_text(ours, neos, counted)}"
