"""What members and the team spent within each of several windows, and when members were first charged."""

import pytest
from sqlalchemy import Connection

from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.ledger.daily_spend import daily_spend, first_charges, team_daily_spend
from bot.ledger.members import ids_by_email
from tests.support.bookings import ANA, BOB, DOLLAR, HOUR, NOW

HOURS = [Window(NOW + n * HOUR, NOW + (n + 1) * HOUR) for n in (-3, -2, -1, 0, 1)]


@pytest.mark.parametrize(
    ("basis", "ana", "bob", "team"),
    [
        (SpendBasis.TOTAL, [0, 10, 20, 0, 5], [0, 0, 45, 0, 0], [0, 10, 65, 0, 5]),
        (SpendBasis.PLATFORM, [0, 10, 20, 0, 5], [0, 0, 35, 0, 0], [0, 10, 55, 0, 5]),
    ],
)
def test_spend_falls_into_the_window_that_it_was_booked_in(
    reader: Connection, basis: SpendBasis, ana: list[int], bob: list[int], team: list[int]
) -> None:
    ids = ids_by_email(reader, [ANA, BOB])
    spend = daily_spend(reader, list(ids.values()), HOURS, basis)
    assert spend == {ids[ANA]: [DOLLAR * n for n in ana], ids[BOB]: [DOLLAR * n for n in bob]}
    assert team_daily_spend(reader, HOURS, basis) == [DOLLAR * n for n in team]


def test_without_windows_or_members_there_is_no_spend(reader: Connection) -> None:
    assert daily_spend(reader, [7], [], SpendBasis.TOTAL) == {7: []}
    assert daily_spend(reader, [], HOURS, SpendBasis.TOTAL) == {}
    assert team_daily_spend(reader, [], SpendBasis.TOTAL) == []


def test_first_charges_are_of_members_who_have_any(reader: Connection) -> None:
    ids = ids_by_email(reader, [ANA, BOB, ""])
    assert first_charges(reader, list(ids.values())) == {ids[ANA]: NOW - 2 * HOUR, ids[BOB]: NOW - HOUR}
