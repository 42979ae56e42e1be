"""Deferrals: a row for each notification that a snooze has kept back, also of those that earlier versions wrote."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.budgets.audiences import Audience
from bot.budgets.rules import CrossingDecision
from bot.budgets.snoozes.deferral_store import Deferral, deferrals
from bot.database.engine import open_database
from bot.database.read_engine import open_reader
from tests.support.earlier_schemas import downgrade
from tests.support.engines import sqlite_only

pytestmark = sqlite_only("no earlier version kept a ledger on PostgreSQL")

DM, CHANNEL = Audience.DM, Audience.CHANNEL

# what earlier versions kept in a text of the crossing, in the order in which it happened
DEFERRED = {
    "": [],
    "dm": [Deferral(DM, None)],
    "channel dm": [Deferral(CHANNEL, None), Deferral(DM, None)],
    "channel dm:LOWER": [Deferral(CHANNEL, None), Deferral(DM, CrossingDecision.LOWER)],
    "dm:REPLACED channel:DROPPED": [
        Deferral(DM, CrossingDecision.REPLACED),
        Deferral(CHANNEL, CrossingDecision.DROPPED),
    ],
}


def insert_crossing(path: Path, deferred: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO budget (id, scope, unit, revision) VALUES (1, 0, 'month', 1)")
        connection.execute("INSERT INTO budget_revision (id, budget, set_at, set_by) VALUES (1, 1, 0, 'terminal')")
        connection.execute(
            "INSERT INTO crossing (id, subject, unit, period, revision, step, limit_nanos, spend_nanos, crossed_at,"
            " last_charge, late, decision, deferred)"
            " VALUES (7, 0, 'month', '2026-03', 1, 80, 1, 1, 0, 0, 0, 'TOLD', ?)",
            (deferred,),
        )


@pytest.mark.parametrize("deferred", DEFERRED)
def test_what_an_earlier_version_deferred_is_a_row_each(place: Path, deferred: str) -> None:
    downgrade(place, "0014")
    insert_crossing(place, deferred)
    open_database(place).close()
    with closing(open_reader(place)) as reader:
        assert deferrals(reader, 7) == DEFERRED[deferred]


@pytest.mark.parametrize("deferred", DEFERRED)
def test_an_earlier_version_finds_what_it_has_deferred(place: Path, deferred: str) -> None:
    downgrade(place, "0014")
    insert_crossing(place, deferred)
    open_database(place).close()
    downgrade(place, "0014")
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("SELECT id, deferred FROM crossing").fetchall() == [(7, deferred)]
