"""The clock of a service: that of the database's server, where it is off by little; services agree on the time."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.database.engine import open_database
from bot.service.shared_clock import SharedClock
from bot.settings.postgres_address import PostgresAddress
from tests.support.ledgers import new_database

SECOND = timedelta(seconds=1)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the server has the machine's clock


@pytest.mark.parametrize(
    ("off", "left"),
    [
        (timedelta(0), timedelta(0)),
        (timedelta(seconds=0.5), timedelta(seconds=0.5)),  # as good as right
        (timedelta(minutes=2), timedelta(0)),
        (timedelta(minutes=-50), timedelta(0)),
        (timedelta(days=-3), timedelta(days=-3)),  # who knows whose is wrong
    ],
)
async def test_a_clock_that_is_off_is_put_right_by_the_servers(
    postgres_ledger: PostgresAddress, off: timedelta, left: timedelta
) -> None:
    with closing(open_database(postgres_ledger)) as database:
        clock = SharedClock(database, lambda: now() + off)
        await clock.adjust()
        assert abs(clock() - now() - left) < SECOND / 2


async def test_a_clock_that_was_put_right_by_its_machine_is_left_alone_again(postgres_ledger: PostgresAddress) -> None:
    off = timedelta(minutes=2)
    with closing(open_database(postgres_ledger)) as database:
        clock = SharedClock(database, lambda: now() + off)
        await clock.adjust()
        assert clock.difference
        off = timedelta(0)
        await clock.adjust()
        assert clock.difference == timedelta(0)


async def test_a_file_has_the_clock_of_its_machine(tmp_path: Path) -> None:
    with closing(new_database(tmp_path / "ledger.db")) as database:
        clock = SharedClock(database, lambda: now() + timedelta(minutes=2))
        await clock.adjust()
        assert clock.difference == timedelta(0)
