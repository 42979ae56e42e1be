"""What a comparison found, as data and in words."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.domain.formatting import utc
from bot.domain.usage_total import UsageTotal
from bot.ledger.members import shown_email
from bot.ledger.neo_agreement import (
    Counted,
    DayDifference,
    agreement_text,
    both_text,
    difference_text,
    member_difference_text,
)
from bot.reconcile.days_comparison import Comparison


def to_document(comparison: Comparison) -> dict[str, Any]:
    """Return what a comparison found as data; amounts are exact decimals of Neo credits, days are UTC."""
    agreement = comparison.agreement
    return {
        "agrees": not agreement.differing_days and not agreement.unavailable and agreement.through is not None,
        "through": None if agreement.through is None else agreement.through.isoformat(),
        "unavailable": agreement.unavailable or None,
        "counted_by": agreement.days,
        "credits_counted": agreement.credits,
        "compared_at": None if agreement.compared_at is None else utc(agreement.compared_at),
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
        "own_keys": None if comparison.own_keys is None else _both(*comparison.own_keys),
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
    return {"credits": f"{total.credits:f}", "tasks": total.tasks}


def sentences(comparison: Comparison, today: date) -> Iterator[str]:
    """Yield what a comparison found, a line each, for the terminal."""
    yield f"{agreement_text(comparison.agreement, today) or 'No day could be compared'}."
    for difference in comparison.agreement.differences:
        yield f"{difference_text(difference, today)}."
    for each in comparison.agreement.members:
        if each.member in comparison.emails:
            yield f"{member_difference_text(comparison.emails[each.member], each, today)}."
    for email, both in comparison.members.items():
        yield f"{member_text(shown_email(email), *both)}."
    if comparison.own_keys is not None:
        yield f"{own_keys_text(*comparison.own_keys)}."


def member_text(name: str, ours: UsageTotal, neos: UsageTotal) -> str:
    """Return what differs of one member, without a full stop."""
    return f"{name}: {both_text(ours, neos)}"


def own_keys_text(ours: UsageTotal, neos: UsageTotal) -> str:
    """Return how the costs of tasks on keys of the team's own differ, without a full stop."""
    return f"Tasks on your own model keys: {both_text(ours, neos, Counted.OWN_KEYS)}"
