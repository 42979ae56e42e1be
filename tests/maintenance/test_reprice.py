"""What a repricing brings about is told to nobody, also by a charge that comes late into a period that has ended."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from bot.app import App
from bot.budgets.limits.revision_store import LimitSetting
from bot.domain.periods import Unit
from bot.sandbox.clock import SimClock
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from tests.support.app import budget_evaluator, reprice_ledger
from tests.support.engines import many_cases
from tests.support.fixtures import Wire

HOUR, DAY, USD = timedelta(hours=1), timedelta(days=1), 10**9
ANA = "ana@acme.example"


def sync(app: App) -> None:
    asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))


def add(world: World, name: str, at: datetime, **others: object) -> None:
    own = {"is_byok": others.pop("is_byok")} if "is_byok" in others else {}
    world.add(SimTask.of(name, Stream(at, at + timedelta(minutes=9), **others), email=ANA, **own))  # type: ignore[arg-type]


def notified(app: App) -> list[str]:
    with app.ledger.reader() as reader:
        return [
            stem for (stem,) in reader.execute(text("SELECT stem FROM notification WHERE stem NOT LIKE 'ops:%'")).all()
        ]


@pytest.mark.parametrize("unit", [Unit.DAY, Unit.WEEK, Unit.MONTH])
@pytest.mark.parametrize("days", [0, 1, 2])
@many_cases
def test_a_late_cent_tells_nothing_of_a_repricing(
    wire: Wire, world: World, clock: SimClock, unit: Unit, days: int
) -> None:
    # START is the second of March, a Monday: the day, week and month before can all still be told of
    spent = START - days * DAY - 2 * HOUR
    before, after = wire(BYOK_UNIT="usd"), wire(BYOK_UNIT="credits")
    add(world, "seed", START - 10 * DAY, credits=Decimal(1))
    sync(before)
    with before.ledger.database() as database, database.transaction() as connection:
        budget_evaluator(before).set_limit(connection, LimitSetting(1, unit, 50 * USD, "terminal"), START - 5 * DAY)
    add(world, "own", spent, llm_cost=Decimal(4), is_byok=True)
    clock.advance(HOUR)
    sync(before)
    assert notified(before) == []
    reprice_ledger(after)
    add(world, "late", spent + timedelta(minutes=30), credits=Decimal("0.001"))
    clock.advance(HOUR)
    sync(after)
    assert notified(after) == []
    add(world, "more", spent + timedelta(minutes=40), credits=Decimal(3))  # $30 more are news
    clock.advance(HOUR)
    sync(after)
    assert notified(after) != []


def test_a_day_that_is_a_spike_by_a_repricing_alone_is_told_to_nobody(
    wire: Wire, world: World, clock: SimClock
) -> None:
    before, after = wire(BYOK_UNIT="usd", SPIKE_ALERTS="on"), wire(BYOK_UNIT="credits", SPIKE_ALERTS="on")
    for days in range(2, 16):
        add(world, f"usual-{days}", START - days * DAY, credits=Decimal("0.5"))
    sync(before)
    add(world, "own", START - 2 * HOUR, llm_cost=Decimal(2), is_byok=True)
    add(world, "yesterday", START - 12 * HOUR, llm_cost=Decimal(2), is_byok=True)
    clock.advance(HOUR)
    sync(before)
    assert notified(before) == []
    reprice_ledger(after)
    for name, hours in (("late", 1), ("later", 11)):
        add(world, name, START - hours * HOUR, credits=Decimal("0.001"))
    clock.advance(HOUR)
    sync(after)
    with after.ledger.reader() as reader:
        assert reader.execute(text("SELECT DISTINCT state FROM notification WHERE stem LIKE 'spike:%'")).all() == [
            ("moved",)
        ]
        assert reader.execute(text("SELECT count(*) FROM notification WHERE stem LIKE 'spike:%'")).all() == [(2,)]
