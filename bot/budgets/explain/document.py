"""The explanation of a budget as data: amounts are exact decimal strings, moments UTC."""

from typing import Any

from bot.budgets.audiences import encode_audience
from bot.budgets.explain.facts import SNOOZED, ExplainedForecast, ExplainedStep, Explanation
from bot.budgets.snoozes.store import ActiveSnooze
from bot.domain import formatting
from bot.domain.money import usd_text
from bot.outbox.queries import DeliveryRecord


def to_document(explanation: Explanation) -> dict[str, Any]:
    """Return the explanation as a JSON object."""
    return {
        "whose": explanation.whose,
        "period": explanation.period.unit.value,
        "window": explanation.period.days,
        "counts": str(explanation.period.narrowing) or None,
        "limit_usd": None if explanation.limit is None else usd_text(explanation.limit.nanos),
        "limit_from": explanation.limit_from or None,
        "spend_usd": None if explanation.unknown_costs else usd_text(explanation.spend_nanos),
        "tasks_without_cost": explanation.without_cost,
        "charges": explanation.charges.charges,
        "next_step": explanation.next_step,
        "reason": explanation.reason or None,
        "quiet": [_snooze(each) for each in explanation.snoozes],
        "steps": [_step(step) for step in explanation.steps],
        "forecast": None if explanation.forecast is None else _forecast(explanation.forecast),
    }


def _snooze(snooze: ActiveSnooze) -> dict[str, Any]:
    return {"where": encode_audience(snooze.audience), "until": formatting.utc(snooze.until)}


def _step(step: ExplainedStep) -> dict[str, Any]:
    return {
        "step": step.step,
        "at": formatting.utc(step.at),
        "spend_usd": usd_text(step.spend_nanos),
        "limit_usd": usd_text(step.limit_nanos),
        "reason": step.reason or (SNOOZED if step.waiting else None),
        "waiting": [audience.value for audience in step.waiting],
        "left_out": [{"where": audience.value, "why": why} for audience, why in step.left_out],
        "messages": [_message(each) for each in step.messages],
    }


def _forecast(forecast: ExplainedForecast) -> dict[str, Any]:
    return {"at": formatting.utc(forecast.at), "messages": [_message(each) for each in forecast.messages]}


def _message(each: DeliveryRecord) -> dict[str, Any]:
    return {
        "to": each.destination.encode(),
        "state": each.state.value,
        "at": None if each.at is None else formatting.utc(each.at),
        "channel": each.channel,
        "ts": each.ts,
        "why": each.why or None,
    }
