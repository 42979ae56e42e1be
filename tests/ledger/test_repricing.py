"""Repricing corrects every charge that rested on the unit where it stands, whatever became of its task since."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.database.engine import Database, open_database
from bot.domain.pricing import ByokUnit
from bot.domain.tasks import Task
from bot.domain.timestamps import to_us
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.pricing_unit import require_unit
from bot.ledger.repricing import reprice
from bot.settings.database_place import DatabasePlace
from tests.support.effort import WITH_LEDGERS, examples
from tests.support.engines import costly
from tests.support.ledgers import Ledgers, broken_laws

BORN = datetime(2026, 11, 20, 10, tzinfo=UTC)
DAY = timedelta(days=1)
Row = tuple[bool | None, str | None, str | None, str | None]  # own key, credits, llm_cost, neo_cost
Days = dict[int, tuple[str, str]]  # days after BORN: platform and provider dollars


@pytest.fixture
def database(database: Database) -> Database:
    with database.transaction() as connection:
        require_unit(connection, ByokUnit.CREDITS)
    return database


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def see(database: Database, row: Row, day: int, unit: ByokUnit = ByokUnit.CREDITS) -> None:
    own, *amounts = row
    neo_credits, llm_cost, neo_cost = map(decimal, amounts)
    one = Task(
        task_id="one", model="m", status="completed", created_at=BORN, email="ana@acme.dev", is_byok=own,
        neo_credits=neo_credits, llm_cost=llm_cost, neo_cost=neo_cost,
    )  # fmt: skip
    with database.transaction() as connection:
        book(connection, [one], BookingPolicy(unit), now=BORN + day * DAY + timedelta(hours=1))


def price_in(database: Database, unit: ByokUnit, day: int = 9) -> None:
    with database.transaction() as connection:
        reprice(connection, unit, to_us(BORN + day * DAY))


def by_day(database: Database) -> dict[int, tuple[Decimal, Decimal]]:
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    with database.transaction() as connection:
        for at, *parts in connection.exec_driver_sql("SELECT booked_at, platform_nanos, provider_nanos FROM charge"):
            both = found[(at - to_us(BORN)) // (DAY // timedelta(microseconds=1))]
            both[0] += parts[0]
            both[1] += parts[1]
    return {day: (Decimal(both[0]) / 10**9, Decimal(both[1]) / 10**9) for day, both in found.items() if any(both)}


CASES: dict[str, tuple[list[Row], Days]] = {
    "plain": ([(True, None, "2", "1")], {0: ("1", "2")}),
    "grown": ([(True, None, "2", "1"), (True, None, "3", "1.5")], {0: ("1", "2"), 1: ("0.5", "1")}),
    "restated to nothing": ([(True, None, "2", "1"), (True, None, "0", "0")], {0: ("1", "2"), 1: ("-1", "-2")}),
    "nothing, and back": (
        [(True, None, "2", None), (True, None, "0", None), (True, None, "5", None)],
        {0: ("0", "2"), 1: ("0", "-2"), 2: ("0", "5")},
    ),
    "moved to Neo's key": ([(True, None, "2", "1"), (False, "0.5", None, None)], {0: ("1", "2"), 1: ("4", "-2")}),
    "moved for nothing": ([(True, None, "2", None), (False, "0", None, None)], {0: ("0", "2"), 1: ("0", "-2")}),
    "moved to an own key": ([(False, "0.5", None, None), (True, None, "2", "1")], {0: ("5", "0"), 1: ("-4", "2")}),
    "moved there and back": (
        [(True, None, "2", None), (False, "0.5", None, None), (True, None, "3", None)],
        {0: ("5", "2"), 1: ("0", "-2"), 2: ("-5", "3")},  # a fee that becomes known counts from the start
    ),
    "provider's cost withdrawn": ([(True, None, "2", "1"), (True, None, None, "1")], {0: ("1", "2")}),
    "fee withdrawn": ([(True, None, "2", "1"), (True, None, "2", None)], {0: ("1", "2")}),
    "all withdrawn": ([(True, None, "2", "1"), (True, None, None, None)], {0: ("1", "2")}),
    "withdrawn, then grown": (
        [(True, None, "2", "1"), (True, None, None, "1"), (True, None, "3", "1")],
        {0: ("1", "2"), 2: ("0", "1")},
    ),
    "withdrawn while the fee grows": (
        [(True, None, "2", "1"), (True, None, None, "4")],
        {0: ("1", "2"), 1: ("3", "0")},
    ),
    "credits that hold the provider's cost": ([(True, "0.5", None, "1")], {0: ("1", "5")}),
    "such credits, moved": ([(True, "0.5", None, "1"), (False, "0.7", None, None)], {0: ("1", "5"), 1: ("6", "-5")}),
    "both modes": ([(True, "0.5", "2", "1")], {0: ("6", "2")}),
    "both modes, the fee grown": ([(True, "0.5", "2", "1"), (True, "0.5", "2", "2")], {0: ("6", "2"), 1: ("1", "0")}),
    "both modes, then credits alone": (
        [(True, "0.5", "2", "1"), (True, "0.7", None, None)],  # which hold the provider's cost then
        {0: ("6", "2"), 1: ("0", "5")},
    ),
    "never on an own key": ([(False, "0.5", "2", "1"), (False, "0.7", "2", "1")], {0: ("5", "0"), 1: ("2", "0")}),
}


@pytest.mark.parametrize(("rows", "dollars"), CASES.values(), ids=CASES)
def test_each_day_is_what_it_would_have_been_in_the_right_unit(
    database: Database, place: DatabasePlace, rows: Sequence[Row], dollars: Days
) -> None:
    for day, row in enumerate(rows):
        see(database, row, day)
    wrong = by_day(database)
    price_in(database, ByokUnit.USD)
    assert by_day(database) == {day: (Decimal(both[0]), Decimal(both[1])) for day, both in dollars.items()}
    assert broken_laws(place) == {}
    see(database, rows[-1], 10, ByokUnit.USD)  # what Neo still says changes nothing
    assert by_day(database) == {day: (Decimal(both[0]), Decimal(both[1])) for day, both in dollars.items()}
    price_in(database, ByokUnit.CREDITS)
    assert by_day(database) == wrong


OWN = st.tuples(st.just(value=True), st.none(), *[st.none() | st.integers(0, 40).map(lambda n: str(n / 4))] * 2)
NEOS = st.tuples(st.just(value=False), st.integers(0, 40).map(lambda n: str(n / 4)), st.none(), st.none())


@pytest.mark.slow
@pytest.mark.long
@costly
@examples(40, **WITH_LEDGERS)
@given(rows=st.lists(OWN | NEOS, min_size=1, max_size=5))
def test_any_history_is_priced_as_if_the_unit_had_been_right_from_the_start(ledgers: Ledgers, rows: list[Row]) -> None:
    found = []
    for unit in ByokUnit:
        place = ledgers.new()
        opened = open_database(place)
        with opened.transaction() as connection:
            require_unit(connection, unit)
        for day, row in enumerate(rows):
            see(opened, row, day, unit)
        price_in(opened, ByokUnit.USD)
        found.append(by_day(opened))
        opened.close()
        ledgers.take_back(place)
    assert found[0] == found[1]


def test_charges_of_an_older_ledger_are_corrected_too(database: Database) -> None:
    for day, row in enumerate(CASES["moved for nothing"][0]):
        see(database, row, day)
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE charge SET platform_by_unit = NULL, provider_by_unit = NULL")
    price_in(database, ByokUnit.USD)
    assert by_day(database) == {0: (Decimal(0), Decimal(2)), 1: (Decimal(0), Decimal(-2))}
