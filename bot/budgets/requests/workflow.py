"""Budget requests: made by members, decided upon by operators, with all that follows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.keys import BudgetTopic, DecidedKey, RequestKey, RequestTopic
from bot.budgets.limits.revision_store import LimitSetting, is_changed_since
from bot.budgets.limits.store import limits
from bot.budgets.periods import budget_period
from bot.budgets.requests.store import (
    BudgetRequest,
    NewRequest,
    Outcome,
    RequestState,
    budget_request,
    insert_request,
    mark_decided,
    replace_open_request,
)
from bot.domain.access import RefusedError
from bot.outbox.destinations import OperatorsDestination, UserDestination
from bot.outbox.live_store import request_edits
from bot.outbox.store import NewNotification, enqueue
from bot.people.rate_limit import charge_rate_limit


def request_budget(connection: Connection, request: NewRequest, now: datetime) -> int:
    """Store a request and enqueue it for the operators. Returns its id.

    It replaces the member's open request for that unit, whose message is then edited.

    Raises:
        RefusedError: whoever asks has sent too much within the hour.
    """
    charge_rate_limit(connection, request.by, now)
    open_request = replace_open_request(connection, request, now)
    if open_request is not None:
        request_edits(connection, [RequestTopic(open_request)])
        return open_request
    id_ = insert_request(connection, request, now)
    new = NewNotification(RequestKey(id_), OperatorsDestination(), RequestTopic(id_), urgent=False)
    enqueue(connection, [new], now)
    return id_


@dataclass(frozen=True, slots=True)
class RequestDecision:
    """What an operator decides upon a request, and why they decline it, if they say so.

    `version` is the one they have seen, empty if that is unknown.
    """

    request: int
    approve: bool
    by: str
    version: str = ""
    reason: str | None = None


def decide_request(
    connection: Connection, evaluator: BudgetEvaluator, decision: RequestDecision, now: datetime
) -> BudgetRequest | None:
    """Approve or decline a request, once. Returns it as it was before, None if there is no such request.

    Raises:
        RefusedError: the request has changed, its days are over, or to approve it would lower a limit that
            was set since.
    """
    request = budget_request(connection, decision.request)
    if request is None or request.state is not RequestState.OPEN:
        return request
    if decision.version and decision.version != request.version:
        limit = budget_formatting.limit_of(request.nanos, request.unit)
        raise RefusedError(f"This request was changed to {limit}, so nothing was done. Check it and try again.")
    if decision.approve:
        _set_limit(connection, evaluator, request, decision.by, now)
    state = RequestState.APPROVED if decision.approve else RequestState.DECLINED
    mark_decided(connection, request.id, Outcome(state, decision.by, decision.reason), now)
    request_edits(connection, [RequestTopic(request.id)])
    new = NewNotification(DecidedKey(request.id), UserDestination(request.asked_by), urgent=False)
    enqueue(connection, [new], now)
    period = budget_period(request.unit, now, evaluator.policy.zone)
    request_edits(connection, [BudgetTopic.of(request.member, period)])
    return request


def _set_limit(
    connection: Connection, evaluator: BudgetEvaluator, request: BudgetRequest, by: str, now: datetime
) -> None:
    """Set the requested limit. Raises RefusedError if its days are over, or it would lower another."""
    if request.ends_at is not None and request.ends_at <= now:
        raise RefusedError("The requested days are over. Decline the request, or set a new limit.")
    evaluator.due_work.apply_due(connection, now)
    _refuse_lowering(connection, evaluator, request, now)
    setting = LimitSetting(request.member, request.unit, request.nanos, by, request.reason, request.ends_at)
    evaluator.set_limit(connection, setting, now)


def _refuse_lowering(connection: Connection, evaluator: BudgetEvaluator, request: BudgetRequest, now: datetime) -> None:
    """Raise RefusedError if the limit was changed since the request was made, to more than is requested."""
    case = (request.member, budget_period(request.unit, now, evaluator.policy.zone))
    present = limits(connection, [case], now).get(case)
    if present is None or present.nanos <= request.nanos:
        return
    if is_changed_since(connection, present.revision, request.asked_at, now):
        limit, less = (budget_formatting.limit_of(nanos, request.unit) for nanos in (present.nanos, request.nanos))
        raise RefusedError(
            f"The limit is {limit} by now, so approving would lower it to {less}. Decline the request, or type `budget`"
            " to set a lower limit."
        )
