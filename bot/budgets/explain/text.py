"""The explanation of a budget as sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.budgets import budget_formatting
from bot.budgets.audiences import Audience, OperatorAudience, SnoozeAudience
from bot.budgets.explain.facts import SNOOZED, ExplainedForecast, ExplainedStep, Explanation
from bot.budgets.rules import BudgetLimit
from bot.domain import formatting
from bot.domain.money import show_limit, show_usd
from bot.ledger.charge_queries import ChargeCount
from bot.outbox import destinations
from bot.outbox.destinations import Destination
from bot.outbox.queries import DeliveryRecord
from bot.outbox.rules import NotificationState

ARCHIVES = "https://slack.com/archives/"  # leads to the reader's own workspace


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an explanation, with the address of the message that it is about, if any.

    One that is `within` is indented under those before it.
    """

    text: str
    address: str = ""
    within: bool = False


@dataclass(frozen=True, slots=True)
class _Clock:
    """Says moments as they are said `now` on the zone's clock."""

    zone: ZoneInfo
    now: datetime

    def time(self, at: datetime) -> str:
        """Return a moment: `21:05`, `Nov 28, 21:05`."""
        return formatting.local_time(at, self.zone, self.now)


def sentences(explanation: Explanation, zone: ZoneInfo, now: datetime) -> list[Sentence]:
    """Return the explanation in sentences, on the zone's clock."""
    unit, days = explanation.period.unit, budget_formatting.period_days(explanation.period, zone, now)
    kind = f"{unit.title()}, {narrowing}" if (narrowing := explanation.period.narrowing) else unit.title()
    unknown = budget_formatting.unknown_spend(explanation.unknown_costs)
    if explanation.limit is None:
        spent = f"spend {unknown}" if unknown else f"{show_usd(explanation.spend_nanos)} spent"
        return [Sentence(f"{kind} ({days}): {spent}. {explanation.reason.capitalize()}.")]
    used = budget_formatting.used(explanation.spend_nanos, explanation.limit.nanos)
    known = f"{show_usd(explanation.spend_nanos)} of {show_limit(explanation.limit.nanos)}, {used} used"
    spent = f"spend {unknown}, of {show_limit(explanation.limit.nanos)}" if unknown else known
    clock = _Clock(zone, now)
    return [
        Sentence(f"{kind} ({days}): {spent}. Limit: {explanation.limit_from}."),
        Sentence(_charges(explanation.charges, clock)),
        *(sentence for step in explanation.steps for sentence in _step(step, clock)),
        *(_forecast(explanation.forecast, clock) if explanation.forecast else ()),
        *map(Sentence, _outlook(explanation, explanation.limit, clock)),
    ]


def _outlook(explanation: Explanation, limit: BudgetLimit, clock: _Clock) -> Iterator[str]:
    if explanation.reason:
        yield f"No alert was sent: {explanation.reason}."
    for each in explanation.snoozes:
        yield f"Snoozed in {_place(each.audience)} until {clock.time(each.until)}."
    if explanation.next_step is not None:
        yield f"Next alert: {explanation.next_step}%, at {show_limit(limit.nanos * explanation.next_step // 100)}."


def _charges(count: ChargeCount, clock: _Clock) -> str:
    if not count.charges or count.first is None or count.last is None:
        return "No spend counts toward it yet."
    if count.charges == 1:
        return f"1 amount counts toward it, from {clock.time(count.first)}."
    between = f"from {clock.time(count.first)} to {clock.time(count.last)}"
    return f"{count.charges:,} amounts count toward it, {between}."


def _place(audience: SnoozeAudience) -> str:
    if isinstance(audience, OperatorAudience):
        return "an operator's DMs"
    return "DMs" if audience is Audience.DM else "the channel"


def _step(step: ExplainedStep, clock: _Clock) -> Iterator[Sentence]:
    spent = f"{show_usd(step.spend_nanos)} of {show_limit(step.limit_nanos)}"
    head = f"{step.step}% passed at {clock.time(step.at)}, with {spent}"
    yield Sentence(f"{head}. No alert: {step.reason}." if step.reason else f"{head}:")
    for each in step.messages:
        yield _message(each, clock)
    for audience in step.waiting:
        yield Sentence(f"not sent in {_place(audience)} yet: {SNOOZED}", within=True)
    for audience, why in step.left_out:
        yield Sentence(f"not sent in {_place(audience)}: {why}", within=True)


def _forecast(forecast: ExplainedForecast, clock: _Clock) -> Iterator[Sentence]:
    yield Sentence(f"Expected to run out before the month ends, since {clock.time(forecast.at)}.")
    for each in forecast.messages:
        yield _message(each, clock)


# --- messages ------------------------------------------------------------------------------------

_STATES = {
    NotificationState.PENDING: "pending",
    NotificationState.SENDING: "being sent",
    NotificationState.UNCONFIRMED: "may have arrived, checking",
    NotificationState.DEAD: "couldn't be delivered",
    NotificationState.DISCARDED: "sent elsewhere",
    NotificationState.MISSED: "sent in a summary, as Slack was unavailable for too long",
}

_RECIPIENTS: dict[type[Destination], str] = {
    destinations.AlertDestination: "the alert channel",
    destinations.OpsDestination: "the ops channel",
    destinations.OperatorsDestination: "the operators",
    destinations.OperatorDestination: "an operator",
    destinations.MemberDestination: "the member",
}


def _message(each: DeliveryRecord, clock: _Clock) -> Sentence:
    to = _recipient(each.destination)
    if each.state is NotificationState.SENT and each.at is not None and each.ts is not None:
        address = f"{ARCHIVES}{each.channel}/p{each.ts.replace('.', '')}"
        return Sentence(f"to {to}: sent at {clock.time(each.at)}", address, within=True)
    why = f" ({each.why})" if each.why else ""
    return Sentence(f"to {to}: {_STATES.get(each.state, each.state)}{why}", within=True)


def _recipient(destination: Destination) -> str:
    if isinstance(destination, destinations.UserDestination):
        return destination.user
    if isinstance(destination, destinations.ChannelDestination):
        return destination.name
    return _RECIPIENTS[type(destination)]
