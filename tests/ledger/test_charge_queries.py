"""What queries of charges return: newest, members, spend, ranges, late ones, dearest tasks and models."""

import pytest
from sqlalchemy import Connection

from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import to_us
from bot.ledger.charge_queries import (
    ChargeCount,
    ChargeRange,
    LateCharges,
    TaskSpend,
    charge_count,
    charged_task_count,
    dearest_models,
    dearest_tasks,
    last_booking,
    late_charges,
    members_charged_after,
    members_charged_within,
    newest_charge,
    range_spend,
    spend_by_member,
    spend_of_all_members,
)
from bot.ledger.members import ids_by_email
from tests.support.bookings import ANA, BOB, DOLLAR, HOUR, NOW

EVER = Window(NOW - 10 * HOUR, NOW + 10 * HOUR)
BEFORE_NOW = Window(NOW - 10 * HOUR, NOW)
EMPTY = Window(NOW - 10 * HOUR, NOW - 9 * HOUR)
LAST_HOUR = Window(NOW - HOUR, NOW)  # what was booked at its start is in it


def member(reader: Connection, email: str) -> int:
    return ids_by_email(reader, [email])[email]


def test_the_newest_charge_is_that_of_the_growth(reader: Connection) -> None:
    assert newest_charge(reader) == 5


@pytest.mark.parametrize(("charge", "emails"), [(0, {ANA, BOB}), (4, {ANA}), (5, set())])
def test_members_charged_after_a_charge(reader: Connection, charge: int, emails: set[str]) -> None:
    assert members_charged_after(reader, charge) == set(ids_by_email(reader, emails).values())


@pytest.mark.parametrize(
    ("window", "emails"),
    [(EVER, {ANA, BOB}), (Window(NOW, NOW + 2 * HOUR), {ANA}), (Window(NOW - HOUR / 2, NOW), {BOB}), (EMPTY, set())],
)
def test_members_charged_within_a_window(reader: Connection, window: Window, emails: set[str]) -> None:
    assert sorted(members_charged_within(reader, window)) == sorted(ids_by_email(reader, emails).values())


@pytest.mark.parametrize(
    ("window", "basis", "dollars"),
    [
        (EVER, SpendBasis.TOTAL, {ANA: 35, BOB: 45}),
        (EVER, SpendBasis.PLATFORM, {ANA: 35, BOB: 35}),
        (BEFORE_NOW, SpendBasis.TOTAL, {ANA: 30, BOB: 45}),
        (LAST_HOUR, SpendBasis.TOTAL, {ANA: 20, BOB: 45}),
        (Window(NOW, NOW + 2 * HOUR), SpendBasis.TOTAL, {ANA: 5}),
        (EMPTY, SpendBasis.TOTAL, {}),
    ],
)
def test_spend_of_members_counts_where_it_was_booked(
    reader: Connection, window: Window, basis: SpendBasis, dollars: dict[str, int]
) -> None:
    ids = ids_by_email(reader, [ANA, BOB])
    spend = {ids[email]: DOLLAR * amount for email, amount in dollars.items()}
    assert spend_of_all_members(reader, window, basis) == spend
    assert spend_by_member(reader, ids.values(), window, basis) == dict.fromkeys(ids.values(), 0) | spend
    assert spend_by_member(reader, [], window, basis) == {}


def test_the_count_of_a_range_says_from_when_its_charges_are(reader: Connection) -> None:
    ana = member(reader, ANA)
    assert charge_count(reader, ChargeRange(EVER)) == ChargeCount(5, NOW - 2 * HOUR, NOW + HOUR)
    assert charge_count(reader, ChargeRange(EVER, ana)) == ChargeCount(3, NOW - 2 * HOUR, NOW + HOUR)
    assert charge_count(reader, ChargeRange(EVER, ana, after=1, upto=4)) == ChargeCount(1, NOW - HOUR, NOW - HOUR)
    assert charge_count(reader, ChargeRange(EMPTY)) == ChargeCount(0, None, None)


def test_the_last_booking_of_a_range_is_that_of_its_newest_charge(reader: Connection) -> None:
    assert last_booking(reader, ChargeRange(EVER)) == NOW + HOUR
    assert last_booking(reader, ChargeRange(EVER, upto=4)) == NOW - HOUR / 2
    assert last_booking(reader, ChargeRange(EMPTY)) is None


def test_the_spend_of_a_range(reader: Connection) -> None:
    bob = member(reader, BOB)
    assert range_spend(reader, ChargeRange(EVER), SpendBasis.TOTAL) == 80 * DOLLAR
    assert range_spend(reader, ChargeRange(EVER, bob), SpendBasis.PLATFORM) == 35 * DOLLAR
    assert range_spend(reader, ChargeRange(EVER, after=4), SpendBasis.TOTAL) == 5 * DOLLAR
    assert range_spend(reader, ChargeRange(EMPTY), SpendBasis.TOTAL) == 0


def test_the_tasks_of_a_range_are_counted_once_however_often_they_were_charged(reader: Connection) -> None:
    assert charged_task_count(reader, ChargeRange(EVER)) == 4
    assert charged_task_count(reader, ChargeRange(EVER, member(reader, BOB))) == 2
    assert charged_task_count(reader, ChargeRange(EMPTY)) == 0


def test_late_charges_are_those_observed_after_a_moment_by_quarter_of_an_hour(reader: Connection) -> None:
    after_now = late_charges(reader, ChargeRange(EVER), to_us(NOW))
    assert after_now == [LateCharges(NOW + HOUR, 5 * DOLLAR, 0)]
    every = late_charges(reader, ChargeRange(BEFORE_NOW), to_us(NOW) - 1)
    assert every == [
        LateCharges(NOW - 2 * HOUR, 10 * DOLLAR, 0),
        LateCharges(NOW - HOUR, 50 * DOLLAR, 0),
        LateCharges(NOW - HOUR / 2, 5 * DOLLAR, 10 * DOLLAR),
    ]


def test_the_dearest_tasks_come_first_and_only_as_many_as_asked_for(reader: Connection) -> None:
    tasks = dearest_tasks(reader, ChargeRange(EVER), SpendBasis.TOTAL, 2)
    assert tasks == [
        TaskSpend("three", None, transferred=False, nanos=30 * DOLLAR),
        TaskSpend("two", "Scan", transferred=False, nanos=25 * DOLLAR),
    ]


def test_the_dearest_models_of_a_basis(reader: Connection) -> None:
    total = dearest_models(reader, ChargeRange(EVER), SpendBasis.TOTAL, 5)
    assert total == [("opus", 40 * DOLLAR), ("sonnet", 25 * DOLLAR), ("haiku", 15 * DOLLAR)]
    platform = dearest_models(reader, ChargeRange(EVER, member(reader, BOB)), SpendBasis.PLATFORM, 1)
    assert platform == [("opus", 30 * DOLLAR)]
