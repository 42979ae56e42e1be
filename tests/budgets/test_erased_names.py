"""Budgets of models that are named after somebody: after the erasure they count the same tasks, and name nobody."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import Connection, text

from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.keys import LimitKey
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.periods import PeriodName
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM
from bot.budgets.upkeep.person import erase_budgets, exported_budgets
from bot.domain.narrowing import TaskNarrowing
from bot.domain.periods import Unit
from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.tasks import Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.erasure import erase_member, person_of, rows_naming
from bot.ledger.members import ensure_members
from bot.ledger.passes.coverage import ALL_TIME
from bot.outbox.destinations import AlertDestination
from bot.outbox.store import NewNotification, enqueue
from tests.support.bookings import ANA, BOB, NOW

HERS, HIS = f"ft-{ANA}", f"ft-{BOB}"
TASK = Task(
    task_id="one", model=HERS, status="completed", created_at=NOW - timedelta(hours=1), email="eve@acme.dev",
    neo_credits=Decimal(0),
)  # fmt: skip
BUDGETS = text("SELECT narrowing, limit_nanos / 1000000000 FROM budget ORDER BY id")
CROSSED = text("SELECT period, step FROM crossing WHERE decision = 'TOLD' ORDER BY id")
NAMED = 'model:"ft-removed member"'
EVALUATOR = BudgetEvaluator(BudgetPolicy(ZoneInfo("UTC"), SpendBasis.TOTAL))
RECORDED = (
    """INSERT INTO acknowledgement (subject, unit, period, "by", at)
    SELECT subject, unit, period, 'U1', 1 FROM crossing WHERE step = 80""",
    """INSERT INTO forecast_alert (subject, period, alerted_at, outlook)
    SELECT subject, period, 1, 'holds' FROM crossing WHERE step = 80""",
)
COLUMNS = (
    "budget.narrowing", "narrowed_quarter.narrowing", "narrowed_subject.narrowing", "crossing.period",
    "acknowledgement.period", "forecast_alert.period", "living.thing", "notification.stem",
)  # fmt: skip


def limit(connection: Connection, scope: int, dollars: int, *models: str) -> None:
    narrowing = TaskNarrowing(tuple(sorted(models)))
    setting = LimitSetting(scope, Unit.MONTH, dollars * 10**9, "terminal", narrowing=narrowing)
    EVALUATOR.set_limit(connection, setting, NOW)


def spent(connection: Connection, neo_credits: int, model: str = HERS) -> None:
    """The task, of $10 a credit, is read as it is now."""
    policy = BookingPolicy(ByokUnit.CREDITS, observers=(EVALUATOR.record_booking,), read_before=(ALL_TIME,))
    task = msgspec.structs.replace(TASK, task_id=model, model=model, neo_credits=Decimal(neo_credits))
    book(connection, [task], policy, now=NOW)


def erase(connection: Connection, email: str) -> None:
    person = person_of(connection, email)
    erase_budgets(connection, person, NOW)
    erase_member(connection, person, rows_naming(connection, person))


def labels(connection: Connection) -> set[str]:
    """What stands in the columns that name what a budget counts."""
    return {
        value
        for table, name in (each.split(".") for each in COLUMNS)
        for value in connection.execute(text(f"SELECT {name} FROM {table}")).scalars()
    }


@pytest.mark.parametrize("scope", [TEAM, DEFAULT])
def test_it_goes_on_under_the_new_name_and_notifies_once_of_each_step(connection: Connection, scope: int) -> None:
    ensure_members(connection, [ANA])
    limit(connection, scope, 100, HERS, "opus")
    spent(connection, 8)
    before = connection.execute(CROSSED).all()
    assert len(before) == 1
    (subject,) = connection.execute(text("SELECT DISTINCT subject FROM crossing")).scalars()
    for statement in RECORDED:
        connection.execute(text(statement))
    key = LimitKey(1, PeriodName(Unit.MONTH, before[0].period))
    enqueue(connection, [NewNotification(key, AlertDestination())], NOW)
    assert len([each for each in labels(connection) if ANA in each]) == 4
    exported = exported_budgets(connection, person_of(connection, ANA))
    assert [each["text"] for each in exported["budget_mentions"]] == [f"model:{HERS},opus"]
    erase(connection, ANA)
    assert [each for each in labels(connection) if ANA in each] == []
    named = 'model:"ft-removed member",opus'
    period = f"2026-11 {named}"
    assert connection.execute(BUDGETS).all() == [(named, 100)]
    assert connection.execute(CROSSED).all() == [(period, 80)]
    for table in ("acknowledgement", "forecast_alert"):
        rows = connection.execute(text(f"SELECT subject, period FROM {table}")).all()
        assert rows == [(subject, period)]
    spent(connection, 9)
    assert connection.execute(CROSSED).all() == [(period, 80)]
    spent(connection, 11)
    assert connection.execute(CROSSED).all() == [(period, 80), (period, 100)]


def test_one_that_would_count_the_tasks_of_another_one_is_removed(connection: Connection) -> None:
    ensure_members(connection, [ANA, BOB])
    for model in (HERS, HIS):
        limit(connection, TEAM, 100, model)
        spent(connection, 8, model)
    erase(connection, ANA)
    erase(connection, BOB)
    first, second = connection.execute(BUDGETS).all()
    assert (tuple(first), second[1]) == ((NAMED, 100), None)
    assert [each for each in labels(connection) if ANA in each or BOB in each] == []
    spent(connection, 11)  # of the one model that both are now, $190
    assert [tuple(each)[1] for each in connection.execute(CROSSED).all()] == [80, 80, 150]


def test_one_of_other_models_is_left_as_it_is(connection: Connection) -> None:
    ensure_members(connection, [ANA])
    limit(connection, TEAM, 100, "opus")
    spent(connection, 8, "opus")
    before = labels(connection)
    erase(connection, ANA)
    assert labels(connection) == before
