"""Rows that could not be booked: kept with the latest reason, and released once booked or no longer listed."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.domain.tasks import Refused
from bot.domain.timestamps import to_us
from bot.ledger.passes.coverage import Interval
from bot.ledger.passes.record import begin_pass
from bot.ledger.quarantine import (
    QuarantinedRow,
    has_quarantined,
    keep,
    latest_quarantined,
    quarantined_count,
    quarantined_rows,
    release,
    release_unlisted,
)
from tests.support.bookings import HOUR, NOW

DAY = timedelta(days=1)


def keys(connection: Connection) -> list[str]:
    return [row.key for row in quarantined_rows(connection)]


def test_an_empty_quarantine(connection: Connection) -> None:
    assert (has_quarantined(connection), quarantined_count(connection)) == (False, 0)
    assert (quarantined_rows(connection), latest_quarantined(connection, 5)) == ([], [])


def test_a_row_that_comes_again_keeps_when_it_was_first_seen_and_has_the_latest_reason(connection: Connection) -> None:
    keep(connection, [Refused("one", "no model"), Refused("two", "no model")], to_us(NOW), None)
    keep(connection, [Refused("one", "absurd amount"), Refused("one", "no status")], to_us(NOW + HOUR), None)
    one, two = QuarantinedRow("one", "no status", NOW), QuarantinedRow("two", "no model", NOW)
    assert quarantined_rows(connection) == [one, two]
    assert latest_quarantined(connection, 1) == [one]
    assert (has_quarantined(connection), quarantined_count(connection)) == (True, 2)


def test_rows_that_were_booked_are_released(connection: Connection) -> None:
    keep(connection, [Refused("one", "why"), Refused("two", "why")], to_us(NOW), None)
    release(connection, ["one", "unknown"])
    release(connection, [])
    assert keys(connection) == ["two"]


@pytest.mark.parametrize(
    ("row", "seen_from", "is_released"),
    [
        (Refused("row", "why", NOW - HOUR), None, True),  # created within the window
        (Refused("row", "why", NOW - 2 * DAY), None, False),  # created before it
        (Refused("row", "why", NOW), None, False),  # created at its end, which may not be included
        (Refused("row", "why"), to_us(NOW - HOUR), True),  # listed by a window that this one covers
        (Refused("row", "why"), to_us(NOW - 2 * DAY), False),  # listed by one that reached further back
        (Refused("row", "why"), None, False),  # read alone: no window should have listed it
    ],
)
def test_a_complete_pass_releases_what_it_should_have_listed(
    connection: Connection, row: Refused, seen_from: int | None, *, is_released: bool
) -> None:
    keep(connection, [row], to_us(NOW), seen_from)
    pass_id = begin_pass(connection, "tail", NOW - DAY, NOW, NOW)
    release_unlisted(connection, pass_id, Interval(to_us(NOW - DAY), to_us(NOW)), to_us(NOW))
    assert keys(connection) == ([] if is_released else ["row"])


def test_a_pass_does_not_release_what_it_saw_itself(connection: Connection) -> None:
    pass_id = begin_pass(connection, "tail", NOW - DAY, NOW, NOW)
    keep(connection, [Refused("row", "why", NOW - HOUR)], to_us(NOW), None)
    release_unlisted(connection, pass_id, Interval(to_us(NOW - DAY), to_us(NOW)), to_us(NOW))
    assert keys(connection) == ["row"]
