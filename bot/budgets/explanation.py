"""The explanation: what counts for each budget of a subject, which steps were passed, and why some were not told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.budgets import store
from bot.budgets.facts import revision
from bot.budgets.rules import DEFAULT, TEAM, UNITS, Decision, Limit, Span, operator_of, passed, percent, span_of
from bot.budgets.watch import Terms
from bot.domain import wording
from bot.domain.money import show_usd, usd_text
from bot.ledger.instants import from_us, to_us
from bot.ledger.reading import Reader
from bot.outbox.rules import State

NO_BUDGET = "there is no budget: neither an own one nor a default"
BELOW = "spend is below the first step"
SNOOZED = "somebody asked for quiet there; at its end the highest step is told"


@dataclass(frozen=True, slots=True)
class Telling:
    """One message of a step: to whom, in which state, when, and where it can be seen."""

    destination: str
    state: State
    at: datetime | None
    channel: str | None
    ts: str | None
    why: str


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
    tellings: tuple[Telling, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A budget of a subject in a period. `reason` says why nothing was told, if nothing was."""

    whose: str
    span: Span
    limit: Limit | None
    limit_from: str
    spend_nanos: int
    charges: int
    first: datetime | None
    last: datetime | None
    next_step: int | None
    steps: tuple[Explained, ...]
    quiet: tuple[tuple[str, datetime], ...]
    reason: str


def explain(reader: Reader, subject: int, whose: str, terms: Terms, now: datetime) -> list[Explanation]:
    """Explain every budget of a subject, in one snapshot; one without a limit says so.

    Each is explained in its present period, and in the one before if quiet was asked for until that had ended.
    """
    with reader:
        spans = [span for unit in UNITS for span in _spans(reader, subject, span_of(unit, now, terms.zone), terms)]
        return [_explained(reader, subject, whose, span, terms, now) for span in spans]


def _spans(reader: Reader, subject: int, present: Span, terms: Terms) -> Iterator[Span]:
    before = span_of(present.unit, present.window.start - timedelta.resolution, terms.zone)
    last = reader.one(
        "SELECT decision FROM crossing WHERE subject = :s AND unit = :u AND period = :p ORDER BY id DESC LIMIT 1",
        {"s": subject, "u": before.unit, "p": before.label},
    )
    if last and last[0] == Decision.DROPPED.name:
        yield before
    yield present


def _explained(  # noqa: PLR0917 - what it is explained from
    reader: Reader, subject: int, whose: str, span: Span, terms: Terms, now: datetime
) -> Explanation:
    case = (subject, span)
    limit = store.limits(reader, [case], now).get(case)
    spent = store.spends(reader, [case], terms.basis)[case]
    steps = tuple(_steps(reader, subject, span))
    counted = _charges(reader, subject, span)
    quiet = reader.rows(
        f"SELECT audience, until FROM snooze WHERE subject = :s AND unit = :u AND {store.SNOOZED}",  # noqa: S608 - our own
        {"s": subject, "u": span.unit, "now": to_us(now)},
    )
    ahead = terms.steps[len(passed(limit.nanos, spent, terms.steps)) :] if limit and now < span.window.end else ()
    return Explanation(
        whose=whose,
        span=span,
        limit=limit,
        limit_from=_limit_from(reader, limit, terms),
        spend_nanos=spent,
        charges=counted[0],
        first=None if counted[1] is None else from_us(counted[1]),
        last=None if counted[2] is None else from_us(counted[2]),
        next_step=min(ahead, default=None),
        steps=steps,
        quiet=tuple((audience, from_us(until)) for audience, until in quiet) if now < span.window.end else (),
        reason=NO_BUDGET if limit is None else ("" if steps else BELOW),
    )


def _charges(reader: Reader, subject: int, span: Span) -> Sequence[Any]:
    whose = "" if subject == TEAM else "member = :subject AND "
    sql = f"SELECT count(*), min(booked_at), max(booked_at) FROM charge WHERE {whose}booked_at >= :low AND"  # noqa: S608 - values are bound
    row = reader.one(
        f"{sql} booked_at < :high",
        {"subject": subject, "low": to_us(span.window.start), "high": to_us(span.window.end)},
    )
    return row or (0, None, None)


def _limit_from(reader: Reader, limit: Limit | None, terms: Terms) -> str:
    if limit is None:
        return ""
    was = revision(reader, limit.revision)
    source = "the default for everyone" if limit.scope == DEFAULT else "an own one"
    if was is None:
        return source
    why = f": {was.act.reason}" if was.act.reason else ""
    return f"{source}, set {wording.moment(was.act.at, terms.zone)}{why}"


_STEPS = """
SELECT id, step, crossed_at, spend_nanos, limit_nanos, decision, deferred FROM crossing
WHERE subject = :s AND unit = :u AND period = :p ORDER BY id
"""


def _steps(reader: Reader, subject: int, span: Span) -> Iterator[Explained]:
    for key, step, at, spent, limit, decision, deferred in reader.rows(
        _STEPS, {"s": subject, "u": span.unit, "p": span.label}
    ):
        reason = Decision[decision]
        said = "" if reason is Decision.TOLD else reason.value
        parts = [part.partition(":") for part in deferred.split()]
        waiting = tuple(audience for audience, _, why in parts if not why)
        left_out = tuple((audience, Decision[why].value) for audience, _, why in parts if why and not said)
        yield Explained(step, from_us(at), spent, limit, said, waiting, left_out, tuple(_tellings(reader, key)))


def _tellings(reader: Reader, crossing: int) -> Iterator[Telling]:
    rows = reader.rows(
        "SELECT destination, state, settled_at, channel, ts, coalesce(error, '') FROM notification"
        " WHERE stem = :stem ORDER BY id",
        {"stem": f"crossing:{crossing}"},
    )
    for destination, state, at, channel, ts, why in rows:
        yield Telling(destination, State(state), None if at is None else from_us(at), channel, ts, why)


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


def sentences(found: Explanation, terms: Terms) -> list[Sentence]:
    """The explanation in sentences."""
    unit, label = found.span.unit, found.span.label
    if found.limit is None:
        return [Sentence(f"{unit.title()} {label}: {show_usd(found.spend_nanos)} spent; {found.reason}.")]
    used = percent(found.spend_nanos, found.limit.nanos)
    spent = f"{show_usd(found.spend_nanos)} of {show_usd(found.limit.nanos)}, {used} % used"
    said = [
        Sentence(f"{unit.title()} {label}: {spent}. The limit is {found.limit_from}."),
        Sentence(_counted(found, terms)),
    ]
    said += [sentence for step in found.steps for sentence in _told(step, terms)]
    said += map(Sentence, _outlook(found, found.limit, terms))
    return said


def _outlook(found: Explanation, limit: Limit, terms: Terms) -> Iterator[str]:
    if found.reason:
        yield f"Nothing was told: {found.reason}."
    for audience, at in found.quiet:
        yield f"Quiet in {_where(audience)} until {wording.moment(at, terms.zone)}."
    if found.next_step is not None:
        yield f"Next: {found.next_step} %, at {show_usd(limit.nanos * found.next_step // 100)}."


def _counted(found: Explanation, terms: Terms) -> str:
    if not found.charges or found.first is None or found.last is None:
        return "No charge counts so far."
    if found.charges == 1:
        return f"1 charge counts, booked {wording.moment(found.first, terms.zone)}."
    between = f"{wording.moment(found.first, terms.zone)} to {wording.moment(found.last, terms.zone)}"
    return f"{found.charges:,} charges count, booked {between}."


def _where(audience: str) -> str:
    if operator_of(audience) is not None:
        return "an operator's own direct messages"
    return "direct messages" if audience == "dm" else "the channel"


def _told(step: Explained, terms: Terms) -> Iterator[Sentence]:
    spent = f"{show_usd(step.spend_nanos)} of {show_usd(step.limit_nanos)}"
    head = f"{step.step} % passed {wording.moment(step.at, terms.zone)} at {spent}"
    if step.reason:
        yield Sentence(f"{head}: not told, because {step.reason}.")
    else:
        yield Sentence(f"{head}:")
    for each in step.tellings:
        yield _telling(each, terms)
    for audience in step.waiting:
        yield Sentence(f"not told in {_where(audience)} yet, because {SNOOZED}", within=True)
    for audience, why in step.left_out:
        yield Sentence(f"not told in {_where(audience)}, because {why}", within=True)


_STATES = {
    State.PENDING: "owed, not sent yet",
    State.SENDING: "being sent",
    State.UNSURE: "may have arrived; it is being looked for",
    State.DEAD: "could not be delivered",
    State.MOVED: "told elsewhere",
    State.MISSED: "Slack was down too long; told in a summary",
}


_TO = {
    "alert": "the alert channel",
    "ops": "the ops channel",
    "operators": "the operators",
    "operator": "an operator",
    "member": "the member",
}


def _telling(each: Telling, terms: Terms) -> Sentence:
    to = _TO.get(each.destination.partition(":")[0], each.destination.partition(":")[2])
    if each.state is State.SENT and each.at is not None and each.ts is not None:
        address = f"{ARCHIVES}{each.channel}/p{each.ts.replace('.', '')}"
        return Sentence(f"to {to}: told {wording.moment(each.at, terms.zone)}", address, within=True)
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
        "quiet": [{"where": audience, "until": wording.utc(until)} for audience, until in found.quiet],
        "steps": [_step_document(step) for step in found.steps],
    }


def _step_document(step: Explained) -> dict[str, Any]:
    return {
        "step": step.step,
        "at": wording.utc(step.at),
        "spend_usd": usd_text(step.spend_nanos),
        "limit_usd": usd_text(step.limit_nanos),
        "reason": step.reason or (SNOOZED if step.waiting else None),
        "waiting": list(step.waiting),
        "left_out": [{"where": audience, "why": why} for audience, why in step.left_out],
        "messages": [
            {
                "to": each.destination,
                "state": each.state.value,
                "at": None if each.at is None else wording.utc(each.at),
                "channel": each.channel,
                "ts": each.ts,
                "why": each.why or None,
            }
            for each in step.tellings
        ],
    }
