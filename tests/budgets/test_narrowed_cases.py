"""What may become of a narrowed budget: tasks change, snoozes end, members are merged, clocks move."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import Connection, text

from bot.budgets.audiences import Audience
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM
from bot.budgets.snoozes.store import NewSnooze, put_snooze
from bot.database.engine import Database
from bot.domain.narrowing import TaskNarrowing
from bot.domain.periods import Unit
from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.tasks import Task
from bot.domain.timestamps import to_us
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.member_merge import merge_emails
from bot.ledger.members import ensure_members
from bot.ledger.passes.coverage import ALL_TIME, Interval
from tests.support.bookings import ANA, BOB, NOW, TASKS, book_tasks

UTC_ZONE, TOKYO = ZoneInfo("UTC"), ZoneInfo("Asia/Tokyo")
OPUS, FAILED = TaskNarrowing(("opus",)), TaskNarrowing((), ("failed",))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CROSSED = text("SELECT subject, period, step FROM crossing WHERE decision = 'TOLD' ORDER BY id")
LIMITS = text("SELECT scope, narrowing, limit_nanos / 1000000000 FROM budget ORDER BY id")
TOTALS = text(
    "SELECT subject, CAST(sum(platform_nanos) / 1000000000 AS BIGINT) FROM narrowed_quarter GROUP BY 1 ORDER BY 1"
)


def evaluator_in(zone: ZoneInfo) -> BudgetEvaluator:
    return BudgetEvaluator(BudgetPolicy(zone, SpendBasis.TOTAL))


@pytest.fixture
def evaluator() -> BudgetEvaluator:
    return evaluator_in(UTC_ZONE)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A transaction in a ledger with the tasks of Ana ($10 of opus, $20 failed) and Bob ($30 of opus)."""
    book_tasks(database, *TASKS)
    with database.transaction() as connection:
        yield connection


@pytest.fixture
def ana(connection: Connection) -> int:
    return ensure_members(connection, [ANA])[ANA]


@pytest.fixture
def bob(connection: Connection) -> int:
    return ensure_members(connection, [BOB])[BOB]


def limit(
    connection: Connection, evaluator: BudgetEvaluator, scope: int, dollars: int | None, narrowing: TaskNarrowing
) -> None:
    nanos = None if dollars is None else dollars * 10**9
    setting = LimitSetting(scope, Unit.MONTH, nanos, "terminal", narrowing=narrowing)
    evaluator.set_limit(connection, setting, NOW)


def reported(connection: Connection, evaluator: BudgetEvaluator, task: Task, now: datetime = NOW + MINUTE) -> None:
    """A task is read as it is now."""
    policy = BookingPolicy(ByokUnit.CREDITS, observers=(evaluator.record_booking,), read_before=(ALL_TIME,))
    book(connection, [task], policy, now=now)


def test_a_task_that_fails_begins_to_count_with_all_it_has_cost(
    connection: Connection, evaluator: BudgetEvaluator, ana: int
) -> None:
    limit(connection, evaluator, DEFAULT, 50, FAILED)
    limit(connection, evaluator, TEAM, 70, FAILED)
    assert connection.execute(CROSSED).all() == []
    reported(connection, evaluator, msgspec.structs.replace(TASKS[0], status="failed"))  # no charge comes with it
    assert connection.execute(CROSSED).all() == [(ana, "2026-11 status:failed", 50)]
    reported(connection, evaluator, msgspec.structs.replace(TASKS[2], status="failed"))
    bobs = [(subject, step) for subject, _, step in connection.execute(CROSSED).all()][1:]
    assert (TEAM, 80) in bobs


def test_a_task_that_fails_on_a_page_with_history_is_notified(
    connection: Connection, evaluator: BudgetEvaluator, ana: int
) -> None:
    limit(connection, evaluator, ana, 50, FAILED)
    old = msgspec.structs.replace(
        TASKS[1], task_id="old", created_at=NOW - 10 * HOUR, neo_credits=Decimal("0.1"), status="failed"
    )
    page = [old, msgspec.structs.replace(TASKS[0], status="failed")]
    read = Interval(to_us(NOW - 5 * HOUR), to_us(NOW))
    policy = BookingPolicy(ByokUnit.CREDITS, observers=(evaluator.record_booking,), read_before=(read,))
    book(connection, page, policy, now=NOW + MINUTE)
    assert connection.execute(CROSSED).all() == [(ana, "2026-11 status:failed", 50)]


def test_a_task_that_fails_as_another_members_counts_for_whom_it_was_charged_to(
    connection: Connection, evaluator: BudgetEvaluator, ana: int, bob: int
) -> None:
    limit(connection, evaluator, ana, 30, FAILED)
    limit(connection, evaluator, bob, 10, FAILED)
    assert connection.execute(CROSSED).all() == [(ana, "2026-11 status:failed", 50)]
    grown = msgspec.structs.replace(TASKS[0], status="failed", email=BOB, neo_credits=Decimal("1.9"))
    reported(connection, evaluator, grown)  # $10 are Ana's, the $9 that come with it are Bob's
    assert connection.execute(CROSSED).all()[1:] == [
        (ana, "2026-11 status:failed", 100), (bob, "2026-11 status:failed", 80)
    ]  # fmt: skip


def test_a_task_that_ceases_to_count_re_arms_nothing(
    connection: Connection, evaluator: BudgetEvaluator, ana: int
) -> None:
    limit(connection, evaluator, ana, 25, FAILED)
    crossed = connection.execute(CROSSED).all()
    assert crossed == [(ana, "2026-11 status:failed", 80)]
    for status in ("completed", "failed"):
        reported(connection, evaluator, msgspec.structs.replace(TASKS[1], status=status))
    assert connection.execute(CROSSED).all() == crossed


def test_a_snooze_defers_what_it_counts_too(connection: Connection, evaluator: BudgetEvaluator, bob: int) -> None:
    limit(connection, evaluator, bob, 40, OPUS)
    put_snooze(connection, NewSnooze(bob, Unit.MONTH, Audience.DM, NOW + HOUR, "U1"), NOW)
    reported(connection, evaluator, msgspec.structs.replace(TASKS[2], neo_credits=Decimal("3.5")))
    waiting = text("SELECT count(*) FROM deferral WHERE outcome IS NULL")
    assert connection.execute(waiting).scalar_one() == 1
    evaluator.due_work.apply_due(connection, NOW + 2 * HOUR)
    assert connection.execute(waiting).scalar_one() == 0
    assert connection.execute(CROSSED).all()[-1] == (bob, "2026-11 model:opus", 80)


def test_a_merged_members_budgets_stay_apart_by_what_they_count(
    connection: Connection, evaluator: BudgetEvaluator, ana: int, bob: int
) -> None:
    limit(connection, evaluator, ana, 20, OPUS)
    limit(connection, evaluator, ana, 30, FAILED)
    limit(connection, evaluator, bob, 40, OPUS)
    evaluator.merge_members(connection, ana, bob, NOW)
    assert connection.execute(LIMITS).all() == [
        (ana, "model:opus", None), (bob, "status:failed", 30), (bob, "model:opus", 40)
    ]  # fmt: skip


def test_another_time_zone_notifies_of_nothing_again(
    connection: Connection, evaluator: BudgetEvaluator, ana: int, bob: int
) -> None:
    limit(connection, evaluator, DEFAULT, 10, OPUS)
    crossed = connection.execute(CROSSED).all()
    assert {subject for subject, _, _ in crossed} == {ana, bob}
    for number, zone in enumerate((TOKYO, UTC_ZONE), 1):
        evaluator_in(zone).due_work.apply_due(connection, NOW + number * HOUR)
        reported(connection, evaluator_in(zone), msgspec.structs.replace(TASKS[0], step_count=number))
        assert connection.execute(CROSSED).all() == crossed


def totals(connection: Connection) -> list[tuple[int, int]]:
    """The totals that are kept, by subject."""
    return [(subject, dollars) for subject, dollars in connection.execute(TOTALS).all()]


def test_totals_are_kept_of_whoever_has_a_budget_also_after_it_was_removed(
    connection: Connection, evaluator: BudgetEvaluator, ana: int
) -> None:
    limit(connection, evaluator, ana, 100, OPUS)
    assert totals(connection) == [(ana, 10)]
    limit(connection, evaluator, TEAM, 100, OPUS)
    limit(connection, evaluator, TEAM, None, OPUS)
    reported(connection, evaluator, msgspec.structs.replace(TASKS[2], neo_credits=Decimal("3.5")))
    assert totals(connection) == [(TEAM, 45), (ana, 10)]


def test_totals_under_a_default_are_kept_of_whoever_spends_on_such_tasks(
    connection: Connection, evaluator: BudgetEvaluator, bob: int
) -> None:
    limit(connection, evaluator, DEFAULT, 100, OPUS)
    assert totals(connection) == []
    reported(connection, evaluator, msgspec.structs.replace(TASKS[1], neo_credits=Decimal("2.5")))  # of sonnet
    assert totals(connection) == []
    reported(connection, evaluator, msgspec.structs.replace(TASKS[2], neo_credits=Decimal("3.5")))
    assert totals(connection) == [(bob, 35)]


def test_totals_follow_charges_that_become_another_members_or_cost_another_amount(
    connection: Connection, evaluator: BudgetEvaluator, ana: int, bob: int
) -> None:
    for scope in (ana, bob, TEAM):
        limit(connection, evaluator, scope, 1000, OPUS)
    merge_emails(connection, ANA, BOB)
    evaluator.merge_members(connection, ana, bob, NOW)
    assert totals(connection) == [(TEAM, 40)]
    grown = msgspec.structs.replace(TASKS[0], neo_credits=Decimal("1.5"), email=BOB)
    reported(connection, evaluator, grown)
    assert totals(connection) == [(TEAM, 45), (bob, 45)]
    connection.execute(text("UPDATE charge SET platform_nanos = 2 * platform_nanos"))
    evaluator.record_repricing(connection, NOW)
    reported(connection, evaluator, msgspec.structs.replace(grown, neo_credits=Decimal("3.5")))
    assert totals(connection) == [(TEAM, 110), (bob, 110)]


def test_totals_of_long_ago_are_forgotten(connection: Connection, evaluator: BudgetEvaluator, ana: int) -> None:
    limit(connection, evaluator, ana, 100, OPUS)
    evaluator.due_work.apply_due(connection, NOW + timedelta(days=69))
    assert totals(connection) == [(ana, 10)]
    evaluator.due_work.apply_due(connection, NOW + timedelta(days=71))
    assert totals(connection) == []
