"""The alarm that the key sees less: raised where e-mails vanish, and not where members were joined or never had one."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.app import App, build
from bot.maintenance.members import merge_members
from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Mangle
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from bot.settings.environment import load
from bot.settings.postgres_address import PostgresAddress
from bot.sync.outcome import SyncOutcome
from tests.support.earlier_schemas import downgrade
from tests.support.engines import costly, execute, many_cases, rows_of, sqlite_only, url_of
from tests.support.fixtures import HURRIED, Wire
from tests.support.ledgers import ledger_path

HOUR = timedelta(hours=1)
ANA, BO, CHI = "ana@acme.example", "bo@acme.example", "chi@acme.example"


def sync(app: App) -> SyncOutcome:
    return asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))


def add(world: World, name: str, email: str | None) -> None:
    start = START - 3 * HOUR
    world.add(SimTask.of(name, Stream(start, start + HOUR, credits=Decimal(1)), email=email))


def grow(world: World, clock: SimClock, *names: str) -> None:
    """Tasks are continued, so that their rows change."""
    clock.advance(2 * HOUR)
    for task in list(world.tasks(clock())):
        if task.task_id in names:
            begun = clock() - HOUR
            world.add(task.with_stream(Stream(begun, begun + HOUR / 2, credits=Decimal(1))))


def merge(app: App, *pairs: tuple[str, str]) -> None:
    for old, new in pairs:
        with app.ledger.database() as database, database.transaction() as connection:
            merge_members(connection, app.capabilities(database), old, new, app.clock())


def nameless(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in each.items() if name != "email"} for each in rows]


@costly
@pytest.mark.parametrize(
    "pairs",
    [
        [("unattributed", ANA)],
        [("unattributed", ANA), (ANA, BO)],
        [(ANA, BO), ("unattributed", BO)],
        [("unattributed", "new@acme.example"), ("new@acme.example", CHI)],
        [(ANA, "unattributed")],
        [(ANA, "unattributed"), ("unattributed", BO)],
        [(ANA, BO), (BO, CHI)],
    ],
)
@many_cases
def test_joined_members_raise_no_alarm_and_a_lost_view_still_does(
    neo: NeoServer, app: App, world: World, clock: SimClock, pairs: Sequence[tuple[str, str]]
) -> None:
    for name, email in (("nobodys", None), ("anas", ANA), ("bos", BO), ("chis", CHI)):
        add(world, name, email)
    sync(app)
    merge(app, *pairs)
    grow(world, clock, "nobodys", "anas", "bos", "chis")
    assert sync(app).warnings == []
    grow(world, clock, "nobodys", "anas")
    assert sync(app).warnings == []
    neo.api.faults.always = Mangle(nameless)
    grow(world, clock, "nobodys", "anas", "bos")
    (warning,) = sync(app).warnings
    assert warning.startswith("3 tasks came without the e-mail they had")


def test_a_solo_member_who_is_joined_or_no_longer_set_raises_none(
    neo: NeoServer, wire: Wire, world: World, clock: SimClock
) -> None:
    add(world, "one", None)
    add(world, "other", None)
    app = wire(SOLO_MEMBER=ANA)
    sync(app)
    merge(app, (ANA, BO))
    grow(world, clock, "one")
    assert sync(app).warnings == []
    without = wire()
    grow(world, clock, "one", "other")
    assert sync(without).warnings == []
    assert isinstance(neo.api, NeoApi)


# another program's transaction is in the way of the first one that records a warning
_HINDER = """
CREATE SEQUENCE attempt;
CREATE FUNCTION hinder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('attempt') = 1 THEN RAISE serialization_failure; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hindered BEFORE INSERT ON note FOR EACH ROW WHEN (NEW.key = 'scope_warning') EXECUTE FUNCTION hinder();
"""


def lose_emails(neo: NeoServer, world: World, clock: SimClock, names: Sequence[str]) -> None:
    grow(world, clock, *names)
    neo.api.faults.always = Mangle(nameless)


def lose_tasks(_neo: NeoServer, world: World, clock: SimClock, names: Sequence[str]) -> None:
    for name in names:
        world.remove(name)
    clock.advance(HOUR)


@pytest.mark.parametrize("lose", [lose_emails, lose_tasks])
def test_a_warning_whose_transaction_had_to_be_repeated_is_there_once(
    neo: NeoServer, world: World, clock: SimClock, postgres_ledger: PostgresAddress, tmp_path: Path,
    lose: Callable[[NeoServer, World, SimClock, Sequence[str]], None],
) -> None:  # fmt: skip
    environment = {"NEO_API_URL": neo.url, "NEO_API_KEY": neo.api.key, "DATABASE_URL": url_of(postgres_ledger)}
    app = build(load(environment, tmp_path), clock, HURRIED)
    names = [f"task-{number}" for number in range(40)]
    for name in names:
        add(world, name, ANA)
    add(world, "bos", BO)
    sync(app)
    lose(neo, world, clock, names)
    execute(postgres_ledger, _HINDER)
    assert len(sync(app).warnings) == 1
    assert rows_of(postgres_ledger, "SELECT last_value FROM attempt") == [(2,)]


@pytest.mark.slow
@sqlite_only("no earlier version kept a ledger on PostgreSQL")
def test_an_older_ledger_in_which_nobodys_tasks_were_joined_raises_none(
    app: App, world: World, clock: SimClock
) -> None:
    add(world, "nobodys", None)
    sync(app)
    merge(app, ("unattributed", ANA))
    downgrade(ledger_path(app), "0008")  # which did not note who had no e-mail
    grow(world, clock, "nobodys")
    assert sync(app).warnings == []
