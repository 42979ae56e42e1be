"""Amounts that waver by the last digits of a float: nothing has changed, and yet no real drift is lost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.database.engine import Database, open_database
from bot.domain.pricing import ByokUnit, price
from bot.domain.tasks import Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy, PageSource
from bot.ledger.booking_result import BookingResult
from tests.support.effort import WITH_LEDGERS, examples
from tests.support.ledgers import Ledgers, broken_laws

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def task(**amounts: Any) -> Task:
    money = {name: value for name, value in amounts.items() if name != "status" and isinstance(value, str)}
    known = amounts | {name: Decimal(value) for name, value in money.items()}
    values: dict[str, Any] = {"model": "m", "status": "completed", "created_at": NOW - timedelta(hours=1), **known}
    return Task(task_id="one", **values)


def see(database: Database, seen: Task, unit: ByokUnit = ByokUnit.CREDITS) -> tuple[BookingResult, list[BookingResult]]:
    heard: list[BookingResult] = []
    policy = BookingPolicy(unit, observers=[lambda _, booked: heard.append(booked)])
    with database.transaction() as connection:
        booked = book(connection, [seen], policy, now=NOW, listing=PageSource(NOW - timedelta(days=3)))
    return booked, [each for each in heard if each.changes]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"neo_credits": "1.1"}, {"neo_credits": "1.1000000000000003"}),
        ({"neo_credits": "1.1"}, {"neo_credits": "1.0999999999999999"}),
        ({"neo_credits": "1.1"}, {"neo_credits": "1.10"}),
        ({"neo_credits": "2.00000000005"}, {"neo_credits": "2.00000000004999"}),  # which rounds to another nano
        ({"neo_credits": "1.1"}, {"neo_credits": "1.1000000002"}),  # two nanos
        ({"neo_credits": "1.1"}, {"neo_credits": "1.0999999998"}),
        ({"neo_credits": "50000"}, {"neo_credits": "50000.00000005"}),  # a million millionth
        ({"is_byok": True, "llm_cost": "0.3", "neo_cost": "0.1"},
         {"is_byok": True, "llm_cost": "0.30000000000000004", "neo_cost": "0.1"}),
        ({"is_byok": True, "llm_cost": "0.3", "neo_cost": "0.1"},
         {"is_byok": True, "llm_cost": "0.3", "neo_cost": "0.09999999999999999"}),
        ({"is_byok": True, "neo_credits": "7", "llm_cost": "0.3", "neo_cost": "0.1"},
         {"is_byok": True, "neo_credits": "6.999999999999999", "llm_cost": "0.29999999999999999", "neo_cost": "0.1"}),
    ],
)  # fmt: skip
def test_within_float_noise_nothing_has_changed(
    database: Database, first: dict[str, Any], then: dict[str, Any]
) -> None:
    see(database, task(**first))
    for amounts in (then, first, then):
        booked, heard = see(database, task(**amounts))
        assert (booked.unchanged, booked.changes, booked.doubtful, heard) == (1, (), (), [])
    with database.transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM charge").scalar_one() == 1
        assert connection.exec_driver_sql("SELECT restated FROM task").scalar_one() == 0


@pytest.mark.parametrize(
    ("first", "then", "unit", "difference"),
    [
        ("1.1", "1.1000000003", ByokUnit.CREDITS, 3),
        ("50000", "50000.0000002", ByokUnit.CREDITS, 2_000),
        ("0", "0.0000000001", ByokUnit.CREDITS, 1),  # there was nothing
    ],
)
def test_beyond_it_every_nano_counts(
    database: Database, first: str, then: str, unit: ByokUnit, difference: int
) -> None:
    see(database, task(neo_credits=first), unit)
    see(database, task(neo_credits=then), unit)
    with database.transaction() as connection:
        last = "SELECT platform_nanos FROM charge ORDER BY id DESC LIMIT 1"
        assert connection.exec_driver_sql(last).scalar_one() == difference


def test_what_else_changes_is_kept_beside_wavering_amounts(database: Database) -> None:
    see(database, task(neo_credits="1.1"))
    booked, heard = see(database, task(neo_credits="1.1000000000000003", status="error"))
    ((change,), (event,)) = booked.changes, heard
    assert (change.was, change.task.status, change.entries, change.restated) == ("completed", "error", (), False)
    assert event is booked
    assert see(database, task(neo_credits="1.1"))[0].unchanged == 0  # it is completed again


@examples(40, **WITH_LEDGERS)
@given(steps=st.lists(st.integers(-30, 40), min_size=1, max_size=40))
def test_slow_drift_is_booked_once_it_is_more_than_noise(ledgers: Ledgers, steps: list[int]) -> None:
    place = ledgers.new()
    opened = open_database(place)
    amount = Decimal(5)
    for step in (0, *steps):
        amount += Decimal(step) / 10**11  # tenths of a nano
        seen = task(neo_credits=amount)
        with opened.transaction() as connection:
            book(connection, [seen], BookingPolicy(ByokUnit.CREDITS), now=NOW)
            total = connection.exec_driver_sql("SELECT sum(platform_nanos) FROM charge").scalar_one()
        assert abs(total - (price(seen, ByokUnit.CREDITS).platform_nanos or 0)) <= 3
    opened.close()
    assert broken_laws(place) == {}
    ledgers.take_back(place)
