"""The facts of a subject's budget in a period: spend against its limit, the pace, what drove it, what people did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.budgets import store
from bot.budgets.evaluator import BudgetPolicy
from bot.budgets.pace import NOTHING_TO_TELL, Pace, paces
from bot.budgets.rules import DEFAULT, TEAM, BudgetLimit, BudgetPeriod, named_period, percent
from bot.database.reader import Reader
from bot.domain.periods import Unit
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.ledger.freshness import freshness
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.spend import spend_column

_TOP = 3  # tasks and models that are named
_MOVED = "a task that was moved"  # it was charged to the member, and has become somebody else's


@dataclass(frozen=True, slots=True)
class Driver:
    """A task or model and what it added, in nanos."""

    name: str
    nanos: int


@dataclass(frozen=True, slots=True)
class Cause:
    """What moved since a step before (or the period's start): the amount in all, and its dearest tasks and models."""

    since: int | None  # the step
    nanos: int
    tasks: tuple[Driver, ...]
    models: tuple[Driver, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did about a budget; `by` is a Slack id, or `terminal`."""

    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LimitAct:
    """A limit that was set."""

    nanos: int | None
    before_nanos: int | None
    scope: int
    act: Act
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was passed: when, at what spend, under which limit, and how that came to be told."""

    id: int
    step: int
    limit_nanos: int
    spend_nanos: int
    at: datetime
    late: bool
    last_charge: int


@dataclass(frozen=True, slots=True)
class BudgetFacts:
    """A subject's budget in a period. `email` is None for the team; `limit` is None once it was removed."""

    subject: int
    email: str | None
    span: BudgetPeriod
    spend_nanos: int
    limit: BudgetLimit | None
    over: bool  # the period has ended
    set_by: LimitAct | None
    steps: tuple[Step, ...]
    cause: Cause
    acknowledged: Act | None
    snoozed: tuple[tuple[str, datetime, str], ...]  # audience, until, by
    pace: Pace
    as_of: datetime | None

    @property
    def percent(self) -> int:
        """How much of the limit is used."""
        return percent(self.spend_nanos, self.limit.nanos) if self.limit else 0


def budget_facts(
    reader: Reader, subject: int, period: BudgetPeriod, policy: BudgetPolicy, now: datetime
) -> BudgetFacts:
    """Look at a subject's budget as it is now, in one snapshot."""
    with reader:
        case = (subject, period)
        limit = store.limits(reader, [case], now).get(case)
        spend = store.spends(reader, [case], policy.basis)[case]
        steps = tuple(_steps(reader, subject, period))
        acknowledged = reader.one(
            "SELECT by, at FROM acknowledgement WHERE subject = :s AND unit = :u AND period = :p",
            {"s": subject, "u": period.unit, "p": period.label},
        )
        quiet = reader.rows(
            f"SELECT audience, until, set_by FROM snooze WHERE {store.SNOOZED} AND subject = :s AND unit = :u"  # noqa: S608 - our own
            " ORDER BY 1",
            {"s": subject, "u": period.unit, "now": to_us(now)},
        )
        return BudgetFacts(
            subject=subject,
            email=email_of(reader, subject),
            span=period,
            spend_nanos=spend,
            limit=limit,
            over=now >= period.window.end,
            set_by=_set_by(reader, limit),
            steps=steps,
            cause=_cause(reader, (subject, period), policy.basis, steps),
            acknowledged=Act(acknowledged[0], from_us(acknowledged[1])) if acknowledged else None,
            snoozed=tuple((audience, from_us(until), by) for audience, until, by in quiet),
            pace=pace_of(reader, case, limit, spend, policy, now),
            as_of=freshness(reader, now).as_of,
        )


def pace_of(  # noqa: PLR0917 - what a pace is told from
    reader: Reader, case: store.Case, limit: BudgetLimit | None, spend_nanos: int, policy: BudgetPolicy, now: datetime
) -> Pace:
    """The pace of one case, if there is a limit to compare it with and its period is going on."""
    if limit is None or now >= case[1].window.end:
        return NOTHING_TO_TELL
    return paces(reader, {case: limit}, {case: spend_nanos}, policy, now)[case]


def email_of(reader: Reader, subject: int) -> str | None:
    """Whose budget it is; None for the team."""
    if subject in {TEAM, DEFAULT}:
        return None
    row = reader.one("SELECT email FROM member WHERE id = :id", {"id": subject})
    return (row[0] if row else "") or "unattributed"


def _set_by(reader: Reader, limit: BudgetLimit | None) -> LimitAct | None:
    return None if limit is None else revision(reader, limit.revision)


def revision(reader: Reader, key: int) -> LimitAct | None:
    """A limit that was set, by its revision's key."""
    row = reader.one(
        "SELECT r.limit_nanos, r.before_nanos, b.scope, r.set_by, r.set_at, r.reason, r.ends_at"
        " FROM budget_revision r JOIN budget b ON b.id = r.budget WHERE r.id = :key",
        {"key": key},
    )
    if row is None:
        return None
    nanos, before, scope, by, at, reason, ends_at = row
    return LimitAct(nanos, before, scope, Act(by, from_us(at), reason), optional_from_us(ends_at))


def _steps(reader: Reader, subject: int, period: BudgetPeriod) -> Sequence[Step]:
    rows = reader.rows(
        "SELECT id, step, limit_nanos, spend_nanos, crossed_at, late, last_charge FROM crossing"
        " WHERE subject = :s AND unit = :u AND period = :p AND decision = 'TOLD' ORDER BY id",
        {"s": subject, "u": period.unit, "p": period.label},
    )
    return [
        Step(i, step, limit, spend, from_us(at), bool(late), last) for i, step, limit, spend, at, late, last in rows
    ]


# --- the cause -----------------------------------------------------------------------------------


def step_told(reader: Reader, crossing: int, policy: BudgetPolicy) -> tuple[BudgetPeriod, Step, Cause] | None:
    """A step that was told, in its period, and what moved since the one before it; None if it is not there any more."""
    with reader:
        row = reader.one("SELECT subject, unit, period FROM crossing WHERE id = :id", {"id": crossing})
        if row is None:
            return None
        subject, span = row[0], named_period(Unit(row[1]), row[2], policy.zone)
        steps = [step for step in _steps(reader, subject, span) if step.id <= crossing]
        if not steps:
            return None
        return span, steps[-1], _cause(reader, (subject, span), policy.basis, steps, steps[-1].last_charge)


_NOW = 2**62  # above the key of any charge


def _cause(reader: Reader, case: store.Case, basis: SpendBasis, steps: Sequence[Step], upto: int = _NOW) -> Cause:
    """What moved since the step before the last (or the period's start), up to a charge, by its key."""
    subject, span = case
    before = steps[-2] if len(steps) > 1 else None
    amount = spend_column(basis)
    scope = EVERYTHING if subject == TEAM else Scope(subject)
    whose = "" if subject == TEAM else "c.member = :subject AND "
    within = f"""FROM charge c WHERE {whose}c.booked_at >= :low AND c.booked_at < :high
AND c.id > :after AND c.id <= :upto"""
    values: dict[str, Any] = {
        "subject": subject,
        "low": to_us(span.window.start),
        "high": to_us(span.window.end),
        "after": before.last_charge if before else 0,
        "upto": upto,
        "top": _TOP,
    }
    total = reader.rows(f"SELECT coalesce(sum({amount}), 0) {within}", values)[0][0]
    tasks = reader.rows(
        f"""
SELECT iif({scope.owns("t")}, coalesce(d.title, t.task_id), '{_MOVED}'), s.nanos
FROM (SELECT c.task, sum({amount}) AS nanos {within} GROUP BY c.task ORDER BY 2 DESC, c.task LIMIT :top) s
JOIN task t ON t.id = s.task JOIN task_detail d ON d.task = t.id
WHERE s.nanos > 0 ORDER BY 2 DESC, 1""",  # noqa: S608 - values are bound
        values,
    )
    models = reader.rows(
        f"""SELECT t.model, sum(s.nanos) FROM (SELECT c.task, sum({amount}) AS nanos {within} GROUP BY c.task) s
JOIN {scope.tasks} t ON t.id = s.task GROUP BY t.model HAVING sum(s.nanos) > 0 ORDER BY 2 DESC, 1 LIMIT :top""",  # noqa: S608 - values are bound
        values,
    )
    return Cause(
        before.step if before else None,
        total,
        tuple(Driver(*row) for row in tasks),
        tuple(Driver(*row) for row in models),
    )
