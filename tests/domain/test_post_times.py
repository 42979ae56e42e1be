"""Until when a post at a fixed time waits for fresh data, also after the machine slept."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.post_times import CATCH_UP, DATA_WAIT, LAST_CALL, TickRecord, data_deadline

DUE = datetime(2026, 11, 28, 9, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("awake", "until"),
    [
        (DUE - 5 * HOUR, DUE + DATA_WAIT),
        (DUE, DUE + DATA_WAIT),
        (DUE + 3 * HOUR, DUE + 3 * HOUR + DATA_WAIT),
        (DUE + CATCH_UP - 20 * MINUTE, DUE + CATCH_UP - LAST_CALL),
    ],
)
def test_it_waits_for_data_from_when_they_could_be_read_and_never_until_it_is_skipped(
    awake: datetime, until: datetime
) -> None:
    assert data_deadline(DUE, awake) == until


def test_a_gap_between_ticks_or_a_clock_set_back_is_an_awakening() -> None:
    ticks = TickRecord()
    assert ticks.add(DUE) == DUE
    assert ticks.add(DUE + 4 * MINUTE) == DUE
    assert ticks.add(DUE + 8 * MINUTE) == DUE
    assert ticks.add(DUE + 8 * HOUR) == DUE + 8 * HOUR
    assert ticks.add(DUE + HOUR) == DUE + HOUR
    ticks.clear()
    assert ticks.add(DUE + HOUR + MINUTE) == DUE + HOUR + MINUTE
