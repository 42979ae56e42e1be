"""The explanation: what counts for each budget of a subject, which steps were passed, and why some were not told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.budgets import store
from bot.budgets.evaluator import BudgetPolicy
from bot.budgets.facts import revision
from bot.budgets.keys import CrossingKey
from bot.budgets.rules import (
    DEFAULT,
    TEAM,
    UNITS,
    BudgetLimit,
    BudgetPeriod,
    CrossingDecision,
    budget_period,
    operator_of,
    passed,
    percent,
)
from bot.database.reader import Reader
from bot.domain import formatting
from bot.domain.money import show_usd, usd_text
from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.outbox.destinations import (
    AlertDestination,
    ChannelDestination,
    Destination,
    MemberDestination,
    OperatorDestination,
    OperatorsDestination,
    OpsDestination,
    UserDestination,
)
from bot.outbox.queries import DeliveryRecord, delivery_records
from bot.outbox.rules import NotificationState

NO_BUDGET = "there is no budget: neither an own one nor a default"
BELOW = "spend is below the first step"
SNOOZED = "somebody asked for quiet there; at its end the highest step is told"


@dataclass(frozen=True, slots=True)
class Explained:
    """A step that was passed: when, at what spend, and what was made of it.

    `reason` says why nobody was told, `waiting` which audiences are told at the end of a snooze, and `left_out` which
    were not then, and why.
    """

    step: int
    at: datetime
    spend_nanos: int
    limit_nanos: int
    reason: str
    waiting: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    messages: tuple[DeliveryRecord, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A budget of a subject in a period. `reason` says why nothing was told, if nothing was."""

    whose: str
    span: BudgetPeriod
    limit: BudgetLimit | None
    limit_from: str
    spend_nanos: int
    charges: int
    first: datetime | None
    last: datetime | None
    next_step: int | None
    steps: tuple[Explained, ...]
    quiet: tuple[tuple[str, datetime], ...]
    reason: str


def explain(reader: Reader, subject: int, whose: str, policy: BudgetPolicy, now: datetime) -> list[Explanation]:
    """Explain every budget of a subject, in one snapshot; one without a limit says so.

    Each is explained in its present period, and in the one before if quiet was asked for until that had ended.
    """
    with reader:
        spans = [
            span for unit in UNITS for span in _spans(reader, subject, budget_period(unit, now, policy.zone), policy)
        ]
        return [_explained(reader, subject, whose, span, policy, now) for span in spans]


def _spans(reader: Reader, subject: int, present: BudgetPeriod, policy: BudgetPolicy) -> Iterator[BudgetPeriod]:
    before = budget_period(present.unit, present.window.start - timedelta.resolution, policy.zone)
    last = reader.one(
        "SELECT decision FROM crossing WHERE subject = :s AND unit = :u AND period = :p ORDER BY id DESC LIMIT 1",
        {"s": subject, "u": before.unit, "p": before.label},
    )
    if last and last[0] == CrossingDecision.DROPPED.name:
        yield before
    yield present


def _explained(  # noqa: PLR0917 - what it is explained from
    reader: Reader, subject: int, whose: str, period: BudgetPeriod, policy: BudgetPolicy, now: datetime
) -> Explanation:
    case = (subject, period)
    limit = store.limits(reader, [case], now).get(case)
    spent = store.spends(reader, [case], policy.basis)[case]
    steps = tuple(_steps(reader, subject, period))
    counted = _charges(reader, subject, period)
    quiet = reader.rows(
        f"SELECT audience, until FROM snooze WHERE subject = :s AND unit = :u AND {store.SNOOZED}",  # noqa: S608 - our own
        {"s": subject, "u": period.unit, "now": to_us(now)},
    )
    ahead = policy.steps[len(passed(limit.nanos, spent, policy.steps)) :] if limit and now < period.window.end else ()
    return Explanation(
        whose=whose,
        span=period,
        limit=limit,
        limit_from=_limit_from(reader, limit, policy),
        spend_nanos=spent,
        charges=counted[0],
        first=optional_from_us(counted[1]),
        last=optional_from_us(counted[2]),
        next_step=min(ahead, default=None),
        steps=steps,
        quiet=tuple((audience, from_us(until)) for audience, until in quiet) if now < period.window.end else (),
        reason=NO_BUDGET if limit is None else ("" if steps else BELOW),
    )


def _charges(reader: Reader, subject: int, period: BudgetPeriod) -> Sequence[Any]:
    whose = "" if subject == TEAM else "member = :subject AND "
    sql = f"SELECT count(*), min(booked_at), max(booked_at) FROM charge WHERE {whose}booked_at >= :low AND"  # noqa: S608 - values are bound
    row = reader.one(
        f"{sql} booked_at < :high",
        {"subject": subject, "low": to_us(period.window.start), "high": to_us(period.window.end)},
    )
    return row or (0, None, None)


def _limit_from(reader: Reader, limit: BudgetLimit | None, policy: BudgetPolicy) -> str:
    if limit is None:
        return ""
    was = revision(reader, limit.revision)
    source = "the default for everyone" if limit.scope == DEFAULT else "an own one"
    if was is None:
        return source
    why = f": {was.act.reason}" if was.act.reason else ""
    return f"{source}, set {formatting.moment(was.act.at, policy.zone)}{why}"


_STEPS = """
SELECT id, step, crossed_at, spend_nanos, limit_nanos, decision, deferred FROM crossing
WHERE subject = :s AND unit = :u AND period = :p ORDER BY id
"""


def _steps(reader: Reader, subject: int, period: BudgetPeriod) -> Iterator[Explained]:
    for key, step, at, spent, limit, decision, deferred in reader.rows(
        _STEPS, {"s": subject, "u": period.unit, "p": period.label}
    ):
        reason = CrossingDecision[decision]
        said = "" if reason is CrossingDecision.TOLD else reason.value
        parts = [part.partition(":") for part in deferred.split()]
        waiting = tuple(audience for audience, _, why in parts if not why)
        left_out = tuple((audience, CrossingDecision[why].value) for audience, _, why in parts if why and not said)
        messages = tuple(delivery_records(reader, CrossingKey(key)))
        yield Explained(step, from_us(at), spent, limit, said, waiting, left_out, messages)


# --- shown ---------------------------------------------------------------------------------------


ARCHIVES = "https://slack.com/archives/"  # leads to the reader's own workspace


@dataclass(frozen=True, slots=True)
class Sentence:
    """A part of an explanation, and the address of the message that it tells of, if any.

    One that is `within` goes with those before it.
    """

    text: str
    address: str = ""
    within: bool = False


def sentences(found: Explanation, policy: BudgetPolicy) -> list[Sentence]:
    """The explanation in sentences."""
    unit, label = found.span.unit, found.span.label
    if found.limit is None:
        return [Sentence(f"{unit.title()} {label}: {show_usd(found.spend_nanos)} spent; {found.reason}.")]
    used = percent(found.spend_nanos, found.limit.nanos)
    spent = f"{show_usd(found.spend_nanos)} of {show_usd(found.limit.nanos)}, {used} % used"
    said = [
        Sentence(f"{unit.title()} {label}: {spent}. The limit is {found.limit_from}."),
        Sentence(_counted(found, policy)),
    ]
    said += [sentence for step in found.steps for sentence in _told(step, policy)]
    said += map(Sentence, _outlook(found, found.limit, policy))
    return said


def _outlook(found: Explanation, limit: BudgetLimit, policy: BudgetPolicy) -> Iterator[str]:
    if found.reason:
        yield f"Nothing was told: {found.reason}."
    for audience, at in found.quiet:
        yield f"Quiet in {_where(audience)} until {formatting.moment(at, policy.zone)}."
    if found.next_step is not None:
        yield f"Next: {found.next_step} %, at {show_usd(limit.nanos * found.next_step // 100)}."


def _counted(found: Explanation, policy: BudgetPolicy) -> str:
    if not found.charges or found.first is None or found.last is None:
        return "No charge counts so far."
    if found.charges == 1:
        return f"1 charge counts, booked {formatting.moment(found.first, policy.zone)}."
    between = f"{formatting.moment(found.first, policy.zone)} to {formatting.moment(found.last, policy.zone)}"
    return f"{found.charges:,} charges count, booked {between}."


def _where(audience: str) -> str:
    if operator_of(audience) is not None:
        return "an operator's own direct messages"
    return "direct messages" if audience == "dm" else "the channel"


def _told(step: Explained, policy: BudgetPolicy) -> Iterator[Sentence]:
    spent = f"{show_usd(step.spend_nanos)} of {show_usd(step.limit_nanos)}"
    head = f"{step.step} % passed {formatting.moment(step.at, policy.zone)} at {spent}"
    if step.reason:
        yield Sentence(f"{head}: not told, because {step.reason}.")
    else:
        yield Sentence(f"{head}:")
    for each in step.messages:
        yield _message(each, policy)
    for audience in step.waiting:
        yield Sentence(f"not told in {_where(audience)} yet, because {SNOOZED}", within=True)
    for audience, why in step.left_out:
        yield Sentence(f"not told in {_where(audience)}, because {why}", within=True)


_STATES = {
    NotificationState.PENDING: "owed, not sent yet",
    NotificationState.SENDING: "being sent",
    NotificationState.UNCONFIRMED: "may have arrived; it is being looked for",
    NotificationState.DEAD: "could not be delivered",
    NotificationState.MOVED: "told elsewhere",
    NotificationState.MISSED: "Slack was down too long; told in a summary",
}


_RECIPIENTS: dict[type[Destination], str] = {
    AlertDestination: "the alert channel",
    OpsDestination: "the ops channel",
    OperatorsDestination: "the operators",
    OperatorDestination: "an operator",
    MemberDestination: "the member",
}


def _recipient(destination: Destination) -> str:
    if isinstance(destination, UserDestination):
        return destination.user
    if isinstance(destination, ChannelDestination):
        return destination.name
    return _RECIPIENTS[type(destination)]


def _message(each: DeliveryRecord, policy: BudgetPolicy) -> Sentence:
    to = _recipient(each.destination)
    if each.state is NotificationState.SENT and each.at is not None and each.ts is not None:
        address = f"{ARCHIVES}{each.channel}/p{each.ts.replace('.', '')}"
        return Sentence(f"to {to}: told {formatting.moment(each.at, policy.zone)}", address, within=True)
    why = f" ({each.why})" if each.why else ""
    return Sentence(f"to {to}: {_STATES.get(each.state, each.state)}{why}", within=True)


def to_document(found: Explanation) -> dict[str, Any]:
    """The explanation as data; amounts are exact decimal strings, moments UTC."""
    return {
        "whose": found.whose,
        "period": found.span.unit.value,
        "window": found.span.label,
        "limit_usd": None if found.limit is None else usd_text(found.limit.nanos),
        "limit_from": found.limit_from or None,
        "spend_usd": usd_text(found.spend_nanos),
        "charges": found.charges,
        "next_step": found.next_step,
        "reason": found.reason or None,
        "quiet": [{"where": audience, "until": formatting.utc(until)} for audience, until in found.quiet],
        "steps": [_step_document(step) for step in found.steps],
    }


def _step_document(step: Explained) -> dict[str, Any]:
    return {
        "step": step.step,
        "at": formatting.utc(step.at),
        "spend_usd": usd_text(step.spend_nanos),
        "limit_usd": usd_text(step.limit_nanos),
        "reason": step.reason or (SNOOZED if step.waiting else None),
        "waiting": list(step.waiting),
        "left_out": [{"where": audience, "why": why} for audience, why in step.left_out],
        "messages": [
            {
                "to": each.destination.encode(),
                "state": each.state.value,
                "at": None if each.at is None else formatting.utc(each.at),
                "channel": each.channel,
                "ts": each.ts,
                "why": each.why or None,
            }
            for each in step.messages
        ],
    }
