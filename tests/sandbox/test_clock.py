"""The simulated clock goes with the real one and jumps forward only."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.clock import SimClock


def test_it_goes_with_the_real_clock_and_keeps_its_lead() -> None:
    real = datetime(2026, 3, 2, 9, tzinfo=UTC)
    clock = SimClock(lambda: real)
    assert clock() == real
    assert clock.advance(timedelta(hours=1)) == real + timedelta(hours=1)
    clock.advance(timedelta(days=1))
    real += timedelta(minutes=5)
    assert clock() == datetime(2026, 3, 3, 10, 5, tzinfo=UTC)


def test_it_may_begin_in_the_past() -> None:
    real = datetime(2026, 3, 2, 9, tzinfo=UTC)
    clock = SimClock(lambda: real, timedelta(days=-1))
    assert clock() == datetime(2026, 3, 1, 9, tzinfo=UTC)
    clock.advance(timedelta(hours=25))
    assert (clock(), clock.ahead) == (real + timedelta(hours=1), timedelta(hours=1))


def test_it_does_not_go_back() -> None:
    clock = SimClock(lambda: datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(timedelta(seconds=-1))
