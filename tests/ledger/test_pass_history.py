"""What the history of passes says: which began, ended and were complete, and which are pruned."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.ledger.passes.coverage import ALL_TIME, Interval, intervals_read_before
from bot.ledger.passes.history import (
    PassAttempts,
    PassEnd,
    first_pass_between,
    first_pass_start,
    first_start_after,
    first_start_since_complete,
    first_start_that_read,
    has_complete_pass,
    last_pass_ends,
    last_passes,
    newest_ended_pass,
    newest_pass,
    pass_attempts,
)
from bot.ledger.passes.record import begin_pass, end_pass
from bot.ledger.passes.tally import PassOutcome, PassTally
from tests.support.bookings import HOUR, NOW

COMPLETE, FAILED, INTERRUPTED = PassOutcome.COMPLETE, PassOutcome.FAILED, PassOutcome.INTERRUPTED
DAY = timedelta(days=1)


def add_pass(
    connection: Connection, at: datetime, outcome: PassOutcome | None, kind: str = "tail", error: str | None = None
) -> int:
    """Record a pass over the day before it; one without outcome goes on."""
    id_ = begin_pass(connection, kind, at - DAY, at, at)
    if outcome is not None:
        end_pass(connection, id_, PassTally(pages=2, tasks=7), outcome, now=at + HOUR / 60, error=error)
    return id_


def test_before_the_first_pass_there_is_no_history(connection: Connection) -> None:
    assert (newest_pass(connection), newest_ended_pass(connection)) == (0, 0)
    assert pass_attempts(connection, "tail") == PassAttempts(None, None)
    assert (first_pass_start(connection), first_start_that_read(connection, NOW)) == (None, None)
    assert (first_start_after(connection, 0), first_start_since_complete(connection, "tail")) == (None, None)
    assert first_pass_between(connection, NOW - HOUR, NOW) is None
    assert not has_complete_pass(connection, NOW - HOUR, NOW)
    assert (last_passes(connection, 5), last_pass_ends(connection, "tail", 0, 5)) == ([], [])
    assert intervals_read_before(connection, NOW, is_tail=True) == []


def test_the_newest_pass_may_still_go_on(connection: Connection) -> None:
    ended = add_pass(connection, NOW - HOUR, FAILED)
    running = add_pass(connection, NOW, None)
    assert (newest_pass(connection), newest_ended_pass(connection)) == (running, ended)
    assert first_start_after(connection, ended) == NOW
    assert first_start_after(connection, running) is None
    assert first_pass_start(connection) == NOW - HOUR


def test_attempts_of_a_kind_are_the_last_complete_one_and_the_last_of_all(connection: Connection) -> None:
    add_pass(connection, NOW - 3 * HOUR, COMPLETE)
    add_pass(connection, NOW - 2 * HOUR, FAILED)
    add_pass(connection, NOW - HOUR, COMPLETE, "nightly")
    assert pass_attempts(connection, "tail") == PassAttempts(NOW - 3 * HOUR, NOW - 2 * HOUR)
    assert pass_attempts(connection, "nightly") == PassAttempts(NOW - HOUR, NOW - HOUR)
    assert first_start_since_complete(connection, "tail") == NOW - 2 * HOUR
    assert first_start_since_complete(connection, "nightly") is None


@pytest.mark.parametrize(
    ("kind", "outcome", "is_there"),
    [("tail", COMPLETE, True), ("weekly", COMPLETE, True), ("history", COMPLETE, False), ("tail", FAILED, False)],
)
def test_a_complete_pass_of_the_present_is_none_of_history(
    connection: Connection, kind: str, outcome: PassOutcome, *, is_there: bool
) -> None:
    add_pass(connection, NOW, outcome, kind)
    assert has_complete_pass(connection, NOW - HOUR, NOW) is is_there
    assert not has_complete_pass(connection, NOW + HOUR, NOW + 2 * HOUR)


def test_a_pass_between_two_moments_began_after_the_first_and_not_after_the_second(connection: Connection) -> None:
    first, second = add_pass(connection, NOW - HOUR, FAILED), add_pass(connection, NOW, FAILED)
    assert first_pass_between(connection, NOW - 2 * HOUR, NOW) == first
    assert first_pass_between(connection, NOW - HOUR, NOW) == second
    assert first_pass_between(connection, NOW, NOW + HOUR) is None


def test_ends_of_passes_leave_out_what_was_interrupted_or_goes_on(connection: Connection) -> None:
    first = add_pass(connection, NOW - 4 * HOUR, COMPLETE)
    second = add_pass(connection, NOW - 3 * HOUR, FAILED, error="Neo is failing")
    add_pass(connection, NOW - 2 * HOUR, INTERRUPTED)
    add_pass(connection, NOW - HOUR, None)
    failed, complete = PassEnd(FAILED, "Neo is failing"), PassEnd(COMPLETE, None)
    assert last_pass_ends(connection, "tail", first, 5) == [failed, complete]
    assert last_pass_ends(connection, "tail", second, 5) == [failed]
    assert last_pass_ends(connection, "tail", first, 1) == [failed]
    assert last_pass_ends(connection, "nightly", first, 5) == []


def test_the_last_passes_come_newest_first_with_their_tally(connection: Connection) -> None:
    add_pass(connection, NOW - 2 * HOUR, COMPLETE)
    add_pass(connection, NOW - HOUR, FAILED, error="Neo is failing")
    add_pass(connection, NOW, None)
    running, failed = last_passes(connection, 2)
    assert (running.started_at, running.finished_at, running.complete) == (NOW, None, False)
    assert (failed.start, failed.end, failed.error) == (NOW - HOUR - DAY, NOW - HOUR, "Neo is failing")
    assert failed.tally == PassTally(pages=2, tasks=7)


def test_what_was_read_before_is_covered_or_since_the_first_pass_that_read(connection: Connection) -> None:
    add_pass(connection, NOW, FAILED)
    began = int(NOW.timestamp() * 1_000_000)
    (since,) = intervals_read_before(connection, NOW, is_tail=True)
    assert since.start == began
    add_pass(connection, NOW - 9 * DAY, COMPLETE, "history")
    covered_from = began - 10 * 86_400_000_000
    assert intervals_read_before(connection, NOW, is_tail=True) == [ALL_TIME]
    assert intervals_read_before(connection, NOW, is_tail=False) == [Interval(covered_from, ALL_TIME.end)]
