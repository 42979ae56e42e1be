"""The store of budgets: limits in force and their history, what was spent against them, and the steps passed."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.budgets.keys import CrossingKey, RequestTopic
from bot.budgets.rules import (
    DEFAULT,
    TEAM,
    UNITS,
    Audience,
    BudgetLimit,
    BudgetPeriod,
    CrossingDecision,
    audiences,
    operator_audience,
    operator_of,
)
from bot.database.reader import plain_rows
from bot.domain.periods import Unit
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, optional_from_us, optional_to_us, to_us
from bot.ledger import quarter_hour_totals
from bot.ledger.spend import spend_column
from bot.outbox.destinations import OperatorDestination
from bot.outbox.queries import is_enqueued, is_left_unsaid

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reads


Case = tuple[int, BudgetPeriod]  # a subject and a period of its budget


def by_span(cases: Iterable[Case]) -> dict[BudgetPeriod, list[int]]:
    """The subjects of each period."""
    found: dict[BudgetPeriod, list[int]] = defaultdict(list)
    for subject, span in cases:
        found[span].append(subject)
    return found


# --- limits --------------------------------------------------------------------------------------


def limits(connection: "Reads", cases: Collection[Case], now: datetime) -> dict[Case, BudgetLimit]:
    """The limit of each case that has one: in force now, or (for a period that is over) at its end."""
    found: dict[Case, BudgetLimit] = {}
    nobody = _unattributed(connection)
    for span, subjects in by_span(cases).items():
        by_scope = (_present if now < span.window.end else _at_the_end)(connection, span, {*subjects, DEFAULT})
        for subject in subjects:
            limit = by_scope.get(subject)
            if limit is None and subject not in {TEAM, nobody}:
                limit = by_scope.get(DEFAULT)
            if limit is not None:
                found[subject, span] = limit
    return found


def _present(connection: "Reads", period: BudgetPeriod, scopes: Collection[int]) -> dict[int, BudgetLimit]:
    rows = plain_rows(
        connection,
        "SELECT b.scope, b.revision, b.limit_nanos, b.ends_at FROM json_each(?) j"
        " CROSS JOIN budget b ON b.scope = j.value AND b.unit = ? WHERE b.limit_nanos IS NOT NULL",
        (json.dumps(list(scopes)), period.unit),
    )
    return {scope: _limit(scope, revision, nanos, ends_at) for scope, revision, nanos, ends_at in rows}


def _at_the_end(connection: "Reads", period: BudgetPeriod, scopes: Collection[int]) -> dict[int, BudgetLimit]:
    end = to_us(period.window.end)
    rows = connection.exec_driver_sql(
        "SELECT b.scope, r.id, r.limit_nanos, r.ends_at FROM json_each(?) j"
        " CROSS JOIN budget b ON b.scope = j.value AND b.unit = ? JOIN budget_revision r ON r.id ="
        " (SELECT max(e.id) FROM budget_revision e WHERE e.budget = b.id AND e.set_at < ?"
        "  AND (e.ends_at IS NULL OR e.ends_at >= ?)) WHERE r.limit_nanos IS NOT NULL",
        (json.dumps(list(scopes)), period.unit, end, end),
    )
    return {scope: _limit(scope, revision, nanos, ends_at) for scope, revision, nanos, ends_at in rows.all()}


def _limit(scope: int, revision: int, nanos: int, ends_at: int | None) -> BudgetLimit:
    return BudgetLimit(revision, nanos, scope, optional_from_us(ends_at))


def _unattributed(connection: "Reads") -> int | None:
    """The member that stands for nobody, whom no default is for."""
    found = plain_rows(connection, "SELECT id FROM member WHERE email = ''")
    return found[0][0] if found else None


def any_budget(connection: "Reads") -> set[Unit]:
    """The units that there are limits for."""
    rows = plain_rows(
        connection,
        "SELECT j.value FROM json_each(?) j"
        " WHERE EXISTS (SELECT 1 FROM budget WHERE unit = j.value AND limit_nanos IS NOT NULL)",
        (json.dumps(UNITS),),
    )
    return {Unit(row[0]) for row in rows}


@dataclass(frozen=True, slots=True)
class StoredBudget:
    """A budget as it stands; `limit_nanos` is None if it was removed."""

    id: int
    scope: int
    unit: Unit
    revision: int
    limit_nanos: int | None
    ends_at: datetime | None


def stored_budget(connection: "Reads", scope: int, unit: Unit) -> StoredBudget | None:
    """A budget by its identity."""
    row = connection.exec_driver_sql(f"{_STORED} WHERE scope = ? AND unit = ?", (scope, unit)).first()
    return _stored(row) if row else None


def ended(connection: "Connection", now: datetime) -> list[StoredBudget]:
    """The budgets whose limit for a while is over."""
    return [_stored(row) for row in plain_rows(connection, f"{_STORED} WHERE ends_at <= ?", (to_us(now),))]


def astray(connection: "Connection", now: datetime) -> list[StoredBudget]:
    """The budgets whose newest limit that has not ended is not in force: a clock that ran ahead had ended it."""
    rows = connection.exec_driver_sql(
        f"{_STORED} WHERE revision < (SELECT max(id) FROM budget_revision r"  # noqa: S608 - our own words
        " WHERE r.budget = budget.id AND (r.ends_at IS NULL OR r.ends_at > ?))",
        (to_us(now),),
    )
    return [_stored(row) for row in rows]


_STORED = "SELECT id, scope, unit, revision, limit_nanos, ends_at FROM budget"


def _stored(row: Sequence[Any]) -> StoredBudget:
    key, scope, unit, revision, nanos, ends_at = row
    return StoredBudget(key, scope, Unit(unit), revision, nanos, optional_from_us(ends_at))


@dataclass(frozen=True, slots=True)
class LimitSetting:
    """A limit that somebody sets: None removes it; `by` is a Slack id, or `terminal`."""

    scope: int
    unit: Unit
    nanos: int | None
    by: str
    reason: str | None = None
    ends_at: datetime | None = None


def write(connection: "Connection", setting: LimitSetting, now: datetime) -> int:
    """Keep a limit as the newest revision; returns the revision's key."""
    before = stored_budget(connection, setting.scope, setting.unit)
    if before is None:
        connection.exec_driver_sql(
            "INSERT INTO budget (scope, unit, revision) VALUES (?,?,0)", (setting.scope, setting.unit)
        )
        before = stored_budget(connection, setting.scope, setting.unit)
        assert before is not None  # noqa: S101 - just written
    ends_at = optional_to_us(setting.ends_at)
    revision = connection.exec_driver_sql(
        "INSERT INTO budget_revision (budget, limit_nanos, ends_at, before_nanos, set_at, set_by, reason)"
        " VALUES (?,?,?,?,?,?,?)",
        (before.id, setting.nanos, ends_at, before.limit_nanos, to_us(now), setting.by, setting.reason),
    ).lastrowid
    point_to(connection, before.id, int(revision), setting.nanos, ends_at)
    return int(revision)


def restore(connection: "Connection", budget: StoredBudget, now: datetime) -> int:
    """Put the newest revision in force that has not ended, such as the one before a limit for a while.

    Returns:
        The key of the revision that is in force now.
    """
    revision, nanos, ends_at = _newest(connection, budget.id, now) or (budget.revision, None, None)
    point_to(connection, budget.id, revision, nanos, ends_at)
    return int(revision)


def following(connection: "Connection", budget: StoredBudget) -> int | None:
    """The limit of a budget that is for a while, in nanos, that holds after its end; None if there is none."""
    found = None if budget.ends_at is None else _newest(connection, budget.id, budget.ends_at)
    return None if found is None else found[1]


def _newest(connection: "Connection", budget: int, now: datetime) -> Sequence[Any] | None:
    """A budget's newest revision that has not ended: its key, limit, and end."""
    return connection.exec_driver_sql(
        "SELECT id, limit_nanos, ends_at FROM budget_revision WHERE budget = ? AND (ends_at IS NULL OR ends_at > ?)"
        " ORDER BY id DESC LIMIT 1",
        (budget, to_us(now)),
    ).first()


def changed_since(connection: "Connection", revision: int, moment: datetime, now: datetime) -> bool:
    """Whether since a moment the budget of a revision was set, or a limit of it for a while has ended."""
    row = connection.exec_driver_sql(
        "SELECT 1 FROM budget_revision WHERE budget = (SELECT budget FROM budget_revision WHERE id = ?)"
        " AND (set_at >= ? OR (ends_at > ? AND ends_at <= ?))",
        (revision, to_us(moment), to_us(moment), to_us(now)),
    ).first()
    return row is not None


def open_requests(connection: "Connection", scope: int, unit: Unit) -> list[RequestTopic]:
    """Return the topics of requests that are not decided yet, and that a scope's limit concerns."""
    rows = connection.exec_driver_sql(
        "SELECT id FROM budget_request WHERE state = 'open' AND unit = ? AND (member = ? OR ? = ?)",
        (unit, scope, scope, DEFAULT),
    )
    return [RequestTopic(key) for (key,) in rows]


def point_to(connection: "Connection", budget: int, revision: int, nanos: int | None, ends_at: int | None) -> None:
    """Make a revision a budget's present one."""
    connection.exec_driver_sql(
        "UPDATE budget SET revision = ?, limit_nanos = ?, ends_at = ? WHERE id = ?", (revision, nanos, ends_at, budget)
    )


# --- spend ---------------------------------------------------------------------------------------


def spends(connection: "Reads", cases: Iterable[Case], basis: SpendBasis) -> dict[Case, int]:
    """What each case has spent, in nanos."""
    amount = spend_column(basis)
    # as a scalar subquery each is one short range of an index; a join was 35 times slower
    sql = f"""SELECT j.value, coalesce((SELECT sum({amount}) FROM charge c
WHERE c.member = j.value AND c.booked_at >= ? AND c.booked_at < ?), 0) FROM json_each(?) j"""  # noqa: S608 - one of two sums
    found: dict[Case, int] = {}
    for span, subjects in by_span(cases).items():
        low, high = to_us(span.window.start), to_us(span.window.end)
        members = [subject for subject in subjects if subject != TEAM]
        if members:
            rows = plain_rows(connection, sql, (low, high, json.dumps(members)))
            found |= {(member, span): spent for member, spent in rows}
        if len(members) < len(subjects):
            found[TEAM, span] = basis.spend(*quarter_hour_totals.between(connection, low, high))
    return found


def spenders(connection: "Reads", period: BudgetPeriod) -> list[int]:
    """The members with charges in a period."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT member FROM charge WHERE booked_at >= ? AND booked_at < ?",
        (to_us(period.window.start), to_us(period.window.end)),
    )
    return [row[0] for row in rows.all()]


# --- steps passed --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewCrossing:
    """Steps that a subject has passed now, and what is made of each."""

    subject: int
    span: BudgetPeriod
    limit: BudgetLimit
    spend_nanos: int
    decisions: Mapping[int, CrossingDecision]


def known(connection: "Connection", reached: Mapping[Case, BudgetLimit]) -> dict[Case, list[int]]:
    """The steps recorded already, of those cases and the revisions of their limits."""
    found: dict[Case, list[int]] = defaultdict(list)
    for span, subjects in by_span(reached).items():
        of_span = {subject: reached[subject, span].revision for subject in subjects}
        rows = plain_rows(
            connection,
            "SELECT x.subject, x.step, x.revision FROM json_each(?) j"
            " CROSS JOIN crossing x ON x.subject = j.value AND x.unit = ? AND x.period = ?",
            (json.dumps(list(of_span)), span.unit, span.label),
        )
        for subject, step, revision in rows:
            if of_span[subject] == revision:
                found[subject, span].append(step)
    return found


def arm_again(connection: "Connection", limits_: Mapping[Case, BudgetLimit]) -> None:
    """Forget the steps of limits that come back into force which nobody heard of because they were replaced."""
    if not limits_:
        return
    connection.exec_driver_sql(
        "DELETE FROM crossing WHERE subject = ? AND unit = ? AND period = ? AND revision = ? AND decision = ?",
        [
            (subject, span.unit, span.label, limit.revision, CrossingDecision.REPLACED.name)
            for (subject, span), limit in limits_.items()
        ],
    )


def subjects_told(connection: "Connection", period: BudgetPeriod) -> list[int]:
    """The subjects with a step passed in a period."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT subject FROM crossing WHERE unit = ? AND period = ?", (period.unit, period.label)
    )
    return [row[0] for row in rows.all()]


def record(
    connection: "Connection",
    passings: Sequence[NewCrossing],
    deferred: Mapping[tuple[int, Unit], str],
    now: datetime,
) -> list[tuple[int, NewCrossing, int]]:
    """Keep steps that were passed.

    Returns:
        The key, the passing and the step of each that is to be told.
    """
    sql = "SELECT (SELECT coalesce(max(id), 0) + 1 FROM crossing), (SELECT coalesce(max(id), 0) FROM charge)"
    following, last = plain_rows(connection, sql)[0]
    rows, to_tell = [], []
    for each in passings:
        late, quiet = now >= each.span.window.end, deferred.get((each.subject, each.span.unit), "").split()
        for step, decision in sorted(each.decisions.items()):
            told = decision is CrossingDecision.TOLD
            waiting = [name for name in quiet if name in audiences(each.subject, step)] if told else []
            rows.append(
                (
                    following, each.subject, each.span.unit, each.span.label, each.limit.revision, step,
                    each.limit.nanos, each.spend_nanos, to_us(now), last, late, decision.name, " ".join(waiting),
                )
            )  # fmt: skip
            if told:
                to_tell.append((following, each, step))
            following += 1
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO crossing (id, subject, unit, period, revision, step, limit_nanos, spend_nanos, crossed_at,"
            " last_charge, late, decision, deferred) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            rows,
        )
    return to_tell


# --- snoozes -------------------------------------------------------------------------------------


# whatever was asked for at a moment that is still to come was asked for by a clock that ran ahead: it means nothing now
SNOOZED = "until > :now AND set_at <= :now + 60000000"


def snoozed(connection: "Reads", now: datetime) -> dict[tuple[int, Unit], str]:
    """The audiences that are left in quiet now, by subject and unit."""
    found: dict[tuple[int, Unit], list[str]] = defaultdict(list)
    rows = plain_rows(
        connection,
        "SELECT subject, unit, audience FROM snooze WHERE until > ?1 AND set_at <= ?1 + 60000000 ORDER BY audience",
        (to_us(now),),
    )
    for subject, unit, audience in rows:
        found[subject, Unit(unit)].append(audience)
    return {case: " ".join(sorted(names)) for case, names in found.items()}


@dataclass(frozen=True, slots=True)
class Ended:
    """A snooze that is over."""

    id: int
    subject: int
    unit: Unit
    audience: str  # one of Audience, or an operator's
    until: datetime


def snoozes_ended(connection: "Connection", now: datetime) -> list[Ended]:
    """The snoozes that are over."""
    rows = plain_rows(
        connection,
        "SELECT id, subject, unit, audience, until FROM snooze WHERE NOT (until > ?1 AND set_at <= ?1 + 60000000)",
        (to_us(now),),
    )
    return [Ended(key, subject, Unit(unit), audience, from_us(until)) for key, subject, unit, audience, until in rows]


@dataclass(frozen=True, slots=True)
class Tellable:
    """A period of which it can still be told that a step was passed: its label, the revision in force, its end."""

    label: str
    revision: int | None
    end: datetime


def is_left_alone(reads: "Reads", subject: int, unit: str, operator: str, now: datetime) -> bool:
    """Whether an operator asked for quiet about a subject's budget in their own direct messages."""
    row = reads.exec_driver_sql(
        "SELECT 1 FROM snooze WHERE subject = ? AND unit = ? AND audience = ? AND until > ? AND set_at <= ? + 60000000",
        (subject, unit, operator_audience(operator), to_us(now), to_us(now)),
    ).first()
    return row is not None


def release_operator(connection: "Connection", ended_: Ended, period: Tellable) -> int | None:
    """End an operator's snooze; returns the key of the highest crossing of a period that it kept from them."""
    connection.exec_driver_sql("DELETE FROM snooze WHERE id = ?", (ended_.id,))
    rows = connection.exec_driver_sql(
        "SELECT id FROM crossing WHERE subject = ? AND unit = ? AND period = ? AND revision = ? AND (late OR ?)"
        " ORDER BY step DESC",
        (ended_.subject, ended_.unit, period.label, period.revision, ended_.until != period.end),
    ).all()
    operator = OperatorDestination(operator_of(ended_.audience) or "")
    return next((key for (key,) in rows if is_left_unsaid(connection, CrossingKey(key), operator)), None)


def release(connection: "Connection", ended_: Ended, periods: Sequence[Tellable]) -> dict[str, tuple[int, int]]:
    """End a snooze: what it deferred is no longer.

    Of a period that has ended it is told what came late, and all if quiet was asked for beyond its end: who asked for
    it until the period ends wants to hear no more of that.

    Args:
        connection: a transaction of the ledger's.
        ended_: the snooze.
        periods: those of which it can still be told.

    Returns:
        By period, the key and step of the highest crossing that is now to be told.
    """
    connection.exec_driver_sql("DELETE FROM snooze WHERE id = ?", (ended_.id,))
    waited = connection.exec_driver_sql(
        "SELECT id, step, period, revision, late, deferred FROM crossing WHERE subject = ? AND unit = ?"
        " AND deferred <> '' AND instr(' ' || deferred || ' ', ' ' || ? || ' ') ORDER BY step",
        (ended_.subject, ended_.unit, ended_.audience),
    ).all()
    open_ = {each.label: each for each in periods}
    highest: dict[str, tuple[int, int]] = {}
    for key, step, period, of, late, _ in waited:
        if (each := open_.get(period)) and of == each.revision and (late or ended_.until != each.end):
            highest[period] = key, step
    for key, _, period, of, _, deferred in waited:
        left = [each for each in deferred.split() if each != ended_.audience]
        if highest.get(period, (None,))[0] == key:
            _defer(connection, key, left)
            continue
        why = _why_left_out(open_.get(period), of, ended_)
        _defer(connection, key, [*left, f"{ended_.audience}:{why.name}"])
        if not set(left) & set(Audience):
            _tell_nobody(connection, key, why)
    return highest


def _why_left_out(period: Tellable | None, revision: int, ended_: Ended) -> CrossingDecision:
    if period is None or ended_.until == period.end:
        return CrossingDecision.DROPPED
    return CrossingDecision.LOWER if revision == period.revision else CrossingDecision.REPLACED


def _defer(connection: "Connection", crossing: int, deferred: Sequence[str]) -> None:
    connection.exec_driver_sql("UPDATE crossing SET deferred = ? WHERE id = ?", (" ".join(deferred), crossing))


def _tell_nobody(connection: "Connection", crossing: int, why: CrossingDecision) -> None:
    """A crossing that nobody waits for any more was told to nobody, unless somebody else has been told of it."""
    if not is_enqueued(connection, CrossingKey(crossing)):
        connection.exec_driver_sql("UPDATE crossing SET decision = ? WHERE id = ?", (why.name, crossing))


def snooze(  # noqa: PLR0917 - what there is to keep
    connection: "Connection", subject: int, unit: Unit, audience: str, until: datetime, by: str,
    reason: str | None, now: datetime,
) -> None:  # fmt: skip
    """Keep quiet about a subject's budget to an audience until then."""
    connection.exec_driver_sql(
        "INSERT INTO snooze (subject, unit, audience, until, set_by, set_at, reason) VALUES (?,?,?,?,?,?,?)"
        " ON CONFLICT (subject, unit, audience) DO UPDATE SET until = excluded.until, set_by = excluded.set_by,"
        " set_at = excluded.set_at, reason = excluded.reason",
        (subject, unit, audience, to_us(until), by, to_us(now), reason),
    )


# --- what lasts ----------------------------------------------------------------------------------


def open_topics(reads: "Reads") -> list[RequestTopic]:
    """Return the topics whose live messages will still change, whenever that is: of requests not decided yet."""
    rows = reads.exec_driver_sql("SELECT id FROM budget_request WHERE state = 'open' ORDER BY id")
    return [RequestTopic(key) for (key,) in rows.all()]
