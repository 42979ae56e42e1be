"""Waits: what Neo asked for holds to its end, and not beyond what a wait can mean."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from bot.app import App, system_clock
from bot.neo.errors import NeoError, RateLimitedError
from bot.sandbox.faults import Status
from bot.sandbox.http_server import NeoServer
from bot.sandbox.world import START
from bot.sync.rate_limit import LONGEST, end_of_wait, record_wait, require_wait_over

HOUR = timedelta(hours=1)


def waiting(app: App, at: datetime) -> datetime | None:
    with app.ledger.reader() as reader:
        return end_of_wait(reader, at)


def kept(app: App, seconds: float, at: datetime) -> None:
    with app.ledger.database() as database, database.transaction() as connection:
        record_wait(connection, seconds, at)


def test_a_wait_holds_to_its_end(app: App) -> None:
    kept(app, 3_600, START)
    assert waiting(app, START) == START + HOUR
    assert waiting(app, START + HOUR - timedelta(seconds=1)) == START + HOUR
    assert waiting(app, START + HOUR) is None
    with (
        app.ledger.reader() as reader,
        pytest.raises(RateLimitedError, match="asked to wait until 2026-03-02 10:00 UTC"),
    ):
        require_wait_over(reader, START)


def test_no_wait_is_longer_than_a_day_and_the_last_one_counts(app: App) -> None:
    kept(app, 1e15, START)
    assert waiting(app, START) == START + LONGEST
    kept(app, 60, START)
    assert waiting(app, START + HOUR) is None


def test_a_wait_that_a_clock_ahead_wrote_down_is_not_believed(app: App) -> None:
    kept(app, 3_600, START + timedelta(minutes=10))
    assert waiting(app, START) is None


@pytest.fixture
def _far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


def rfc_850(moment: datetime) -> str:
    return f"{moment:%A, %d-%b-%y %H:%M:%S} GMT"


@pytest.mark.parametrize(
    "written",
    [
        lambda moment: moment,
        rfc_850,
        lambda moment: f"{moment:%a, %d %b %Y %H:%M:%S}",
        lambda _: "3600",
        lambda _: "3600.5",
    ],
    ids=["HTTP-date", "RFC 850", "without a zone", "seconds", "with a fraction"],
)
@pytest.mark.parametrize("status", [429, 503, 504, 413])
@pytest.mark.usefixtures("_far_from_utc")
def test_a_wait_is_read_in_any_form_and_kept(
    neo: NeoServer, app: App, status: int, written: Callable[[datetime], datetime | str]
) -> None:
    neo.api.faults.always = Status(status, retry_after=written(system_clock() + HOUR))
    with pytest.raises(NeoError):
        asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))
    ends = waiting(app, START)
    assert ends is not None
    assert abs(ends - START - HOUR) < timedelta(seconds=30)
