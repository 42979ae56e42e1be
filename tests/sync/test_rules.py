"""Which windows a sync reads: the tail, then the history that is missing, newest first."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sync.rules import CHUNK, TAIL, PassKind, is_due_after, planned_passes

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_a_first_sync_reads_the_tail_and_then_back_in_chunks() -> None:
    planned = planned_passes(NOW, last_complete=None, covered=[], history_days=30)
    assert [each.kind for each in planned] == [PassKind.TAIL, PassKind.HISTORY, PassKind.HISTORY, PassKind.HISTORY]
    assert (planned[0].start, planned[0].end) == (NOW - TAIL, NOW)
    for newer, older in itertools.pairwise(planned):
        assert older.end == newer.start
    assert planned[-1].start == NOW - 30 * DAY


def test_a_later_sync_reads_72_hours_before_the_last_complete_one() -> None:
    last = NOW - 5 * DAY
    [tail] = planned_passes(NOW, last_complete=last, covered=[(NOW - 90 * DAY, last)], history_days=30)
    assert (tail.start, tail.end) == (last - TAIL, NOW)


def test_a_clock_that_went_back_does_not_make_a_window_of_the_future() -> None:
    [tail, *_] = planned_passes(NOW, last_complete=NOW + 9 * DAY, covered=[], history_days=1)
    assert tail.start == NOW - TAIL


def test_history_goes_on_where_it_was_broken_off() -> None:
    covered = [(NOW - 20 * DAY, NOW)]
    planned = planned_passes(NOW, last_complete=NOW, covered=covered, history_days=25)
    assert [(each.start, each.end) for each in planned[1:]] == [(NOW - 25 * DAY, NOW - 20 * DAY)]


@given(
    edges=st.lists(st.integers(0, 200), max_size=8, unique=True).map(sorted),
    days=st.integers(1, 200),
)
def test_what_is_planned_and_what_is_covered_leave_no_gap(edges: list[int], days: int) -> None:
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    covered = [(NOW - high * DAY, NOW - low * DAY) for low, high in reversed(pairs)]
    planned = planned_passes(NOW, last_complete=NOW, covered=covered, history_days=days)
    assert all(each.end - each.start <= CHUNK for each in planned[1:] if each.start)
    read = [*covered, *((each.start, each.end) for each in planned if each.start)]
    for hour in range(0, days * 24, 7):
        moment = NOW - timedelta(hours=hour, minutes=1)
        assert any(start <= moment < end for start, end in read)


@pytest.mark.parametrize(
    ("last_pass", "attempted", "wait", "due"),
    [
        (None, None, None, False),
        (None, NOW - 9 * DAY, HOUR, False),
        (NOW - HOUR, None, None, True),
        (NOW + HOUR, None, None, False),
        (NOW - HOUR, NOW - 2 * HOUR, None, True),
        (NOW - 2 * HOUR, NOW - HOUR, None, False),
        (NOW - 8 * HOUR, NOW - HOUR, 6 * HOUR, False),
        (NOW - 8 * HOUR, NOW - 6 * HOUR, 6 * HOUR, True),
        (NOW - 8 * HOUR, NOW + HOUR, None, True),  # the clock was set back
    ],
)
def test_what_follows_a_pass_of_the_calendar_is_done_once_after_it_or_again_after_a_while(
    last_pass: datetime | None,
    attempted: datetime | None,
    wait: timedelta | None,
    due: bool,  # noqa: FBT001 - a case
) -> None:
    assert is_due_after(last_pass, attempted, wait, NOW) is due
