"""Which notifications failures bring about, from a booking to the outbox."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, text

from bot.database import metadata
from bot.domain.pricing import ByokUnit
from bot.domain.tasks import Task
from bot.failures import listener_store
from bot.failures.backfill import backfill
from bot.failures.grouper import FailureGrouper
from bot.failures.rules import MOST_ALERTS, MOST_REPLIES
from bot.failures.tables import failure, failure_group
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.members import ensure_members
from bot.ledger.passes.record import begin_pass, end_pass
from bot.ledger.passes.tally import PassOutcome, PassTally

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
ANA, BO = "ana@acme.example", "bo@acme.example"
WORDS = [f"{first}{second} broke" for first in "abcdef" for second in "lmnop"]

_ENQUEUED = text("SELECT stem, destination FROM notification ORDER BY id")
_RECORDED = text("SELECT t.task_id FROM failure f JOIN task t ON t.id = f.task WHERE f.mended_at IS NULL")


@dataclass
class Ledger:
    """A ledger's transaction, and passes over an upstream that bring what is given."""

    connection: Connection
    grouper: FailureGrouper = field(default_factory=FailureGrouper)
    now: datetime = NOW

    def read(self, *tasks: Task) -> None:
        """Book the tasks in a pass of their own, and do what is due then."""
        key = begin_pass(self.connection, "tail", None, self.now, self.now)
        policy = BookingPolicy(ByokUnit.CREDITS, observers=(self.grouper.observe,))
        book(self.connection, tasks, policy, now=self.now)
        end_pass(self.connection, key, PassTally(), PassOutcome.COMPLETE, now=self.now)
        self.grouper.apply_due(self.connection, self.now)

    def listen(self, email: str) -> int:
        """Have a member notified of their own failures; return their key."""
        (member,) = ensure_members(self.connection, [email]).values()
        listener_store.set_listening(self.connection, member, self.now, on=True)
        return member

    @property
    def enqueued(self) -> list[tuple[str, str]]:
        """The key and the destination of each notification, in their order."""
        return [(row.stem, row.destination) for row in self.connection.execute(_ENQUEUED)]


@pytest.fixture
def ledger(connection: Connection) -> Ledger:
    return Ledger(connection)


def task(name: str, error: str | None, **values: Any) -> Task:
    return Task(
        **{"task_id": name, "model": "opus", "status": "error", "created_at": NOW, "email": ANA, **values},
        error_message=error,
    )


def test_a_few_new_groups_are_an_alert_each(ledger: Ledger) -> None:
    ledger.read(*(task(word, word) for word in WORDS[:MOST_ALERTS]))
    assert ledger.enqueued == [("failures:1", "alert"), ("failures:2", "alert"), ("failures:3", "alert")]


def test_more_are_one_alert_with_the_largest_in_its_thread(ledger: Ledger) -> None:
    words = WORDS[: MOST_REPLIES + 5]
    twice = words[3:MOST_REPLIES]
    ledger.read(*(task(word, word) for word in words), *(task(f"{word} again", word) for word in twice))
    first, *replies = ledger.enqueued
    assert first == ("failures:1", "alert")
    shown = [1, 2, 3, *range(4, MOST_REPLIES + 1)]  # the rest of the thread goes to those that came first
    assert replies == [(f"failure:{group}", "alert") for group in shown]


def test_a_group_that_was_reported_is_not_reported_again(ledger: Ledger) -> None:
    ledger.read(task("a", "x broke"))
    ledger.now += timedelta(hours=1)
    ledger.read(task("b", "x broke"))
    assert ledger.enqueued == [("failures:1", "alert")]


def test_a_listener_is_notified_once_of_what_one_message_reports(ledger: Ledger) -> None:
    ana = ledger.listen(ANA)
    ledger.read(*(task(word, word) for word in WORDS[: MOST_ALERTS + 1]), task("of bo", "x broke", email=BO))
    ledger.now += timedelta(hours=1)
    ledger.read(task("later", WORDS[0]))
    assert [each for each in ledger.enqueued if each[1] != "alert"] == [("failures:1", f"member:{ana}")]


def test_a_listener_is_notified_when_a_task_of_theirs_joins_a_group_of_others(ledger: Ledger) -> None:
    ana = ledger.listen(ANA)
    ledger.read(task("a", "x broke", email=BO))
    assert ledger.enqueued == [("failures:1", "alert")]
    ledger.read(task("b", "x broke"))
    assert ledger.enqueued == [("failures:1", "alert"), ("failures:1", f"member:{ana}")]


def test_a_task_that_recovered_before_its_group_is_reported_notifies_no_listener(ledger: Ledger) -> None:
    ledger.listen(ANA)
    key = begin_pass(ledger.connection, "tail", None, NOW, NOW)
    policy = BookingPolicy(ByokUnit.CREDITS, observers=(ledger.grouper.observe,))
    book(ledger.connection, [task("a", "x broke")], policy, now=NOW)
    book(ledger.connection, [task("a", None, status="completed")], policy, now=NOW)
    end_pass(ledger.connection, key, PassTally(), PassOutcome.COMPLETE, now=NOW)
    ledger.grouper.apply_due(ledger.connection, NOW)
    assert ledger.enqueued == [("failures:1", "alert")]


# --- backfill --------------------------------------------------------------------------------------


def recorded(ledger: Ledger) -> set[str]:
    return set(ledger.connection.execute(_RECORDED).scalars())


def test_other_statuses_are_recorded_without_a_notification_and_the_rest_is_forgotten(ledger: Ledger) -> None:
    ledger.read(task("a", "x broke"), task("b", "y broke", status="blocked"))
    assert recorded(ledger) == {"a"}
    before = ledger.enqueued
    ledger.grouper = FailureGrouper(("blocked",))
    ledger.grouper.apply_due(ledger.connection, NOW)
    assert recorded(ledger) == {"b"}
    assert ledger.enqueued == before
    (closed_at,) = ledger.connection.execute(select(failure_group.c.closed_at)).scalars()
    assert closed_at is not None


def test_what_is_recorded_is_looked_for_once(ledger: Ledger) -> None:
    ledger.read(task("a", "x broke"))
    ledger.connection.execute(delete(failure))
    ledger.grouper.apply_due(ledger.connection, NOW)
    assert recorded(ledger) == set()


def test_what_an_earlier_version_took_for_no_failure_is_recorded_without_a_notification(ledger: Ledger) -> None:
    ledger.read(task("a", "x broke"))
    before = ledger.enqueued
    ledger.grouper = FailureGrouper(())
    ledger.read(task("b", "y broke", status="Failed"))  # it looked for `failed`
    metadata.write(ledger.connection, "failures_of", "error,failed")
    ledger.grouper = FailureGrouper()
    assert ledger.grouper.due(ledger.connection, NOW)
    ledger.grouper.apply_due(ledger.connection, NOW)
    assert recorded(ledger) == {"a", "b"}
    assert ledger.enqueued == before
    assert not ledger.grouper.due(ledger.connection, NOW)


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_any_number_of_tasks_is_recorded(ledger: Ledger, at_once: int) -> None:
    names = {f"t-{number}" for number in range(5)}
    ledger.read(*(task(name, "y broke", status="blocked") for name in sorted(names)))
    backfill(ledger.connection, ("blocked", "error"), at_once)
    assert recorded(ledger) == names
    backfill(ledger.connection, ("error",), at_once)
    assert recorded(ledger) == set()
