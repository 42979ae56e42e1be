"""Waits: what Neo asked for holds to its end, and not beyond what a wait can mean."""

from datetime import datetime, timedelta

import pytest

from bot.app import App
from bot.neo.errors import RateLimitedError
from bot.sandbox.world import START
from bot.sync.waits import LONGEST, check, end_of_wait, keep

HOUR = timedelta(hours=1)


def waiting(app: App, at: datetime) -> datetime | None:
    with app.reader() as reader:
        return end_of_wait(reader, at)


def kept(app: App, seconds: float, at: datetime) -> None:
    with app.database() as database, database.transaction() as connection:
        keep(connection, seconds, at)


def test_a_wait_holds_to_its_end(app: App) -> None:
    kept(app, 3_600, START)
    assert waiting(app, START) == START + HOUR
    assert waiting(app, START + HOUR - timedelta(seconds=1)) == START + HOUR
    assert waiting(app, START + HOUR) is None
    with app.reader() as reader, pytest.raises(RateLimitedError, match="asked to wait until 2026-03-02 10:00 UTC"):
        check(reader, START)


def test_no_wait_is_longer_than_a_day_and_the_last_one_counts(app: App) -> None:
    kept(app, 1e15, START)
    assert waiting(app, START) == START + LONGEST
    kept(app, 60, START)
    assert waiting(app, START + HOUR) is None


def test_a_wait_that_a_clock_ahead_wrote_down_is_not_believed(app: App) -> None:
    kept(app, 3_600, START + timedelta(minutes=10))
    assert waiting(app, START) is None
