"""The explanation of a budget as sentences."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.budgets.audiences import Audience, OperatorAudience, SnoozeAudience
from bot.budgets.explain.facts import SNOOZED, ExplainedStep, Explanation
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import BudgetLimit, percent
from bot.domain import formatting
from bot.domain.money import show_usd
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


def sentences(explanation: Explanation, policy: BudgetPolicy) -> list[Sentence]:
    """Return the explanation in sentences."""
    unit, label = explanation.period.unit, explanation.period.label
    if explanation.limit is None:
        return [Sentence(f"{unit.title()} {label}: {show_usd(explanation.spend_nanos)} spent; {explanation.reason}.")]
    used = percent(explanation.spend_nanos, explanation.limit.nanos)
    spent = f"{show_usd(explanation.spend_nanos)} of {show_usd(explanation.limit.nanos)}, {used}% used"
    return [
        Sentence(f"{unit.title()} {label}: {spent}. The limit is {explanation.limit_from}."),
        Sentence(_charges(explanation.charges, policy)),
        *(sentence for step in explanation.steps for sentence in _step(step, policy)),
        *map(Sentence, _outlook(explanation, explanation.limit, policy)),
    ]


def _outlook(explanation: Explanation, limit: BudgetLimit, policy: BudgetPolicy) -> Iterator[str]:
    if explanation.reason:
        yield f"Nothing was told: {explanation.reason}."
    for each in explanation.snoozes:
        yield f"Quiet in {_place(each.audience)} until {formatting.moment(each.until, policy.zone)}."
    if explanation.next_step is not None:
        yield f"Next: {explanation.next_step}%, at {show_usd(limit.nanos * explanation.next_step // 100)}."


def _charges(count: ChargeCount, policy: BudgetPolicy) -> str:
    if not count.charges or count.first is None or count.last is None:
        return "No charge counts so far."
    if count.charges == 1:
        return f"1 charge counts, booked {formatting.moment(count.first, policy.zone)}."
    between = f"{formatting.moment(count.first, policy.zone)} to {formatting.moment(count.last, policy.zone)}"
    return f"{count.charges:,} charges count, booked {between}."


def _place(audience: SnoozeAudience) -> str:
    if isinstance(audience, OperatorAudience):
        return "an operator's own direct messages"
    return "direct messages" if audience is Audience.DM else "the channel"


def _step(step: ExplainedStep, policy: BudgetPolicy) -> Iterator[Sentence]:
    spent = f"{show_usd(step.spend_nanos)} of {show_usd(step.limit_nanos)}"
    head = f"{step.step}% passed {formatting.moment(step.at, policy.zone)} at {spent}"
    if step.reason:
        yield Sentence(f"{head}: not told, because {step.reason}.")
    else:
        yield Sentence(f"{head}:")
    for each in step.messages:
        yield _message(each, policy)
    for audience in step.waiting:
        yield Sentence(f"not told in {_place(audience)} yet, because {SNOOZED}", within=True)
    for audience, why in step.left_out:
        yield Sentence(f"not told in {_place(audience)}, because {why}", within=True)


# --- messages ------------------------------------------------------------------------------------

_STATES = {
    NotificationState.PENDING: "owed, not sent yet",
    NotificationState.SENDING: "being sent",
    NotificationState.UNCONFIRMED: "may have arrived; it is being looked for",
    NotificationState.DEAD: "could not be delivered",
    NotificationState.DISCARDED: "told elsewhere",
    NotificationState.MISSED: "Slack was down too long; told in a summary",
}

_RECIPIENTS: dict[type[Destination], str] = {
    destinations.AlertDestination: "the alert channel",
    destinations.OpsDestination: "the ops channel",
    destinations.OperatorsDestination: "the operators",
    destinations.OperatorDestination: "an operator",
    destinations.MemberDestination: "the member",
}


def _message(each: DeliveryRecord, policy: BudgetPolicy) -> Sentence:
    to = _recipient(each.destination)
    if each.state is NotificationState.SENT and each.at is not None and each.ts is not None:
        address = f"{ARCHIVES}{each.channel}/p{each.ts.replace('.', '')}"
        return Sentence(f"to {to}: told {formatting.moment(each.at, policy.zone)}", address, within=True)
    why = f" ({each.why})" if each.why else ""
    return Sentence(f"to {to}: {_STATES.get(each.state, each.state)}{why}", within=True)


def _recipient(destination: Destination) -> str:
    if isinstance(destination, destinations.UserDestination):
        return destination.user
    if isinstance(destination, destinations.ChannelDestination):
        return destination.name
    return _RECIPIENTS[type(destination)]
