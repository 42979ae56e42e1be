"""What recurs costs the same at three years of history as at a month: every statement that really runs is looked at."""

import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.ledger.verification import verify
from tests.support.engines import sqlite_only
from tests.support.ledgers import place_ledger
from tests.support.service_day import GROWING, OPEN, a_day, live_until_noon
from tests.support.statements import Asked, Statements, again, plan, watched

GROWTH, SLACK = 1.2, 1_500  # a step is a fraction of a microsecond, and a count of them is coarse
MONTH = 30  # days that the young ledger is old
TASKS = 30  # a day
LEAST_KNOWN = 180  # forms of statements, that nobody may think they are looked at if nothing was asked
# passes are read so from the newest on, as far as the first that will do: the steps tell how far that is
NEWEST = "ORDER BY id DESC LIMIT 1"


pytestmark = [sqlite_only("it counts the steps of SQLite's own machine"), pytest.mark.slow]


@dataclass(frozen=True)
class Lived:
    """Ledgers to be copied: of a month, and of three years."""

    young: Path
    old: Path


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    directory = tmp_path_factory.mktemp("lived")
    made = Lived(directory / "young.db", directory / "old.db")
    for path, days in ((made.young, MONTH), (made.old, 3 * 365)):
        live_until_noon(place_ledger(path), days, TASKS)
    return made


async def asked_in_a_day(path: Path, directory: Path) -> Statements:
    """What is asked in a day of a service that has a copy of the ledger at that path."""
    ledger = Path(shutil.copy(path, directory / "ledger.db"))
    with watched() as statements:
        await a_day(ledger, directory, statements)
    return statements


def test_what_was_lived_is_lawful(lived: Lived) -> None:
    assert not any(verify(lived.old).values())


@pytest.mark.long
async def test_nothing_that_recurs_looks_through_a_table_that_grows_or_works_more_than_when_the_ledger_was_young(
    lived: Lived, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    young = await asked_in_a_day(lived.young, tmp_path_factory.mktemp("young"))
    old = await asked_in_a_day(lived.old, tmp_path)
    path = tmp_path / "ledger.db"
    assert len(old.by_form) > LEAST_KNOWN
    assert {asked.sql: scans for asked in old.by_form.values() if (scans := _scans(path, asked))} == {}
    assert _dearer(old.by_form, young.by_form) == {}
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ANALYZE")
    assert {asked.sql: scans for asked in old.by_form.values() if (scans := _scans(path, asked))} == {}
    assert _dearer({each: again(path, asked) for each, asked in old.by_form.items()}, old.by_form) == {}


def _dearer(some: Mapping[str, Asked], others: Mapping[str, Asked]) -> dict[str, tuple[int, int]]:
    """The statements that take more steps than those of the same form among the others, with both numbers."""
    pairs = {each.sql: (each.steps, others[name].steps if name in others else 0) for name, each in some.items()}
    return {sql: (steps, before) for sql, (steps, before) in pairs.items() if steps > GROWTH * before + SLACK}


_NAMED = re.compile(r"(?:FROM|JOIN|UPDATE(?: OR \w+)?|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?")
_SCANNED = re.compile(r"^SCAN (\w+)(?: USING(?: COVERING)? INDEX (\w+))?")


def _scans(path: Path, asked: Asked) -> list[str]:
    """The parts of a statement's plan that look through the whole of a table that grows."""
    growing = GROWING - ({"pass"} if NEWEST in asked.sql else set())
    names = {alias or table: table for table, alias in _NAMED.findall(asked.sql)}
    parts = [(line, match) for line in plan(path, asked.sql) if (match := _SCANNED.match(line))]
    return [line for line, match in parts if names.get(match[1], match[1]) in growing and match[2] not in OPEN]
