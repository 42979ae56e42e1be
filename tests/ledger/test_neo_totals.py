"""What tasks sum to in Neo's unit, by day and by member, on both engines."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy import text

from bot.database.engine import Database
from bot.ledger.neo_totals import (
    LedgerTotal,
    tasks_by_id,
    tasks_created,
    totals_by_day,
    totals_by_member,
)
from tests.support.bookings import ANA, BOB, NOW, TASKS, book_small_ledger, book_tasks

DAY = timedelta(days=1)
SPAN = NOW - DAY, NOW + DAY


def total(tasks: int, amount: str, *byok: str) -> LedgerTotal:
    byok_tasks, byok_credits, llm_cost, neo_cost = byok or ("0", "0", "0", "0")
    return LedgerTotal(
        tasks, Decimal(amount), int(byok_tasks), Decimal(byok_credits), Decimal(llm_cost), Decimal(neo_cost)
    )


@pytest.fixture
def booked(database: Database) -> Database:
    book_small_ledger(database)
    return database


def test_tasks_count_on_the_utc_day_of_their_creation_as_they_are_now(booked: Database) -> None:
    with booked.transaction() as reader:
        assert totals_by_day(reader, *SPAN) == {date(2026, 11, 23): total(5, "6.5", "1", "0", "1", "0.5")}
        assert totals_by_day(reader, NOW, NOW + DAY) == {}


def test_members_have_totals_of_their_own_and_those_without_an_email_one_too(booked: Database) -> None:
    with booked.transaction() as reader:
        assert totals_by_member(reader, *SPAN) == {
            ANA: total(2, "3.5"),
            BOB: total(2, "3", "1", "0", "1", "0.5"),
            "": total(1, "0"),
        }


@pytest.mark.parametrize(
    "amount", ["0E-6176", "1E-400", "1E-9", "0.30000000000000004", "12345.678901234567890123456789"]
)
def test_an_amount_is_summed_however_it_is_written(database: Database, amount: str) -> None:
    book_tasks(database, msgspec.structs.replace(TASKS[0], neo_credits=Decimal(amount)))
    with database.transaction() as reader:
        (found,) = totals_by_day(reader, *SPAN).values()
    assert found.credits == pytest.approx(Decimal(amount), rel=Decimal("1e-11"), abs=Decimal("1e-19"))


def test_what_neo_lists_no_longer_is_in_no_total(booked: Database) -> None:
    with booked.transaction() as connection:
        connection.execute(text("UPDATE task SET missed_at = 1 WHERE task_id IN ('one', 'five')"))
    with booked.transaction() as reader:
        assert totals_by_day(reader, *SPAN) == {date(2026, 11, 23): total(3, "5.5")}
        assert [each.task_id for each in tasks_created(reader, *SPAN)] == ["four", "three", "two"]


def test_single_tasks_have_their_amounts_as_neo_wrote_them(booked: Database) -> None:
    with booked.transaction() as reader:
        found = tasks_by_id(reader, ["two", "five", "unknown"])
    assert found.keys() == {"two", "five"}
    assert (found["two"].neo_credits, found["two"].is_byok) == (Decimal("2.5"), False)
    assert (found["five"].llm_cost, found["five"].neo_cost, found["five"].is_byok) == (Decimal(1), Decimal("0.5"), True)


@pytest.mark.parametrize("amounts", [("73.207", "1.4E-8"), ("100", "0"), ("1E+3", "0.50"), ("0.1", "0.2")])
def test_a_sum_is_written_alike_whichever_engine_added_it_up(database: Database, amounts: Sequence[str]) -> None:
    book_tasks(
        database,
        *(msgspec.structs.replace(TASKS[0], task_id=each, neo_credits=Decimal(each)) for each in amounts),
    )
    with database.transaction() as reader:
        (found,) = totals_by_day(reader, *SPAN).values()
    assert str(found.credits) == {"73.207": "73.207000014", "100": "100", "1E+3": "1000.5", "0.1": "0.3"}[amounts[0]]
