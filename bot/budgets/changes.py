"""Changes: a limit set, removed, asked for or decided upon, in one transaction with all that follows from it."""

from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from bot.budgets import budget_formatting, store
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.grammar import BudgetInstruction
from bot.budgets.keys import BudgetTopic, DecidedKey, RequestKey, RequestTopic
from bot.budgets.rules import DEFAULT, TEAM, UNITS, budget_period
from bot.budgets.store import LimitSetting, StoredBudget
from bot.domain.access import RefusedError
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, optional_from_us, optional_to_us, to_us
from bot.ledger.members import member_ids, stored_email
from bot.outbox.destinations import OperatorsDestination, UserDestination
from bot.outbox.live_store import request_edits
from bot.outbox.store import NewNotification, enqueue
from bot.people import mentions
from bot.people.rate_limit import count_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from bot.database.reader import Reads


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """What a change came to: the budget before and after it, whose it is, and whether anything is different.

    `known` is False for a member without any task yet; `then_nanos` is the limit after one that is for a while.
    """

    scope: str
    unit: Unit
    before: StoredBudget | None
    after: StoredBudget | None
    known: bool = True
    then_nanos: int | None = None

    @property
    def same(self) -> bool:
        """Whether the limit was that already."""
        was = (self.before.limit_nanos, self.before.ends_at) if self.before else (None, None)
        return was == ((self.after.limit_nanos, self.after.ends_at) if self.after else (None, None))


def scope_of(connection: "Reads", name: str) -> int:
    """The scope of `default`, `team`, an e-mail, or the `@ana` that one begins with; for those who may name anybody.

    Raises:
        RefusedError: nobody of that e-mail or name is in the ledger.
    """
    if name.startswith("@"):
        name = mentions.email_of_name(connection, name)
    if name.lower() in {"default", "team"}:
        return DEFAULT if name.lower() == "default" else TEAM
    email = stored_email(name)
    row = connection.exec_driver_sql(
        "SELECT coalesce(merged_into, id) FROM member WHERE email = ? AND email <> ''", (email,)
    ).first()
    if row:
        return int(row[0])
    sql = "SELECT email FROM member WHERE email <> '' AND merged_into IS NULL ORDER BY email"
    everybody = [each[0] for each in connection.exec_driver_sql(sql).all()]
    close = get_close_matches(email, [*everybody, "team", "default"], n=1, cutoff=0.7)
    meant = f" Did you mean `{close[0]}`?" if close else " `neo-usage member list` shows who is."
    raise RefusedError(f"No task of `{name}` is in the ledger, so there is no such member.{meant}")


def _with_an_email(connection: "Connection", instruction: BudgetInstruction) -> BudgetInstruction:
    """The same with the e-mail of whom a name (`@ana`) means, which is what is said back."""
    named = (instruction.scope or "").startswith("@")
    return (
        replace(instruction, scope=mentions.email_of_name(connection, instruction.scope or ""))
        if named
        else instruction
    )


def set_limit(  # noqa: PLR0917 - what a change is made of
    connection: "Connection",
    evaluator: BudgetEvaluator,
    instruction: BudgetInstruction,
    by: str,
    now: datetime,
    expected: int | None = None,
) -> BudgetChange:
    """Set a limit.

    Args:
        connection: a transaction of the ledger's.
        evaluator: who sees to what follows.
        instruction: what is to be set, with a scope.
        by: a Slack id, or `terminal`.
        now: the moment.
        expected: the revision that whoever sets it has seen, if that is known.

    Raises:
        RefusedError: there is no such member, or somebody else has changed the budget meanwhile.
    """
    instruction = _with_an_email(connection, instruction)
    assert instruction.scope is not None and instruction.unit is not None  # noqa: S101, PT018 - the grammar sees to it
    if instruction.newcomer:
        member_ids(connection, [stored_email(instruction.scope)])
    scope = scope_of(connection, instruction.scope)
    evaluator.apply_due(connection, now)
    before = _in_force(connection, scope, instruction.unit)
    if expected is not None and expected != (before.revision if before else 0):
        raise RefusedError("Somebody has changed this budget meanwhile. Nothing was done: look at it again first.")
    done = BudgetChange(instruction.scope, instruction.unit, before, before)
    if before is None or (before.limit_nanos, before.ends_at) != (instruction.nanos, instruction.ends_at):
        evaluator.set(
            connection,
            LimitSetting(scope, instruction.unit, instruction.nanos, by, instruction.reason, instruction.ends_at),
            now,
        )
        done = replace(done, after=_in_force(connection, scope, instruction.unit))
    then = store.following(connection, done.after) if done.after else None
    return replace(done, known=_has_tasks(connection, scope), then_nanos=then)


def remove(
    connection: "Connection", evaluator: BudgetEvaluator, instruction: BudgetInstruction, by: str, now: datetime
) -> list[BudgetChange]:
    """Remove the budgets of a scope: of one period, or of all.

    Raises:
        RefusedError: there is none.
    """
    instruction = _with_an_email(connection, instruction)
    assert instruction.scope is not None  # noqa: S101 - the grammar sees to it
    scope = scope_of(connection, instruction.scope)
    evaluator.apply_due(connection, now)
    units: Sequence[Unit] = UNITS if instruction.unit is None else (instruction.unit,)
    found = [before for unit in units if (before := _in_force(connection, scope, unit))]
    if not found:
        which = f"{instruction.unit} budget" if instruction.unit else "budget"
        raise RefusedError(f"There is no {which} of `{instruction.scope}` to remove. `budgets` lists those there are.")
    for before in found:
        evaluator.set(connection, LimitSetting(scope, before.unit, None, by, instruction.reason), now)
    return [BudgetChange(instruction.scope, before.unit, before, None) for before in found]


def _in_force(connection: "Connection", scope: int, unit: Unit) -> StoredBudget | None:
    found = store.stored_budget(connection, scope, unit)
    return None if found is None or found.limit_nanos is None else found


def _has_tasks(connection: "Connection", scope: int) -> bool:
    if scope in {TEAM, DEFAULT}:
        return True
    return connection.exec_driver_sql("SELECT 1 FROM task WHERE member = ? LIMIT 1", (scope,)).first() is not None


# --- acknowledging and asking for more -----------------------------------------------------------


def acknowledge(connection: "Connection", name: str, by: str, now: datetime) -> tuple[str, datetime] | None:
    """Somebody has seen it; returns who had already, and when, if anybody."""
    topic = BudgetTopic.decode(name)
    key = (topic.subject, topic.unit, topic.label)
    row = connection.exec_driver_sql(
        "SELECT by, at FROM acknowledgement WHERE subject = ? AND unit = ? AND period = ?", key
    ).first()
    if row:
        return row[0], from_us(row[1])
    connection.exec_driver_sql(
        "INSERT INTO acknowledgement (subject, unit, period, by, at) VALUES (?,?,?,?,?)", (*key, by, to_us(now))
    )
    request_edits(connection, [topic])
    return None


@dataclass(frozen=True, slots=True)
class BudgetRequest:
    """A member's request: an own limit, and what became of it."""

    id: int
    member: int
    unit: Unit
    nanos: int
    ends_at: datetime | None
    reason: str | None
    asked_by: str
    asked_at: datetime
    state: str
    decided_by: str | None

    @property
    def version(self) -> str:
        """Which of the requests that were made in its place this is."""
        return str(to_us(self.asked_at))


def request_budget(
    connection: "Connection", member: int, instruction: BudgetInstruction, by: str, now: datetime
) -> int:
    """Keep a request and owe it to the operators; returns its key.

    A request for the same that is still open becomes this one: its message is edited, and no other one is sent.

    Raises:
        RefusedError: whoever asks has sent too much within the hour.
    """
    assert instruction.unit is not None  # noqa: S101 - the grammar sees to it
    count_message(connection, by, now)
    ends_at = optional_to_us(instruction.ends_at)
    wanted = (instruction.nanos, ends_at, instruction.reason, by, to_us(now), member, instruction.unit)
    open_ = connection.exec_driver_sql(
        "UPDATE budget_request SET limit_nanos = ?, ends_at = ?, reason = ?, asked_by = ?, asked_at = ?"
        " WHERE member = ? AND unit = ? AND state = 'open' RETURNING id",
        wanted,
    ).first()
    if open_ is not None:
        request_edits(connection, [RequestTopic(open_[0])])
        return int(open_[0])
    key = connection.exec_driver_sql(
        "INSERT INTO budget_request (limit_nanos, ends_at, reason, asked_by, asked_at, member, unit, state)"
        " VALUES (?,?,?,?,?,?,?,'open')",
        wanted,
    ).lastrowid
    new = NewNotification(RequestKey(key), OperatorsDestination(), RequestTopic(key), urgent=False)
    enqueue(connection, [new], now)
    return int(key)


def budget_request(connection: "Reads", key: int) -> BudgetRequest | None:
    """A request by its key."""
    row = connection.exec_driver_sql(
        "SELECT id, member, unit, limit_nanos, ends_at, reason, asked_by, asked_at, state, decided_by"
        " FROM budget_request"
        " WHERE id = ?",
        (key,),
    ).first()
    if row is None:
        return None
    key, member, unit, nanos, ends_at, reason, asked_by, asked_at, state, decided_by = row
    ends = optional_from_us(ends_at)
    return BudgetRequest(key, member, Unit(unit), nanos, ends, reason, asked_by, from_us(asked_at), state, decided_by)


def decide_request(
    connection: "Connection",
    evaluator: BudgetEvaluator,
    key: int,
    *,
    approve: bool,
    by: str,
    now: datetime,
    seen: str = "",
) -> BudgetRequest | None:
    """Approve or decline a request, once; returns it as it was before, None if there is no such one.

    `seen` is the version that whoever decides has seen (see `Wish`), if that is known.

    Raises:
        RefusedError: it is another request by now, what was asked for is over already, or it would lower a limit that
            was set since.
    """
    found = budget_request(connection, key)
    if found is None or found.state != "open":
        return found
    if seen and seen != found.version:
        limit = budget_formatting.limit_of(found.nanos, found.unit)
        raise RefusedError(f"Nothing was done: this request has changed meanwhile, to {limit}. Look at it again.")
    if approve:
        if found.ends_at is not None and found.ends_at <= now:
            raise RefusedError("The days it was asked for are over. Decline it, or set a new limit.")
        evaluator.apply_due(connection, now)
        _refuse_lowering(connection, evaluator, found, now)
        evaluator.set(
            connection, LimitSetting(found.member, found.unit, found.nanos, by, found.reason, found.ends_at), now
        )
    _decide(connection, key, "approved" if approve else "declined", by, now)
    new = NewNotification(DecidedKey(key), UserDestination(found.asked_by), urgent=False)
    enqueue(connection, [new], now)
    request_edits(connection, [BudgetTopic.of(found.member, budget_period(found.unit, now, evaluator.policy.zone))])
    return found


def _refuse_lowering(
    connection: "Connection", evaluator: BudgetEvaluator, asked_for: BudgetRequest, now: datetime
) -> None:
    """Refuse what was asked for under another limit, if it is less than the one in force now."""
    case = (asked_for.member, budget_period(asked_for.unit, now, evaluator.policy.zone))
    present = store.limits(connection, [case], now).get(case)
    if present is None or present.nanos <= asked_for.nanos:
        return
    if store.changed_since(connection, present.revision, asked_for.asked_at, now):
        limit, less = (budget_formatting.limit_of(nanos, asked_for.unit) for nanos in (present.nanos, asked_for.nanos))
        raise RefusedError(
            f"The limit has become {limit} since this was asked for: to approve would lower it to {less}. Decline it;"
            " if less is meant, set it with `budget`."
        )


def _decide(connection: "Connection", key: int, state: str, by: str, now: datetime) -> None:
    connection.exec_driver_sql(
        "UPDATE budget_request SET state = ?, decided_by = ?, decided_at = ? WHERE id = ?", (state, by, to_us(now), key)
    )
    request_edits(connection, [RequestTopic(key)])
