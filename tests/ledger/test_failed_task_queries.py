"""Which tasks of a selection failed, and how many each model and member has."""

import pytest
from sqlalchemy import Connection

from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.ledger.failed_task_queries import TaskShare, failed_tasks, task_shares
from bot.ledger.members import ids_by_email
from bot.ledger.scope import EVERYTHING, Scope
from bot.ledger.selection import Conditions, Selection, conditions_of
from tests.support.bookings import ANA, BOB, DOLLAR, HOUR, NOW

EVER = Window(NOW - 10 * HOUR, NOW + 10 * HOUR)
FAILING = ("failed", "error")


def selected(
    reader: Connection, scope: Scope = EVERYTHING, window: Window = EVER, members: tuple[str, ...] | None = None
) -> Conditions:
    return conditions_of(reader, Selection(scope, window, members))


@pytest.mark.parametrize(
    ("failing", "window", "dollars"),
    [
        (FAILING, EVER, {"sonnet": 25, "opus": 30}),
        (("failed",), EVER, {"sonnet": 25}),
        (FAILING, Window(NOW, NOW + 2 * HOUR), {"sonnet": 5}),
        (FAILING, Window(NOW + 2 * HOUR, NOW + 3 * HOUR), {}),
        ((), EVER, {}),
    ],
)
def test_failed_tasks_with_their_spend_in_the_window(
    reader: Connection, failing: tuple[str, ...], window: Window, dollars: dict[str, int]
) -> None:
    tasks = failed_tasks(reader, selected(reader, window=window), SpendBasis.TOTAL, failing)
    assert {each.model: each.nanos for each in tasks} == {model: DOLLAR * n for model, n in dollars.items()}


def test_within_a_members_scope_are_their_own_failed_tasks_alone(reader: Connection) -> None:
    bob = ids_by_email(reader, [BOB])[BOB]
    (task,) = failed_tasks(reader, selected(reader, Scope(bob)), SpendBasis.TOTAL, FAILING)
    assert (task.member, task.status, task.model) == (bob, "error", "opus")
    assert failed_tasks(reader, selected(reader, members=(BOB,)), SpendBasis.TOTAL, FAILING) == [task]


def test_shares_count_tasks_without_cost_and_begin_with_most_failures(reader: Connection) -> None:
    by_model = task_shares(reader, selected(reader), "model", FAILING)
    assert by_model == [TaskShare("opus", 3, 1), TaskShare("sonnet", 1, 1), TaskShare("haiku", 1, 0)]
    by_member = task_shares(reader, selected(reader), "member", ("error",))
    assert by_member == [TaskShare(BOB, 2, 1), TaskShare(ANA, 2, 0), TaskShare("unattributed", 1, 0)]


def test_shares_within_a_members_scope_are_of_their_tasks_alone(reader: Connection) -> None:
    ana = ids_by_email(reader, [ANA])[ANA]
    assert task_shares(reader, selected(reader, Scope(ana)), "member", FAILING) == [TaskShare(ANA, 2, 1)]
