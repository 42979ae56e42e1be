"""A time zone that is changed: periods are moments, so no step is told twice, and none is untold for its name."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text

from bot.budgets.acknowledgements.commands import acknowledge
from bot.budgets.alerts.budget_snapshot import budget_snapshot
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.keys import BudgetTopic
from bot.budgets.limits.revision_store import LimitSetting
from bot.budgets.periods import budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.database.engine import Database
from bot.database.reading import open_reader
from bot.domain.periods import Unit
from bot.domain.pricing import ByokUnit, SpendBasis
from bot.domain.tasks import Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.settings.database_place import DatabasePlace
from tests.support.engines import costly, many_cases

USD = 10**9
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
WEST, EAST, BERLIN = "America/Los_Angeles", "Asia/Tokyo", "Europe/Berlin"


class Ledger:
    """A ledger in which one member has a budget of 50 dollars, watched in one zone after the other."""

    def __init__(self, database: Database, place: DatabasePlace, unit: Unit) -> None:
        self.database, self.place, self.unit = database, place, unit
        self.numbers = count()
        self.at("UTC")

    def at(self, zone: str) -> None:
        self.policy = BudgetPolicy(ZoneInfo(zone), SpendBasis.TOTAL)
        self.watch = BudgetEvaluator(self.policy)

    def begin(self, now: datetime) -> None:
        self.spend(0, now)
        with self.database.transaction() as connection:
            self.watch.set_limit(connection, LimitSetting(1, self.unit, 50 * USD, "terminal"), now)

    def apply_due(self, now: datetime) -> None:
        with self.database.transaction() as connection:
            self.watch.due_work.apply_due(connection, now)

    def spend(self, dollars: float, now: datetime, created: datetime | None = None) -> None:
        task = Task(
            task_id=f"task-{next(self.numbers)}", model="m", status="completed", created_at=created or now,
            email="ana@acme.dev", neo_credits=Decimal(str(dollars)) / 10,
        )  # fmt: skip
        booking = BookingPolicy(ByokUnit.CREDITS, observers=(self.watch.record_booking,))
        with self.database.transaction() as connection:
            book(connection, [task], booking, now=now)

    def _rows(self, sql: str) -> list[tuple[object, ...]]:
        with self.database.transaction() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    @property
    def told(self) -> list[int]:
        return [int(str(row[0])) for row in self._rows("SELECT step FROM crossing WHERE decision = 'TOLD' ORDER BY id")]

    @property
    def messages(self) -> set[object]:
        return {row[0] for row in self._rows("SELECT thing FROM living")}


@pytest.fixture
def ledger(database: Database, place: DatabasePlace) -> Ledger:
    return Ledger(database, place, Unit.DAY)


def test_west_the_same_money_is_notified_once_and_the_day_of_the_same_name_is_its_own(ledger: Ledger) -> None:
    night = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
    ledger.begin(night - DAY)
    ledger.spend(60, night)
    assert ledger.told == [100]
    ledger.at(WEST)
    ledger.apply_due(night + HOUR)  # the 23rd there, which holds the same spend
    ledger.spend(1, night + HOUR)
    assert ledger.told == [100]
    noon = datetime(2026, 11, 24, 20, tzinfo=UTC)
    ledger.spend(60, noon)  # the 24th there, as the day before was called
    assert ledger.told == [100, 100]
    assert ledger.messages == {"budget:1:day:2026-11-23", "budget:1:day:2026-11-24"}


def test_east_the_same_money_is_notified_once_and_the_next_day_is_its_own(ledger: Ledger) -> None:
    evening = datetime(2026, 11, 24, 16, tzinfo=UTC)  # the 25th in Tokyo already
    ledger.begin(evening - DAY)
    ledger.spend(60, evening)
    ledger.at(EAST)
    ledger.apply_due(evening + HOUR)
    ledger.spend(1, evening + HOUR)
    assert ledger.told == [100]
    ledger.spend(60, evening + 10 * HOUR)  # the 25th of the zone before, the same day here
    assert ledger.told == [100, 200]
    ledger.spend(60, evening + DAY)
    assert ledger.told == [100, 200, 100]


def test_what_lies_together_only_on_the_new_calendar_is_notified(ledger: Ledger) -> None:
    ledger.begin(NOON - 2 * DAY)
    ledger.spend(20, NOON.replace(hour=22) - DAY)
    ledger.spend(20, NOON.replace(hour=1))
    assert ledger.told == []
    ledger.at(WEST)
    ledger.apply_due(NOON.replace(hour=2))  # 40 of 50 in the one day of there
    assert ledger.told == [80]
    ledger.apply_due(NOON.replace(hour=3))
    assert ledger.told == [80]


def test_there_and_back_notifies_nobody_and_leaves_all_as_it_was(ledger: Ledger) -> None:
    ledger.begin(NOON - 3 * DAY)
    ledger.spend(60, NOON - DAY)
    ledger.spend(60, NOON - 11 * HOUR)
    before = ledger.told, ledger.messages
    for number, zone in enumerate((WEST, "UTC", EAST, BERLIN, "UTC", "Pacific/Kiritimati", WEST, "UTC")):
        ledger.at(zone)
        ledger.apply_due(NOON + timedelta(minutes=number))
    assert (ledger.told, ledger.messages) == before


@costly
@pytest.mark.parametrize("unit", [Unit.DAY, Unit.WEEK, Unit.MONTH])
@pytest.mark.parametrize("zone", [WEST, EAST, BERLIN, "Pacific/Kiritimati", "Asia/Kathmandu"])
@pytest.mark.parametrize(
    "edge",
    [
        datetime(2026, 11, 30, 23, tzinfo=UTC),  # of a day and a month
        datetime(2026, 11, 29, 23, tzinfo=UTC),  # of a week
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # in the night of the missing hour
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # in the night of the doubled one
    ],
)
@many_cases
def test_around_every_edge_each_step_of_a_period_is_notified_once(
    database: Database, place: DatabasePlace, unit: Unit, zone: str, edge: datetime
) -> None:
    ledger = Ledger(database, place, unit)
    ledger.begin(edge - 5 * HOUR)
    ledger.spend(60, edge)
    assert ledger.told == [100]
    ledger.at(zone)
    ledger.apply_due(edge + HOUR)
    ledger.spend(1, edge + HOUR)
    assert ledger.told == [100]
    later = budget_period(unit, edge + HOUR, ZoneInfo(zone)).window.end + HOUR
    ledger.spend(60, later)
    assert ledger.told == [100, 100]


def test_a_live_message_goes_on_with_its_period_and_what_people_did_about_it(ledger: Ledger) -> None:
    night = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
    ledger.begin(night - DAY)
    ledger.spend(60, night)

    def seen(connection: Connection) -> None:
        acknowledge(connection, BudgetTopic(1, Unit.DAY, "2026-11-24"), "U1", night + timedelta(minutes=5))

    with ledger.database.transaction() as connection:
        seen(connection)
    ledger.at(WEST)
    ledger.apply_due(night + HOUR)
    assert ledger.messages == {"budget:1:day:2026-11-23"}
    reader = open_reader(ledger.place)
    try:
        span = budget_period(Unit.DAY, night, ZoneInfo(WEST))
        found = budget_snapshot(reader, 1, span, ledger.policy, night + HOUR)
        assert found.acknowledged is not None
        assert [step.step for step in found.steps] == [100]
        assert BudgetTopic.of(1, span).encode() == "budget:1:day:2026-11-23"
        assert budget_snapshot(reader, TEAM, span, ledger.policy, night + HOUR).acknowledged is None
    finally:
        reader.close()


def test_a_late_charge_of_the_day_before_is_notified_once_across_the_change(ledger: Ledger) -> None:
    ledger.begin(NOON - 2 * DAY)
    ledger.spend(60, NOON, created=NOON - DAY)
    assert ledger.told == [100]
    ledger.at(BERLIN)
    ledger.spend(1, NOON + HOUR, created=NOON - DAY)
    assert ledger.told == [100]


def test_a_charge_seen_on_another_day_than_it_is_booked_on_goes_with_its_money(ledger: Ledger) -> None:
    ledger.begin(NOON - 2 * DAY)
    ledger.spend(60, NOON - 3 * HOUR, created=NOON.replace(hour=0, minute=10))  # the 23rd in the west, seen on its 24th
    assert ledger.told == [100]
    ledger.at(WEST)
    ledger.spend(1, NOON - HOUR, created=NOON.replace(hour=0, minute=20))
    assert ledger.told == [100]
    ledger.spend(60, NOON)
    assert ledger.told == [100, 100]
